//! Notes in one write per centre which counsellors' clients are connected to this process.

use std::collections::HashMap;
use std::time::Duration;

use helpline_domain::id::{CentreId, CounsellorId};
use helpline_service_kit::Ctx;
use helpline_service_kit::workers::{Progress, Worker, WorkerError};

use crate::sessions::Sessions;

/// The heart-beat of those who watch their offers.
#[derive(Debug)]
pub struct Touch {
    ctx: Ctx,
    sessions: Sessions,
    interval: Duration,
}

impl Touch {
    pub(crate) fn new(ctx: Ctx, sessions: Sessions, interval: Duration) -> Self {
        Self { ctx, sessions, interval }
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
        let mut connected: HashMap<CentreId, Vec<(CounsellorId, usize)>> = HashMap::new();
        for (centre, counsellor, streams) in self.ctx.mirror.hub().counsellors() {
            connected.entry(centre).or_default().push((counsellor, streams));
        }
        for (centre, streams) in connected {
            let counsellors: Vec<_> = streams.iter().map(|(counsellor, _)| *counsellor).collect();
            self.ctx.store.touch_presences(centre, &counsellors).await?;
            self.sessions.note(centre, &streams).await?;
        }
        Ok(Progress::Done)
    }
}
