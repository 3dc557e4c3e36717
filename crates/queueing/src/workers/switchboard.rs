//! Ends diversions that are due and lets go whom they held.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::switchboard::settle::settle;

/// The switchboard's clock.
#[derive(Debug)]
pub struct Switchboard {
    ctx: Ctx,
}

impl Switchboard {
    pub(crate) fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for Switchboard {
    fn name(&self) -> &'static str {
        "switchboard"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        for centre in self.ctx.store.centre_ids().await? {
            settle(&self.ctx, centre).await?;
        }
        Ok(Progress::Done)
    }
}
