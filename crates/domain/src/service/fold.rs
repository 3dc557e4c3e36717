//! Words made comparable: across spellings of one script, and across scripts.
//!
//! A word has two forms. *Folded*, it is in lower case without marks, with the letters of Arabic that people write for
//! each other made one, and with digits of any script as 0 to 9. Its *bones* are the consonants of its sound in Latin
//! letters, so that «مأوى», «приют» and `priyut` can each be found as somebody else spells them.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Words with fewer bones are not compared by them: too many others have the same.
pub const FEWEST_BONES: usize = 2;
/// Words of a text that are looked at.
const MOST_WORDS: usize = 2000;

/// A word in both forms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Word {
    /// As folded.
    pub folded: String,
    /// Its consonants; empty when they are too few.
    pub bones: String,
}

/// The words of a text.
pub fn words(text: &str) -> Vec<Word> {
    let folded: String = text.nfkd().flat_map(char::to_lowercase).filter_map(letter).collect();
    folded
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| {
            let word = digits(without_article(word));
            let bones = bones(&word);
            Word { folded: word, bones }
        })
        .collect()
}

/// A letter as it is compared: marks and the stretch of Arabic go, letters that are written for each other become one.
fn letter(character: char) -> Option<char> {
    match character {
        'ـ' | '\'' | '’' | 'ʼ' | '\u{200c}' | '\u{200d}' => None,
        'ة' => Some('ه'),
        'ى' | 'ی' => Some('ي'),
        'ک' => Some('ك'),
        'ё' => Some('е'),
        mark if is_combining_mark(mark) => None,
        other => Some(other),
    }
}

/// The Arabic article is not part of the word.
fn without_article(word: &str) -> &str {
    match word.strip_prefix("ال") {
        Some(rest) if rest.chars().count() >= 3 => rest,
        _ => word,
    }
}

fn digits(word: &str) -> String {
    word.chars()
        .map(|character| match any_ascii::any_ascii_char(character).as_bytes() {
            [digit @ b'0'..=b'9'] => char::from(*digit),
            _ => character,
        })
        .collect()
}

/// Sounds that are written differently, as one letter each; the longer first.
const SOUNDS: [(&str, &str); 18] = [
    ("shch", "x"),
    ("sch", "x"),
    ("sh", "x"),
    ("ch", "c"),
    ("zh", "j"),
    ("kh", "h"),
    ("gh", "g"),
    ("dh", "d"),
    ("th", "t"),
    ("ph", "f"),
    ("ts", "s"),
    ("ck", "k"),
    ("q", "k"),
    ("c", "k"),
    ("z", "s"),
    ("v", "f"),
    ("p", "b"),
    ("w", ""),
];

fn bones(word: &str) -> String {
    let latin = any_ascii::any_ascii(word).to_ascii_lowercase();
    let mut bones = String::new();
    let mut rest = latin.as_str();
    while let Some(first) = rest.chars().next() {
        let sound = SOUNDS.iter().find(|(written, _)| rest.starts_with(written));
        let (sound, long) = match sound {
            Some((written, sound)) => (*sound, written.len()),
            None if matches!(first, 'a' | 'e' | 'i' | 'o' | 'u' | 'y') || !first.is_ascii_alphanumeric() => {
                ("", 1)
            }
            None => (&rest[..1], 1),
        };
        // What is doubled in one script is single in another.
        if !bones.ends_with(sound) || sound.is_empty() {
            bones.push_str(sound);
        }
        rest = rest.get(long..).unwrap_or_default();
    }
    // A final h stands for a vowel as often as not.
    if bones.len() > FEWEST_BONES && bones.ends_with('h') {
        bones.pop();
    }
    if bones.len() < FEWEST_BONES { String::new() } else { bones }
}

/// The groups of three letters of a word, its begin and end marked, each once.
pub fn grams(word: &str) -> Vec<[char; 3]> {
    let letters: Vec<char> = [' ', ' '].into_iter().chain(word.chars()).chain([' ']).collect();
    let mut grams: Vec<[char; 3]> = letters.windows(3).map(|three| [three[0], three[1], three[2]]).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn spellings_of_arabic_that_people_mix_are_one() {
        assert_eq!(folded("إيواء أُسَر"), folded("ايواء اسر"));
        assert_eq!(folded("مستشفى الطفولة"), folded("مستشفي طفوله"));
        assert_eq!(folded("مـــأوى"), folded("ماوي"));
    }

    #[test]
    fn digits_of_every_script_are_the_same_digits() {
        assert_eq!(folded("خط ١٢١"), folded("خط 121"));
        assert_eq!(folded("۱۲۱"), folded("121"));
    }

    #[test]
    fn a_word_is_the_same_in_other_letters() {
        for (one, other) in
            [("приют", "priyut"), ("Алматы", "Almaty"), ("محكمة", "mahkama"), ("Доха", "Doha")]
        {
            let bones = |text: &str| words(text).remove(0).bones;
            assert_eq!(bones(one), bones(other), "{one} and {other}");
        }
    }

    #[test]
    fn capitals_marks_and_signs_do_not_matter() {
        assert_eq!(folded("ЁЛКА, Café-Noël!"), ["елка", "cafe", "noel"]);
    }
}
