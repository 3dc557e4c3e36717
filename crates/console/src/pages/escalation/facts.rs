//! What is known, as far as it was shared. What somebody wrote may be in another language than the page.

use helpline_proto::escalation::v1::{Escalation, Location, Particulars};
use maud::{Markup, html};

use crate::desk::Seen;
use crate::pages::time;
use crate::pages::visit::{coded, written};
use crate::words::{Words, word};

/// The section.
pub(super) fn facts(words: &Words, seen: &Seen, one: &Escalation) -> Markup {
    let now = time::read(seen.visit.server_time.as_ref());
    let known = one.particulars.clone().unwrap_or_default();
    let nothing = known == Particulars::default() && one.locations.is_empty();
    html! {
        section aria-labelledby="facts" {
            h2 id="facts" { (words.facts) }
            dl {
                (coded(words.state, word(&words.states, one.state)))
                (coded(words.danger, word(&words.dangers, one.danger)))
                (coded(words.risk, word(&words.risks, one.risk)))
                (written(words.region, &one.region))
                dt { (words.raised) }
                dd { (time::show(words, one.raise_time.as_ref(), now)) }
                @if one.reach_due_time.is_some() {
                    dt { (words.reach_by) }
                    dd { (time::show(words, one.reach_due_time.as_ref(), now)) }
                }
                (written(words.identity, &known.identity))
                (written(words.contact, &known.contact))
                (written(words.narrative, &known.narrative))
                (written(words.health, &known.health))
                (written(words.perpetrator, &known.perpetrator))
                @if !one.locations.is_empty() {
                    dt { (words.places) }
                    @for place in one.locations.iter().rev() {
                        dd { (location(words, place, now)) }
                    }
                }
                (written(words.their_number, &one.their_incident))
                (written(words.legal_basis, legal_basis(one)))
            }
            @if nothing {
                p.important { (words.nothing_shared) }
            }
        }
    }
}

fn legal_basis(one: &Escalation) -> &str {
    one.report.as_ref().map_or("", |report| report.legal_basis.as_str())
}

fn location(words: &Words, one: &Location, now: Option<chrono::DateTime<chrono::Utc>>) -> Markup {
    let at = one.observe_time.as_ref().or(one.report_time.as_ref());
    html! {
        span.written dir="auto" { (one.place) }
        span.beside { (word(&words.sources, one.source)) ", " (time::show(words, at, now)) }
    }
}
