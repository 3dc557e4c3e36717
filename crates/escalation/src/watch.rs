//! The desk: every open escalation that somebody may see, then every change. The stream compares what it has shown with what
//! is, so it misses nothing; what is taken from its reader is withdrawn. Woken, it looks at what has changed and concerns it,
//! and in its turn at everything. What it finds so it shows by and by: when all clocks run out at once after an outage, whoever
//! is reported then does not wait for ten thousand others.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::Stream;
use helpline_domain::caller::Caller;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::EscalationId;
use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{Heartbeat, Synced, WatchEscalationsResponse};
use helpline_service_kit::hub::{Subscription, Topic};
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::StoreError;
use helpline_store::escalation::desk::News;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tracing::Instrument as _;

use crate::board::{Board, Boards, Place};
use crate::wire;

/// Messages a slow client may leave unread before the stream waits for it.
const UNREAD: usize = 16;
/// Escalations read at once.
const PAGE: usize = 32;
/// How long until it looks whether its turn has come without having been woken: what expires by itself wakes nobody.
const POLL: Duration = Duration::from_secs(1);
/// How long a stream is silent at most, with time left for the way.
const SILENT: Duration = Duration::from_secs(13);
/// Rest after a look, in times of what it took, when one change follows another.
const REST: u32 = 2;

/// What a watcher gets.
pub(crate) type Watched = Pin<Box<dyn Stream<Item = Result<WatchEscalationsResponse, Status>> + Send>>;

/// Watches what the caller may see.
pub(crate) fn watch_escalations(ctx: &Ctx, boards: &Boards, caller: &Caller) -> Watched {
    let (events, stream) = mpsc::channel(UNREAD);
    // Begun before the first look, so that nothing falls between.
    let signals = ctx.mirror.hub().subscribe(Topic::Escalations(caller.centre_id));
    let watch = Watch {
        ctx: ctx.clone(),
        caller: *caller,
        board: boards.board(caller.centre_id),
        read: Place::default(),
        turn: ctx.clock.instant(),
        shown: HashMap::new(),
        backlog: VecDeque::new(),
        spoke: ctx.clock.instant(),
        events,
    };
    tokio::spawn(watch.run(signals).in_current_span());
    Box::pin(ReceiverStream::new(stream))
}

/// Why a watch ends.
enum End {
    /// The client went away.
    Gone,
    /// It is told why.
    Refused(Refusal),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

struct Watch {
    ctx: Ctx,
    caller: Caller,
    board: Arc<Board>,
    /// How far it has read the board.
    read: Place,
    /// When it looks at everything again.
    turn: Instant,
    /// What was shown: as of which revision, with which classes of fields.
    shown: HashMap<EscalationId, (i64, BTreeSet<FieldClass>)>,
    /// What the last look at everything has found, as far as it is not shown yet.
    backlog: VecDeque<EscalationId>,
    spoke: Instant,
    events: mpsc::Sender<Result<WatchEscalationsResponse, Status>>,
}

impl Watch {
    async fn run(mut self, signals: Subscription) {
        if let Err(End::Refused(refusal)) = self.follow(signals).await {
            let _ = self.events.send(Err(refusal.into())).await;
        }
    }

    async fn follow(&mut self, mut signals: Subscription) -> Result<(), End> {
        self.look().await?;
        let (mut woken, mut synced) = (false, false);
        loop {
            let began = self.ctx.clock.instant();
            let behind = woken && !self.catch_up(&mut signals).await?;
            if behind || self.backlog.is_empty() && began >= self.turn {
                self.look().await?;
            }
            let page: Vec<EscalationId> = self.backlog.drain(..self.backlog.len().min(PAGE)).collect();
            self.show(&page).await?;
            if !self.backlog.is_empty() {
                woken = signals.pending();
                continue;
            }
            if !synced {
                self.say(Event::Synced(Synced {})).await?;
                synced = true;
            }
            let now = self.ctx.clock.instant();
            if now.saturating_duration_since(self.spoke) >= SILENT {
                self.say(Event::Heartbeat(Heartbeat {})).await?;
            }
            self.ctx.clock.sleep(now.saturating_duration_since(began) * REST).await;
            woken = tokio::select! {
                () = self.events.closed() => return Err(End::Gone),
                _ = signals.next() => true,
                () = self.ctx.clock.sleep(POLL) => false,
            };
        }
    }

