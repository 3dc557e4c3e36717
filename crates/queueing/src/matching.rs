//! Matching: who is offered to whom. The policy decides, Redis proposes, Postgres disposes.
//!
//! Any replica may match; per centre one holds a lease. A pass reads the heads of the lines and who is free, from Redis
//! when a wake-up comes and from Postgres once a second in any case, feeds both to the same
//! [`decide`](helpline_domain::policy::decide), and commits what it decided. Commits run beside the next pass: what they
//! are about has been claimed, so it is not seen twice.

pub(crate) mod aside;
mod commit;
pub(crate) mod head;
mod in_hand;
mod keeper;
mod pass;
mod roster;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use helpline_domain::id::CentreId;
use helpline_service_kit::hub::{Subscription, Topic};
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::matcher::Lease;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use keeper::{Comparison, compare};

use crate::matching::in_hand::InHand;
use crate::matching::keeper::Keeper;
use crate::matching::roster::Roster;
use crate::measures::Measures;

/// How long a lease lasts without renewal: what a killed matcher costs at most.
const LEASE_S: f64 = 1.5;
/// How often the lease is renewed, or asked for.
const RENEW: Duration = Duration::from_millis(500);
/// How often the heads are read from Postgres whatever Redis says.
const TRUTH: Duration = Duration::from_secs(1);
/// The same while Redis is away.
const TRUTH_ALONE: Duration = Duration::from_millis(250);
/// How often new centres are looked for.
const CENTRES: Duration = Duration::from_secs(2);
/// Commits under way at once.
const COMMITS: usize = 4;

/// Starts a matcher for every centre, present and future.
pub(crate) fn spawn(ctx: &Ctx, measures: &Arc<Measures>, lifecycle: &Lifecycle) {
    let (ctx, measures, soft) = (ctx.clone(), Arc::clone(measures), lifecycle.soft());
    let owner = ctx.ids.v4();
    lifecycle.spawn(async move {
        let mut matched = HashSet::new();
        let mut matchers = JoinSet::new();
        while !soft.is_cancelled() {
            match ctx.store.centre_ids().await {
                Ok(centres) => {
                    for centre in centres {
                        if matched.insert(centre) {
                            let one = Matcher::new(ctx.clone(), Arc::clone(&measures), centre, owner);
                            matchers.spawn(one.run(soft.clone()));
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the centres could not be read"),
            }
            tokio::select! {
                () = soft.cancelled() => {}
                () = ctx.clock.sleep(CENTRES) => {}
            }
        }
        while matchers.join_next().await.is_some() {}
    });
}

/// The matcher of one centre in this process.
pub(crate) struct Matcher {
    ctx: Ctx,
    measures: Arc<Measures>,
    centre: CentreId,
    owner: Uuid,
    lease: Option<Lease>,
    roster: Roster,
    keeper: Keeper,
    in_hand: InHand,
    commits: JoinSet<()>,
}

impl Matcher {
    pub(crate) fn new(ctx: Ctx, measures: Arc<Measures>, centre: CentreId, owner: Uuid) -> Self {
        let roster = Roster::new(&ctx, centre);
        Self {
            keeper: Keeper::new(ctx.clone(), Arc::clone(&measures), centre),
            ctx,
            measures,
            centre,
            owner,
            lease: None,
            roster,
            in_hand: InHand::default(),
            commits: JoinSet::new(),
        }
    }

    async fn run(mut self, soft: CancellationToken) {
        let mut line = self.ctx.mirror.hub().subscribe(Topic::Line(self.centre));
        let (mut renewed, mut looked) = (None, None);
        while !soft.is_cancelled() {
            let now = self.ctx.clock.instant();
            if renewed.is_none_or(|time| now.duration_since(time) >= RENEW) {
                renewed = Some(now);
                self.renew().await;
            }
            if self.lease.is_some() {
                let truth = if self.keeper.in_step() { TRUTH } else { TRUTH_ALONE };
                let due = looked.is_none_or(|time| now.duration_since(time) >= truth);
                if due {
                    looked = Some(now);
                }
                line.clear();
                match self.match_now(due).await {
                    // Whatever there is to do, the lease is renewed in time.
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(refusal) => {
                        tracing::warn!(error = %refusal, "a matching pass failed");
                        self.ctx.clock.sleep(Duration::from_millis(100)).await;
                    }
                }
            }
            self.wait(&mut line, &soft).await;
        }
        while self.commits.join_next().await.is_some() {}
        if self.lease.is_some() {
            let _ = self.ctx.store.release_matcher(self.centre, self.owner).await;
        }
    }

    /// Until somebody comes, a commit ends, or the clock says so.
    async fn wait(&mut self, line: &mut Subscription, soft: &CancellationToken) {
        let pause = if self.keeper.in_step() { RENEW } else { TRUTH_ALONE };
        tokio::select! {
            _ = line.next() => {}
            () = self.ctx.clock.sleep(pause) => {}
            () = soft.cancelled() => {}
        }
    }

    async fn renew(&mut self) {
        let before = self.lease;
        match self.ctx.store.lease_matcher(self.centre, self.owner, LEASE_S).await {
            Ok(lease) => self.lease = lease,
            // Without the database nothing can be committed anyway.
            Err(error) => {
                if before.is_some() {
                    tracing::warn!(%error, "the matcher's lease could not be renewed");
                }
                self.lease = None;
            }
        }
        if self.lease.is_none() {
            // Whoever matches says whether the line is degraded.
            self.measures.degraded(false);
        }
        if before.is_none() && self.lease.is_some() {
            tracing::info!(centre = %self.centre, "matching");
            self.keeper.distrust();
        }
    }

    /// Passes until nothing more can be offered now, or until the lease is to be renewed: then `true`, and there may be
    /// more. With `truth`, begins with passes over Postgres.
    async fn match_now(&mut self, truth: bool) -> Result<bool, Refusal> {
        let Some(lease) = self.lease else { return Ok(false) };
        let begun = self.ctx.clock.instant();
        let clock = Arc::clone(&self.ctx.clock);
        let late = || clock.instant().duration_since(begun) >= RENEW;
        if truth {
            self.keeper.tend().await?;
        }
        if truth || !self.keeper.in_step() {
            while self.pass_over_rows(lease).await? {
                if late() {
                    return Ok(true);
                }
            }
        }
        if self.keeper.in_step() {
            while self.pass_over_view(lease).await? {
                if late() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
