//! The floor as a stream for supervisors: computed once per centre and process, whoever watches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use helpline_domain::id::CentreId;
use helpline_proto::queueing::v1::{QueueStatus, WatchQueueStatusResponse};
use helpline_service_kit::Ctx;
use helpline_service_kit::hub::Topic;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic::Status;

use crate::floor;

/// At most this often the floor is computed.
const SHORTEST: Duration = Duration::from_secs(1);
/// At least this often it is sent.
const LONGEST: Duration = Duration::from_secs(15);

type Latest = watch::Receiver<Option<Arc<QueueStatus>>>;

/// The boards of the centres that are being watched.
#[derive(Clone, Debug)]
pub struct StatusBoard {
    ctx: Ctx,
    boards: Arc<Mutex<HashMap<CentreId, Latest>>>,
}

impl StatusBoard {
    /// Boards over the means of the process.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx, boards: Arc::default() }
    }

    /// Watches a centre's floor.
    pub fn watch(
        &self,
        centre: CentreId,
    ) -> impl Stream<Item = Result<WatchQueueStatusResponse, Status>> + Send + use<> {
        let latest = self.latest(centre);
        WatchStream::new(latest).filter_map(|status| {
            let response =
                status.map(|status| Ok(WatchQueueStatusResponse { status: Some((*status).clone()) }));
            std::future::ready(response)
        })
    }

    fn latest(&self, centre: CentreId) -> Latest {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        // A board whose writer has gone is made anew.
        if let Some(latest) = boards.get(&centre)
            && latest.has_changed().is_ok()
        {
            return latest.clone();
        }
        let (sender, latest) = watch::channel(None);
        boards.insert(centre, latest.clone());
        tokio::spawn(self.clone().write(centre, sender));
        latest
    }

    /// Takes a board away that nobody but the board itself reads. Under the lock, or somebody could take it in the same
    /// instant and watch a stream that ends.
    fn gives_up(&self, centre: CentreId, board: &watch::Sender<Option<Arc<QueueStatus>>>) -> bool {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        let unread = board.receiver_count() <= 1;
        if unread {
            boards.remove(&centre);
        }
        unread
    }

    /// Writes a centre's board until nobody but the board itself reads it.
    async fn write(self, centre: CentreId, board: watch::Sender<Option<Arc<QueueStatus>>>) {
        let mut changes = self.ctx.mirror.hub().subscribe(Topic::Floor(centre));
        loop {
            changes.clear();
            let began = self.ctx.clock.instant();
            match floor::read(&self.ctx, centre).await {
                Ok((status, _)) => {
                    board.send_replace(Some(Arc::new(status)));
                }
                Err(refusal) => tracing::warn!(error = %refusal, "the floor could not be read"),
            }
            // Looking must stay a small part of the work, however long the line.
            let took = self.ctx.clock.instant().duration_since(began);
            self.ctx.clock.sleep(SHORTEST.max(took * 10)).await;
            if self.gives_up(centre, &board) {
                return;
            }
            tokio::select! {
                _ = changes.next() => {}
                () = self.ctx.clock.sleep(LONGEST.saturating_sub(SHORTEST)) => {}
            }
        }
    }
}
