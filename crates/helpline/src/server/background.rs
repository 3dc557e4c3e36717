//! What runs beside the services, whichever they are.

use std::sync::Arc;
use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::hub::Topic;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::wake;
use helpline_service_kit::workers::{self, Progress, Worker, WorkerError};
use tokio::sync::Notify;

use super::services::Health;

/// How often the tokens of open streams are looked at when nothing is heard of a revocation: expiry ends them so.
const RECHECK: Duration = Duration::from_secs(15);
/// How often health is told whether Redis is there.
const VIEW_HEALTH: Duration = Duration::from_secs(1);

/// Starts it all.
pub(super) fn spawn(ctx: &Ctx, authenticator: &Authenticator, health: &Health, lifecycle: &Lifecycle) {
    spawn_view_health(ctx, health, lifecycle);
    spawn_recheck(ctx, authenticator, lifecycle);
    wake::spawn(ctx, lifecycle);
}

/// Looks at the tokens of open streams from time to time, and at once when one was revoked somewhere.
fn spawn_recheck(ctx: &Ctx, authenticator: &Authenticator, lifecycle: &Lifecycle) {
    let wake = Arc::new(Notify::new());
    let (revoked, heard, known) =
        (ctx.mirror.hub().subscribe(Topic::Tokens), Arc::clone(&wake), authenticator.clone());
    let stop = lifecycle.soft();
    lifecycle.spawn(async move {
        let mut revoked = revoked;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = revoked.next() => {
                    known.forget();
                    heard.notify_one();
                }
            }
        }
    });
    let worker = RecheckStreams { authenticator: authenticator.clone() };
    let (clock, metrics, stop) = (ctx.clock.clone(), ctx.metrics.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        workers::run(worker, clock.as_ref(), &metrics, &wake, &stop).await;
    });
}

/// Keeps saying in health whether the line has its view in Redis.
fn spawn_view_health(ctx: &Ctx, health: &Health, lifecycle: &Lifecycle) {
    let (ctx, health, stop) = (ctx.clone(), health.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        while !stop.is_cancelled() {
            health.view(ctx.mirror.live().is_away()).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = ctx.clock.sleep(VIEW_HEALTH) => {}
            }
        }
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
