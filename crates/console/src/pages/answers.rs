//! What a visitor can answer at this moment: each answer a form of its own, with an id by which a second click is known.

use helpline_proto::escalation::v1::EscalationState as State;
use maud::{Markup, html};

use crate::desk::Seen;
use crate::words::{Choice, Words};

/// Longest remark, as the API has it.
pub(crate) const REMARK: usize = 2000;

/// What every form carries, and what was written into one that could not be used.
pub(crate) struct Forms<'a> {
    pub(crate) proof: String,
    pub(crate) request_id: &'a dyn Fn() -> String,
    pub(crate) written: Written,
}

/// What was written into a form.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) answer: String,
    pub(crate) reason: i32,
    pub(crate) remark: String,
}

/// Why an answer was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Problem {
    /// Where it stands does not allow it.
    Changed,
    /// The form was of another visit, or was used for something else.
    Stale,
    /// No reason was chosen.
    Reason,
    /// A remark that is empty or too long, in the form of this answer.
    Remark(&'static str),
    /// It was not confirmed that the child was reached.
    Sure,
}

impl Problem {
    pub(crate) const fn text(self, words: &Words) -> &'static str {
        match self {
            Self::Changed => words.problem_changed,
            Self::Stale => words.problem_stale,
            Self::Reason => words.problem_reason,
            Self::Remark(_) => words.problem_remark,
            Self::Sure => words.problem_sure,
        }
    }

    /// The id of the field to be corrected.
    pub(crate) fn field(self) -> Option<String> {
        match self {
            Self::Changed | Self::Stale => None,
            Self::Reason => Some("reason".to_owned()),
            Self::Remark(answer) => Some(format!("{answer}-remark")),
            Self::Sure => Some("sure".to_owned()),
        }
    }
}

/// Which answers there are, as the values of their forms.
pub(crate) const ACKNOWLEDGE: &str = "acknowledge";
pub(crate) const ACCEPT: &str = "accept";
pub(crate) const DECLINE: &str = "decline";
pub(crate) const RESPONDING: &str = "responding";
pub(crate) const ON_SCENE: &str = "on_scene";
pub(crate) const REACHED: &str = "reached";
pub(crate) const LEAVE_REMARK: &str = "remark";

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
pub(super) fn answers(words: &Words, seen: &Seen, forms: &Forms<'_>, problem: Option<&Problem>) -> Markup {
    let one = &seen.escalation;
    let ours = one.accepted_agency_id == seen.visit.agency_id && !one.accepted_agency_id.is_empty();
    let state = one.state();
    let asked = matches!(state, State::Raised | State::Notifying | State::Unanswered | State::Acknowledged);
    let under_way = matches!(state, State::Accepted | State::Responding | State::OnScene);
    let form = |answer: &'static str, inside: Markup| self::form(forms, answer, &inside);
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
                (form(ACCEPT, button(&words.accept, "accept-hint", true)))
                @if matches!(state, State::Notifying | State::Unanswered) {
                    (form(ACKNOWLEDGE, button(&words.acknowledge, "acknowledge-hint", false)))
                }
            }
            @if under_way && ours {
                @if state == State::Accepted {
                    (form(RESPONDING, button(&words.responding, "responding-hint", true)))
                }
                @if state != State::OnScene {
                    (form(ON_SCENE, button(&words.on_scene, "on-scene-hint", true)))
                }
                (form(REACHED, reached(words, problem)))
            }
            @if asked || under_way && ours {
                (form(DECLINE, decline(words, forms, problem, under_way)))
            }
            (form(LEAVE_REMARK, html! {
                (remark(words, forms, problem, LEAVE_REMARK, true))
                (button(&words.remark, "remark-hint", false))
            }))
        }
    }
}

fn form(forms: &Forms<'_>, answer: &str, inside: &Markup) -> Markup {
    html! {
        form.answer method="post" {
            input type="hidden" name="proof" value=(forms.proof);
            input type="hidden" name="request_id" value=((forms.request_id)());
            input type="hidden" name="answer" value=(answer);
            (inside)
        }
    }
}

fn button(choice: &Choice, hint: &str, first: bool) -> Markup {
    let class = if first { "first" } else { "quiet" };
    html! {
        button class=(class) type="submit" aria-describedby=(hint) { (choice.label) }
        p.hint id=(hint) { (choice.hint) }
    }
}

/// Said by mistake it would stop the clock of a child in danger: so it is said twice.
fn reached(words: &Words, problem: Option<&Problem>) -> Markup {
    let wrong = (problem == Some(&Problem::Sure)).then_some("true");
    html! {
        p.sure {
            input type="checkbox" id="sure" name="sure" value="yes" required aria-invalid=[wrong];
            label for="sure" { (words.reached_sure) }
        }
        (button(&words.reached, "reached-hint", true))
    }
}

fn decline(words: &Words, forms: &Forms<'_>, problem: Option<&Problem>, under_way: bool) -> Markup {
    let wrong = (problem == Some(&Problem::Reason)).then_some("true");
    let chosen = if forms.written.answer == DECLINE { forms.written.reason } else { 0 };
    let label = if under_way { words.give_back } else { words.decline.label };
    html! {
        details open[forms.written.answer == DECLINE] {
            summary { (label) }
            p {
                label for="reason" { (words.reason) }
                select id="reason" name="reason" required aria-invalid=[wrong] {
                    @for (value, text) in (0_i32..).zip(words.reasons) {
                        @let shown = if value == 0 { String::new() } else { value.to_string() };
                        option value=(shown) selected[value == chosen] { (text) }
                    }
                }
            }
            (remark(words, forms, problem, DECLINE, false))
            button.quiet type="submit" aria-describedby="decline-hint" { (label) }
            p.hint id="decline-hint" { (words.decline.hint) }
        }
    }
}

fn remark(
    words: &Words,
    forms: &Forms<'_>,
    problem: Option<&Problem>,
    answer: &'static str,
    needed: bool,
) -> Markup {
    let id = format!("{answer}-remark");
    let wrong = (problem == Some(&Problem::Remark(answer))).then_some("true");
    let written = if forms.written.answer == answer { forms.written.remark.as_str() } else { "" };
    html! {
        p {
            label for=(id) { (words.remark_beside) }
            // The line break is the browser's to drop, so that one that was written first stays.
            textarea id=(id) name="remark" rows="3" maxlength=(REMARK) dir="auto" required[needed] aria-invalid=[wrong] {
                "\n" (written)
            }
        }
    }
}
