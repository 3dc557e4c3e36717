//! What happens by itself. Any number of processes may run it: each rung is climbed once.

use std::time::Duration;

use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rungs climbed in one run of a centre.
const MOST: usize = 100;

/// Tells upward that tasks are late.
#[derive(Debug)]
pub(crate) struct ClimbTasks {
    ctx: Ctx,
}

impl ClimbTasks {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

impl Worker for ClimbTasks {
    fn name(&self) -> &'static str {
        "climb_tasks"
    }

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut more = false;
        for centre in self.ctx.store.centre_ids().await? {
            let settings = self.ctx.settings.current(centre).await?;
            for _ in 0..MOST {
                if !self.ctx.store.climb_task(centre, &settings.settings.cases).await? {
                    break;
                }
                fail_point!("task.after_climb");
                more = true;
            }
        }
        Ok(if more { Progress::More } else { Progress::Done })
    }
}
