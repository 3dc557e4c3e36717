//! Forms by which a child's situation is assessed: questions, what they say about which dimension, and how the result follows.
//!
//! A form is data of the centre. How its result is computed is [`crate::assessment`].

mod best_interests;
mod detention;
mod trafficking;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::assessment::{Answers, Outcome, Subject, UNKNOWN, computed};
use crate::disclosure::keyed;

/// Texts by language tag.
pub type Texts = BTreeMap<String, String>;

/// A form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Its key.
    pub form: String,
    /// What it is called.
    pub titles: Texts,
    /// What the questions find out about.
    pub dimensions: Vec<Dimension>,
    /// The questions, in their order.
    pub questions: Vec<Question>,
    /// Elements that all must be found of a child for a positive result; empty when the form is not for children.
    pub child: BTreeSet<String>,
    /// The same of an adult.
    pub adult: BTreeSet<String>,
    /// Whether another than its authors must approve it.
    #[serde(default)]
    pub needs_approval: bool,
    /// What is to be done when it is to be answered again after the first time.
    #[serde(default)]
    pub again: Option<Due>,
    /// What is to be done when the result is positive.
    #[serde(default)]
    pub follow_up: Option<Due>,
}

/// Something to be done within a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// What, a key.
    pub task: String,
    /// Within how many seconds.
    pub within_s: u32,
}

/// What some of the questions find out about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Its key.
    pub dimension: String,
    /// What it is called.
    pub titles: Texts,
    /// Which elements of the result it stands for when it is found.
    pub elements: BTreeSet<String>,
    /// How many counting answers it takes; any of these is enough.
    pub found_from: Vec<Count>,
    /// What is recommended when it is found, or unclear.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// So many counting answers. A stronger one stands in for a weaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Strong ones.
    #[serde(default)]
    pub strong: u32,
    /// Medium ones.
    #[serde(default)]
    pub medium: u32,
    /// Weak ones.
    #[serde(default)]
    pub weak: u32,
}

/// A step that is recommended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is to be done, a key.
    pub task: String,
    /// Which side of the child's life it is about, a key.
    #[serde(default)]
    pub domain: Option<String>,
    /// Within how many seconds.
    pub within_s: u32,
}

/// A question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its key.
    pub question: String,
    /// What is asked.
    pub texts: Texts,
    /// How it is answered.
    pub kind: QuestionKind,
    /// Answers to choose from, where it is answered by choice.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// What it finds out about; none for what is only noted.
    #[serde(default)]
    pub dimension: Option<String>,
    /// How much a counting answer says.
    pub strength: Strength,
    /// Answers that count.
    #[serde(default)]
    pub counts: BTreeSet<String>,
    /// Whether it is asked about children.
    pub child: bool,
    /// Whether it is asked about adults.
    pub adult: bool,
    /// Whether the form cannot be completed without an answer, be it that it is unknown.
    #[serde(default)]
    pub required: bool,
}

/// An answer to choose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its key.
    pub option: String,
    /// What it is called.
    pub titles: Texts,
}

keyed!(
    /// How a question is answered. Each may be answered with `unknown`.
    QuestionKind {
        /// `yes` or `no`.
        YesNo = "yes_no",
        /// One of its options.
        Choice = "choice",
        /// A whole number from 0 to a million.
        Number = "number",
        /// A day as YYYY-MM-DD.
        Date = "date",
        /// Free text.
        Text = "text",
    }
);

keyed!(
    /// How much a counting answer says.
    Strength {
        /// Much.
        Strong = "strong",
        /// Something.
        Medium = "medium",
        /// Little.
        Weak = "weak",
    }
);

/// What is wrong with a form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unsound {
    /// Two dimensions have this key, it stands for nothing, or it is found without an answer that counts.
    Dimension(usize),
    /// Two questions have this key, nobody is asked, its options do not fit its kind, or what counts is none of its answers.
    Question(usize),
    /// What a result is made of is no element of a dimension, or nobody is assessed by it.
    Elements,
    /// No answers make its result positive, or none make it negative.
    Result,
}

impl Question {
    /// Whether it is asked about somebody.
    pub const fn is_of(&self, subject: Subject) -> bool {
        match subject {
            Subject::Child => self.child,
            Subject::Adult => self.adult,
        }
    }

    /// Keys of its answers, but for `unknown`; none for what is not answered by a key.
    pub fn keys(&self) -> Vec<&str> {
        match self.kind {
            QuestionKind::YesNo => vec!["yes", "no"],
            QuestionKind::Choice => self.options.iter().map(|one| one.option.as_str()).collect(),
            QuestionKind::Number | QuestionKind::Date | QuestionKind::Text => Vec::new(),
        }
    }

