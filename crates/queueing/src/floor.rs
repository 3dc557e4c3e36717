//! The floor at one moment, as a supervisor sees it.

pub(crate) mod day;
pub(crate) mod people;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::id::CentreId;
use helpline_domain::policy::outlook;
use helpline_domain::presence::PresenceState;
use helpline_proto::queueing::v1::{ClassLine, CounsellorCounts, QueueLine, QueueOpening, QueueStatus};
use helpline_service_kit::wire::{class, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::check::Floor;
use helpline_store::line::OnShift;

use crate::switchboard::diversion;
use crate::wire::{milliseconds, overload_level};

/// Reads the floor of a centre.
pub(crate) async fn read(ctx: &Ctx, centre: CentreId) -> Result<(QueueStatus, Floor), Refusal> {
    let mut floor = ctx.store.floor(centre).await?;
    let (_, on_shift) = ctx.store.on_shift(centre).await?;
    let mut unserved_of: BTreeMap<String, i32> = BTreeMap::new();
    let mut queues: BTreeMap<&str, Vec<ClassLine>> = BTreeMap::new();
    for figures in &floor.classes {
        queues.entry(&figures.queue).or_default().push(ClassLine {
            priority_class: class(figures.class).into(),
            waiting: small(figures.waiting),
            offered: small(figures.offered),
            longest_wait: Some(milliseconds(figures.longest_wait_ms)),
            overdue: small(figures.overdue),
        });
    }
    let mut unserved = 0;
    for (queue, requirement, waiting) in ctx.store.waiting_by_requirement(centre).await? {
        let there = on_shift.iter().filter(|one| one.state != PresenceState::OnCall);
        if !outlook(&requirement, there.map(|one| &*one.abilities)) {
            unserved += waiting;
            *unserved_of.entry(queue).or_default() += small(waiting);
        }
    }
    let status = QueueStatus {
        status_time: Some(timestamp(floor.now)),
        lines: queues
            .into_iter()
            .map(|(queue, classes)| QueueLine { queue: queue.to_owned(), classes })
            .collect(),
        counsellors: Some(counts(&on_shift)),
        received: floor.period.received,
        answered: floor.period.answered,
        abandoned: floor.period.abandoned,
        short_abandoned: floor.period.short_abandoned,
        blocked: floor.period.blocked,
        answered_in_target: floor.period.answered_in_target,
        period_start_time: Some(timestamp(floor.now - TimeDelta::hours(24))),
        unserved: small(unserved),
        degraded: ctx.mirror.live().is_away(),
        openings: openings(ctx, centre, floor.now).await?,
        unowned: small(ctx.store.unowned_work(centre).await?),
        overflow_requests: small(ctx.store.unanswered_overflows(centre).await?),
        diversions: ctx.store.open_diversions(centre).await?.iter().map(diversion).collect(),
        overload: overload_level(ctx.overload.of(centre).valve.level).into(),
    };
    floor.unserved = unserved_of;
    Ok((status, floor))
}

/// Each queue that may close.
async fn openings(ctx: &Ctx, centre: CentreId, now: DateTime<Utc>) -> Result<Vec<QueueOpening>, Refusal> {
    let settings = ctx.settings.current(centre).await?;
    let queues = settings.settings.queues.iter().map(|queue| &queue.queue);
    let may_close = queues.filter(|queue| settings.settings.hours.may_close(queue));
    Ok(may_close
        .map(|queue| {
            let opening = ctx.openings.at(centre, &settings, queue, now);
            QueueOpening {
                queue: queue.clone(),
                open: !opening.is_closed(),
                change_time: opening.changes_at().map(timestamp),
            }
        })
        .collect())
}

fn counts(on_shift: &[OnShift]) -> CounsellorCounts {
    let mut counts = CounsellorCounts::default();
    for one in on_shift {
        let room = helpline_domain::channel::Medium::ALL
            .into_iter()
            .any(|medium| one.abilities.capacity.allows(&one.held, medium));
        let kind = match (one.state, one.held.is_empty(), room) {
            (PresenceState::Ready, true, _) => &mut counts.free,
            (PresenceState::Ready, false, true) => &mut counts.partly_free,
            (PresenceState::Ready, false, false) => &mut counts.busy,
            (PresenceState::OnCall, ..) => &mut counts.on_call,
            _ => &mut counts.not_ready,
        };
        *kind += 1;
    }
    counts
}

fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
