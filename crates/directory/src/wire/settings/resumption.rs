//! How contacts come back, as settings.

use helpline_domain::settings::resumption::Resumption;
use helpline_proto::directory::v1::Resumption as Message;
use helpline_service_kit::fields::Fields;

use super::{HOUR, MINUTE, duration, seconds};

/// Reads it; missing means the defaults.
pub(super) fn read(fields: &mut Fields, message: Option<&Message>) -> Option<Resumption> {
    let usual = Resumption::default();
    let Some(message) = message else { return Some(usual) };
    fields.within("resumption", |fields| {
        let after = message.resume_after.as_ref();
        let resume_after = seconds(fields, "resume_after", after, 5..=HOUR, usual.resume_after_s);
        let within = message.return_within.as_ref();
        let return_within = seconds(fields, "return_within", within, 10..=HOUR, usual.return_within_s);
        let prefer = seconds(fields, "prefer", message.prefer.as_ref(), 1..=5 * MINUTE, usual.prefer_s);
        let within = message.prefer_within.as_ref();
        let prefer_within =
            seconds(fields, "prefer_within", within, MINUTE..=24 * HOUR, usual.prefer_within_s);
        Some(Resumption {
            resume_after_s: resume_after?,
            return_within_s: return_within?,
            prefer_s: prefer?,
            prefer_within_s: prefer_within?,
        })
    })
}

/// It as its message.
pub(super) fn to_message(resumption: &Resumption) -> Message {
    Message {
        resume_after: Some(duration(resumption.resume_after_s)),
        return_within: Some(duration(resumption.return_within_s)),
        prefer: Some(duration(resumption.prefer_s)),
        prefer_within: Some(duration(resumption.prefer_within_s)),
    }
}
