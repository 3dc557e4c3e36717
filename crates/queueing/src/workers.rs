//! What happens by itself. Each worker is one file with a `run_once` that tests call; any number of replicas may run
//! them, because the store lets each row be taken once.

mod closing;
mod compare;
mod forget;
mod lapse;
mod look;
mod overflow;
mod raise_alerts;
mod relax;
mod sweep;
mod switchboard;
mod touch;
mod weigh_load;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use helpline_domain::id::CentreId;
use helpline_service_kit::Ctx;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::{Progress, Worker, WorkerError, run};
use tokio::sync::Notify;

pub use closing::Closing;
pub use compare::Compare;
pub use forget::Forget;
pub use lapse::Lapse;
pub use look::Look;
pub use overflow::Overflows;
pub use raise_alerts::RaiseAlerts;
pub use relax::Relax;
pub use sweep::Sweep;
pub use switchboard::Switchboard;
pub use touch::Touch;
pub use weigh_load::WeighLoad;

use crate::measures::{AlertMeasures, FloorMeasures, Measures};
use crate::sessions::Sessions;

/// How often and how long, from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Between two sweeps of offers.
    pub sweep: Duration,
    /// How long a counsellor's client may be silent.
    pub presence_ttl: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { sweep: Duration::from_millis(250), presence_ttl: Duration::from_secs(15) }
    }
}

pub(crate) fn spawn(
    ctx: &Ctx,
    sessions: &Sessions,
    (measures, floor, alerts): (&Arc<Measures>, &FloorMeasures, &AlertMeasures),
    lifecycle: &Lifecycle,
    timing: &Timing,
) {
    start(ctx, lifecycle, Look::new(ctx.clone(), floor.clone()));
    start(ctx, lifecycle, RaiseAlerts::new(ctx.clone(), alerts.clone()));
    start(ctx, lifecycle, WeighLoad::new(ctx.clone()));
    start(ctx, lifecycle, Switchboard::new(ctx.clone()));
    start(ctx, lifecycle, Closing::new(ctx.clone(), floor.clone()));
    start(ctx, lifecycle, Overflows::new(ctx.clone()));
    start(ctx, lifecycle, Sweep::new(ctx.clone(), timing.sweep));
    start(ctx, lifecycle, Touch::new(ctx.clone(), sessions.clone(), timing.presence_ttl / 3));
    start(ctx, lifecycle, Lapse::new(ctx.clone(), timing.presence_ttl));
    start(ctx, lifecycle, Relax::new(ctx.clone()));
    start(ctx, lifecycle, Compare::new(ctx.clone(), Arc::clone(measures)));
    start(ctx, lifecycle, Forget::new(ctx.clone()));
}

/// Keeps work that grows with the line a small part of the whole: after a run that took long it rests much longer.
#[derive(Debug, Default)]
struct Pace(Mutex<Option<Instant>>);

impl Pace {
    fn rests(&self, now: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    /// Rests `times` as long as the run took.
    fn ran(&self, began: Instant, now: Instant, times: u32) {
        let until = now + now.duration_since(began) * times;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// Does something in every centre, unless it rests from the last time.
    async fn each_centre<F>(
        &self,
        ctx: &Ctx,
        rest: u32,
        work: impl Fn(CentreId) -> F + Send,
    ) -> Result<Progress, WorkerError>
    where
        F: Future<Output = Result<(), WorkerError>> + Send,
    {
        let began = ctx.clock.instant();
        if self.rests(began) {
            return Ok(Progress::Done);
        }
        for centre in ctx.store.centre_ids().await? {
            work(centre).await?;
        }
        self.ran(began, ctx.clock.instant(), rest);
        Ok(Progress::Done)
    }
}

pub(crate) fn start(ctx: &Ctx, lifecycle: &Lifecycle, worker: impl Worker) {
    let (ctx, soft) = (ctx.clone(), lifecycle.soft());
    lifecycle.spawn(async move {
        run(worker, &*ctx.clock, &ctx.metrics, &Notify::new(), &soft).await;
    });
}
