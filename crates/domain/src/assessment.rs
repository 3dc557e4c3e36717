//! Assessments of a child's situation: what their answers come to, by the form they were begun with.
//!
//! The result is computed and never written by hand. What is unknown or was not answered may be so: it makes a result unclear that would
//! be positive if it counted, and never makes one negative. More answers that count never make a result less.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::disclosure::keyed;
use crate::settings::forms::{Count, Dimension, Form, Question, QuestionKind, Step, Strength};

/// Answers by the keys of their questions.
pub type Answers = BTreeMap<String, String>;

/// The answer to any question of which nobody knows better.
pub const UNKNOWN: &str = "unknown";
/// Characters of a text that answers a question.
pub const LONGEST_ANSWER: usize = 4000;

keyed!(
    /// What an assessment comes to, from the least.
    #[derive(PartialOrd, Ord)]
    Outcome {
        /// It is not so.
        Negative = "negative",
        /// It may be so: too little is known.
        Unclear = "unclear",
        /// It is so.
        Positive = "positive",
    }
);

keyed!(
    /// Who is assessed. Whose age is in doubt is a child.
    Subject {
        /// A child.
        Child = "child",
        /// An adult.
        Adult = "adult",
    }
);

keyed!(
    /// Where an assessment stands.
    AssessmentState {
        /// It is being answered.
        Draft = "draft",
        /// Its result was computed; nothing of it changes any more.
        Completed = "completed",
    }
);

keyed!(
    /// Where the approval of an assessment stands.
    ApprovalState {
        /// Somebody asks for it.
        Asked = "asked",
        /// Another has approved.
        Approved = "approved",
        /// Another has not.
        Refused = "refused",
    }
);

keyed!(
    /// Where somebody's own judgement beside the computed result stands.
    OverrideState {
        /// It holds: it is graver than what was computed.
        InForce = "in_force",
        /// It waits for another: it is less grave.
        Asked = "asked",
        /// Another has approved, and it holds.
        Approved = "approved",
        /// Another has not, and it does not.
        Refused = "refused",
    }
);

impl OverrideState {
    /// Whether the judgement holds.
    pub const fn holds(self) -> bool {
        matches!(self, Self::InForce | Self::Approved)
    }
}

/// What answers come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Computed {
    /// The whole.
    pub outcome: Outcome,
    /// Each dimension, in the order of the form.
    pub findings: Vec<(String, Outcome)>,
}

/// Counting answers of a dimension by strength.
fn counted<'a>(
    questions: impl Iterator<Item = &'a Question>,
    counts: impl Fn(&Question) -> bool,
) -> [u32; 3] {
    let mut found = [0_u32; 3];
    for question in questions.filter(|one| counts(one)) {
        let [strong, medium, weak] = &mut found;
        *match question.strength {
            Strength::Strong => strong,
            Strength::Medium => medium,
            Strength::Weak => weak,
        } += 1;
    }
    found
}

/// Whether so many are enough; a stronger one stands in for a weaker.
const fn enough([strong, medium, weak]: [u32; 3], least: Count) -> bool {
    let of_medium = least.strong.saturating_add(least.medium);
    strong >= least.strong
        && strong + medium >= of_medium
        && strong + medium + weak >= of_medium.saturating_add(least.weak)
}

/// Whether anything was answered that counts at all, be it that nobody knows: what was never asked comes to nothing.
pub fn weighed(form: &Form, subject: Subject, answers: &Answers) -> bool {
    let mut scored =
        form.questions.iter().filter(|one| one.is_of(subject) && one.dimension.is_some()).peekable();
    scored.peek().is_none() || scored.any(|one| answers.contains_key(&one.question))
}

fn finding(form: &Form, subject: Subject, answers: &Answers, dimension: &Dimension) -> Outcome {
    let asked = || {
        let of = |one: &&Question| {
            one.is_of(subject) && one.dimension.as_deref() == Some(dimension.dimension.as_str())
        };
        form.questions.iter().filter(of)
    };
    let said = |one: &Question| answers.get(&one.question).map(String::as_str);
    let counts = |one: &Question| said(one).is_some_and(|value| one.counts.contains(value));
    let may_count = |one: &Question| counts(one) || said(one).is_none_or(|value| value == UNKNOWN);
    let found = |found: [u32; 3]| dimension.found_from.iter().any(|least| enough(found, *least));
    if found(counted(asked(), counts)) {
        Outcome::Positive
    } else if found(counted(asked(), may_count)) {
        Outcome::Unclear
    } else {
        Outcome::Negative
    }
}

/// What answers come to by a form: each element that it asks for is as much as the most of its dimensions, and the whole as much as the
/// least of its elements.
pub fn computed(form: &Form, subject: Subject, answers: &Answers) -> Computed {
    let findings: Vec<_> = form
        .dimensions
        .iter()
        .map(|one| (one.dimension.clone(), finding(form, subject, answers, one)))
        .collect();
    let element = |key: &String| {
        let of = form.dimensions.iter().zip(&findings).filter(|(one, _)| one.elements.contains(key));
        of.map(|(_, (_, outcome))| *outcome).max().unwrap_or(Outcome::Negative)
    };
    let outcome = form.elements(subject).iter().map(element).min().unwrap_or(Outcome::Negative);
    Computed { outcome, findings }
}

/// What is recommended after findings, and after which: what was found, and what may be so.
pub fn recommended<'a>(
    form: &'a Form,
    findings: &[(String, Outcome)],
) -> Vec<(&'a Dimension, &'a Step, Outcome)> {
    let of = |dimension: &'a Dimension| {
        let found = findings.iter().find(|(key, _)| *key == dimension.dimension).map(|(_, found)| *found);
        let found = found.filter(|found| *found > Outcome::Negative);
        found
            .into_iter()
            .flat_map(move |found| dimension.steps.iter().map(move |step| (dimension, step, found)))
    };
    form.dimensions.iter().flat_map(of).collect()
}

/// The question with this key, if it is asked about somebody.
pub fn question<'a>(form: &'a Form, subject: Subject, key: &str) -> Option<&'a Question> {
    form.questions.iter().find(|one| one.question == key && one.is_of(subject))
}

/// Whether a value answers a question.
pub fn answers(question: &Question, value: &str) -> bool {
    let printable = |one: char| matches!(one, '\n' | '\t') || !one.is_control();
    value == UNKNOWN
        || match question.kind {
            QuestionKind::YesNo | QuestionKind::Choice => question.keys().contains(&value),
            QuestionKind::Number => {
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                digits && value.parse::<u32>().is_ok_and(|number| number <= 1_000_000)
            }
            QuestionKind::Date => value.len() == 10 && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
            QuestionKind::Text => value.chars().count() <= LONGEST_ANSWER && value.chars().all(printable),
        }
}

/// Keys of the questions that must be answered and are not.
pub fn missing<'a>(form: &'a Form, subject: Subject, answers: &Answers) -> Vec<&'a str> {
    let of = form.questions.iter().filter(|one| one.required && one.is_of(subject));
    of.filter(|one| !answers.contains_key(&one.question)).map(|one| one.question.as_str()).collect()
}

/// Those of some answers that a form has a question for: what goes into a revision when the form has changed meanwhile.
pub fn fitting(form: &Form, subject: Subject, mut given: Answers) -> Answers {
    given.retain(|key, value| question(form, subject, key).is_some_and(|one| answers(one, value)));
    given
}

#[cfg(test)]
mod tests;
