//! Takes the steps in which queues ask for less.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::relax_requirement::relax_due;

/// The look at who is due.
#[derive(Debug)]
pub struct Relax {
    ctx: Ctx,
}

impl Relax {
    pub(crate) fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for Relax {
    fn name(&self) -> &'static str {
        "relax_requirements"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        for centre in self.ctx.store.centre_ids().await? {
            relax_due(&self.ctx, centre).await?;
        }
        Ok(Progress::Done)
    }
}
