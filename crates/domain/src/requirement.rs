//! What a contact asks of a counsellor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::channel::Medium;
use crate::counsellor::Abilities;

/// What a contact asks of a counsellor. Contacts with equal requirements wait in one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Requirement {
    /// The kind of capacity it takes.
    pub medium: Medium,
    /// Language wanted, as a lower-case BCP 47 tag; `None` when unknown, which any counsellor may answer.
    pub language: Option<String>,
    /// Skills wanted, with the least level each.
    pub skills: BTreeMap<String, u8>,
}

/// The first thing a counsellor lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// Does not speak the language, and serves it through no interpreter either.
    Language,
    /// Lacks a skill or its level.
    Skill,
    /// Does not serve the medium at all.
    Medium,
}

impl Requirement {
    /// What somebody with these abilities lacks even when entirely free; `None` if nothing.
    pub fn lack(&self, abilities: &Abilities) -> Option<Lack> {
        let serves = |language: &String| {
            abilities.languages.iter().chain(&abilities.interpreted).any(|spoken| speaks(spoken, language))
        };
        if self.language.as_ref().is_some_and(|language| !serves(language)) {
            return Some(Lack::Language);
        }
        if self.skills.iter().any(|(skill, level)| abilities.skills.get(skill).is_none_or(|has| has < level))
        {
            return Some(Lack::Skill);
        }
        (abilities.capacity.of(self.medium) == 0).then_some(Lack::Medium)
    }

    /// Whether somebody with these abilities can serve the language only through an interpreter, if at all.
    pub fn needs_interpreter(&self, abilities: &Abilities) -> bool {
        self.language
            .as_ref()
            .is_some_and(|language| !abilities.languages.iter().any(|spoken| speaks(spoken, language)))
    }

    /// The text whose keyed hash is the line's signature: equal requirements, equal text.
    pub fn canonical(&self) -> String {
        let mut text = format!("{};{}", self.medium.key(), self.language.as_deref().unwrap_or("*"));
        for (skill, level) in &self.skills {
            text.push(';');
            text.push_str(skill);
            text.push('>');
            text.push_str(&level.to_string());
        }
        text
    }
}

/// Whether who speaks `spoken` can answer who wants `wanted`: the same tag, or one is the bare language of the other
/// (`ar` answers `ar-qa`, and `ar-qa` answers `ar`; `ar-qa` does not answer `ar-ma`).
fn speaks(spoken: &str, wanted: &str) -> bool {
    let is_bare_of =
        |bare: &str, full: &str| full.strip_prefix(bare).is_some_and(|rest| rest.starts_with('-'));
    spoken == wanted || is_bare_of(spoken, wanted) || is_bare_of(wanted, spoken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_language_answers_its_dialects_and_a_dialect_its_bare_language() {
        assert!(speaks("ar", "ar"));
        assert!(speaks("ar", "ar-qa"));
        assert!(speaks("ar-qa", "ar"));
        assert!(!speaks("ar-qa", "ar-ma"));
        assert!(!speaks("ar", "arz"));
    }
}
