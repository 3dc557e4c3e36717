//! What is known, as far as it was granted and agreed to. What somebody wrote may be in another language than the page.

use helpline_proto::referral::v1::{AppointmentState, Referral, ReferralParticulars};
use maud::{Markup, html};

use super::is_over;
use crate::desk::Seen;
use crate::pages::time;
use crate::pages::visit::{coded, written};
use crate::words::{Words, word};

/// The section.
pub(super) fn facts(words: &Words, seen: &Seen, one: &Referral) -> Markup {
    let own = &words.referral;
    let now = time::read(seen.visit.server_time.as_ref());
    let known = one.particulars.clone().unwrap_or_default();
    html! {
        section aria-labelledby="facts" {
            h2 id="facts" { (words.facts) }
            dl {
                (coded(words.state, word(&own.states, one.state)))
                (coded(own.urgency, word(&own.urgencies, one.urgency)))
                @if !seen.visit.service_names.is_empty() {
                    dt { (own.service) }
                    @for name in &seen.visit.service_names {
                        dd.written dir="auto" { (name) }
                    }
                }
                @if one.send_time.is_some() {
                    dt { (own.sent) }
                    dd { (time::show(words, one.send_time.as_ref(), now)) }
                }
                @if one.due_time.is_some() {
                    dt { (own.due) }
                    dd { (time::show(words, one.due_time.as_ref(), now)) }
                }
                (appointment(words, seen, one))
                (written(words.identity, &known.identity))
                (written(words.contact, &known.contact))
                (written(own.location, &known.location))
                (written(own.narrative, &known.narrative))
                (written(words.health, &known.health))
                (written(own.legal, &known.legal))
                (written(words.perpetrator, &known.perpetrator))
                (written(words.their_number, &one.their_reference))
            }
            @if known == ReferralParticulars::default() && !is_over(one) {
                p.important { (words.nothing_shared) }
            }
        }
    }
}

fn appointment(words: &Words, seen: &Seen, one: &Referral) -> Markup {
    let own = &words.referral;
    html! {
        @if one.appointment_state() != AppointmentState::Unspecified {
            dt { (own.appointment) }
            dd {
                (time::local(one.appointment_time.as_ref(), &seen.visit.time_zone))
                span.beside { (word(&own.appointments, one.appointment_state)) }
            }
        }
        @if one.no_shows > 0 {
            (coded(own.no_shows, &one.no_shows.to_string()))
        }
    }
}
