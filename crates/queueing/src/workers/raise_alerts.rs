//! Raises and closes alerts, whoever watches. Any number of processes may look: an alert opens once, and each look is
//! cheap, because of every line only the first contacts are read.

mod on_call;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use helpline_domain::alert::{Alert, Live, Open, Snapshot, Step, Waiting, judge};
use helpline_domain::channel::Channel;
use helpline_domain::id::CentreId;
use helpline_domain::policy::outlook;
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use helpline_domain::settings::alerts::Alerts;
use helpline_service_kit::Ctx;
use helpline_service_kit::hub::Topic;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_store::alert::{AlertRow, First, Held};
use helpline_store::line::OnShift;

use crate::measures::AlertMeasures;
use crate::workers::Pace;

/// Contacts of each line that are looked at: who comes after them has waited less.
const PER_LINE: u32 = 3;
/// The same of critical contacts, each of which is alerted of by itself: who comes later may pass who is alerted of.
const CRITICAL_PER_LINE: u32 = 200;
/// Rest after a look, in times of what it took: a look does not grow with the line, and an alert must not be late.
const REST: u32 = 5;
/// Between two samples of the floor.
const SAMPLE: Duration = Duration::from_secs(10);
/// Somebody who waits longer than a matching pass takes is kept waiting.
const PASS_MS: i64 = 2000;

/// The look for what supervisors must be told.
#[derive(Debug)]
pub struct RaiseAlerts {
    ctx: Ctx,
    measures: AlertMeasures,
    pace: Pace,
    sampled: Mutex<HashMap<CentreId, Instant>>,
    on_call: on_call::Watch,
}

/// A centre as it was read.
struct Look {
    now_ms: i64,
    first: Vec<First>,
    held: Vec<Held>,
    on_shift: Vec<OnShift>,
}

impl RaiseAlerts {
    pub(crate) fn new(ctx: Ctx, measures: AlertMeasures) -> Self {
        Self {
            ctx,
            measures,
            pace: Pace::default(),
            sampled: Mutex::default(),
            on_call: on_call::Watch::default(),
        }
    }

    async fn look(&self, centre: CentreId) -> Result<(), WorkerError> {
        let settings = self.ctx.settings.current(centre).await?;
        let store = &self.ctx.store;
        let look = Look {
            now_ms: store.now().await?.timestamp_millis(),
            first: store.first_in_line(centre, PER_LINE, CRITICAL_PER_LINE).await?,
            held: store.held_contacts(centre).await?,
            on_shift: store.on_shift(centre).await?.1,
        };
        let open: Vec<Open> = store.alerts_now(centre, 0).await?.iter().map(AlertRow::open).collect();
        let mut snapshot = look.snapshot(&settings.settings.alerts);
        snapshot.degraded = self.ctx.mirror.live().is_away();
        snapshot.due = store.due_alerts(centre, &settings.settings.reintegration).await?;
        snapshot.due.extend(self.on_call.unattended(store, centre, look.now_ms).await?);
        self.apply(centre, judge(&snapshot, &settings.settings.alerts, &open)).await?;
        self.measures.open(centre, &open);
        self.sample(centre, &look).await
    }

    async fn apply(&self, centre: CentreId, steps: Vec<Step>) -> Result<(), WorkerError> {
        let (mut opens, mut closes, mut settles): (Vec<(Alert, bool)>, Vec<Alert>, Vec<_>) =
            Default::default();
        for step in steps {
            match step {
                Step::Open(alert, grave) => opens.push((alert, grave)),
                Step::Close(alert) => closes.push(alert),
                Step::Doubt(alert) => settles.push((alert, true)),
                Step::Confirm(alert) => settles.push((alert, false)),
            }
        }
        let mut changed = 0;
        if !opens.is_empty() {
            changed += self.ctx.store.open_alerts(centre, &opens).await?;
            self.measures.opened(&opens);
        }
        if !closes.is_empty() {
            changed += self.ctx.store.close_alerts(centre, &closes).await?;
        }
        if !settles.is_empty() {
            self.ctx.store.settle_alerts(centre, &settles).await?;
        }
        if changed > 0 {
            self.ctx.mirror.hub().wake(Topic::Floor(centre));
        }
        Ok(())
    }

