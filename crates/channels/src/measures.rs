//! What is counted of what is sent out.

use helpline_domain::delivery::DeliveryKind;
use helpline_service_kit::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
    outcome: &'static str,
}

/// What becomes of tries in this process.
#[derive(Clone, Debug)]
pub(crate) struct Measures(Family<Labels, Counter>);

impl Measures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let tries = Family::default();
        metrics.register("deliveries", "What became of tries to tell agencies, by outcome", tries.clone());
        Self(tries)
    }

    /// One try: `delivered`, `again`, `failed`, `held_back`.
    pub(crate) fn count(&self, kind: DeliveryKind, outcome: &'static str) {
        self.0.get_or_create(&Labels { kind: kind.key(), outcome }).inc();
    }
}
