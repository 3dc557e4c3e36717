//! The decimal digits of every script.

/// The zero of every script with decimal digits (Unicode 16, general category Nd) outside ASCII, ascending. The
/// other nine digits follow each zero.
const ZEROS: &[char] = &[
    '\u{660}',
    '\u{6F0}',
    '\u{7C0}',
    '\u{966}',
    '\u{9E6}',
    '\u{A66}',
    '\u{AE6}',
    '\u{B66}',
    '\u{BE6}',
    '\u{C66}',
    '\u{CE6}',
    '\u{D66}',
    '\u{DE6}',
    '\u{E50}',
    '\u{ED0}',
    '\u{F20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17E0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19D0}',
    '\u{1A80}',
    '\u{1A90}',
    '\u{1B50}',
    '\u{1BB0}',
    '\u{1C40}',
    '\u{1C50}',
    '\u{A620}',
    '\u{A8D0}',
    '\u{A900}',
    '\u{A9D0}',
    '\u{A9F0}',
    '\u{AA50}',
    '\u{ABF0}',
    '\u{FF10}',
    '\u{104A0}',
    '\u{10D30}',
    '\u{10D40}',
    '\u{11066}',
    '\u{110F0}',
    '\u{11136}',
    '\u{111D0}',
    '\u{112F0}',
    '\u{11450}',
    '\u{114D0}',
    '\u{11650}',
    '\u{116C0}',
    '\u{116D0}',
    '\u{116DA}',
    '\u{11730}',
    '\u{118E0}',
    '\u{11950}',
    '\u{11BF0}',
    '\u{11C50}',
    '\u{11D50}',
    '\u{11DA0}',
    '\u{11F50}',
    '\u{16130}',
    '\u{16A60}',
    '\u{16AC0}',
    '\u{16B50}',
    '\u{1CCF0}',
    '\u{1D7CE}',
    '\u{1D7D8}',
    '\u{1D7E2}',
    '\u{1D7EC}',
    '\u{1D7F6}',
    '\u{1E140}',
    '\u{1E2F0}',
    '\u{1E4F0}',
    '\u{1E5F1}',
    '\u{1E950}',
    '\u{1FBF0}',
];

/// The ASCII digit of the same value, or the character itself if it is not a decimal digit.
pub(crate) fn to_ascii_digit(character: char) -> char {
    if character.is_ascii() {
        return character;
    }
    let zero =
        ZEROS.partition_point(|zero| *zero <= character).checked_sub(1).and_then(|index| ZEROS.get(index));
    zero.map(|zero| u32::from(character) - u32::from(*zero))
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zeros_ascend_and_every_digit_is_one() {
        assert!(ZEROS.is_sorted_by(|one, other| u32::from(*one) + 10 <= u32::from(*other)));
        for zero in ZEROS {
            for value in 0..10 {
                let digit = char::from_u32(u32::from(*zero) + value).unwrap();
                assert!(digit.is_numeric(), "{:x}", u32::from(digit));
                assert_eq!(to_ascii_digit(digit).to_digit(10), Some(value));
            }
        }
    }

    #[test]
    fn what_is_not_a_decimal_digit_stays() {
        for character in
            ['a', '/', ':', '½', '五', '\u{65F}', '\u{66A}', '\u{6EF}', '\u{6FA}', '😀', char::MAX]
        {
            assert_eq!(to_ascii_digit(character), character);
        }
    }
}
