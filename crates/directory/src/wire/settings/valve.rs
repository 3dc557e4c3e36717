//! What is done when more come than can be answered.

use helpline_domain::policy::valve::{Line, ValveRules};
use helpline_proto::directory::v1::{ValveLevel, ValveSettings as Message};
use helpline_service_kit::fields::Fields;

use super::{HOUR, duration, number, seconds, small};

pub(super) fn read(fields: &mut Fields, message: Option<&Message>) -> Option<ValveRules> {
    let Some(message) = message else { return Some(ValveRules::default()) };
    fields.within("valve", |fields| read_some(fields, message))
}

fn read_some(fields: &mut Fields, message: &Message) -> Option<ValveRules> {
    let usual = ValveRules::default();
    let levels =
        if message.levels.is_empty() { Some(usual.levels) } else { read_levels(fields, &message.levels) };
    let ends = message.ends_below_percent;
    let ends = share(fields, "ends_below_percent", ends, [10, 95], usual.ends_below_percent.into());
    let stretch =
        share(fields, "stretch_percent", message.stretch_percent, [100, 300], usual.stretch_percent);
    Some(ValveRules {
        levels: levels?,
        ends_below_percent: u8::try_from(ends?).ok()?,
        stretch_percent: stretch?,
        stretch_medium: message.stretch_medium,
    })
}

fn read_levels(fields: &mut Fields, messages: &[ValveLevel]) -> Option<[Line; 4]> {
    let read = fields.list("levels", messages, 4, |fields, message| {
        let waiting = number(fields, "waiting_percent", message.waiting_percent, 100_000, 0);
        let overdue = seconds(fields, "overdue", message.overdue.as_ref(), 0..=24 * HOUR, 0);
        let expected = message.expected_wait.as_ref();
        let expected_wait = seconds(fields, "expected_wait", expected, 0..=24 * HOUR, 0);
        Some(Line { waiting_percent: waiting?, overdue_s: overdue?, expected_wait_s: expected_wait? })
    })?;
    let Ok(levels) = <[Line; 4]>::try_from(read) else {
        fields.refuse("levels", "four levels, or none");
        return None;
    };
    let begins_no_earlier = |before: u32, next: u32| next == 0 || (before > 0 && before <= next);
    let mut good = true;
    for (at, pair) in levels.windows(2).enumerate() {
        let [before, next] = [pair[0], pair[1]];
        if !begins_no_earlier(before.waiting_percent, next.waiting_percent)
            || !begins_no_earlier(before.overdue_s, next.overdue_s)
            || !begins_no_earlier(before.expected_wait_s, next.expected_wait_s)
        {
            fields.refuse(&format!("levels[{}]", at + 1), "no earlier than the level before");
            good = false;
        }
    }
    good.then_some(levels)
}

/// A share in percent between two, or the usual for 0.
fn share(fields: &mut Fields, path: &str, value: i32, [least, most]: [i32; 2], usual: u16) -> Option<u16> {
    if value == 0 {
        return Some(usual);
    }
    u16::try_from(fields.int(path, value, least..=most)?).ok()
}

pub(super) fn to_message(rules: &ValveRules) -> Message {
    let some = |seconds: u32| (seconds > 0).then(|| duration(seconds));
    Message {
        levels: rules
            .levels
            .iter()
            .map(|level| ValveLevel {
                waiting_percent: small(level.waiting_percent),
                overdue: some(level.overdue_s),
                expected_wait: some(level.expected_wait_s),
            })
            .collect(),
        ends_below_percent: rules.ends_below_percent.into(),
        stretch_percent: rules.stretch_percent.into(),
        stretch_medium: rules.stretch_medium,
    }
}
