//! Takes every step whose time has come, the gravest first; before that, takes back what a mission may not have any more.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::climb::Ladder;

/// The climber.
#[derive(Debug)]
pub(crate) struct Climb {
    ctx: Ctx,
    ladder: Ladder,
    interval: Duration,
}

impl Climb {
    pub(crate) const fn new(ctx: Ctx, ladder: Ladder, interval: Duration) -> Self {
        Self { ctx, ladder, interval }
    }
}

impl Worker for Climb {
    fn name(&self) -> &'static str {
        "climb"
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut taken = 0;
        for centre in self.ctx.store.centre_ids().await? {
            taken += self.ladder.take_back(&self.ctx, centre).await;
            taken += self.ladder.climb(&self.ctx, centre, None).await?;
        }
        Ok(if taken > 0 { Progress::More } else { Progress::Done })
    }
}
