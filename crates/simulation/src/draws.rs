//! Draws that depend on what they are for, and on nothing that was drawn before.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp1, StandardNormal};

/// A source of draws.
#[derive(Debug)]
pub(crate) struct Draws(Xoshiro256PlusPlus);

impl Draws {
    /// The source for one purpose under a seed. The same numbers give the same draws on every machine.
    pub(crate) fn new(seed: u64, purpose: u64, number: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed(mixed(mixed(seed) ^ purpose) ^ number)))
    }

    /// From 0 to below 1, evenly.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Exponential with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// Log-normal with this mean and coefficient of variation.
    pub(crate) fn log_normal(&mut self, mean: f64, variation: f64) -> f64 {
        let normal: f64 = StandardNormal.sample(&mut self.0);
        let variance = (variation * variation).ln_1p();
        (mean.ln() - variance / 2.0 + variance.sqrt() * normal).exp()
    }

    /// The index of one of these shares, which together are 1.
    pub(crate) fn one_of(&mut self, shares: impl Iterator<Item = f64>) -> usize {
        let mut point = self.unit();
        let mut last = 0;
        for (index, share) in shares.enumerate() {
            if share > 0.0 {
                last = index;
            }
            point -= share;
            if point < 0.0 {
                return last;
            }
        }
        last
    }
}

/// Spreads a number over all numbers, as in SplitMix64.
const fn mixed(number: u64) -> u64 {
    let mut value = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(count: u32, mut draw: impl FnMut() -> f64) -> f64 {
        (0..count).map(|_| draw()).sum::<f64>() / f64::from(count)
    }

    #[test]
    fn draws_follow_their_distributions() {
        let mut draws = Draws::new(1, 1, 1);
        assert!((mean(40_000, || draws.exponential()) - 1.0).abs() < 0.03);
        let times: Vec<f64> = (0..80_000).map(|_| draws.log_normal(600.0, 1.0)).collect();
        let found = times.iter().sum::<f64>() / 80_000.0;
        let spread = (times.iter().map(|time| (time - found).powi(2)).sum::<f64>() / 80_000.0).sqrt();
        assert!((found - 600.0).abs() < 12.0, "{found}");
        assert!((spread / found - 1.0).abs() < 0.08, "{spread}");
        let third = mean(40_000, || f64::from(u8::from(draws.one_of([0.25, 0.75].into_iter()) == 0)));
        assert!((third - 0.25).abs() < 0.01);
    }

    #[test]
    fn draws_depend_on_what_they_are_for() {
        let first = |seed, purpose, number| Draws::new(seed, purpose, number).unit().to_bits();
        assert_eq!(first(7, 1, 5), first(7, 1, 5));
        assert_ne!(first(7, 1, 5), first(7, 1, 6));
        assert_ne!(first(7, 1, 5), first(7, 2, 5));
        assert_ne!(first(7, 1, 5), first(8, 1, 5));
    }
}
