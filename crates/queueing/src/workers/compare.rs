//! Compares everything that must agree, at start and every 30 s, and counts what it had to repair.

use std::sync::Arc;
use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::matching::compare;
use crate::measures::Measures;

/// The reconciler.
#[derive(Debug)]
pub struct Compare {
    ctx: Ctx,
    measures: Arc<Measures>,
}

impl Compare {
    pub(crate) fn new(ctx: Ctx, measures: Arc<Measures>) -> Self {
        Self { ctx, measures }
    }
}

impl Worker for Compare {
    fn name(&self) -> &'static str {
        "compare"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        for centre in self.ctx.store.centre_ids().await? {
            let found = compare(&self.ctx, centre).await?;
            if !found.is_none() {
                tracing::warn!(%centre, ?found, "differences were repaired");
            }
            self.measures.repaired(&found);
        }
        Ok(Progress::Done)
    }
}
