//! What is counted of callbacks.

use helpline_domain::callback::CallbackKind;
use helpline_service_kit::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
    event: &'static str,
}

/// What becomes of callbacks in this process.
#[derive(Clone, Debug)]
pub struct CallbackMeasures(Family<Labels, Counter>);

impl CallbackMeasures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let events = Family::default();
        metrics.register("callbacks", "What became of callbacks and check-ins, by event", events.clone());
        Self(events)
    }

    /// One event: `promised`, `due`, `reached`, `not_reached`, `failed`, `overdue`, `cancelled`.
    pub(crate) fn count(&self, kind: CallbackKind, event: &'static str) {
        self.0.get_or_create(&Labels { kind: kind.key(), event }).inc();
    }
}
