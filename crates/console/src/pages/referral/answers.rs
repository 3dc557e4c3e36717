//! What a visitor can answer at this moment: each answer a form of its own, with an id by which a second click is known.

use helpline_proto::referral::v1::{AppointmentState, Referral, ReferralSide, ReferralState as State};
use maud::{Markup, html};

use super::is_over;
use super::tasks::{TASK_ACCEPT, TASK_COMPLETE, TASK_DECLINE};
use crate::desk::Seen;
use crate::pages::form::{Forms, LEAVE_REMARK, NUMBER, Problem, Written, button};
use crate::pages::time;
use crate::words::{Choice, Words};

/// Which answers there are, as the values of their forms.
pub(crate) const ACCEPT: &str = "accept";
pub(crate) const REJECT: &str = "reject";
pub(crate) const BEGIN: &str = "begin";
pub(crate) const PAUSE: &str = "pause";
pub(crate) const CLOSE: &str = "close";
pub(crate) const SCHEDULE: &str = "schedule";
pub(crate) const ATTENDED: &str = "attended";
pub(crate) const UNATTENDED: &str = "unattended";
pub(crate) const CALLED_OFF: &str = "called_off";
pub(crate) const CANCEL: &str = "cancel";
pub(crate) const AGREE: &str = "agree";
pub(crate) const KEEP: &str = "keep";

/// Why an agency pauses and why it wants to end it, as the API has them and in the order of the words.
pub(crate) const PAUSES: [&str; 5] =
    ["child_unavailable", "waiting_list", "waiting_for_documents", "safety", "other"];
pub(crate) const CANCEL_REASONS: [&str; 5] =
    ["child_declined", "no_longer_needed", "served_elsewhere", "cannot_serve", "other"];

/// What was said of an answer when it is done.
pub(crate) fn done(words: &Words, answer: &str) -> Option<&'static str> {
    let own = &words.referral;
    let choice = match answer {
        ACCEPT => &own.accept,
        REJECT => &own.reject,
        BEGIN => &own.begin,
        PAUSE => &own.pause,
        CLOSE => &own.close,
        SCHEDULE => &own.schedule,
        ATTENDED => &own.attended,
        UNATTENDED => &own.unattended,
        CALLED_OFF => &own.called_off,
        CANCEL => &own.cancel,
        AGREE => &own.agree,
        KEEP => &own.keep,
        TASK_ACCEPT => &words.task.accept,
        TASK_DECLINE => &words.task.decline,
        TASK_COMPLETE => &words.task.complete,
        LEAVE_REMARK => &words.remark,
        _ => return None,
    };
    Some(choice.done)
}

/// The section.
pub(super) fn answers(words: &Words, seen: &Seen, one: &Referral, forms: &Forms<'_>) -> Markup {
    let own = &words.referral;
    let state = one.state();
    let served = matches!(state, State::Accepted | State::InProgress | State::OnHold);
    let form = |answer: &'static str, inside: Markup| forms.form(seen, answer, &inside);
    html! {
        section aria-labelledby="answer" {
            h2 id="answer" { @if served { (words.progress) } @else { (words.answer) } }
            @if is_over(one) {
                p { (own.ended) }
            }
            @if state == State::Requested {
                (form(ACCEPT, accept(words, forms)))
                (form(REJECT, folded(forms, REJECT, &own.reject, &html! {
                    (forms.select(REJECT, words.reason, &own.reject_reasons))
                    (forms.remark(words, REJECT, false))
                })))
            }
            @if served {
                @if state != State::InProgress {
                    (form(BEGIN, button(BEGIN, &own.begin, true)))
                }
                @if one.appointment_state() == AppointmentState::Scheduled {
                    (form(ATTENDED, button(ATTENDED, &own.attended, true)))
                    (form(UNATTENDED, button(UNATTENDED, &own.unattended, false)))
                    (form(CALLED_OFF, button(CALLED_OFF, &own.called_off, false)))
                }
                (form(SCHEDULE, folded(forms, SCHEDULE, &own.schedule, &when(words, seen, forms))))
                @if state != State::Accepted {
                    (form(CLOSE, folded(forms, CLOSE, &own.close, &close(words, forms))))
                }
                @if state == State::InProgress {
                    (form(PAUSE, folded(forms, PAUSE, &own.pause, &html! {
                        (forms.select(PAUSE, words.reason, &own.pauses))
                        (forms.remark(words, PAUSE, false))
                    })))
                }
                (form(CANCEL, folded(forms, CANCEL, &own.cancel, &html! {
                    (forms.select(CANCEL, words.reason, &own.cancel_reasons))
                    (forms.remark(words, CANCEL, false))
                })))
            }
            @if state == State::CancelRequested {
                @if one.cancel_asked_by() == ReferralSide::Centre {
                    p.important { (own.centre_asks) @if let Some(why) = why(words, one) { ": " (why) } }
                    (form(AGREE, button(AGREE, &own.agree, true)))
                    (form(KEEP, button(KEEP, &own.keep, false)))
                } @else {
                    p { (own.you_asked) }
                }
            }
            @if !is_over(one) {
                (form(LEAVE_REMARK, html! {
                    (forms.remark(words, LEAVE_REMARK, true))
                    p.sure {
                        input type="checkbox" id="question" name="question" value="yes";
                        label for="question" { (own.question) }
                    }
                    (button(LEAVE_REMARK, &words.remark, false))
                }))
            }
        }
    }
}

