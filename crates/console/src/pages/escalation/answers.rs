//! What a visitor can answer at this moment: each answer a form of its own, with an id by which a second click is known.

use helpline_proto::escalation::v1::{Escalation, EscalationState as State};
use maud::{Markup, html};

use crate::desk::Seen;
use crate::pages::form::{Forms, LEAVE_REMARK, Problem, button};
use crate::words::Words;

/// Which answers there are, as the values of their forms.
pub(crate) const ACKNOWLEDGE: &str = "acknowledge";
pub(crate) const ACCEPT: &str = "accept";
pub(crate) const DECLINE: &str = "decline";
pub(crate) const RESPONDING: &str = "responding";
pub(crate) const ON_SCENE: &str = "on_scene";
pub(crate) const REACHED: &str = "reached";

/// What was said of an answer when it is done.
pub(crate) fn done(words: &Words, answer: &str) -> Option<&'static str> {
    let choice = match answer {
        ACKNOWLEDGE => &words.acknowledge,
        ACCEPT => &words.accept,
        DECLINE => &words.decline,
        RESPONDING => &words.responding,
        ON_SCENE => &words.on_scene,
        REACHED => &words.reached,
        LEAVE_REMARK => &words.remark,
        _ => return None,
    };
    Some(choice.done)
}

/// The section.
pub(super) fn answers(words: &Words, seen: &Seen, one: &Escalation, forms: &Forms<'_>) -> Markup {
    let ours = one.accepted_agency_id == seen.visit.agency_id && !one.accepted_agency_id.is_empty();
    let state = one.state();
    let asked = matches!(state, State::Raised | State::Notifying | State::Unanswered | State::Acknowledged);
    let under_way = matches!(state, State::Accepted | State::Responding | State::OnScene);
    let form = |answer: &'static str, inside: Markup| forms.form(seen, answer, &inside);
    html! {
        section aria-labelledby="answer" {
            h2 id="answer" { @if ours && under_way { (words.progress) } @else { (words.answer) } }
            @if one.end_time.is_some() {
                p { (words.ended) }
            } @else if under_way && !ours {
                p { (words.taken_by_other) }
            } @else if under_way {
                p { (words.taken_by_you) }
            }
            @if asked {
                (form(ACCEPT, button(ACCEPT, &words.accept, true)))
                @if matches!(state, State::Notifying | State::Unanswered) {
                    (form(ACKNOWLEDGE, button(ACKNOWLEDGE, &words.acknowledge, false)))
                }
            }
            @if under_way && ours {
                @if state == State::Accepted {
                    (form(RESPONDING, button(RESPONDING, &words.responding, true)))
                }
                @if state != State::OnScene {
                    (form(ON_SCENE, button(ON_SCENE, &words.on_scene, true)))
                }
                (form(REACHED, reached(words, forms)))
            }
            @if asked || under_way && ours {
                (form(DECLINE, decline(words, forms, under_way)))
            }
            (form(LEAVE_REMARK, html! {
                (forms.remark(words, LEAVE_REMARK, true))
                (button(LEAVE_REMARK, &words.remark, false))
            }))
        }
    }
}

/// Said by mistake it would stop the clock of a child in danger: so it is said twice.
fn reached(words: &Words, forms: &Forms<'_>) -> Markup {
    html! {
        p.sure {
            input type="checkbox" id="sure" name="sure" value="yes" required aria-invalid=[forms.wrong(Problem::Sure)];
            label for="sure" { (words.reached_sure) }
        }
        (button(REACHED, &words.reached, true))
    }
}

fn decline(words: &Words, forms: &Forms<'_>, under_way: bool) -> Markup {
    let label = if under_way { words.give_back } else { words.decline.label };
    html! {
        details open[forms.written(DECLINE).is_some()] {
            summary { (label) }
            (forms.select(DECLINE, words.reason, &words.reasons))
            (forms.remark(words, DECLINE, false))
            button.quiet type="submit" aria-describedby="decline-hint" { (label) }
            p.hint id="decline-hint" { (words.decline.hint) }
        }
    }
}
