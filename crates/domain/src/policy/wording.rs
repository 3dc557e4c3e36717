//! Reasons as sentences, for the supervisor who asks.
//!
//! Each language is one file that answers for every rule, note and cause, so a language that lacks one does not build.
//! Numbers stand behind a colon ("Before it in line: 3"): no language needs another form of a word for another number.

mod arabic;
mod english;
mod russian;

use super::valve::ValveAnswer;
use super::{ContactRule, CounsellorRule, Explanation, Note, Pair, WaitingCause};

/// A language in which reasons are told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Locale {
    /// Arabic.
    Arabic,
    /// Russian.
    Russian,
    /// English; also for every language not among these.
    #[default]
    English,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Arabic, Self::Russian, Self::English];

    /// The language for a BCP 47 tag such as `ar-QA`.
    pub fn from_tag(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match language.as_str() {
            "ar" => Self::Arabic,
            "ru" => Self::Russian,
            _ => Self::English,
        }
    }

    /// The tag of the language.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Arabic => "ar",
            Self::Russian => "ru",
            Self::English => "en",
        }
    }
}

/// Whatever has a sentence, or stands before a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phrase {
    ContactRule(ContactRule),
    CounsellorRule(CounsellorRule),
    Note(Note),
    Cause(WaitingCause),
    Valve(ValveAnswer),
    Label(Label),
    Unit(Unit),
}

/// What stands before a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Label {
    Ahead,
    Waited,
    EligibleOnShift,
    EligibleFree,
    LackingLanguage,
    LackingSkill,
    LackingChannel,
    ReserveIn,
    OfferedAlsoTo,
}

/// Short units of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Hours,
    Minutes,
    Seconds,
}

fn say(locale: Locale, phrase: Phrase) -> &'static str {
    match locale {
        Locale::Arabic => arabic::say(phrase),
        Locale::Russian => russian::say(phrase),
        Locale::English => english::say(phrase),
    }
}

/// The cause alone, as a sentence.
pub fn cause_in(locale: Locale, cause: WaitingCause) -> &'static str {
    say(locale, Phrase::Cause(cause))
}

/// Why a contact waits, in a few sentences.
pub fn explain_in(locale: Locale, explanation: &Explanation) -> String {
    let mut text = say(locale, Phrase::Cause(explanation.cause)).to_owned();
    if explanation.cause == WaitingCause::NotWaiting {
        return text;
    }
    let mut add = |label, value: &str| {
        text.extend([" ", say(locale, Phrase::Label(label)), ": ", value, "."]);
    };
    add(Label::Waited, &duration(locale, explanation.waited_ms));
    add(Label::Ahead, &explanation.ahead.to_string());
    add(Label::EligibleOnShift, &explanation.eligible_on_shift.to_string());
    add(Label::EligibleFree, &explanation.eligible_free.to_string());
    let lacking = [
        (Label::LackingLanguage, explanation.lacking_language),
        (Label::LackingSkill, explanation.lacking_skill),
        (Label::LackingChannel, explanation.lacking_channel),
    ];
    for (label, count) in lacking.into_iter().filter(|(_, count)| *count > 0) {
        add(label, &count.to_string());
    }
    if explanation.cause == WaitingCause::Reserved {
        add(Label::ReserveIn, &duration(locale, explanation.cap_in_ms));
    }
    text
}

/// Why a contact was offered to whom it was offered to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Why this contact was next.
    pub contact_rule: ContactRule,
    /// Why this counsellor.
    pub counsellor_rule: CounsellorRule,
    /// What else should be known.
    pub notes: Vec<Note>,
    /// To how many others it was offered at the same time.
    pub also: usize,
}

impl Reason {
    /// The reason with these keys, as they are kept with an offer; `None` if one of the rules is not known. A note that is not
    /// known is left out.
    pub fn from_keys<'a>(
        contact_rule: &str,
        counsellor_rule: &str,
        notes: impl IntoIterator<Item = &'a str>,
    ) -> Option<Self> {
        let known = |key: &str| Note::ALL.into_iter().find(|note| note.key() == key);
        Some(Self {
            contact_rule: ContactRule::ALL.into_iter().find(|rule| rule.key() == contact_rule)?,
            counsellor_rule: CounsellorRule::ALL.into_iter().find(|rule| rule.key() == counsellor_rule)?,
            notes: notes.into_iter().filter_map(known).collect(),
            also: 0,
        })
    }
}

impl From<&Pair> for Reason {
    fn from(pair: &Pair) -> Self {
        Self {
            contact_rule: pair.contact_rule,
            counsellor_rule: pair.counsellor_rule,
            notes: pair.notes.clone(),
            also: pair.also.len(),
        }
    }
}

