//! What the pages say, in every language of theirs.

mod arabic;
mod english;
pub(crate) mod referral;
mod russian;
pub(crate) mod task;

/// A language of the pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    English,
    Arabic,
    Russian,
}

impl Language {
    pub(crate) const ALL: [Self; 3] = [Self::English, Self::Arabic, Self::Russian];

    /// As in `lang`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
            Self::Russian => "ru",
        }
    }

    /// As in `dir`.
    pub(crate) const fn direction(self) -> &'static str {
        match self {
            Self::Arabic => "rtl",
            Self::English | Self::Russian => "ltr",
        }
    }

    /// Its own name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Arabic => "العربية",
            Self::Russian => "Русский",
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::English => &english::WORDS,
            Self::Arabic => &arabic::WORDS,
            Self::Russian => &russian::WORDS,
        }
    }

    /// The language with this tag, whatever its region.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == primary)
    }

    /// The best of what a browser says that it accepts; English when none is known.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (0.0, Self::English);
        for part in header.split(',').take(20) {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let quality = quality.trim().parse().unwrap_or(0.0);
            if let Some(language) = Self::from_tag(tag)
                && quality > best.0
            {
                best = (quality, language);
            }
        }
        best.1
    }
}

/// A heading and what stands below it.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
}

/// A button and what it means.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    /// What is said when it was done.
    pub(crate) done: &'static str,
}

/// Every word of the pages. Lists are in the order of the values of the API.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) brand: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) languages: &'static str,
    pub(crate) landing: Note,
    pub(crate) once: &'static str,
    pub(crate) open: &'static str,
    pub(crate) spent: Note,
    pub(crate) renew: &'static str,
    pub(crate) renewed: Note,
    pub(crate) over: Note,
    pub(crate) left: Note,
    pub(crate) away: Note,
    pub(crate) not_understood: Note,
    pub(crate) not_here: Note,
    pub(crate) emergency: &'static str,
    pub(crate) report: &'static str,
    pub(crate) for_agency: &'static str,
    pub(crate) taken_by_you: &'static str,
    pub(crate) taken_by_other: &'static str,
    pub(crate) ended: &'static str,
    pub(crate) facts: &'static str,
    pub(crate) danger: &'static str,
    pub(crate) dangers: [&'static str; 9],
    pub(crate) risk: &'static str,
    pub(crate) risks: [&'static str; 7],
    pub(crate) state: &'static str,
    pub(crate) states: [&'static str; 12],
    pub(crate) region: &'static str,
    pub(crate) raised: &'static str,
    pub(crate) reach_by: &'static str,
    pub(crate) identity: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) narrative: &'static str,
    pub(crate) health: &'static str,
    pub(crate) perpetrator: &'static str,
    pub(crate) places: &'static str,
    pub(crate) sources: [&'static str; 6],
    pub(crate) their_number: &'static str,
    pub(crate) legal_basis: &'static str,
    pub(crate) nothing_shared: &'static str,
    pub(crate) answer: &'static str,
    pub(crate) acknowledge: Choice,
    pub(crate) accept: Choice,
    pub(crate) decline: Choice,
    pub(crate) give_back: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) reasons: [&'static str; 7],
    pub(crate) progress: &'static str,
    pub(crate) responding: Choice,
    pub(crate) on_scene: Choice,
    pub(crate) reached: Choice,
    pub(crate) reached_sure: &'static str,
    pub(crate) remark: Choice,
    pub(crate) remark_beside: &'static str,
    pub(crate) history: &'static str,
    /// What happened, by the key of the timeline's entry; what is not here is not shown.
    pub(crate) events: &'static [(&'static str, &'static str)],
    pub(crate) by_you: &'static str,
    /// With `{}` for the number of minutes.
    pub(crate) minutes_ago: &'static str,
    pub(crate) until: &'static str,
    pub(crate) refresh: &'static str,
    pub(crate) leave: &'static str,
    pub(crate) since_then: &'static str,
    pub(crate) you_wrote: &'static str,
    pub(crate) problem: &'static str,
    pub(crate) problem_changed: &'static str,
    pub(crate) problem_stale: &'static str,
    pub(crate) problem_reason: &'static str,
    pub(crate) problem_remark: &'static str,
    pub(crate) problem_sure: &'static str,
    pub(crate) referral: referral::Words,
    pub(crate) task: task::Words,
}

/// The word for a value of the API; for one that is newer than the pages, that of no value.
pub(crate) fn word<const N: usize>(list: &[&'static str; N], value: i32) -> &'static str {
    usize::try_from(value)
        .ok()
        .and_then(|index| list.get(index))
        .or(list.first())
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_likes_best() {
        let accepted = |header| Language::accepted(header);
        assert_eq!(accepted("ar-QA,ar;q=0.9,en;q=0.8"), Language::Arabic);
        assert_eq!(accepted("de, ru;q=0.5, en;q=0.3"), Language::Russian);
        assert_eq!(accepted("en;q=0.1,ar;q=0.2"), Language::Arabic);
        for unknown in ["", "de", "*", ";;;,,q=", "ar;q=0"] {
            assert_eq!(accepted(unknown), Language::English, "{unknown}");
        }
        assert_eq!(Language::from_tag("AR_eg"), Some(Language::Arabic));
        assert_eq!(Language::from_tag("arq"), None);
    }

    #[test]
    fn every_language_tells_of_the_same_events_and_leaves_no_word_out() {
        let keys = |language: Language| {
            let words = language.words();
            let events = words.events.iter().chain(words.referral.events);
            events.chain(words.task.tasks).chain(words.task.domains).map(|(key, _)| *key).collect::<Vec<_>>()
        };
        for language in Language::ALL {
            assert_eq!(keys(language), keys(Language::English));
            assert!(!format!("{:?}", language.words()).contains("\"\""), "{language:?}");
            assert!(language.words().minutes_ago.contains("{}"));
        }
    }

    #[test]
    fn a_value_that_the_pages_do_not_know_has_the_word_of_none() {
        assert_eq!(word(&["none", "one"], 1), "one");
        for unknown in [-1, 2, i32::MAX] {
            assert_eq!(word(&["none", "one"], unknown), "none");
        }
    }
}
