//! Finding words in what children write: in Arabic, Russian or English, with or without accents, capitals and vowel signs.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A text, as its words in the one form in which words are compared.
pub(super) struct Text {
    words: Vec<String>,
}

/// Words that follow each other, some of them open at an end.
pub(super) struct Phrase {
    words: Vec<Word>,
}

struct Word {
    open_start: bool,
    open_end: bool,
    stem: String,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let folded = folded(text);
        let words = folded.split(|character: char| !character.is_alphanumeric());
        Self { words: words.filter(|word| !word.is_empty()).map(str::to_owned).collect() }
    }

    pub(super) fn contains(&self, phrase: &Phrase) -> bool {
        !phrase.words.is_empty()
            && self
                .words
                .windows(phrase.words.len())
                .any(|words| phrase.words.iter().zip(words).all(|(wanted, word)| wanted.is(word)))
    }
}

impl Phrase {
    /// Reads a phrase. One without a letter or a digit finds nothing.
    pub(super) fn new(phrase: &str) -> Self {
        let words = phrase.split_whitespace().filter_map(|word| {
            let stem: String = folded(word).chars().filter(|character| character.is_alphanumeric()).collect();
            let open = Word { open_start: word.starts_with('*'), open_end: word.ends_with('*'), stem };
            (!open.stem.is_empty()).then_some(open)
        });
        Self { words: words.collect() }
    }

    /// Whether it has anything to find.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// Whether a phrase has anything to find: at least one word with a letter or a digit.
pub fn is_phrase(phrase: &str) -> bool {
    !Phrase::new(phrase).is_empty()
}

impl Word {
    fn is(&self, word: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => word == self.stem,
            (false, true) => word.starts_with(&self.stem),
            (true, false) => word.ends_with(&self.stem),
            (true, true) => word.contains(&self.stem),
        }
    }
}

/// Compatibility form, lower case, without accents, vowel signs and stretching; letters that people write one for the
/// other become one: the alefs, the yehs, teh marbuta and heh, yo and ye. An apostrophe inside a word is left out, so that
/// "don't" and "dont" are one.
fn folded(text: &str) -> String {
    text.nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
        // Tatweel stretches a word; joiners and marks of direction are not seen.
        .filter(|character| !is_combining_mark(*character) && !is_unseen(*character))
        .map(|character| match character {
            'ٱ' => 'ا',
            'ى' | 'ی' => 'ي',
            'ة' => 'ه',
            'ک' => 'ك',
            'ё' => 'е',
            other => other,
        })
        .collect()
}

const fn is_unseen(character: char) -> bool {
    matches!(character,
        '\'' | '\u{2019}' | '\u{640}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(phrase: &str, text: &str) -> bool {
        Text::new(text).contains(&Phrase::new(phrase))
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        for (phrase, text) in [
            ("kill myself", "I want to KILL   myself!"),
            ("kill myself", "kill\nmyself"),
            ("dont want to live", "I don’t want to live"),
            ("хочу умереть", "Я ХОЧУ УМЕРЕТЬ…"),
            ("еще", "ещё раз"),
            ("суицид*", "мысли о суициде"),
            ("انتحار", "اِنْتِحَار"),
            ("أموت", "اريد ان اموت"),
            ("*قتل*", "سيقتلني"),
            ("نهايه", "النهاية نهاية"),
            ("سكـــين", "معه سكين"),
            ("naïve", "NAIVE"),
            ("ｋｎｉｆｅ", "a knife"),
            ("116111", "call 116111 now"),
        ] {
            assert!(finds(phrase, text), "{phrase:?} in {text:?}");
        }
    }

    #[test]
    fn a_word_is_not_found_inside_another_unless_the_rule_says_so() {
        for (phrase, text) in [
            ("die", "my diet is fine"),
            ("kill myself", "kill and myself"),
            ("kill myself", "myself kill"),
            ("нож", "ножницы"),
            ("*ножницы", "ножницыми"),
            ("", "anything"),
            ("* !", "anything"),
            ("one", ""),
        ] {
            assert!(!finds(phrase, text), "{phrase:?} in {text:?}");
        }
    }

    #[test]
    fn a_phrase_needs_something_to_find() {
        assert!(is_phrase("нож*"));
        assert!(!is_phrase(" * … "));
    }
}
