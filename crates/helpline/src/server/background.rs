//! What runs beside the services, whichever they are.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::wake;
use helpline_service_kit::workers::{self, Progress, Worker, WorkerError};
use tokio::sync::Notify;

/// How often the tokens of open streams are looked at: a revoked one ends within a second.
const RECHECK: Duration = Duration::from_millis(500);

/// Starts it all.
pub(super) fn spawn(ctx: &Ctx, authenticator: &Authenticator, lifecycle: &Lifecycle) {
    spawn_worker(ctx, lifecycle, RecheckStreams { authenticator: authenticator.clone() });
    wake::spawn(ctx, lifecycle);
}

/// Runs a worker until the soft stop; nothing but its interval wakes it.
fn spawn_worker(ctx: &Ctx, lifecycle: &Lifecycle, worker: impl Worker) {
    let (clock, metrics, stop) = (ctx.clock.clone(), ctx.metrics.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        workers::run(worker, clock.as_ref(), &metrics, &Notify::new(), &stop).await;
    });
}

/// Ends the streams of tokens that are no longer good.
struct RecheckStreams {
    authenticator: Authenticator,
}

impl Worker for RecheckStreams {
    fn name(&self) -> &'static str {
        "recheck_streams"
    }

    fn interval(&self) -> Duration {
        RECHECK
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        self.authenticator.recheck_streams().await?;
        Ok(Progress::Done)
    }
}
