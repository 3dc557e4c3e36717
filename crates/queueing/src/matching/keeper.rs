//! Keeps the view in Redis in step with the rows: fills a new generation when the old one cannot be trusted, repairs what
//! differs, gives lapsed claims back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::id::{CentreId, ContactId};
use helpline_live::LiveError;
use helpline_live::line::{FreeCounsellor, LineView, Waiter};
use helpline_service_kit::mirror::waiter_of;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::check::Differences;
use helpline_store::line::{LineCursor, LineEntry, OnShift};

use crate::measures::Measures;

/// Who came later than this may be on the way to the view.
const SETTLED: TimeDelta = TimeDelta::seconds(2);
/// What still differs then is a fault. Until then it may be a matcher that has died: another takes its lease over and fills the view,
/// which lasts as long as the machine is busy.
const LASTS: Duration = Duration::from_secs(6);
/// From one look at what differs to the next.
const LOOK: Duration = Duration::from_millis(500);
/// Rows written to the view at a time.
const PAGE: u32 = 1000;

/// Keeps one centre's view.
pub(super) struct Keeper {
    ctx: Ctx,
    measures: Arc<Measures>,
    centre: CentreId,
    /// The life of Redis in which the view was filled; `None` while it cannot be trusted.
    filled_in: Option<String>,
    /// How far the database's clock is ahead of this machine's.
    ahead: TimeDelta,
}

impl Keeper {
    pub(super) fn new(ctx: Ctx, measures: Arc<Measures>, centre: CentreId) -> Self {
        Self { ctx, measures, centre, filled_in: None, ahead: TimeDelta::zero() }
    }

    /// Whether the view can be matched over.
    pub(super) fn in_step(&self) -> bool {
        self.filled_in.is_some() && !self.ctx.mirror.live().is_away()
    }

    /// Something showed that the view is not what this process filled.
    pub(super) fn distrust(&mut self) {
        self.filled_in = None;
    }

    pub(super) fn database_now(&self, local: DateTime<Utc>) -> DateTime<Utc> {
        local + self.ahead
    }

    /// Once a second: is the view still the one that was filled? Fill it if not; compare from time to time.
    pub(super) async fn tend(&mut self) -> Result<(), Refusal> {
        self.ahead = self.ctx.store.now().await? - self.ctx.clock.now_utc();
        let tended = self.tend_view().await;
        self.measures.degraded(!self.in_step());
        tended
    }

    async fn tend_view(&mut self) -> Result<(), Refusal> {
        if !self.ctx.mirror.live().is_configured() {
            return Ok(());
        }
        match self.check_and_fill().await {
            Ok(()) => {}
            Err(Problem::Live(LiveError::Refused(why))) => {
                tracing::warn!(why, "Redis refused: the line works from Postgres, slower");
                self.filled_in = None;
            }
            Err(Problem::Live(_)) => self.filled_in = None,
            Err(Problem::Store(refusal)) => return Err(refusal),
        }
        Ok(())
    }

    async fn check_and_fill(&mut self) -> Result<(), Problem> {
        let run = self.ctx.mirror.live().run_id().await?;
        if let (Some(filled), Some(view)) = (&self.filled_in, self.ctx.mirror.view(self.centre).await)
            && *filled == run
            && view.in_force().await?
        {
            return self.give_back_lapsed(&view).await;
        }
        // Empty, restarted, rolled back, failed over, or filled by a matcher before this one.
        self.filled_in = None;
        let seen = self.ctx.store.generation(self.centre).await?;
        let generation = self.ctx.store.raise_generation(self.centre, seen).await?;
        self.ctx.mirror.learn_generation(self.centre, generation);
        let view = self.ctx.mirror.live().line(self.centre, generation);
        view.begin().await?;
        let started = self.ctx.clock.instant();
        let waiting = fill(&self.ctx, self.centre, &view).await?;
        let took = self.ctx.clock.instant().duration_since(started);
        tracing::info!(centre = %self.centre, generation, waiting, took_ms = took.as_millis(), "the line's view was filled");
        self.measures.filled();
        self.filled_in = Some(run);
        Ok(())
    }

    /// Claims whose commit never came back: who still waits goes back to the line.
    async fn give_back_lapsed(&self, view: &LineView) -> Result<(), Problem> {
        let now_ms = self.database_now(self.ctx.clock.now_utc()).timestamp_millis();
        let lapsed = view.lapsed_claims(now_ms).await?;
        if lapsed.is_empty() {
            return Ok(());
        }
        let ids: Vec<ContactId> = lapsed.iter().map(|waiter| waiter.contact_id).collect();
        let waiting: HashSet<ContactId> = self
            .ctx
            .store
            .line_entries_of(self.centre, &ids, 0)
            .await?
            .iter()
            .map(|entry| entry.contact_id)
            .collect();
        let ends: Vec<(&Waiter, bool)> =
            lapsed.iter().map(|waiter| (waiter, waiting.contains(&waiter.contact_id))).collect();
        view.release(&ends).await?;
        let (_, on_shift) = self.ctx.store.on_shift(self.centre).await?;
        view.put_rooms(&rooms(&on_shift), false).await?;
        tracing::info!(claims = ends.len(), "claims lapsed and were settled");
        Ok(())
    }
}