    /// Notes from time to time who was there and who was kept free.
    async fn sample(&self, centre: CentreId, look: &Look) -> Result<(), WorkerError> {
        let now = self.ctx.clock.instant();
        {
            let mut sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
            if sampled.get(&centre).is_some_and(|last| now.duration_since(*last) < SAMPLE) {
                return Ok(());
            }
            sampled.insert(centre, now);
        }
        self.ctx.store.sample_floor(centre, look.sample()).await?;
        Ok(())
    }
}

impl Look {
    fn snapshot(&self, settings: &Alerts) -> Snapshot {
        let mut outlooks: HashMap<&Requirement, bool> = HashMap::new();
        // Who is on call is not there for whom they are not offered.
        let at_work = || self.on_shift.iter().filter(|one| one.state != PresenceState::OnCall);
        let abilities = || at_work().map(|one| &*one.abilities);
        let now_ms = self.now_ms;
        let in_line = self.first.iter().map(|one| {
            let received_ms = one.received_at.timestamp_millis();
            // Whether anybody could serve them is asked of those alone of whom it matters.
            let matters = (now_ms - received_ms) * 2 >= i64::from(settings.nobody_available_s) * 1000;
            let mut served = || {
                let requirement = &one.requirement;
                *outlooks.entry(requirement).or_insert_with(|| outlook(requirement, abilities()))
            };
            Waiting {
                contact_id: one.contact_id,
                queue: one.queue.clone(),
                class: one.class,
                received_ms,
                deadline_ms: one.deadline_at.timestamp_millis(),
                served: !matters || served(),
            }
        });
        let mut waiting: Vec<Waiting> = in_line.collect();
        let mut live = Vec::new();
        for one in &self.held {
            let (Some(class), Some(channel)) =
                (Class::from_number(one.class), Channel::from_key(&one.channel))
            else {
                continue;
            };
            match one.answered_at.filter(|_| one.state == "in_progress") {
                Some(answered_at) => live.push(Live {
                    contact_id: one.contact_id.into(),
                    channel,
                    class,
                    since_ms: answered_at.timestamp_millis(),
                    lost: one.lost,
                }),
                None if one.state == "offered" => waiting.push(Waiting {
                    contact_id: one.contact_id.into(),
                    queue: one.queue.clone(),
                    class,
                    received_ms: one.received_at.timestamp_millis(),
                    deadline_ms: one.deadline_at.timestamp_millis(),
                    served: true,
                }),
                None => {}
            }
        }
        let counsellors = at_work().map(|one| (one.counsellor_id, one.severe_in_a_row.into())).collect();
        Snapshot { now_ms, waiting, live, counsellors, ..Snapshot::default() }
    }

    /// On shift, free of them, and kept free of those: free while somebody who is not critical is kept waiting.
    fn sample(&self) -> (i64, i64, i64) {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let free: Vec<&OnShift> = self
            .on_shift
            .iter()
            .filter(|one| one.state == PresenceState::Ready && one.held.is_empty())
            .collect();
        let kept_waiting: Vec<&First> = self
            .first
            .iter()
            .filter(|one| {
                one.class != Class::Critical && self.now_ms - one.received_at.timestamp_millis() > PASS_MS
            })
            .collect();
        let kept = free
            .iter()
            .filter(|one| kept_waiting.iter().any(|first| first.requirement.lack(&one.abilities).is_none()))
            .count();
        let at_work = self.on_shift.iter().filter(|one| one.state != PresenceState::OnCall).count();
        (count(at_work), count(free.len()), count(kept))
    }
}

impl Worker for RaiseAlerts {
    fn name(&self) -> &'static str {
        "raise_alerts"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        self.pace.each_centre(&self.ctx, REST, |centre| self.look(centre)).await
    }
}
