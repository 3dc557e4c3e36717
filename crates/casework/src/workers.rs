//! What happens by itself. Any number of processes may run it: each rung is climbed once.

use std::time::Duration;

use helpline_domain::id::CentreId;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_service_kit::{Ctx, fail_point};

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rungs climbed in one run of a centre.
const MOST: usize = 100;

/// Tells upward that tasks are late, and gives back what an agency cannot do any more.
#[derive(Debug)]
pub(crate) struct ClimbTasks {
    ctx: Ctx,
}

impl ClimbTasks {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    async fn climb(&self, centre: CentreId) -> Result<bool, WorkerError> {
        let settings = self.ctx.settings.current(centre).await?;
        let (rules, store) = (&settings.settings.cases, &self.ctx.store);
        let mut more = store.reset_ladders(centre, (rules, settings.version)).await? > 0;
        for _ in 0..MOST {
            if !store.return_task(centre).await? {
                break;
            }
            more = true;
        }
        for _ in 0..MOST {
            if !store.climb_task(centre, (rules, settings.version)).await? {
                break;
            }
            fail_point!("task.after_climb");
            more = true;
        }
        Ok(more)
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
        let (mut more, mut failed) = (false, None);
        for centre in self.ctx.store.centre_ids().await? {
            // What fails in one centre keeps no other waiting.
            match self.climb(centre).await {
                Ok(climbed) => more |= climbed,
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) => Err(error),
            None if more => Ok(Progress::More),
            None => Ok(Progress::Done),
        }
    }
}