/// Writes every waiting contact and everybody's room into a view; returns how many wait.
async fn fill(ctx: &Ctx, centre: CentreId, view: &LineView) -> Result<u64, Problem> {
    let (mut cursor, mut waiting) = (LineCursor::default(), 0);
    loop {
        let entries = ctx.store.waiting_after(centre, &cursor, PAGE).await?;
        let Some(last) = entries.last() else { break };
        cursor = LineCursor::after(last);
        waiting += entries.len() as u64;
        let waiters: Vec<Waiter> = entries.iter().map(waiter_of).collect();
        view.put(&waiters, false).await?;
    }
    let (_, on_shift) = ctx.store.on_shift(centre).await?;
    for some in rooms(&on_shift).chunks(PAGE as usize) {
        view.put_rooms(some, false).await?;
    }
    Ok(waiting)
}

fn rooms(on_shift: &[OnShift]) -> Vec<FreeCounsellor> {
    on_shift
        .iter()
        .map(|one| FreeCounsellor {
            counsellor_id: one.counsellor_id,
            idle_since_ms: one.idle_since.timestamp_millis(),
            held: one.held,
            capacity: one.abilities.capacity,
            severe_in_a_row: one.severe_in_a_row,
            ready: one.state == helpline_domain::presence::PresenceState::Ready,
            revision: one.revision,
        })
        .collect()
}

/// What a comparison found, all repaired. Everything must be zero when nothing is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Differences within Postgres that lasted.
    pub rows: Differences,
    /// Contacts that wait and were not in the view.
    pub missing: u64,
    /// Contacts in the view that do not wait.
    pub surplus: u64,
}

impl Comparison {
    /// Whether everything agrees.
    pub const fn is_none(&self) -> bool {
        self.rows.is_none() && self.missing == 0 && self.surplus == 0
    }
}

/// Compares rows with rows and rows with the view, and repairs what differs, in the view what has differed for 6 s.
pub async fn compare(ctx: &Ctx, centre: CentreId) -> Result<Comparison, Refusal> {
    let mut found = Comparison { rows: ctx.store.compare(centre).await?, ..Comparison::default() };
    if found.rows.capacity > 0 {
        let repaired = ctx.store.repair_capacity(centre).await?;
        tracing::error!(counsellors = repaired, "held capacity differed from what contacts say");
    }
    if let Some(view) = ctx.mirror.view(centre).await {
        match compare_view(ctx, centre, &view).await {
            Ok((missing, surplus)) => (found.missing, found.surplus) = (missing, surplus),
            Err(Problem::Live(_)) => {}
            Err(Problem::Store(refusal)) => return Err(refusal),
        }
    }
    Ok(found)
}

async fn compare_view(ctx: &Ctx, centre: CentreId, view: &LineView) -> Result<(u64, u64), Problem> {
    let mut surplus: HashMap<ContactId, Waiter> =
        view.all().await?.into_iter().map(|waiter| (waiter.contact_id, waiter)).collect();
    let settled = ctx.store.now().await? - SETTLED;
    let (mut cursor, mut missing) = (LineCursor::default(), Vec::new());
    loop {
        let entries = ctx.store.waiting_after(centre, &cursor, PAGE).await?;
        let Some(last) = entries.last() else { break };
        cursor = LineCursor::after(last);
        for entry in &entries {
            if surplus.remove(&entry.contact_id).is_none() && entry.received_at < settled {
                missing.push(entry.contact_id);
            }
        }
    }
    // Only what differs still is a difference: somebody may have come or gone between the readings, or is being told of.
    let begun = ctx.clock.instant();
    while !(missing.is_empty() && surplus.is_empty()) && ctx.clock.instant().duration_since(begun) < LASTS {
        ctx.clock.sleep(LOOK).await;
        let there: HashSet<ContactId> =
            view.all().await?.into_iter().map(|waiter| waiter.contact_id).collect();
        let claimed: HashSet<ContactId> =
            view.lapsed_claims(i64::MAX).await?.into_iter().map(|waiter| waiter.contact_id).collect();
        missing.retain(|id| !there.contains(id) && !claimed.contains(id));
        missing = waiting(ctx, centre, &missing).await?.iter().map(|entry| entry.contact_id).collect();
        surplus.retain(|id, _| there.contains(id));
        let ids: Vec<ContactId> = surplus.keys().copied().collect();
        for entry in waiting(ctx, centre, &ids).await? {
            surplus.remove(&entry.contact_id);
        }
    }
    let missing = waiting(ctx, centre, &missing).await?;
    view.put(&missing.iter().map(waiter_of).collect::<Vec<_>>(), false).await?;
    let surplus: Vec<Waiter> = surplus.into_values().collect();
    let dropped = view.drop_waiters(&surplus).await?;
    Ok((missing.len() as u64, dropped))
}

/// Who of these waits.
async fn waiting(ctx: &Ctx, centre: CentreId, ids: &[ContactId]) -> Result<Vec<LineEntry>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(ctx.store.line_entries_of(centre, ids, 0).await?)
}

/// What stands in the way: the view, which can be done without, or the store, which cannot.
enum Problem {
    Live(LiveError),
    Store(Refusal),
}

impl From<LiveError> for Problem {
    fn from(error: LiveError) -> Self {
        Self::Live(error)
    }
}

impl From<helpline_store::StoreError> for Problem {
    fn from(error: helpline_store::StoreError) -> Self {
        Self::Store(error.into())
    }
}
