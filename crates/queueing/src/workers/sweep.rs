//! Ends offers nobody answered, takes back those of counsellors who are no longer ready, and does the
//! same for who takes part in the contacts of others. What was put aside is taken up again.

use std::time::Duration;

use helpline_domain::id::CentreId;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};

use crate::{participation, returned, take_up};

/// The sweep over open offers.
#[derive(Debug)]
pub struct Sweep {
    ctx: Ctx,
    interval: Duration,
}

impl Sweep {
    pub(crate) fn new(ctx: Ctx, interval: Duration) -> Self {
        Self { ctx, interval }
    }

    async fn sweep(&self, centre: CentreId) -> Result<(), WorkerError> {
        let limit = self.ctx.settings.current(centre).await?.settings.missed_offer_limit;
        while let Some(expired) = self.ctx.store.expire_one_offer(centre, limit).await? {
            fail_point!("expire.after_commit");
            self.ctx.metrics.contacts().offer_ended("expired");
            returned::tell(&self.ctx, centre, &expired).await?;
        }
        returned::withdraw(&self.ctx, centre, None).await?;
        participation::due::settle(&self.ctx, centre, limit).await?;
        take_up::take_up(&self.ctx, centre).await?;
        Ok(())
    }
}

impl Worker for Sweep {
    fn name(&self) -> &'static str {
        "sweep_offers"
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        for centre in self.ctx.store.centre_ids().await? {
            self.sweep(centre).await?;
        }
        Ok(Progress::Done)
    }
}
