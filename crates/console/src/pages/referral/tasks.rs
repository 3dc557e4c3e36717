//! What the agency is to do under a referral, and its answers to each: a form of its own for every answer to every task.

use helpline_proto::casework::v1::{Task, TaskState};
use maud::{Markup, html};
use uuid::Uuid;

use crate::desk::Seen;
use crate::pages::form::{Forms, button_of};
use crate::pages::time;
use crate::pages::visit::{coded, written};
use crate::words::{Choice, Words, word};

/// Which answers there are, as the values of their forms.
pub(crate) const TASK_ACCEPT: &str = "task_accept";
pub(crate) const TASK_DECLINE: &str = "task_decline";
pub(crate) const TASK_COMPLETE: &str = "task_complete";

/// The section, if there is anything.
pub(super) fn tasks(words: &Words, seen: &Seen, tasks: &[Task], forms: &Forms<'_>) -> Markup {
    html! {
        @if !tasks.is_empty() {
            section aria-labelledby="tasks" {
                h2 id="tasks" { (words.task.title) }
                @for one in tasks {
                    (task(words, seen, one, forms))
                }
            }
        }
    }
}

fn task(words: &Words, seen: &Seen, one: &Task, forms: &Forms<'_>) -> Markup {
    let own = &words.task;
    let now = time::read(seen.visit.server_time.as_ref());
    let name = format!("task-{}", one.task_id);
    html! {
        article aria-labelledby=(name) {
            h3 id=(name) {
                (own.one) " " (one.number)
                @if !one.task.is_empty() { ": " (key(own.tasks, &one.task)) }
            }
            dl {
                (coded(words.state, word(&own.states, one.state)))
                @if one.end_time.is_none() {
                    dt { (own.due) }
                    dd { (time::show(words, one.due_time.as_ref(), now)) }
                    @if !one.domain.is_empty() {
                        dt { (own.domain) }
                        dd { (key(own.domains, &one.domain)) }
                    }
                    (written(own.note, &one.note))
                }
            }
            (answers(words, seen, one, forms))
        }
    }
}

/// Who is asked says first whether they do it; who does it, that it is done.
fn answers(words: &Words, seen: &Seen, one: &Task, forms: &Forms<'_>) -> Markup {
    let own = &words.task;
    let Ok(id) = Uuid::parse_str(&one.task_id) else { return html! {} };
    let of = Of { words, seen, forms, id };
    let (open, accepted) = (one.state() == TaskState::Open, one.state() == TaskState::Accepted);
    html! {
        @if open { (of.form(TASK_ACCEPT, &of.button(TASK_ACCEPT, &own.accept, true))) }
        @if accepted {
            (of.form(TASK_COMPLETE, &html! {
                (forms.task_remark(words, TASK_COMPLETE, id))
                (of.button(TASK_COMPLETE, &own.complete, true))
            }))
        }
        @if open { (of.folded(TASK_COMPLETE, &own.complete)) }
        @if open || accepted { (of.folded(TASK_DECLINE, &own.decline)) }
    }
}

/// The forms of a task.
struct Of<'a> {
    words: &'a Words,
    seen: &'a Seen,
    forms: &'a Forms<'a>,
    id: Uuid,
}

impl Of<'_> {
    fn form(&self, answer: &'static str, inside: &Markup) -> Markup {
        let named = html! {
            input type="hidden" name="task" value=(self.id);
            (inside)
        };
        self.forms.form(self.seen, answer, &named)
    }

    fn button(&self, answer: &str, choice: &Choice, first: bool) -> Markup {
        button_of(&format!("{answer}-{}", self.id), &format!("task-{}", self.id), choice, first)
    }

    /// A form that is asked for first: it is not the usual answer, and has room for a remark.
    fn folded(&self, answer: &'static str, choice: &Choice) -> Markup {
        let inside = html! {
            details open[self.forms.written_of(answer, self.id).is_some()] {
                summary aria-describedby=(format!("task-{}", self.id)) { (choice.label) }
                (self.forms.task_remark(self.words, answer, self.id))
                (self.button(answer, choice, false))
            }
        };
        self.form(answer, &inside)
    }
}

/// What a key says. Centres have keys of their own, in whatever language: they are shown as they are.
fn key(known: &[(&str, &'static str)], key: &str) -> Markup {
    let text = known.iter().find(|(one, _)| *one == key).map(|(_, text)| *text);
    html! {
        @match text {
            Some(text) => (text),
            None => bdi dir="auto" { (key.replace('_', " ")) },
        }
    }
}
