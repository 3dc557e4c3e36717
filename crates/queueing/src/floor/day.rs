//! The last 24 hours of a floor: quarters of an hour, and how well each class was served.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::id::CentreId;
use helpline_domain::risk::Class;
use helpline_proto::queueing::v1::{FloorSlot, ServiceFigures, SlotFigures};
use helpline_proto::terms::v1::Channel as ChannelMessage;
use helpline_service_kit::wire::{channel, class, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::floor::{SampleRow, ServiceRow, SlotRow};

use crate::wire::milliseconds;

/// Length of a slot.
const SLOT: TimeDelta = TimeDelta::minutes(15);

/// The last 24 hours as they were when they were read.
#[derive(Debug, Default)]
pub(crate) struct Day {
    /// When that was.
    pub(crate) at: DateTime<Utc>,
    slots: Vec<SlotRow>,
    samples: Vec<SampleRow>,
    service: Vec<ServiceRow>,
}

impl Day {
    /// Reads the day of a centre.
    pub(crate) async fn read(ctx: &Ctx, centre: CentreId, at: DateTime<Utc>) -> Result<Self, Refusal> {
        let cap_s = ctx.settings.current(centre).await?.settings.cap_s;
        Ok(Self {
            at,
            slots: ctx.store.history(centre).await?,
            samples: ctx.store.floor_samples(centre).await?,
            service: ctx.store.service(centre, cap_s).await?,
        })
    }

    /// Whether a slot has closed since it was read.
    pub(crate) fn is_over(&self, now: DateTime<Utc>) -> bool {
        slot_of(self.at) != slot_of(now)
    }

    /// The slots of a queue, or of all of them when it is empty, oldest first. Slots in which nothing was are there too.
    pub(crate) fn slots(&self, queue: &str) -> Vec<FloorSlot> {
        let running = slot_of(self.at);
        let mut slots: BTreeMap<DateTime<Utc>, BTreeMap<i16, SlotRow>> = BTreeMap::new();
        let mut start = slot_of(self.at - TimeDelta::hours(24));
        while start <= running {
            slots.insert(start, BTreeMap::new());
            start += SLOT;
        }
        for row in self.slots.iter().filter(|row| queue.is_empty() || row.queue == queue) {
            let classes = slots.entry(row.slot_at).or_default();
            classes.entry(row.class).and_modify(|sum| add(sum, row)).or_insert_with(|| row.clone());
        }
        slots
            .into_iter()
            .map(|(start, classes)| FloorSlot {
                start_time: Some(timestamp(start)),
                closed: start < running,
                on_shift: self.samples.iter().find(|sample| sample.slot_at == start).map(on_shift),
                figures: classes.values().filter_map(figures).collect(),
            })
            .collect()
    }

    /// How well each class was served: by class alone and by class, channel and language; of one queue the same, and its
    /// class as a whole.
    pub(crate) fn service(&self, queue: &str) -> Vec<ServiceFigures> {
        self.service
            .iter()
            .filter(|row| queue.is_empty() || row.queue.as_deref() == Some(queue))
            .filter_map(service)
            .collect()
    }

    /// Share of the time of counsellors on shift in which they were kept free although somebody waited.
    pub(crate) fn kept_free_share(&self) -> Option<f64> {
        let sum = |of: fn(&SampleRow) -> i64| self.samples.iter().map(of).sum();
        share(sum(|row| row.kept_free), sum(|row| row.on_shift))
    }
}

fn slot_of(time: DateTime<Utc>) -> DateTime<Utc> {
    let length = SLOT.num_seconds();
    let start = time.timestamp().div_euclid(length) * length;
    DateTime::from_timestamp(start, 0).unwrap_or(time)
}

fn add(sum: &mut SlotRow, row: &SlotRow) {
    sum.received += row.received;
    sum.answered += row.answered;
    sum.answered_in_target += row.answered_in_target;
    sum.abandoned += row.abandoned;
    sum.short_abandoned += row.short_abandoned;
    sum.longest_wait_ms = sum.longest_wait_ms.max(row.longest_wait_ms);
}

fn figures(row: &SlotRow) -> Option<SlotFigures> {
    Some(SlotFigures {
        priority_class: class(Class::from_number(row.class)?).into(),
        received: row.received,
        answered: row.answered,
        answered_in_target: row.answered_in_target,
        abandoned: row.abandoned,
        short_abandoned: row.short_abandoned,
        longest_wait: Some(milliseconds(row.longest_wait_ms)),
    })
}

fn service(row: &ServiceRow) -> Option<ServiceFigures> {
    let at = |times: &Option<Vec<i64>>, place: usize| {
        times.as_ref().and_then(|times| times.get(place)).map(|time| milliseconds(*time))
    };
    let on = row.channel.as_deref().and_then(Channel::from_key);
    let language = row.language.as_deref().map(|tag| if tag.is_empty() { "und" } else { tag });
    Some(ServiceFigures {
        priority_class: class(Class::from_number(row.class)?).into(),
        queue: row.queue.clone().unwrap_or_default(),
        channel: on.map_or(ChannelMessage::Unspecified, channel).into(),
        language: language.unwrap_or_default().to_owned(),
        received: row.received,
        answered: row.answered,
        answered_in_target: row.answered_in_target,
        abandoned: row.abandoned,
        short_abandoned: row.short_abandoned,
        in_target_share: share(row.answered_in_target, row.answered + row.abandoned),
        median_wait: at(&row.wait_ms, 0),
        p95_wait: at(&row.wait_ms, 1),
        median_first_offer: at(&row.first_offer_ms, 0),
        p95_first_offer: at(&row.first_offer_ms, 1),
        offers: row.offers,
        missed_offers: row.missed_offers,
        cap_breaches: row.cap_breaches,
    })
}

fn on_shift(sample: &SampleRow) -> f64 {
    share(sample.on_shift, sample.samples.into()).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a day fit a double")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
