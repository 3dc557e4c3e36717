//! Takes every step of overflows that is to be taken, in whichever centre.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::overflow::carry::{Between, carry};

/// Overflows looked at in a run, of each centre.
const MOST: i64 = 1000;

/// The errand between centres.
#[derive(Debug)]
pub struct Overflows {
    ctx: Ctx,
}

impl Overflows {
    pub(crate) fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for Overflows {
    fn name(&self) -> &'static str {
        "overflows"
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(500)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        for centre in self.ctx.store.centre_ids().await? {
            for (id, out, partner) in self.ctx.store.open_overflows(centre, MOST).await? {
                let between = if out {
                    Between { origin: centre, receiver: partner, id }
                } else {
                    Between { origin: partner, receiver: centre, id }
                };
                // One that cannot be carried must not keep the others from it.
                if let Err(error) = carry(&self.ctx, between).await {
                    tracing::warn!(%error, overflow = %id, "a step between two centres failed");
                }
            }
        }
        Ok(Progress::Done)
    }
}