/// Why the centre wants to end it, if it has said so with a word that is known here.
fn why(words: &Words, one: &Referral) -> Option<&'static str> {
    let place = CANCEL_REASONS.iter().position(|key| *key == one.reason)?;
    words.referral.cancel_reasons.get(place + 1).copied()
}

/// A form that is asked for first: it is not the usual answer, or has more to fill in.
fn folded(forms: &Forms<'_>, answer: &'static str, choice: &Choice, inside: &Markup) -> Markup {
    html! {
        details open[forms.written(answer).is_some()] {
            summary { (choice.label) }
            (inside)
            (button(answer, choice, false))
        }
    }
}

fn accept(words: &Words, forms: &Forms<'_>) -> Markup {
    let written = forms.written(ACCEPT).map_or("", |written| written.number.as_str());
    html! {
        p {
            label for="accept-number" { (words.referral.number) }
            input type="text" id="accept-number" name="number" maxlength=(NUMBER) autocomplete="off" dir="auto" value=(written)
                aria-invalid=[forms.wrong(Problem::Number(ACCEPT))];
        }
        (forms.remark(words, ACCEPT, false))
        (button(ACCEPT, &words.referral.accept, true))
    }
}

/// A day and a time of the centre's, which is said.
fn when(words: &Words, seen: &Seen, forms: &Forms<'_>) -> Markup {
    let own = &words.referral;
    let wrong = forms.wrong(Problem::When(SCHEDULE));
    let none = Written::default();
    let written = forms.written(SCHEDULE).unwrap_or(&none);
    let now = time::read(seen.visit.server_time.as_ref());
    html! {
        p.hint id="schedule-zone" { (own.zone) " " bdi dir="ltr" { (time::zone(&seen.visit.time_zone, now)) } }
        p {
            label for="schedule-date" { (own.date) }
            input type="date" id="schedule-date" name="date" required value=(written.date) aria-describedby="schedule-zone" aria-invalid=[wrong];
        }
        p {
            label for="schedule-time" { (own.time) }
            input type="time" id="schedule-time" name="time" required value=(written.time) aria-describedby="schedule-zone" aria-invalid=[wrong];
        }
        (forms.remark(words, SCHEDULE, false))
    }
}

fn close(words: &Words, forms: &Forms<'_>) -> Markup {
    let own = &words.referral;
    let chosen = forms.written(CLOSE).map_or("", |written| written.served.as_str());
    let wrong = forms.wrong(Problem::Served(CLOSE));
    html! {
        fieldset {
            legend { (own.served) }
            @for (value, id, text) in [("yes", "close-served", own.yes), ("no", "close-unserved", own.no)] {
                p.sure {
                    input type="radio" id=(id) name="served" value=(value) required checked[chosen == value] aria-invalid=[wrong];
                    label for=(id) { (text) }
                }
            }
        }
        (forms.select(CLOSE, own.outcome, &own.outcomes))
        (forms.remark(words, CLOSE, false))
    }
}
