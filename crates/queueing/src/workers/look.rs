//! Looks at every floor so that its gauges are true also when nobody watches.

use std::time::Duration;

use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::floor;
use crate::measures::FloorMeasures;
use crate::workers::Pace;

/// Rest after a look, in times of what it took.
const REST: u32 = 50;

/// The look at the floors.
#[derive(Debug)]
pub struct Look {
    ctx: Ctx,
    measures: FloorMeasures,
    pace: Pace,
}

impl Look {
    pub(crate) fn new(ctx: Ctx, measures: FloorMeasures) -> Self {
        Self { ctx, measures, pace: Pace::default() }
    }
}

impl Worker for Look {
    fn name(&self) -> &'static str {
        "look_at_floors"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let began = self.ctx.clock.instant();
        if self.pace.rests(began) {
            return Ok(Progress::Done);
        }
        for centre in self.ctx.store.centre_ids().await? {
            let (_, figures) = floor::read(&self.ctx, centre).await?;
            self.measures.set(centre, &figures);
        }
        self.pace.ran(began, self.ctx.clock.instant(), REST);
        Ok(Progress::Done)
    }
}
