//! A set of small numbers.

/// A set of small numbers, as bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(super) fn set(&mut self, number: usize, to: bool) {
        let word = number / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if to {
            self.words[word] |= 1 << (number % 64);
        } else {
            self.words[word] &= !(1 << (number % 64));
        }
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The numbers in both, smallest first.
    pub(super) fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.words.iter().zip(&other.words).enumerate().flat_map(|(at, (one, other))| {
            let mut word = one & other;
            std::iter::from_fn(move || {
                let bit = word.checked_ilog2()?;
                word &= !(1 << bit);
                Some(at * 64 + bit as usize)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_in_both_if_it_is_in_each() {
        let (mut one, mut other) = (Bits::default(), Bits::default());
        for number in [0, 5, 63, 64, 200] {
            one.set(number, true);
        }
        for number in [5, 64, 65, 1000] {
            other.set(number, true);
        }
        one.set(5, false);
        assert!(!one.has(5) && one.has(200) && !one.has(9000));
        one.set(5, true);
        let mut both: Vec<usize> = one.both(&other).collect();
        both.sort_unstable();
        assert_eq!(both, [5, 64]);
    }
}
