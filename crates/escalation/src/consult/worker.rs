//! Raises the alarm when nobody has given a second opinion in time.

use std::time::Duration;

use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};

/// Alarms in one run.
const MOST: i64 = 50;

/// The look for second opinions that nobody has given. Any number of processes may look: each alarms once.
#[derive(Debug)]
pub(crate) struct AlarmOpinions {
    ctx: Ctx,
}

impl AlarmOpinions {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for AlarmOpinions {
    fn name(&self) -> &'static str {
        "alarm_opinions"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            for opinion in self.ctx.store.overdue_opinions(centre, MOST).await? {
                if self.ctx.store.alarm_opinion(centre, opinion).await? {
                    more = true;
                    fail_point!("opinion.after_alarm");
                    tracing::warn!(%centre, %opinion, "nobody has given a second opinion in time");
                    self.ctx.mirror.escalation_changed(centre);
                }
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}
