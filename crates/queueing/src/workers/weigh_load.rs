//! Weighs what every line carries, so that the overload valve opens and closes. In every process, because each takes
//! contacts in and must not ask for it then.

use std::time::Duration;

use helpline_domain::id::CentreId;
use helpline_domain::policy::valve::{Load, expected_wait_s};
use helpline_service_kit::Ctx;
use helpline_service_kit::hub::Topic;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_store::load::LATELY_S;

use crate::workers::Pace;

/// Rest after a look, in times of what it took: it grows with the line.
const REST: u32 = 10;

/// The look at the load.
#[derive(Debug)]
pub struct WeighLoad {
    ctx: Ctx,
    pace: Pace,
}

impl WeighLoad {
    pub(crate) fn new(ctx: Ctx) -> Self {
        Self { ctx, pace: Pace::default() }
    }

    async fn weigh(&self, centre: CentreId) -> Result<(), WorkerError> {
        let settings = self.ctx.settings.current(centre).await?;
        let (waiting, answered) = self.ctx.store.load(centre).await?;
        let roster = self.ctx.roster.now(centre).await?;
        let mut load = Load { on_shift: roster.on_shift(), ..Load::default() };
        // Whom nobody on shift could take is a gap and no overload: they are told so, and others do not wait for them.
        for alike in waiting.iter().filter(|alike| roster.could_serve(&alike.requirement)) {
            let of_class = &mut load.waiting[alike.class as usize];
            *of_class = of_class.saturating_add(alike.waiting);
            load.overdue_s = load.overdue_s.max(alike.overdue_s);
        }
        load.expected_wait_s = expected_wait_s(load.waiting.iter().sum(), answered, LATELY_S);
        if let Some(level) = self.ctx.overload.note(centre, &load, answered, &settings.settings.valve) {
            tracing::info!(%centre, level = level.key(), "the overload valve moved");
            self.ctx.mirror.hub().wake(Topic::Floor(centre));
        }
        Ok(())
    }
}

impl Worker for WeighLoad {
    fn name(&self) -> &'static str {
        "weigh_load"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        self.pace.each_centre(&self.ctx, REST, |centre| self.weigh(centre)).await
    }
}
