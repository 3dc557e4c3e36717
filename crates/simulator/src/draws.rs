//! Random draws from one seeded source: the distributions that people follow, and identifiers.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// A source of draws. Two sources with the same seed and name give the same draws.
#[derive(Debug)]
pub struct Draws(StdRng);

impl Draws {
    /// The source with this name under a seed: one for each person, so that none changes another's fate.
    pub fn new(seed: u64, name: u64) -> Self {
        // An odd multiplier keeps different names apart whatever the seed.
        Self(StdRng::seed_from_u64(seed.rotate_left(32) ^ name.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// From 0 to below 1, evenly.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From `low` to below `high`, evenly.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `count`; 0 for none.
    pub fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.0.random_range(0..count) }
    }

    /// Exponential with this mean: the time until something that may happen at any moment.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Log-normal with this mean and standard deviation: how long people talk.
    pub fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let variance = (1.0 + (deviation / mean).powi(2)).ln();
        (mean.ln() - variance / 2.0 + variance.sqrt() * self.normal()).exp()
    }

    /// One of these, each with its weight.
    pub fn weighted<T: Copy>(&mut self, choices: &[(T, f64)]) -> Option<T> {
        let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut point = self.unit() * total;
        let last = choices.last().map(|(value, _)| *value);
        for (value, weight) in choices {
            point -= weight;
            if point < 0.0 {
                return Some(*value);
            }
        }
        last
    }

    /// A random UUID, version 4.
    pub fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.0.random()).into_uuid()
    }

    /// A random UUID as the API wants it.
    pub fn id(&mut self) -> String {
        self.uuid().to_string()
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(count: u32, mut draw: impl FnMut() -> f64) -> f64 {
        (0..count).map(|_| draw()).sum::<f64>() / f64::from(count)
    }

    #[test]
    fn patience_has_the_mean_it_was_given() {
        let mut draws = Draws::new(1, 1);
        let found = mean(40_000, || draws.exponential(120.0));
        assert!((found - 120.0).abs() < 3.0, "{found}");
    }

    #[test]
    fn handle_times_have_the_mean_and_spread_they_were_given() {
        let mut draws = Draws::new(2, 1);
        let times: Vec<f64> = (0..40_000).map(|_| draws.log_normal(300.0, 200.0)).collect();
        let mut all = times.iter().copied();
        let found = mean(40_000, || all.next().unwrap());
        let spread = (times.iter().map(|time| (time - found).powi(2)).sum::<f64>() / 40_000.0).sqrt();
        assert!((found - 300.0).abs() < 6.0, "{found}");
        assert!((spread - 200.0).abs() < 20.0, "{spread}");
    }

    #[test]
    fn weights_are_respected() {
        let mut draws = Draws::new(3, 1);
        let found = mean(40_000, || draws.weighted(&[(1.0, 3.0), (0.0, 1.0)]).unwrap());
        assert!((found - 0.75).abs() < 0.01, "{found}");
    }

    #[test]
    fn the_same_seed_and_name_give_the_same_draws_and_another_name_others() {
        assert_eq!(Draws::new(7, 1).id(), Draws::new(7, 1).id());
        assert_ne!(Draws::new(7, 1).id(), Draws::new(7, 2).id());
        assert_ne!(Draws::new(7, 1).id(), Draws::new(8, 1).id());
    }
}
