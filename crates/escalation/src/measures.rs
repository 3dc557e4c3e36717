//! What is counted of escalations.

use helpline_service_kit::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    event: &'static str,
}

/// What becomes of escalations in this process.
#[derive(Clone, Debug)]
pub(crate) struct Measures(Family<Labels, Counter>);

impl Measures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let events = Family::default();
        metrics.register("escalations", "What became of escalations, by event", events.clone());
        Self(events)
    }

    /// So many of an event: `raised`, `step_taken`, `unanswered`, `accepted`, `child_reached`, `child_not_reached`,
    /// `report_due`, `report_overdue`, `taken_back`.
    pub(crate) fn count(&self, event: &'static str, number: usize) {
        self.0.get_or_create(&Labels { event }).inc_by(u64::try_from(number).unwrap_or(u64::MAX));
    }
}
