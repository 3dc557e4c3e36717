//! Whether two answers can be told apart by how long they take.

use std::time::Instant;

/// How two ways to ask compare, asked again and again in turn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Comparison {
    /// The median of how many milliseconds the second took longer than the first beside it.
    pub median_ms: f64,
    /// In which share of the pairs the second took longer.
    pub share: f64,
}

/// A share of pairs that chance reaches once in ten thousand times with two hundred of them.
const SHARE: f64 = 0.64;
/// What is less than this nobody tells from the way there and back.
const LEAST_MS: f64 = 1.0;

impl Comparison {
    /// Of pairs of milliseconds, measured one beside the other: whatever else the machine does slows both down alike, and a pair that it
    /// does not counts no more than any other.
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        assert!(!pairs.is_empty(), "nothing was measured");
        let mut longer: Vec<f64> = pairs.iter().map(|(one, other)| other - one).collect();
        longer.sort_by(f64::total_cmp);
        let many = longer.iter().filter(|by| **by > 0.0).count();
        #[expect(clippy::cast_precision_loss, reason = "hundreds")]
        let share = many as f64 / pairs.len() as f64;
        Self { median_ms: longer[longer.len() / 2], share }
    }

    /// Whether somebody who asks so often can tell them apart: one of them takes longer both nearly always and by something.
    pub fn tells(&self) -> bool {
        self.median_ms.abs() >= LEAST_MS && !(1.0 - SHARE..=SHARE).contains(&self.share)
    }
}

/// Asks in both ways so many times, each time one after the other, and first the one, then the other way.
pub async fn compare(rounds: usize, mut one: impl AsyncFnMut(), mut other: impl AsyncFnMut()) -> Comparison {
    let mut pairs = Vec::new();
    for round in 0..rounds {
        let (first, second);
        if round % 2 == 0 {
            first = milliseconds(&mut one).await;
            second = milliseconds(&mut other).await;
        } else {
            second = milliseconds(&mut other).await;
            first = milliseconds(&mut one).await;
        }
        pairs.push((first, second));
    }
    Comparison::of(&pairs)
}

async fn milliseconds(ask: &mut impl AsyncFnMut()) -> f64 {
    let begun = Instant::now();
    ask().await;
    begun.elapsed().as_secs_f64() * 1000.0
}
