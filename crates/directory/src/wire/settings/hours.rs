//! Opening hours: expressions, dates and zones are checked here, so that nobody finds out at closing time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use helpline_domain::settings::{Hours, Queue, QueueHours};
use helpline_proto::directory::v1::{Hours as Message, QueueHours as QueueMessage};
use helpline_service_kit::fields::Fields;
use helpline_service_kit::hours::Schedule;

use super::queues::MOST_QUEUES;
use super::{MINUTE, duration, seconds};

const MOST_DATES: usize = 400;
const LONGEST_EXPRESSION: usize = 500;
const LONGEST_ZONE: usize = 64;

pub(super) fn read(fields: &mut Fields, message: Option<&Message>, known: Option<&[Queue]>) -> Option<Hours> {
    let Some(message) = message else { return Some(Hours::default()) };
    fields.within("hours", |fields| read_message(fields, message, known))
}

fn read_message(fields: &mut Fields, message: &Message, known: Option<&[Queue]>) -> Option<Hours> {
    let usual = Hours::default();
    let time_zone = zone(fields, &message.time_zone, usual.time_zone);
    let holidays = country(fields, &message.holidays);
    let opening_hours = expression(fields, "opening_hours", &message.opening_hours);
    let closed_dates = dates(fields, &message.closed_dates);
    let queues = queues(fields, &message.queues, known);
    let timeout = seconds(
        fields,
        "on_call_offer_timeout",
        message.on_call_offer_timeout.as_ref(),
        10..=15 * MINUTE,
        usual.on_call_offer_timeout_s,
    );
    Some(Hours {
        time_zone: time_zone?,
        opening_hours: opening_hours?,
        holidays: holidays?,
        closed_dates: closed_dates?,
        queues: queues?,
        on_call_offer_timeout_s: timeout?,
    })
}

pub(super) fn zone(fields: &mut Fields, sent: &str, usual: String) -> Option<String> {
    let name = fields.line("time_zone", sent, 0..=LONGEST_ZONE)?;
    if name.is_empty() {
        return Some(usual);
    }
    if !Schedule::knows_zone(&name) {
        fields.refuse("time_zone", "the IANA name of a time zone, such as Asia/Qatar, or empty for UTC");
        return None;
    }
    Some(name)
}

fn country(fields: &mut Fields, sent: &str) -> Option<String> {
    let code = fields.line("holidays", sent, 0..=2)?;
    if !code.is_empty() && !Schedule::knows_country(&code) {
        fields.refuse("holidays", "the ISO 3166 code of a country whose public holidays are known, or empty");
        return None;
    }
    Some(code)
}

/// Opening hours, or nothing.
pub(super) fn expression(fields: &mut Fields, path: &str, sent: &str) -> Option<String> {
    let text = fields.line(path, sent.trim(), 0..=LONGEST_EXPRESSION)?;
    if !text.is_empty() && !Schedule::reads(&text) {
        fields.refuse(
            path,
            "opening hours in the syntax of OpenStreetMap, such as Mo-Fr 08:00-20:00; PH off, or empty",
        );
        return None;
    }
    Some(text)
}

fn dates(fields: &mut Fields, sent: &[String]) -> Option<BTreeSet<NaiveDate>> {
    if sent.len() > MOST_DATES {
        fields.refuse("closed_dates", format!("at most {MOST_DATES} entries"));
        return None;
    }
    let numbered = sent.iter().enumerate();
    let read: Vec<_> =
        numbered.map(|(index, text)| fields.date(&format!("closed_dates[{index}]"), text)).collect();
    read.into_iter().collect()
}

fn queues(
    fields: &mut Fields,
    sent: &[QueueMessage],
    known: Option<&[Queue]>,
) -> Option<BTreeMap<String, QueueHours>> {
    let is_known = |key: &str| known.is_none_or(|known| known.iter().any(|queue| queue.queue == key));
    let mut seen = BTreeSet::new();
    let read = fields.list("queues", sent, MOST_QUEUES, |fields, message| {
        let queue = fields.key("queue", &message.queue);
        if let Some(queue) = &queue {
            if !is_known(queue) {
                fields.refuse("queue", "a queue of these settings");
            } else if !seen.insert(queue.clone()) {
                fields.refuse("queue", "each queue once");
            }
        }
        let opening_hours = expression(fields, "opening_hours", &message.opening_hours);
        let closed_dates = dates(fields, &message.closed_dates);
        let fallback_queue = fields.optional_key("fallback_queue", &message.fallback_queue);
        if let (Some(queue), Some(Some(fallback))) = (&queue, &fallback_queue)
            && (queue == fallback || !is_known(fallback))
        {
            fields.refuse("fallback_queue", "another queue of these settings, or empty");
        }
        let own = QueueHours {
            opening_hours: opening_hours?,
            closed_dates: closed_dates?,
            fallback_queue: fallback_queue?,
            without_on_call: message.without_on_call,
        };
        Some((queue?, own))
    })?;
    Some(read.into_iter().collect())
}

/// Opening hours as their message, with every default filled in.
pub(super) fn to_message(hours: &Hours) -> Message {
    let days = |dates: &BTreeSet<NaiveDate>| dates.iter().map(ToString::to_string).collect();
    Message {
        time_zone: hours.time_zone.clone(),
        opening_hours: hours.opening_hours.clone(),
        holidays: hours.holidays.clone(),
        closed_dates: days(&hours.closed_dates),
        queues: hours
            .queues
            .iter()
            .map(|(queue, own)| QueueMessage {
                queue: queue.clone(),
                opening_hours: own.opening_hours.clone(),
                closed_dates: days(&own.closed_dates),
                fallback_queue: own.fallback_queue.clone().unwrap_or_default(),
                without_on_call: own.without_on_call,
            })
            .collect(),
        on_call_offer_timeout: Some(duration(hours.on_call_offer_timeout_s)),
    }
}
