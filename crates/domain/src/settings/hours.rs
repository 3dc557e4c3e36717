//! When a centre and its queues are open, and what is done about a contact that nobody on shift can take.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Opening hours of a centre and its queues. Without an expression a queue is always open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hours {
    /// IANA name of the time zone in which hours and dates are meant.
    pub time_zone: String,
    /// Opening hours of every queue without its own, in the syntax of OpenStreetMap; empty for always.
    pub opening_hours: String,
    /// ISO 3166 code of the country whose public holidays `PH` stands for; empty for none.
    pub holidays: String,
    /// Days on which every queue is closed, whatever the expression says.
    pub closed_dates: BTreeSet<NaiveDate>,
    /// What differs from queue to queue.
    pub queues: BTreeMap<String, QueueHours>,
    /// How long an offer to somebody on call rings, in seconds: their telephone has to be called first.
    pub on_call_offer_timeout_s: u32,
}

/// What holds for one queue.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueHours {
    /// Opening hours of the queue; empty for those of the centre.
    pub opening_hours: String,
    /// Days on which the queue is closed beside those of the centre.
    pub closed_dates: BTreeSet<NaiveDate>,
    /// Queue in which a contact is placed instead when nobody on shift can take it here.
    pub fallback_queue: Option<String>,
    /// Whether people on call are left in peace by this queue.
    pub without_on_call: bool,
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            opening_hours: String::new(),
            holidays: String::new(),
            closed_dates: BTreeSet::new(),
            queues: BTreeMap::new(),
            on_call_offer_timeout_s: 60,
        }
    }
}

impl Hours {
    /// The expression by which a queue is open; empty for always.
    pub fn expression(&self, queue: &str) -> &str {
        let own = self.queues.get(queue).map_or("", |own| own.opening_hours.as_str());
        if own.is_empty() { &self.opening_hours } else { own }
    }

    /// Days on which a queue is closed.
    pub fn closed_dates(&self, queue: &str) -> BTreeSet<NaiveDate> {
        let own = self.queues.get(queue).map(|own| &own.closed_dates);
        self.closed_dates.iter().chain(own.into_iter().flatten()).copied().collect()
    }

    /// Whether a queue ever closes.
    pub fn may_close(&self, queue: &str) -> bool {
        !self.expression(queue).is_empty()
            || !self.closed_dates.is_empty()
            || self.queues.get(queue).is_some_and(|own| !own.closed_dates.is_empty())
    }

    /// Whether no queue ever closes.
    pub fn never_close(&self) -> bool {
        self.opening_hours.is_empty()
            && self.closed_dates.is_empty()
            && self.queues.values().all(|own| own.opening_hours.is_empty() && own.closed_dates.is_empty())
    }

    /// The queue in which a contact of this one is placed when nobody on shift can take it.
    pub fn fallback(&self, queue: &str) -> Option<&str> {
        self.queues.get(queue).and_then(|own| own.fallback_queue.as_deref())
    }

    /// Whether people on call may be offered contacts of a queue.
    pub fn summons(&self, queue: &str) -> bool {
        self.queues.get(queue).is_none_or(|own| !own.without_on_call)
    }
}

/// So many days later on which somebody works; whoever rests all week has no day off.
pub(super) fn working_days_after(from: DateTime<Utc>, days: u32, rest: &BTreeSet<u32>) -> DateTime<Utc> {
    let (mut at, mut left) = (from, days);
    while left > 0 {
        at += Duration::days(1);
        if rest.len() >= 7 || !rest.contains(&at.weekday().number_from_monday()) {
            left = left.saturating_sub(1);
        }
    }
    at
}
