//! Forms: what every one carries, and what became of one that was sent.

use maud::{Markup, html};
use uuid::Uuid;

use crate::desk::Seen;
use crate::words::{Choice, Words};

/// Longest remark, as the API has it.
pub(crate) const REMARK: usize = 2000;
/// Longest number under which an agency keeps a referral, as the API has it.
pub(crate) const NUMBER: usize = 100;
/// Writes a remark.
pub(crate) const LEAVE_REMARK: &str = "remark";

/// What every form carries, and what was written into one that could not be used.
pub(crate) struct Forms<'a> {
    pub(crate) proof: String,
    pub(crate) request_id: &'a dyn Fn() -> String,
    pub(crate) written: Written,
    pub(crate) news: News,
}

/// What was written into a form, and which was the last entry of the timeline when it was shown.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) answer: String,
    /// Of which task, if it is about one.
    pub(crate) task: Option<Uuid>,
    pub(crate) last: i32,
    pub(crate) reason: i32,
    pub(crate) remark: String,
    pub(crate) number: String,
    pub(crate) date: String,
    pub(crate) time: String,
    pub(crate) served: String,
}

/// What has just come of an answer.
#[derive(Debug, Default)]
pub(crate) enum News {
    /// Nothing was answered.
    #[default]
    None,
    /// It was done; what is said of it.
    Done(&'static str),
    /// It was not.
    Problem(Problem),
}

/// Why an answer was not carried out; those of a field in the form of which answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Problem {
    /// Where it stands does not allow it, or it is not what was looked at.
    Changed,
    /// The form was of another visit, or was used for something else.
    Stale,
    /// No reason was chosen.
    Reason(&'static str),
    /// A remark that is empty or too long.
    Remark(&'static str),
    /// The same about a task.
    TaskRemark(&'static str, Uuid),
    /// A number that is too long.
    Number(&'static str),
    /// It was not confirmed that the child was reached.
    Sure,
    /// No day and time to come.
    When(&'static str),
    /// It was not said whether the child was served.
    Served(&'static str),
}

impl Problem {
    pub(crate) const fn text(self, words: &Words) -> &'static str {
        match self {
            Self::Changed => words.problem_changed,
            Self::Stale => words.problem_stale,
            Self::Reason(_) => words.problem_reason,
            Self::Remark(_) | Self::TaskRemark(..) => words.problem_remark,
            Self::Number(_) => words.referral.problem_number,
            Self::Sure => words.problem_sure,
            Self::When(_) => words.referral.problem_when,
            Self::Served(_) => words.referral.problem_served,
        }
    }

    /// The id of the field to be corrected.
    pub(crate) fn field(self) -> Option<String> {
        match self {
            Self::Changed | Self::Stale => None,
            Self::Reason(answer) => Some(format!("{answer}-reason")),
            Self::Remark(answer) => Some(format!("{answer}-remark")),
            Self::TaskRemark(answer, task) => Some(format!("{answer}-{task}-remark")),
            Self::Number(answer) => Some(format!("{answer}-number")),
            Self::Sure => Some("sure".to_owned()),
            Self::When(answer) => Some(format!("{answer}-date")),
            Self::Served(answer) => Some(format!("{answer}-served")),
        }
    }
}

impl Forms<'_> {
    /// Whether this is what is to be corrected, as an attribute.
    pub(super) fn wrong(&self, problem: Problem) -> Option<&'static str> {
        matches!(self.news, News::Problem(one) if one == problem).then_some("true")
    }

    /// What was written, if it was into the form of this answer.
    pub(super) fn written(&self, answer: &str) -> Option<&Written> {
        (self.written.answer == answer).then_some(&self.written)
    }

    /// The form of an answer: with what was seen when it was shown.
    pub(super) fn form(&self, seen: &Seen, answer: &str, inside: &Markup) -> Markup {
        html! {
            form.answer method="post" {
                input type="hidden" name="proof" value=(self.proof);
                input type="hidden" name="request_id" value=((self.request_id)());
                input type="hidden" name="revision" value=(seen.revision());
                input type="hidden" name="last" value=(seen.last());
                input type="hidden" name="zone" value=(seen.visit.time_zone);
                input type="hidden" name="answer" value=(answer);
                (inside)
            }
        }
    }

    /// A choice from a list; the first word says that one is to be chosen.
    pub(super) fn select(&self, answer: &'static str, label: &str, list: &[&str]) -> Markup {
        let id = format!("{answer}-reason");
        let chosen = self.written(answer).map_or(0, |written| written.reason);
        html! {
            p {
                label for=(id) { (label) }
                select id=(id) name="reason" required aria-invalid=[self.wrong(Problem::Reason(answer))] {
                    @for (value, text) in (0_i32..).zip(list) {
                        @let shown = if value == 0 { String::new() } else { value.to_string() };
                        option value=(shown) selected[value == chosen] { (text) }
                    }
                }
            }
        }
    }

    /// Where something can be written.
    pub(super) fn remark(&self, words: &Words, answer: &'static str, needed: bool) -> Markup {
        self.text(words, Problem::Remark(answer), self.written(answer), needed)
    }

    /// Where something can be written about a task.
    pub(super) fn task_remark(&self, words: &Words, answer: &'static str, task: Uuid) -> Markup {
        self.text(words, Problem::TaskRemark(answer, task), self.written_of(answer, task), false)
    }

    /// What was written, if it was into the form of this answer to a task.
    pub(super) fn written_of(&self, answer: &str, task: Uuid) -> Option<&Written> {
        self.written(answer).filter(|written| written.task == Some(task))
    }

    /// A field whose id is where its problem leads.
    fn text(&self, words: &Words, problem: Problem, written: Option<&Written>, needed: bool) -> Markup {
        let written = written.map_or("", |written| written.remark.as_str());
        html! {
            p {
                label for=[problem.field()] { (words.remark_beside) }
                // The line break is the browser's to drop, so that one that was written first stays.
                textarea id=[problem.field()] name="remark" rows="3" maxlength=(REMARK) dir="auto" required[needed]
                    aria-invalid=[self.wrong(problem)] { "\n" (written) }
            }
        }
    }
}

/// What sends a form, and what that means.
pub(super) fn button(answer: &str, choice: &Choice, first: bool) -> Markup {
    button_of(answer, "", choice, first)
}

/// The same where several have these words: what they are about has the id `about`.
pub(super) fn button_of(form: &str, about: &str, choice: &Choice, first: bool) -> Markup {
    let (class, hint) = (if first { "first" } else { "quiet" }, format!("{form}-hint"));
    let described = format!("{about} {hint}");
    html! {
        button class=(class) type="submit" aria-describedby=(described.trim_start()) { (choice.label) }
        p.hint id=(hint) { (choice.hint) }
    }
}
