//! How callbacks are made.

use std::collections::BTreeMap;

use helpline_domain::settings::callbacks::Callbacks;
use helpline_proto::directory::v1::CallbackSettings as Message;
use helpline_service_kit::fields::Fields;

use super::{HOUR, MINUTE, duration, names, number, seconds};

pub(super) fn read(fields: &mut Fields, message: Option<&Message>) -> Option<Callbacks> {
    let Some(message) = message else { return Some(Callbacks::default()) };
    fields.within("callbacks", |fields| read_some(fields, message))
}

fn read_some(fields: &mut Fields, message: &Message) -> Option<Callbacks> {
    let usual = Callbacks::default();
    let most_attempts = number(fields, "most_attempts", message.most_attempts, 20, usual.most_attempts);
    let retry_after =
        seconds(fields, "retry_after", message.retry_after.as_ref(), 1..=24 * HOUR, usual.retry_after_s);
    let overdue_after = seconds(
        fields,
        "overdue_after",
        message.overdue_after.as_ref(),
        10..=24 * HOUR,
        usual.overdue_after_s,
    );
    let window = seconds(fields, "window", message.window.as_ref(), MINUTE..=7 * 24 * HOUR, usual.window_s);
    let caller_names = if message.caller_names.is_empty() {
        Some(usual.caller_names)
    } else {
        names(fields, "caller_names", &message.caller_names)
    };
    Some(Callbacks {
        most_attempts: most_attempts?,
        retry_after_s: retry_after?,
        overdue_after_s: overdue_after?,
        window_s: window?,
        caller_names: caller_names?,
    })
}

pub(super) fn to_message(callbacks: &Callbacks) -> Message {
    let caller_names: BTreeMap<_, _> = callbacks.caller_names.clone();
    Message {
        most_attempts: i32::try_from(callbacks.most_attempts).unwrap_or(i32::MAX),
        retry_after: Some(duration(callbacks.retry_after_s)),
        overdue_after: Some(duration(callbacks.overdue_after_s)),
        window: Some(duration(callbacks.window_s)),
        caller_names,
    }
}