    fn is_sound(&self) -> bool {
        let keys = self.keys();
        let once: BTreeSet<&str> = keys.iter().copied().collect();
        let chosen = (self.kind == QuestionKind::Choice) != self.options.is_empty();
        let scored = match &self.dimension {
            // Something counts, and something does not.
            Some(_) => !self.counts.is_empty() && self.counts.len() < keys.len(),
            None => self.counts.is_empty(),
        };
        chosen
            && scored
            && once.len() == keys.len()
            && !once.contains(UNKNOWN)
            && self.counts.iter().all(|key| once.contains(key.as_str()))
            && (self.child || self.adult)
    }
}

impl Form {
    /// The elements that all must be found of somebody; empty when the form is not for them.
    pub const fn elements(&self, subject: Subject) -> &BTreeSet<String> {
        match subject {
            Subject::Child => &self.child,
            Subject::Adult => &self.adult,
        }
    }

    /// What is wrong with it, if anything is; the number is the place in its list.
    pub fn unsound(&self) -> Option<Unsound> {
        let mut known = BTreeSet::new();
        for (place, one) in self.dimensions.iter().enumerate() {
            let counted = one.found_from.iter().all(|count| *count != Count::default());
            if !known.insert(one.dimension.as_str())
                || one.elements.is_empty()
                || !counted
                || one.found_from.is_empty()
            {
                return Some(Unsound::Dimension(place));
            }
        }
        let mut asked = BTreeSet::new();
        for (place, one) in self.questions.iter().enumerate() {
            let about = one.dimension.as_ref().is_none_or(|key| known.contains(key.as_str()));
            if !asked.insert(one.question.as_str()) || !about || !one.is_sound() {
                return Some(Unsound::Question(place));
            }
        }
        let elements: BTreeSet<&String> = self.dimensions.iter().flat_map(|one| &one.elements).collect();
        let subjects =
            || [Subject::Child, Subject::Adult].into_iter().filter(|one| !self.elements(*one).is_empty());
        if subjects().next().is_none()
            || subjects().any(|one| self.elements(one).iter().any(|key| !elements.contains(key)))
        {
            return Some(Unsound::Elements);
        }
        let decides = |subject| {
            let of = |counts| computed(self, subject, &self.extreme(counts)).outcome;
            of(true) == Outcome::Positive && of(false) == Outcome::Negative
        };
        (!subjects().all(decides)).then_some(Unsound::Result)
    }

    /// Answers that all count, or none of which does.
    fn extreme(&self, counts: bool) -> Answers {
        let of = |one: &Question| {
            let key = one.keys().into_iter().find(|key| one.counts.contains(*key) == counts)?;
            Some((one.question.clone(), key.to_owned()))
        };
        self.questions.iter().filter_map(of).collect()
    }
}

/// The forms that every centre begins with.
pub fn usual() -> Vec<Form> {
    vec![best_interests::form(), trafficking::form(), detention::form()]
}

/// Texts in English, Russian and Arabic.
fn texts([en, ru, ar]: [&str; 3]) -> Texts {
    [("en", en), ("ru", ru), ("ar", ar)].map(|(tag, text)| (tag.to_owned(), text.to_owned())).into()
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

/// A question that is answered with yes or no, of which one counts.
fn yes_no(
    (question, dimension): (&str, &str),
    (counts, strength): (&str, Strength),
    said: [&str; 3],
) -> Question {
    Question {
        question: question.to_owned(),
        texts: texts(said),
        kind: QuestionKind::YesNo,
        options: Vec::new(),
        dimension: Some(dimension.to_owned()),
        strength,
        counts: keys(&[counts]),
        child: true,
        adult: false,
        required: true,
    }
}

/// A dimension that is found from any counting answer, and what is recommended then: a task, a side of life, hours.
fn any(
    dimension: &str,
    element: &str,
    called: [&str; 3],
    (task, domain, hours): (&str, &str, u32),
) -> Dimension {
    Dimension {
        dimension: dimension.to_owned(),
        titles: texts(called),
        elements: keys(&[element]),
        found_from: vec![Count { weak: 1, ..Count::default() }],
        steps: vec![Step {
            task: task.to_owned(),
            domain: Some(domain.to_owned()).filter(|key| !key.is_empty()),
            within_s: hours * 3600,
        }],
    }
}

#[cfg(test)]
mod tests;
