//! What is counted of the line: the measures by which a helpline is judged.

mod alerts;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use helpline_domain::channel::Channel;
use helpline_domain::id::CentreId;
use helpline_domain::risk::Class;
use helpline_service_kit::measures::{LineLabels, Waits, labels, waits};
use helpline_service_kit::metrics::Metrics;
use helpline_store::check::Floor;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::matching::Comparison;

pub(crate) use alerts::AlertMeasures;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct PeriodLabels {
    centre: String,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct DifferenceLabels {
    kind: &'static str,
}

/// What matching does in this process. What becomes of contacts is counted with them, in the service kit.
#[derive(Debug)]
pub(crate) struct Measures {
    offers: Family<LineLabels, Counter>,
    time_to_offer: Waits,
    refused: Counter,
    filled: Counter,
    repairs: Family<DifferenceLabels, Counter>,
    degraded: Gauge,
    eligible_idle_seconds: Counter<f64, AtomicU64>,
}

impl Measures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let measures = Self {
            offers: Family::default(),
            time_to_offer: waits(),
            refused: Counter::default(),
            filled: Counter::default(),
            repairs: Family::default(),
            degraded: Gauge::default(),
            eligible_idle_seconds: Counter::default(),
        };
        metrics.register("offers", "Offers made, by class and channel", measures.offers.clone());
        metrics.register(
            "offer_wait_seconds",
            "From arrival to each offer, by class and channel",
            measures.time_to_offer.clone(),
        );
        metrics.register(
            "offer_commits_refused",
            "Pairs that Postgres refused: somebody else was first",
            measures.refused.clone(),
        );
        metrics.register(
            "line_views_filled",
            "Times the view in Redis was filled anew",
            measures.filled.clone(),
        );
        metrics.register(
            "reconciler_repairs",
            "Lasting differences found and repaired, by kind; zero is right",
            measures.repairs.clone(),
        );
        metrics.register("line_degraded", "1 while the line works without Redis", measures.degraded.clone());
        metrics.register(
            "eligible_idle_seconds",
            "Seconds in which somebody waited while somebody who may take them was free",
            measures.eligible_idle_seconds.clone(),
        );
        measures
    }

    pub(crate) fn offered(&self, class: Class, channel: Channel, after: TimeDelta) {
        let labels = labels(class, channel);
        self.offers.get_or_create(&labels).inc();
        let seconds = after.to_std().unwrap_or_default().as_secs_f64();
        self.time_to_offer.get_or_create(&labels).observe(seconds);
    }

    pub(crate) fn commit_refused(&self) {
        self.refused.inc();
    }

    pub(crate) fn filled(&self) {
        self.filled.inc();
    }

    pub(crate) fn degraded(&self, degraded: bool) {
        self.degraded.set(i64::from(degraded));
    }

    /// Somebody waited this long although somebody who may take them was free.
    pub(crate) fn eligible_idle(&self, seconds: f64) {
        self.eligible_idle_seconds.inc_by(seconds);
    }

    pub(crate) fn repaired(&self, found: &Comparison) {
        let count = |kind, number: u64| {
            self.repairs.get_or_create(&DifferenceLabels { kind }).inc_by(number);
        };
        count("capacity", u64::try_from(found.rows.capacity).unwrap_or_default());
        count("stray_offer", u64::try_from(found.rows.stray_offers).unwrap_or_default());
        count("stray_contact", u64::try_from(found.rows.stray_contacts).unwrap_or_default());
        count("missing_in_view", found.missing);
        count("surplus_in_view", found.surplus);
    }
}

/// What the floor shows, as gauges: set whenever the floor is looked at.
#[derive(Clone, Debug)]
pub(crate) struct FloorMeasures(Arc<FloorGauges>);

#[derive(Debug)]
struct FloorGauges {
    waiting: Family<QueueLabels, Gauge>,
    longest_wait: Family<QueueLabels, Gauge<f64, AtomicU64>>,
    overdue: Family<QueueLabels, Gauge>,
    /// The lines that had a figure when each centre was last looked at.
    lines: Mutex<Vec<QueueLabels>>,
    period: Family<PeriodLabels, Gauge>,
    open: Family<OpeningLabels, Gauge>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct QueueLabels {
    centre: String,
    queue: String,
    class: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OpeningLabels {
    centre: String,
    queue: String,
}

impl FloorMeasures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let gauges = FloorGauges {
            waiting: Family::default(),
            longest_wait: Family::default(),
            overdue: Family::default(),
            lines: Mutex::default(),
            period: Family::default(),
            open: Family::default(),
        };
        metrics.register(
            "waiting",
            "Contacts waiting or offered, by queue and class",
            gauges.waiting.clone(),
        );
        metrics.register(
            "longest_wait_seconds",
            "Longest wait now, by queue and class",
            gauges.longest_wait.clone(),
        );
        metrics.register(
            "overdue",
            "Waiting past their deadline, by queue and class",
            gauges.overdue.clone(),
        );
        metrics.register(
            "contacts_24h",
            "Contacts of the last 24 hours, by outcome; abandons count as misses of the target",
            gauges.period.clone(),
        );
        metrics.register("queue_open", "1 while a queue with opening hours is open", gauges.open.clone());
        Self(Arc::new(gauges))
    }

    pub(crate) fn opening(&self, centre: CentreId, queue: &str, open: bool) {
        let labels = OpeningLabels { centre: centre.to_string(), queue: queue.to_owned() };
        self.0.open.get_or_create(&labels).set(i64::from(open));
    }

    pub(crate) fn set(&self, centre: CentreId, floor: &Floor) {
        let centre = centre.to_string();
        // Lines that emptied go to zero rather than stay at their last figure.
        let mut seen = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for labels in seen.extract_if(.., |labels| labels.centre == centre) {
            self.0.waiting.get_or_create(&labels).set(0);
            self.0.overdue.get_or_create(&labels).set(0);
            self.0.longest_wait.get_or_create(&labels).set(0.0);
        }
        for line in &floor.classes {
            let labels =
                QueueLabels { centre: centre.clone(), queue: line.queue.clone(), class: line.class.key() };
            self.0.waiting.get_or_create(&labels).set(line.waiting + line.offered);
            self.0.overdue.get_or_create(&labels).set(line.overdue);
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a wait fit a double")]
            self.0.longest_wait.get_or_create(&labels).set(line.longest_wait_ms as f64 / 1000.0);
            seen.push(labels);
        }
        let period = &floor.period;
        for (outcome, count) in [
            ("received", period.received),
            ("answered", period.answered),
            ("answered_in_target", period.answered_in_target),
            ("abandoned", period.abandoned),
            ("short_abandoned", period.short_abandoned),
            ("blocked", period.blocked),
        ] {
            self.0.period.get_or_create(&PeriodLabels { centre: centre.clone(), outcome }).set(count);
        }
    }
}
