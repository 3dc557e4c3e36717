//! What has happened, as far as agencies are told.

use maud::{Markup, html};

use super::time;
use crate::desk::Seen;
use crate::words::Words;

/// The section: oldest first, as it was lived.
pub(super) fn history(words: &Words, seen: &Seen) -> Markup {
    let now = time::read(seen.visit.server_time.as_ref());
    let known = |event: &str| words.events.iter().find(|(key, _)| *key == event).map(|(_, text)| *text);
    let told: Vec<_> = seen.entries.iter().filter_map(|entry| Some((entry, known(&entry.event)?))).collect();
    html! {
        @if !told.is_empty() {
            section aria-labelledby="history" {
                h2 id="history" { (words.history) }
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
    }
}
