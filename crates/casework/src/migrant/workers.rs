//! What time does for children on the move. Any number of processes may run it: each step is one statement that skips what another is at.

use std::time::Duration;

use helpline_domain::id::CentreId;
use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};
use helpline_store::casework::migrant::detention::DueBy;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Steps of a kind in one run of a centre.
const MOST: usize = 100;

/// Takes note of what became of referrals that hand cases on, tells that children are held, and looks after their stays.
#[derive(Debug)]
pub(crate) struct WatchMigrants {
    ctx: Ctx,
}

impl WatchMigrants {
    pub(crate) const fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }

    async fn watch(&self, centre: CentreId) -> Result<bool, WorkerError> {
        let settings = self.ctx.settings.current(centre).await?;
        let (rules, cases) = (&settings.settings.migrant_children, &settings.settings.cases);
        let by = DueBy { rules, cases, version: settings.version };
        let store = &self.ctx.store;
        let ids = || [self.ctx.ids.v7(), self.ctx.ids.v7()];
        let mut more = store.begin_stay_limits(centre, by).await? > 0;
        for _ in 0..MOST {
            let noted = store.note_redirect(centre, ids(), (rules, cases, settings.version)).await?;
            let told = store.watch_detention(centre, ids(), by).await?;
            let looked = store.look_for_guardian(centre, self.ctx.ids.v7(), by).await?;
            if !(noted || told || looked) {
                break;
            }
            more = true;
        }
        Ok(more)
    }
}

impl Worker for WatchMigrants {
    fn name(&self) -> &'static str {
        "watch_migrants"
    }

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let (mut more, mut failed) = (false, None);
        for centre in self.ctx.store.centre_ids().await? {
            // What fails in one centre keeps no other waiting.
            match self.watch(centre).await {
                Ok(made) => more |= made,
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
