//! Notes in one write per centre which counsellors' clients are connected to this process.

use std::collections::HashMap;
use std::time::Duration;

use helpline_domain::id::{CentreId, CounsellorId};
use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

/// The heart-beat of those who watch their offers.
#[derive(Debug)]
pub struct Touch {
    ctx: Ctx,
    interval: Duration,
}

impl Touch {
    pub(crate) fn new(ctx: Ctx, interval: Duration) -> Self {
        Self { ctx, interval }
    }
}

impl Worker for Touch {
    fn name(&self) -> &'static str {
        "touch_presences"
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        let mut connected: HashMap<CentreId, Vec<CounsellorId>> = HashMap::new();
        for (centre, counsellor) in self.ctx.mirror.hub().counsellors() {
            connected.entry(centre).or_default().push(counsellor);
        }
        for (centre, counsellors) in connected {
            self.ctx.store.touch_presences(centre, &counsellors).await?;
        }
        Ok(Progress::Done)
    }
}