/// A reason in a few sentences.
pub fn reason_in(locale: Locale, reason: &Reason) -> String {
    let rules = [Phrase::ContactRule(reason.contact_rule), Phrase::CounsellorRule(reason.counsellor_rule)];
    let phrases = rules.into_iter().chain(reason.notes.iter().copied().map(Phrase::Note));
    let mut text = phrases.map(|phrase| say(locale, phrase)).collect::<Vec<_>>().join(" ");
    if reason.also > 0 {
        let count = reason.also.to_string();
        text.extend([" ", say(locale, Phrase::Label(Label::OfferedAlsoTo)), ": ", &count, "."]);
    }
    text
}

/// What the overload valve does, as a sentence.
pub fn valve_in(locale: Locale, answer: ValveAnswer) -> &'static str {
    say(locale, Phrase::Valve(answer))
}

/// A length of time in short units, the largest that fits and the one below it.
fn duration(locale: Locale, milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let part = |number: i64, unit| format!("{number} {}", say(locale, Phrase::Unit(unit)));
    if hours > 0 {
        format!("{} {}", part(hours, Unit::Hours), part(minutes, Unit::Minutes))
    } else if minutes > 0 {
        format!("{} {}", part(minutes, Unit::Minutes), part(seconds % 60, Unit::Seconds))
    } else {
        part(seconds, Unit::Seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn phrases() -> Vec<Phrase> {
        let mut all: Vec<Phrase> = ContactRule::ALL.map(Phrase::ContactRule).to_vec();
        all.extend(CounsellorRule::ALL.map(Phrase::CounsellorRule));
        all.extend(Note::ALL.map(Phrase::Note));
        all.extend(WaitingCause::ALL.map(Phrase::Cause));
        all.extend(ValveAnswer::ALL.map(Phrase::Valve));
        all
    }

    #[test]
    fn every_sentence_is_told_in_the_letters_of_its_language_and_is_like_no_other() {
        for locale in Locale::ALL {
            let of_language = |letter: char| match locale {
                Locale::Arabic => ('\u{600}'..='\u{6ff}').contains(&letter),
                Locale::Russian => ('\u{400}'..='\u{4ff}').contains(&letter),
                Locale::English => letter.is_ascii(),
            };
            let mut seen = BTreeSet::new();
            for phrase in phrases() {
                let text = say(locale, phrase);
                let letters: Vec<char> = text.chars().filter(|letter| letter.is_alphabetic()).collect();
                assert!(letters.len() > 5 && letters.iter().all(|letter| of_language(*letter)), "{text}");
                assert!(text.ends_with('.') && !text.contains(['{', '}']), "{text}");
                assert!(seen.insert(text), "said twice: {text}");
            }
        }
    }

    #[test]
    fn numbers_and_times_are_told() {
        let explanation = Explanation {
            cause: WaitingCause::Reserved,
            ahead: 3,
            eligible_on_shift: 5,
            eligible_free: 1,
            lacking_language: 7,
            lacking_skill: 0,
            lacking_channel: 0,
            waited_ms: 125_000,
            cap_at_ms: 0,
            cap_in_ms: 3_720_000,
        };
        assert_eq!(
            explain_in(Locale::English, &explanation),
            "Who is free is kept for critical contacts. Waiting: 2 min 5 s. Before it in line: 3. \
             On shift who could take it: 5. Free among them: 1. On shift without the language: 7. \
             May use those who are kept in: 1 h 2 min."
        );
        for locale in Locale::ALL {
            let text = explain_in(locale, &explanation);
            for number in [": 3.", ": 5.", ": 1.", ": 7.", ": 2 ", ": 1 "] {
                assert!(text.contains(number), "{text} lacks {number}");
            }
        }
    }

    #[test]
    fn a_reason_is_told_from_its_keys() {
        let reason =
            Reason::from_keys("critical_first", "preferred", ["on_call", "of another time"]).unwrap();
        assert_eq!(reason.notes, [Note::OnCall]);
        assert_eq!(
            reason_in(Locale::Russian, &Reason { also: 2, ..reason }),
            "Критические обращения принимаются первыми. Этот консультант уже знаком с обращением. \
             Консультант на вызове: принять обращение в смене некому. Одновременно предложено ещё: 2."
        );
        assert_eq!(Reason::from_keys("critical_first", "of another time", []), None);
    }

    #[test]
    fn a_language_is_found_by_its_tag() {
        assert_eq!(Locale::from_tag("ar-QA"), Locale::Arabic);
        assert_eq!(Locale::from_tag("RU"), Locale::Russian);
        assert_eq!(Locale::from_tag("fr"), Locale::English);
        assert!(Locale::ALL.into_iter().all(|locale| Locale::from_tag(locale.tag()) == locale));
    }
}
