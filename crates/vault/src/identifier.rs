//! One form for the identifiers by which people reach a helpline.

use unicode_normalization::UnicodeNormalization as _;

use crate::digits::to_ascii_digit;

/// Brings a sender's identifier (telephone number, e-mail address, handle) into the one form that is indexed,
/// so that the same sender typed or delivered in two ways is recognised.
///
/// It may fail to see that two spellings are one person; it must never take two people for one. In order:
///
/// 1. Direction marks are removed: invisible, and often copied along with a number in Arabic or Hebrew text.
/// 2. Unicode compatibility form (NFKC): full-width, ligature and presentation forms become the usual letters.
/// 3. Decimal digits of every script become ASCII: `٠٧` and `۰۷` become `07`.
/// 4. Letters become lower case.
/// 5. White space at the ends is removed.
/// 6. In a number that starts with `+` and holds nothing but digits and the punctuation people write in
///    numbers (space, hyphen, dot, slash, brackets), that punctuation is removed. Without a `+` it stays, since
///    `10.1.23.4` and `10.12.3.4` are two addresses.
///
/// Kept apart on purpose: `+7…` and `7…`, `00…` and `+…`, `0…` and the same number without the zero: which
/// country a number is from is not known here. Applying it twice changes nothing. Identifiers in which capital
/// letters count (opaque ids of a channel) do not belong here.
pub fn normalise_identifier(raw: &str) -> String {
    let folded: String = raw
        .chars()
        .filter(|character| !is_direction_mark(*character))
        .nfkc()
        .flat_map(|character| to_ascii_digit(character).to_lowercase())
        .nfkc()
        .collect();
    let trimmed = folded.trim();
    international_number(trimmed).unwrap_or_else(|| trimmed.to_owned())
}

/// `+` and the digits, if `text` is a number in international form.
fn international_number(text: &str) -> Option<String> {
    let rest = text.strip_prefix('+')?;
    let is_number = rest.chars().all(|character| character.is_ascii_digit() || is_punctuation(character))
        && rest.contains(|character: char| character.is_ascii_digit());
    is_number.then(|| std::iter::once('+').chain(rest.chars().filter(char::is_ascii_digit)).collect())
}

const fn is_punctuation(character: char) -> bool {
    // The last three: hyphen (also what a no-break hyphen becomes), en dash, minus sign.
    matches!(character, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{2010}' | '\u{2013}' | '\u{2212}')
}

const fn is_direction_mark(character: char) -> bool {
    // Joiners (U+200C, U+200D) are not here: they tell Persian words and emoji apart.
    matches!(character,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_sender_become_one() {
        for (raw, expected) in [
            ("", ""),
            ("  \u{a0} ", ""),
            (" 0712345678\n", "0712345678"),
            ("٠٧١٢٣٤٥٦٧٨", "0712345678"),
            ("۰۷۱۲۳۴۵۶۷۸", "0712345678"),
            ("०७१२३४५६७८", "0712345678"),
            ("０７１２３４５６７８", "0712345678"),
            ("\u{202a}+966 50 123-4567\u{202c}", "+966501234567"),
            ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"),
            ("＋966501234567", "+966501234567"),
            ("+1 (202) 555.0100", "+12025550100"),
            ("Someone@Example.ORG", "someone@example.org"),
            ("@ÄRGER", "@ärger"),
            ("@a\u{308}rger", "@ärger"),
            ("Ｃａｔ", "cat"),
            ("😀Star", "😀star"),
            ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
            ("مریم۱۲", "مریم12"),
        ] {
            assert_eq!(normalise_identifier(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn two_people_are_never_merged() {
        let apart = [
            "+79123456789",
            "79123456789",
            "0079123456789",
            "09123456789",
            "9123456789",
            "10.1.23.4",
            "10.12.3.4",
            "12-345",
            "123-45",
            "a b",
            "ab",
            "😀",
            "😁",
            "+",
            "+a1",
            "+1",
            "++1",
            "0",
            "00",
            "",
        ];
        for (index, one) in apart.iter().enumerate() {
            for other in &apart[index + 1..] {
                assert_ne!(normalise_identifier(one), normalise_identifier(other), "{one} {other}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn applying_it_twice_changes_nothing(raw in any::<String>()) {
            let once = normalise_identifier(&raw);
            prop_assert_eq!(normalise_identifier(&once), once.clone());
        }

        #[test]
        fn different_digit_strings_stay_different(one in "\\+?[0-9]{1,12}", other in "\\+?[0-9]{1,12}") {
            prop_assert_eq!(one == other, normalise_identifier(&one) == normalise_identifier(&other));
        }
    }
}
