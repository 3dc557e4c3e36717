//! Which clients of counsellors are connected: every open `WatchOffers` stream is a session.
//!
//! Two tabs and a phone are three sessions of one counsellor; presence lapses when the last of them is silent. How many
//! there are is noted when one opens or ends, and with every heart-beat, which puts right whatever was noted out of order.

use std::time::Duration;

use helpline_domain::id::{CentreId, CounsellorId};
use helpline_service_kit::Ctx;
use helpline_store::StoreError;
use uuid::Uuid;

/// The sessions at this process.
#[derive(Clone, Debug)]
pub struct Sessions {
    ctx: Ctx,
    /// This process, since its start.
    server: Uuid,
    /// How long a note is good without another.
    ttl: Duration,
}

impl Sessions {
    /// Sessions at a process that has just started.
    pub fn new(ctx: Ctx, ttl: Duration) -> Self {
        let server = ctx.ids.v7();
        Self { ctx, server, ttl }
    }

    /// Notes how many streams these counsellors have open here.
    pub(crate) async fn note(
        &self,
        centre: CentreId,
        streams: &[(CounsellorId, usize)],
    ) -> Result<(), StoreError> {
        let small = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let streams: Vec<_> =
            streams.iter().map(|(counsellor, count)| (*counsellor, small(*count))).collect();
        self.ctx.store.note_sessions(centre, self.server, &streams, self.ttl.as_secs_f64()).await
    }

    /// Notes that a stream of a counsellor opened or ended. What fails is put right by the next heart-beat.
    pub(crate) async fn changed(&self, centre: CentreId, counsellor: CounsellorId) {
        let open = self.ctx.mirror.hub().streams_of(centre, counsellor);
        if let Err(error) = self.note(centre, &[(counsellor, open)]).await {
            tracing::debug!(%error, "a session was not noted");
        }
    }
}
