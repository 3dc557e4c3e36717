//! Whether two answers can be told apart by how long they take.

use std::time::Instant;

/// How two ways to ask compare, asked again and again in turn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Comparison {
    /// The median of how many milliseconds the second took longer than the first beside it.
    pub median_ms: f64,
    /// In which share of the pairs the second took longer.
    pub share: f64,
    /// In how many pairs the second took much longer, and in how many the first.
    pub much: [usize; 2],
}

/// A share of pairs that chance reaches once in ten thousand times with two hundred of them.
const SHARE: f64 = 0.64;
/// What is less than this nobody tells from the way there and back.
const LEAST_MS: f64 = 0.5;
/// What is much longer: an answer that is seldom late tells as well as one that is always a little later.
const MUCH_MS: f64 = 5.0;
/// How many standard deviations those of the one may be more than those of the other: chance does it six times in a hundred thousand.
const SIGMAS: f64 = 4.0;

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
        let much = |sign: f64| longer.iter().filter(|by| **by * sign > MUCH_MS).count();
        Self { median_ms: longer[longer.len() / 2], share, much: [much(1.0), much(-1.0)] }
    }

    /// Whether somebody who asks so often can tell them apart: one of them takes longer both nearly always and by something, or is much
    /// later more often.
    pub fn tells(&self) -> bool {
        let steadily = self.median_ms.abs() >= LEAST_MS && !(1.0 - SHARE..=SHARE).contains(&self.share);
        #[expect(clippy::cast_precision_loss, reason = "hundreds")]
        let [second, first] = self.much.map(|pairs| pairs as f64);
        steadily || (second - first).abs() > SIGMAS * (second + first).sqrt()
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