    /// Looks at everything.
    async fn look(&mut self) -> Result<(), End> {
        // Before it looks, so that nothing falls between.
        self.read = self.board.end(&self.ctx).await?;
        let place = self.board.place().await;
        let began = self.ctx.clock.instant();
        let open = self.ctx.store.open_escalations(&self.caller).await?;
        let now = self.ctx.clock.instant();
        drop(place);
        self.turn = self.board.turn(now, now.saturating_duration_since(began));
        let fresh = open.iter().filter(|one| {
            let known = self.shown.get(&one.escalation_id);
            known.is_none_or(|known| (known.0, &known.1) != (one.revision, &one.classes))
        });
        let fresh = fresh.map(|one| one.escalation_id);
        let there: BTreeSet<EscalationId> = open.iter().map(|one| one.escalation_id).collect();
        let gone = self.shown.keys().filter(|id| !there.contains(id)).copied();
        self.backlog = fresh.chain(gone).collect();
        Ok(())
    }

    /// Looks at what has changed until now and concerns its reader; whether the board still knew.
    async fn catch_up(&mut self, signals: &mut Subscription) -> Result<bool, End> {
        // In this order: what is signalled from here on wakes it again.
        signals.clear();
        let until = self.ctx.clock.instant();
        let (shown, caller) = (&self.shown, self.caller);
        let concerns = |news: &News| match shown.get(&news.escalation_id) {
            Some(known) => known.0 != news.revision,
            None => news.concerns(&caller),
        };
        let Some((mut ids, read)) = self.board.news(&self.ctx, self.read, until, concerns).await? else {
            return Ok(false);
        };
        self.read = read;
        let mut once = BTreeSet::new();
        ids.retain(|id| once.insert(*id));
        self.show(&ids).await?;
        Ok(true)
    }

    /// Shows these as they are now; those that may be seen no longer are withdrawn, if they were shown. What its reader was
    /// told has arrived then.
    async fn show(&mut self, ids: &[EscalationId]) -> Result<(), End> {
        let mut told = false;
        for ids in ids.chunks(PAGE) {
            let page = self.show_page(ids).await?;
            told |= !page.is_empty() && self.ctx.store.escalations_shown(&self.caller, &page).await?;
            fail_point!("shown.after_commit");
        }
        if told {
            self.ctx.mirror.escalation_changed(self.caller.centre_id);
        }
        Ok(())
    }

    /// The open ones among those that were shown, with their revisions.
    async fn show_page(&mut self, ids: &[EscalationId]) -> Result<Vec<(EscalationId, i64)>, End> {
        let place = self.board.place().await;
        let found = self.ctx.store.escalations_by_id(&self.caller, ids).await?;
        let now = self.ctx.store.now().await?;
        drop(place);
        let mut found: HashMap<EscalationId, _> =
            found.into_iter().map(|escalation| (escalation.escalation_id, escalation)).collect();
        let mut open = Vec::new();
        for id in ids {
            match found.remove(id) {
                Some(escalation) if escalation.ended_at.is_some() => {
                    // Who has never been shown it has missed nothing.
                    let was_shown = self.shown.remove(id).is_some();
                    if was_shown {
                        self.send(now, Event::Escalation(wire::escalation(&self.caller, &escalation)))
                            .await?;
                    }
                }
                // Meanwhile shown, for it was news.
                Some(escalation)
                    if self.shown.get(id).is_some_and(|known| {
                        (known.0, &known.1) == (escalation.revision, &escalation.classes)
                    }) => {}
                Some(escalation) => {
                    self.send(now, Event::Escalation(wire::escalation(&self.caller, &escalation))).await?;
                    open.push((*id, escalation.revision));
                    self.shown.insert(*id, (escalation.revision, escalation.classes));
                }
                None if self.shown.remove(id).is_some() => {
                    self.send(now, Event::WithdrawnEscalationId(id.to_string())).await?;
                }
                None => {}
            }
        }
        Ok(open)
    }

    async fn say(&mut self, event: Event) -> Result<(), End> {
        let now = self.ctx.store.now().await?;
        self.send(now, event).await
    }

    async fn send(&mut self, now: DateTime<Utc>, event: Event) -> Result<(), End> {
        let message = WatchEscalationsResponse { server_time: Some(timestamp(now)), event: Some(event) };
        self.events.send(Ok(message)).await.map_err(|_| End::Gone)?;
        self.spoke = self.ctx.clock.instant();
        Ok(())
    }
}
