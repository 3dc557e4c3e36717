//! The measures by which a helpline is judged, counted where each thing happens.
//!
//! Answered within target counts abandons as misses: the share is `answered_in_target` over `answered` plus `left` with
//! `short="false"`. Labels are classes, channels and outcomes; nothing about a child.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::risk::Class;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Bounds of waits, in seconds; the default targets and the yardsticks of 10, 15 and 20 s are among them.
pub const WAITS: [f64; 14] =
    [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 60.0, 180.0, 300.0, 600.0, 1200.0, 3600.0];

/// Class and channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct LineLabels {
    /// Key of the class.
    pub class: &'static str,
    /// Key of the channel.
    pub channel: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct LeftLabels {
    class: &'static str,
    channel: &'static str,
    short: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// Histograms of waits by class and channel.
pub type Waits = Family<LineLabels, Histogram, fn() -> Histogram>;

/// New histograms of waits.
pub fn waits() -> Waits {
    Waits::new_with_constructor(|| Histogram::new(WAITS))
}

/// The labels of a contact.
pub const fn labels(class: Class, channel: Channel) -> LineLabels {
    LineLabels { class: class.key(), channel: channel.key() }
}

/// What is counted of contacts in this process.
#[derive(Debug)]
pub struct Measures {
    received: Family<LineLabels, Counter>,
    answered: Family<LineLabels, Counter>,
    answered_in_target: Family<LineLabels, Counter>,
    answer_wait: Waits,
    left: Family<LeftLabels, Counter>,
    left_wait: Waits,
    offers_per_contact: Histogram,
    offers_ended: Family<OutcomeLabels, Counter>,
    handled_seconds: Counter<f64, AtomicU64>,
    unserved: Counter,
}

impl Measures {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let measures = Self {
            received: Family::default(),
            answered: Family::default(),
            answered_in_target: Family::default(),
            answer_wait: waits(),
            left: Family::default(),
            left_wait: waits(),
            offers_per_contact: Histogram::new([1.0, 2.0, 3.0, 5.0, 8.0, 13.0]),
            offers_ended: Family::default(),
            handled_seconds: Counter::default(),
            unserved: Counter::default(),
        };
        registry.register("contacts_received", "Contacts taken in", measures.received.clone());
        registry.register(
            "contacts_answered",
            "Contacts answered for the first time",
            measures.answered.clone(),
        );
        registry.register(
            "contacts_answered_in_target",
            "Contacts answered before their deadline",
            measures.answered_in_target.clone(),
        );
        registry.register("answer_wait_seconds", "From arrival to answer", measures.answer_wait.clone());
        registry.register("contacts_left", "Contacts whose person left unanswered", measures.left.clone());
        registry.register(
            "left_wait_seconds",
            "From arrival to leaving unanswered",
            measures.left_wait.clone(),
        );
        registry.register(
            "offers_per_contact",
            "Offers it took until a contact was answered",
            measures.offers_per_contact.clone(),
        );
        registry.register("offers_ended", "Offers by how they ended", measures.offers_ended.clone());
        registry.register(
            "handled_seconds",
            "Seconds from answer to sign-off, summed: with the counsellors on shift, their occupancy",
            measures.handled_seconds.clone(),
        );
        registry.register(
            "contacts_unserved",
            "Contacts taken in that nobody on shift could ever take",
            measures.unserved.clone(),
        );
        measures
    }

    /// A contact was taken in; `served` says whether somebody on shift could take it.
    pub fn received(&self, class: Class, channel: Channel, served: bool) {
        self.received.get_or_create(&labels(class, channel)).inc();
        if !served {
            self.unserved.inc();
        }
    }

    /// A contact was answered for the first time, at `answered` after `offers` offers.
    pub fn answered(
        &self,
        class: Class,
        channel: Channel,
        [received, deadline, answered]: [DateTime<Utc>; 3],
        offers: i32,
    ) {
        let labels = labels(class, channel);
        self.answered.get_or_create(&labels).inc();
        if answered <= deadline {
            self.answered_in_target.get_or_create(&labels).inc();
        }
        self.answer_wait.get_or_create(&labels).observe(seconds(answered - received));
        self.offers_per_contact.observe(f64::from(offers));
    }

    /// A contact's person left unanswered after waiting so long.
    pub fn left(&self, class: Class, channel: Channel, wait: TimeDelta, short: bool) {
        let short = if short { "true" } else { "false" };
        self.left.get_or_create(&LeftLabels { class: class.key(), channel: channel.key(), short }).inc();
        self.left_wait.get_or_create(&labels(class, channel)).observe(seconds(wait));
    }

    /// An offer ended: `accepted`, `declined`, `expired` or `withdrawn`.
    pub fn offer_ended(&self, outcome: &'static str) {
        self.offers_ended.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A contact was signed off so long after it was answered.
    pub fn handled(&self, duration: TimeDelta) {
        self.handled_seconds.inc_by(seconds(duration));
    }
}

fn seconds(duration: TimeDelta) -> f64 {
    duration.to_std().unwrap_or_default().as_secs_f64()
}
