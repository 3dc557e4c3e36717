//! The floor as a stream for supervisors: computed once per centre and process, whoever watches and however many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt as _};
use helpline_domain::caller::Caller;
use helpline_domain::id::CentreId;
use helpline_proto::queueing::v1::{CounsellorOnFloor, QueueStatus, WatchQueueStatusResponse};
use helpline_service_kit::hub::Topic;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::alert::AlertRow;
use helpline_store::check::Floor;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic::Status;

use crate::floor;
use crate::floor::day::Day;

/// At most this often the floor is computed.
const SHORTEST: Duration = Duration::from_secs(1);
/// At least this often it is sent.
const LONGEST: Duration = Duration::from_secs(15);
/// How often the figures of the day are read anew, beside whenever a quarter of an hour is over.
const DAY: Duration = Duration::from_mins(1);
/// How long an alert that closed is still told of.
const CLOSED_S: u32 = 300;

/// The floor at one moment: what every stream of the process shows a part of.
#[derive(Debug)]
pub(crate) struct FloorNow {
    pub(crate) status: QueueStatus,
    pub(crate) floor: Floor,
    pub(crate) people: Vec<CounsellorOnFloor>,
    pub(crate) alerts: Vec<AlertRow>,
    pub(crate) day: Arc<Day>,
}

type Latest = watch::Receiver<Option<Arc<FloorNow>>>;

/// The boards of the centres that are being watched.
#[derive(Clone, Debug)]
pub struct StatusBoard {
    ctx: Ctx,
    boards: Arc<Mutex<HashMap<CentreId, Latest>>>,
}

/// Error: INVALID_FIELD for a queue that the centre does not have; empty is all of them.
pub(crate) async fn known_queue(ctx: &Ctx, centre: CentreId, queue: &str) -> Result<(), Refusal> {
    let settings = ctx.settings.current(centre).await?;
    match settings.settings.queue(queue) {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid_field("queue", "a queue of the centre's settings, or empty")),
    }
}

impl StatusBoard {
    /// Boards over the means of the process.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx, boards: Arc::default() }
    }

    /// Watches a centre's lines, or one queue of them. Error: INVALID_FIELD for a queue that is not there.
    pub async fn watch(
        &self,
        caller: &Caller,
        queue: String,
    ) -> Result<impl Stream<Item = Result<WatchQueueStatusResponse, Status>> + Send + use<>, Refusal> {
        known_queue(&self.ctx, caller.centre_id, &queue).await?;
        Ok(self.latest(caller.centre_id).filter_map(move |now| {
            let status = now.map(|now| of_queue(&now, &queue));
            std::future::ready(status.map(|status| Ok(WatchQueueStatusResponse { status: Some(status) })))
        }))
    }

    /// What the board shows, now and whenever it is written.
    pub(crate) fn latest(&self, centre: CentreId) -> WatchStream<Option<Arc<FloorNow>>> {
        WatchStream::new(self.board(centre))
    }

    fn board(&self, centre: CentreId) -> Latest {
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
    fn gives_up(&self, centre: CentreId, board: &watch::Sender<Option<Arc<FloorNow>>>) -> bool {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        let unread = board.receiver_count() <= 1;
        if unread {
            boards.remove(&centre);
        }
        unread
    }

    /// Writes a centre's board until nobody but the board itself reads it.
    async fn write(self, centre: CentreId, board: watch::Sender<Option<Arc<FloorNow>>>) {
        let mut changes = self.ctx.mirror.hub().subscribe(Topic::Floor(centre));
        let mut day = None;
        loop {
            changes.clear();
            let began = self.ctx.clock.instant();
            match self.compute(centre, &mut day).await {
                Ok(now) => {
                    board.send_replace(Some(Arc::new(now)));
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

    async fn compute(
        &self,
        centre: CentreId,
        day: &mut Option<(Instant, Arc<Day>)>,
    ) -> Result<FloorNow, Refusal> {
        let (status, floor) = floor::read(&self.ctx, centre).await?;
        let people = floor::people::read(&self.ctx, centre).await?;
        let alerts = self.ctx.store.alerts_now(centre, CLOSED_S).await?;
        let now = self.ctx.clock.instant();
        let day = match day {
            Some((read, known)) if now.duration_since(*read) < DAY && !known.is_over(floor.now) => {
                Arc::clone(known)
            }
            _ => {
                let read = Arc::new(Day::read(&self.ctx, centre, floor.now).await?);
                *day = Some((now, Arc::clone(&read)));
                read
            }
        };
        Ok(FloorNow { status, floor, people, alerts, day })
    }
}

/// The status of one queue, or of all of them when it is empty. Counsellors serve every queue.
fn of_queue(now: &FloorNow, queue: &str) -> QueueStatus {
    let mut status = now.status.clone();
    if queue.is_empty() {
        return status;
    }
    status.lines.retain(|line| line.queue == queue);
    let period = now.floor.periods.get(queue).copied().unwrap_or_default();
    status.received = period.received;
    status.answered = period.answered;
    status.abandoned = period.abandoned;
    status.short_abandoned = period.short_abandoned;
    status.blocked = period.blocked;
    status.answered_in_target = period.answered_in_target;
    status.unserved = now.floor.unserved.get(queue).copied().unwrap_or_default();
    status
}
