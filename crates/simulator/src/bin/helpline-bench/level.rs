//! What was measured with so many contacts in flight.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// Latencies, kept to three digits.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, 120_000_000, 3)?))
    }

    /// One more.
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// All of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        // The bounds are the same.
        let _ = self.0.add(&other.0);
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Milliseconds below which this share of them lies.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let micros = u32::try_from(self.0.value_at_quantile(share)).unwrap_or(u32::MAX);
        f64::from(micros) / 1000.0
    }
}

/// One measured level.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// Contacts in flight.
    pub(crate) in_flight: usize,
    /// Contacts that were carried through while it was measured.
    pub(crate) contacts: u64,
    /// How long it was measured.
    pub(crate) measured: Duration,
    /// From sending the contact to seeing the offer; empty for the floor.
    pub(crate) offer: Latencies,
    /// From sending the contact to its sign-off.
    pub(crate) whole: Latencies,
    /// Single-row durable commits under the same load; empty for the floor.
    pub(crate) commit: Latencies,
    /// What it cost the databases, per contact.
    pub(crate) cost: Option<Cost>,
}

impl Level {
    /// Whole contacts per second.
    pub(crate) fn per_second(&self) -> f64 {
        let contacts = u32::try_from(self.contacts).unwrap_or(u32::MAX);
        f64::from(contacts) / self.measured.as_secs_f64()
    }
}

/// What one contact costs the databases, background work of that time included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Statements, each its own transaction.
    pub(crate) statements: f64,
    /// Commands that reached Redis from outside; a script is one.
    pub(crate) redis_commands: f64,
    /// Bytes of the write-ahead log.
    pub(crate) wal_bytes: f64,
    /// Milliseconds of processor time: those of the server, PostgreSQL, Redis and the load itself. Unlike the contacts
    /// per second they hardly depend on what else the machine does.
    pub(crate) cpu_ms: [f64; 4],
}

impl Cost {
    /// Contacts per second at which so many cores would be used up, the load included.
    pub(crate) fn bound(&self, cores: usize) -> f64 {
        let sum: f64 = self.cpu_ms.iter().sum();
        let cores = u32::try_from(cores).unwrap_or(1);
        if sum > 0.0 { f64::from(cores) * 1000.0 / sum } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds_and_merging_keeps_all() {
        let mut all = Latencies::new().unwrap();
        let mut more = Latencies::new().unwrap();
        (1..=50).for_each(|ms| all.add(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| more.add(Duration::from_millis(ms)));
        all.merge(&more);
        assert_eq!(all.count(), 100);
        assert!((all.quantile_ms(0.5) - 50.0).abs() < 0.1, "{}", all.quantile_ms(0.5));
        assert!((all.quantile_ms(0.99) - 99.0).abs() < 0.2);
    }
}
