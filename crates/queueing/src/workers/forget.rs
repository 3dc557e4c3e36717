//! Forgets which commands were carried out more than 24 hours ago, and sessions of servers long gone.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

/// Rows deleted at a time, so that no transaction is long.
const MOST: i64 = 5000;

/// The end of the memory of requests.
#[derive(Debug)]
pub struct Forget {
    ctx: Ctx,
}

impl Forget {
    pub(crate) fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for Forget {
    fn name(&self) -> &'static str {
        "forget_requests"
    }

    fn interval(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut forgotten = 0;
        for centre in self.ctx.store.centre_ids().await? {
            forgotten += self.ctx.store.forget_requests(centre, MOST).await?;
            self.ctx.store.forget_sessions(centre).await?;
        }
        Ok(if forgotten > 0 { Progress::More } else { Progress::Done })
    }
}
