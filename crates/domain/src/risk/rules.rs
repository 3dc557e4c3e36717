//! Rules by which words and answers raise the risk of a contact: a centre's data, applied the same way everywhere.
//!
//! A rule only ever raises, and raises a given contact once: whoever has assessed the child since is not overruled by the
//! same word said again. What a rule found is named by the rule's key; the words themselves stay with the message.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Risk;
use super::words::{Phrase, Text};

/// A rule of a centre.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRule {
    /// Key of the rule: what is shown of it, and journalled.
    pub rule: String,
    /// The risk to raise to.
    pub raise_to: Risk,
    /// Words or phrases in any language, any of which is enough. `*` at the end or the start of a word stands for
    /// whatever it goes on or begins with.
    #[serde(default)]
    pub phrases: Vec<String>,
    /// Answers, any of which is enough.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

/// An answer to a question that was asked on the way in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Key of the question.
    pub question: String,
    /// Keys of the answers that count.
    pub values: Vec<String>,
}

/// What a rule found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Raise {
    /// The rule.
    pub rule: String,
    /// The risk to raise to.
    pub risk: Risk,
}

impl RiskRule {
    fn finds(&self, text: Option<&Text>, answers: &BTreeMap<String, String>) -> bool {
        let said = |text: &Text| self.phrases.iter().any(|phrase| text.contains(&Phrase::new(phrase)));
        let answered = |answer: &Answer| {
            answers.get(&answer.question).is_some_and(|value| answer.values.contains(value))
        };
        text.is_some_and(said) || self.answers.iter().any(answered)
    }
}

/// Every rule that finds something in a text or in answers, the highest risk first; equal ones in the order of the
/// settings.
pub fn found(rules: &[RiskRule], text: Option<&str>, answers: &BTreeMap<String, String>) -> Vec<Raise> {
    let text = text.map(Text::new);
    let mut found: Vec<Raise> = rules
        .iter()
        .filter(|rule| rule.finds(text.as_ref(), answers))
        .map(|rule| Raise { rule: rule.rule.clone(), risk: rule.raise_to })
        .collect();
    found.sort_by_key(|raise| std::cmp::Reverse(raise.risk));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(key: &str, raise_to: Risk, phrases: &[&str], answers: &[(&str, &str)]) -> RiskRule {
        RiskRule {
            rule: key.to_owned(),
            raise_to,
            phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
            answers: answers
                .iter()
                .map(|(question, value)| Answer {
                    question: (*question).to_owned(),
                    values: vec![(*value).to_owned()],
                })
                .collect(),
        }
    }

    #[test]
    fn the_highest_risk_comes_first_and_what_finds_nothing_is_silent() {
        let rules = [
            rule("sad", Risk::Medium, &["sad"], &[]),
            rule("weapon", Risk::HarmNow, &["knife", "нож*", "سكين"], &[]),
            rule("injured", Risk::Imminent, &[], &[("injured", "yes")]),
        ];
        let answers = [("injured".to_owned(), "yes".to_owned())].into();
        let keys = |text, answers: &BTreeMap<String, String>| {
            found(&rules, text, answers).into_iter().map(|raise| raise.rule).collect::<Vec<_>>()
        };
        assert_eq!(keys(Some("I am sad, he has a KNIFE"), &answers), ["weapon", "injured", "sad"]);
        assert_eq!(keys(Some("у него ножик"), &BTreeMap::new()), ["weapon"]);
        assert_eq!(keys(None, &answers), ["injured"]);
        assert!(keys(Some("all is well"), &[("injured".to_owned(), "no".to_owned())].into()).is_empty());
        assert!(keys(None, &BTreeMap::new()).is_empty());
    }
}
