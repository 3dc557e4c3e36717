//! What has happened, as far as agencies are told.

use maud::{Markup, html};

use super::time;
use crate::desk::{Happened, Seen, Subject};
use crate::words::Words;

/// The section: oldest first, as it was lived.
pub(super) fn history(words: &Words, seen: &Seen) -> Markup {
    let told = told(words, seen, 0);
    html! {
        @if !told.is_empty() {
            section aria-labelledby="history" {
                h2 id="history" { (words.history) }
                (list(words, seen, &told))
            }
        }
    }
}

/// What has happened behind an entry, if anything has.
pub(super) fn since(words: &Words, seen: &Seen, last: i32) -> Markup {
    let told = told(words, seen, last);
    html! {
        @if last > 0 && !told.is_empty() {
            p { (words.since_then) }
            (list(words, seen, &told))
        }
    }
}

/// Entries behind one, with what is said of them.
fn told<'a>(words: &Words, seen: &'a Seen, last: i32) -> Vec<(&'a Happened, &'static str)> {
    let events = match seen.subject {
        Subject::Escalation(_) => words.events,
        Subject::Referral(..) => words.referral.events,
    };
    let known = |event: &str| events.iter().find(|(key, _)| *key == event).map(|(_, text)| *text);
    let behind = seen.history.iter().filter(|entry| entry.sequence > last);
    behind.filter_map(|entry| Some((entry, known(&entry.event)?))).collect()
}

fn list(words: &Words, seen: &Seen, told: &[(&Happened, &'static str)]) -> Markup {
    let now = time::read(seen.visit.server_time.as_ref());
    html! {
        ol.history {
            @for (entry, text) in told {
                li {
                    strong { (text) }
                    @if entry.agency_id == seen.visit.agency_id {
                        " (" (words.by_you) ")"
                    }
                    span.beside { (time::show(words, entry.time.as_ref(), now)) }
                    @if !entry.remark.is_empty() {
                        p.written dir="auto" { (entry.remark) }
                    }
                }
            }
        }
    }
}
