//! Whether two answers can be told apart by how long they take.

use std::time::Instant;

use futures_util::{StreamExt as _, stream};

/// How two ways to ask compare, asked again and again in turn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Comparison {
    /// The median of how many milliseconds the second took longer than the first beside it.
    pub median_ms: f64,
    /// In how many pairs the second took longer, and in how many the first.
    pub longer: [u32; 2],
    /// In how many of the third of the pairs that differ most the second took longer, and in how many the first.
    pub most: [u32; 2],
}

/// How often a test may find something where there is nothing, however many methods it compares: nothing is measured twice.
const FALSE_ALARM: f64 = 0.001;
/// What is less than this nobody tells from the way there and back.
const LEAST_MS: f64 = 0.5;
/// What is much longer, where that is more than what the machine does: an answer that is late now and then tells as well as one that is
/// always a little later.
const MUCH_MS: f64 = 5.0;

impl Comparison {
    /// Of pairs of milliseconds, measured one beside the other: whatever else the machine does slows both down alike, and a pair that it
    /// does not counts no more than any other.
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        assert!(!pairs.is_empty(), "nothing was measured");
        let mut longer: Vec<f64> = pairs.iter().map(|(one, other)| other - one).collect();
        longer.sort_by(f64::total_cmp);
        let count = |of: &[f64]| {
            [1.0, -1.0].map(|sign| {
                let pairs = of.iter().filter(|by| **by * sign > 0.0).count();
                u32::try_from(pairs).unwrap_or(u32::MAX)
            })
        };
        let median_ms = longer[longer.len() / 2];
        let all = count(&longer);
        longer.sort_by(|one, other| other.abs().total_cmp(&one.abs()));
        longer.truncate(longer.len() / 3);
        longer.retain(|by| by.abs() > MUCH_MS);
        Self { median_ms, longer: all, most: count(&longer) }
    }

    /// Whether somebody who asks so often can tell them apart: one of them takes longer more often than chance lets it and by something, or
    /// is later in those that differ most. Of so many that are compared in one test, each looked at in these two ways, none does by chance more than
    /// once in a thousand tests.
    pub fn tells(&self, compared: usize) -> bool {
        let compared = u32::try_from(compared).unwrap_or(u32::MAX);
        let seldom = FALSE_ALARM / (2.0 * f64::from(compared));
        let steadily = self.median_ms.abs() >= LEAST_MS && chance(self.longer) < seldom;
        steadily || chance(self.most) < seldom
    }
}

/// How often a fair coin falls at least so unevenly, to whichever side.
fn chance([one, other]: [u32; 2]) -> f64 {
    let (of, more) = (one + other, one.max(other));
    let mut exactly = 0.5_f64.powi(i32::try_from(of).unwrap_or(i32::MAX));
    let mut at_least = 0.0;
    for heads in (more..=of).rev() {
        at_least += exactly;
        exactly *= f64::from(heads) / f64::from(of - heads + 1);
    }
    (2.0 * at_least).min(1.0)
}

/// How many methods may be asked beside each other that answer NOT_FOUND.
pub const BESIDE: usize = 6;

/// Asks in both ways so many times, each time one after the other, and first the one, then the other way.
pub async fn compare(rounds: usize, mut one: impl AsyncFnMut(), mut other: impl AsyncFnMut()) -> Comparison {
    let mut pairs = Vec::new();
    for round in 0..rounds {
        pairs.push(pair(round, &mut one, &mut other).await);
    }
    Comparison::of(&pairs)
}

/// The methods that tell two things apart by the time of their answers, each asked so many times. They are asked in turn: whatever else the
/// machine does for a while meets all of them. So many are asked beside each other: one, unless what they are answered is held back, which
/// leaves the machine idle meanwhile.
pub async fn told_apart<M: Copy, T>(
    (methods, beside, rounds): (&[M], usize, usize),
    (one, other): (&T, &T),
    ask: impl AsyncFn(M, &T),
) -> Vec<(M, Comparison)> {
    let mut pairs = vec![Vec::new(); methods.len()];
    for round in 0..rounds {
        let asked = methods.iter().map(|&method| {
            let ask = &ask;
            async move {
                pair(round, &mut async || ask(method, one).await, &mut async || ask(method, other).await)
                    .await
            }
        });
        let measured: Vec<_> = stream::iter(asked).buffered(beside).collect().await;
        pairs.iter_mut().zip(measured).for_each(|(pairs, pair)| pairs.push(pair));
    }
    let compare = methods.iter().zip(&pairs).map(|(&method, pairs)| (method, Comparison::of(pairs)));
    compare.filter(|(_, comparison)| comparison.tells(methods.len())).collect()
}

async fn pair(round: usize, one: &mut impl AsyncFnMut(), other: &mut impl AsyncFnMut()) -> (f64, f64) {
    if round.is_multiple_of(2) {
        let first = milliseconds(one).await;
        (first, milliseconds(other).await)
    } else {
        let second = milliseconds(other).await;
        (milliseconds(one).await, second)
    }
}

async fn milliseconds(ask: &mut impl AsyncFnMut()) -> f64 {
    let begun = Instant::now();
    ask().await;
    begun.elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_that_of_a_coin() {
        for (halves, expected) in
            [([0, 0], 1.0), ([1, 1], 1.0), ([2, 0], 0.5), ([0, 10], 2.0 / 1024.0), ([9, 1], 22.0 / 1024.0)]
        {
            assert!((chance(halves) - expected).abs() < 1e-12, "{halves:?}: {}", chance(halves));
        }
    }

    #[test]
    fn what_is_later_always_or_much_later_at_times_tells_and_what_chance_does_not() {
        let of = |late: fn(u32) -> f64| {
            let pairs: Vec<_> =
                (0..100).map(|n| (3.0, 3.0 + late(n) + f64::from(n % 7) * 0.1 - 0.3)).collect();
            Comparison::of(&pairs)
        };
        assert!(!of(|_| 0.0).tells(1));
        assert!(of(|_| 2.0).tells(100));
        assert!(of(|n| if n % 4 == 0 { 30.0 } else { 0.0 }).tells(100));
        assert!(
            !of(|n| if n % 4 == 0 { f64::from(n % 8) * 15.0 - 30.0 } else { 0.0 }).tells(1),
            "both are late"
        );
        // The same is found by who compares little, and may be chance to who compares much.
        let some = Comparison { median_ms: 1.0, longer: [70, 30], most: [0, 0] };
        assert!(some.tells(1) && !some.tells(100));
    }
}
