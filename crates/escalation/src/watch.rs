//! The desk: every open escalation that somebody may see, then every change. The stream compares what it has shown with what
//! is, so it misses nothing; what is taken from its reader is withdrawn.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::Stream;
use helpline_domain::caller::Caller;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::EscalationId;
use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{Heartbeat, Synced, WatchEscalationsResponse};
use helpline_service_kit::hub::{Subscription, Topic};
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::StoreError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tracing::Instrument as _;

use crate::wire;

/// Messages a slow client may leave unread before the stream waits for it.
const UNREAD: usize = 16;
/// Escalations read at once.
const PAGE: usize = 32;
/// How long until it looks without having been woken: what expires by itself wakes nobody.
const POLL: Duration = Duration::from_secs(1);
/// How long a stream is silent at most, with time left for the way.
const SILENT: Duration = Duration::from_secs(13);
/// Rest after a look, in times of what it took, when one change follows another.
const REST: u32 = 2;

/// What a watcher gets.
pub(crate) type Watched = Pin<Box<dyn Stream<Item = Result<WatchEscalationsResponse, Status>> + Send>>;

/// Watches what the caller may see.
pub(crate) fn watch_escalations(ctx: &Ctx, caller: &Caller) -> Watched {
    let (events, stream) = mpsc::channel(UNREAD);
    // Begun before the first look, so that nothing falls between.
    let signals = ctx.mirror.hub().subscribe(Topic::Escalations(caller.centre_id));
    let watch = Watch {
        ctx: ctx.clone(),
        caller: *caller,
        shown: HashMap::new(),
        synced: false,
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
    /// What was shown: as of which revision, with which classes of fields.
    shown: HashMap<EscalationId, (i64, BTreeSet<FieldClass>)>,
    synced: bool,
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
        loop {
            signals.clear();
            let began = self.ctx.clock.instant();
            self.look().await?;
            let took = self.ctx.clock.instant().saturating_duration_since(began);
            self.ctx.clock.sleep(took * REST).await;
            tokio::select! {
                () = self.events.closed() => return Err(End::Gone),
                _ = signals.next() => {}
                () = self.ctx.clock.sleep(POLL) => {}
            }
        }
    }

    async fn look(&mut self) -> Result<(), End> {
        let open = self.ctx.store.open_escalations(&self.caller).await?;
        let fresh: Vec<EscalationId> = open
            .iter()
            .filter(|one| {
                let known = self.shown.get(&one.escalation_id);
                known.is_none_or(|known| (known.0, &known.1) != (one.revision, &one.classes))
            })
            .map(|one| one.escalation_id)
            .collect();
        let there: BTreeSet<EscalationId> = open.iter().map(|one| one.escalation_id).collect();
        let gone: Vec<EscalationId> = self.shown.keys().filter(|id| !there.contains(id)).copied().collect();
        for ids in fresh.chunks(PAGE) {
            self.show(ids).await?;
        }
        for ids in gone.chunks(PAGE) {
            self.show(ids).await?;
        }
        // Only what was sent has arrived.
        let mut told = false;
        for one in open.iter().filter(|one| one.to_tell) {
            told |= self.ctx.store.escalation_shown(&self.caller, one.escalation_id).await?;
        }
        if told {
            self.ctx.mirror.escalation_changed(self.caller.centre_id);
        }
        let silent = self.ctx.clock.instant().saturating_duration_since(self.spoke) >= SILENT;
        if !self.synced {
            self.synced = true;
            self.say(Event::Synced(Synced {})).await?;
        } else if silent {
            self.say(Event::Heartbeat(Heartbeat {})).await?;
        }
        Ok(())
    }

    /// Shows these as they are now; those that may be seen no longer are withdrawn, if they were shown.
    async fn show(&mut self, ids: &[EscalationId]) -> Result<(), End> {
        let mut found: HashMap<EscalationId, _> = self
            .ctx
            .store
            .escalations_by_id(&self.caller, ids)
            .await?
            .into_iter()
            .map(|escalation| (escalation.escalation_id, escalation))
            .collect();
        for id in ids {
            match found.remove(id) {
                Some(escalation) => {
                    self.say(Event::Escalation(wire::escalation(&self.caller, &escalation))).await?;
                    if escalation.ended_at.is_some() {
                        self.shown.remove(id);
                    } else {
                        self.shown.insert(*id, (escalation.revision, escalation.classes));
                    }
                }
                None if self.shown.remove(id).is_some() => {
                    self.say(Event::WithdrawnEscalationId(id.to_string())).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    async fn say(&mut self, event: Event) -> Result<(), End> {
        let server_time = Some(timestamp(self.ctx.store.now().await?));
        let message = WatchEscalationsResponse { server_time, event: Some(event) };
        self.events.send(Ok(message)).await.map_err(|_| End::Gone)?;
        self.spoke = self.ctx.clock.instant();
        Ok(())
    }
}
