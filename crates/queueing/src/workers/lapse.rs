//! Sets counsellors not ready whose client was lost, takes those off shift who do not come back, and gives their
//! conversations back to the line.
//!
//! After an outage of Postgres or of this process nobody lapses for one time to live: the heart-beats could not be
//! noted, which is not the counsellors' silence.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_store::presence::Room;

use crate::resume_lost::resume_lost;

/// How many times to live somebody may be lost before the shift is over for them.
const SHIFT: u32 = 20;
/// A run that comes this much later than planned means that the process was stopped meanwhile.
const LATE: Duration = Duration::from_secs(5);

/// The end of silent presences.
#[derive(Debug)]
pub struct Lapse {
    ctx: Ctx,
    ttl: Duration,
    /// Since when every run has succeeded, and when the last one did.
    healthy: Mutex<Option<(Instant, Instant)>>,
}

impl Lapse {
    pub(crate) fn new(ctx: Ctx, ttl: Duration) -> Self {
        Self { ctx, ttl, healthy: Mutex::default() }
    }

    /// Whether runs have succeeded without a gap for one time to live.
    fn trusts_silence(&self) -> bool {
        let now = self.ctx.clock.instant();
        let mut healthy = self.healthy.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match *healthy {
            Some((since, last)) if now.duration_since(last) < self.interval() + LATE => since,
            _ => now,
        };
        *healthy = Some((since, now));
        now.duration_since(since) >= self.ttl
    }

    async fn lapse(&self) -> Result<(), WorkerError> {
        let ttl = u32::try_from(self.ttl.as_secs()).unwrap_or(u32::MAX);
        for centre in self.ctx.store.centre_ids().await? {
            let lapsed = self.ctx.store.lapse_presences(centre, ttl, ttl.saturating_mul(SHIFT)).await?;
            for counsellor in lapsed {
                if let Some(presence) = self.ctx.store.presence(centre, counsellor).await? {
                    self.ctx.mirror.room_changed(centre, &Room::from(&presence)).await;
                }
                self.ctx.mirror.counsellor_changed(centre, counsellor);
                self.ctx.mirror.roster_changed(centre);
            }
            resume_lost(&self.ctx, centre, ttl).await?;
        }
        Ok(())
    }
}

impl Worker for Lapse {
    fn name(&self) -> &'static str {
        "lapse_presences"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        // Asked first: a database that does not answer must not count as healthy.
        self.ctx.store.now().await.inspect_err(|_| {
            *self.healthy.lock().unwrap_or_else(PoisonError::into_inner) = None;
        })?;
        if self.trusts_silence() {
            self.lapse().await?;
        }
        Ok(Progress::Done)
    }
}
