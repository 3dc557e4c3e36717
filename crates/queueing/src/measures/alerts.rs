//! What is counted of alerts.

use std::collections::BTreeMap;

use helpline_domain::alert::{Alert, AlertKind, Open};
use helpline_domain::id::CentreId;
use helpline_service_kit::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OpenLabels {
    centre: String,
    kind: &'static str,
}

/// Alerts by kind.
#[derive(Clone, Debug)]
pub(crate) struct AlertMeasures {
    opened: Family<KindLabels, Counter>,
    open: Family<OpenLabels, Gauge>,
}

impl AlertMeasures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let measures = Self { opened: Family::default(), open: Family::default() };
        metrics.register(
            "alerts_opened",
            "Alerts that this process raised, by kind",
            measures.opened.clone(),
        );
        metrics.register("alerts_open", "Alerts open when last looked, by kind", measures.open.clone());
        measures
    }

    pub(crate) fn opened(&self, alerts: &[(Alert, bool)]) {
        for (alert, _) in alerts {
            self.opened.get_or_create(&KindLabels { kind: alert.kind.key() }).inc();
        }
    }

    pub(crate) fn open(&self, centre: CentreId, open: &[Open]) {
        let mut counts: BTreeMap<AlertKind, i64> = AlertKind::ALL.into_iter().map(|kind| (kind, 0)).collect();
        for one in open {
            *counts.entry(one.alert.kind).or_default() += 1;
        }
        for (kind, count) in counts {
            let labels = OpenLabels { centre: centre.to_string(), kind: kind.key() };
            self.open.get_or_create(&labels).set(count);
        }
    }
}
