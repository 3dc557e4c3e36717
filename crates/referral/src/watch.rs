//! The desk: every open referral that somebody may see, then every change. The stream compares what it has shown with what is, so
//! it misses nothing; what is taken from its reader is withdrawn.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::Stream;
use helpline_domain::caller::Caller;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::ReferralId;
use helpline_proto::referral::v1::watch_referrals_response::Event;
use helpline_proto::referral::v1::{ReferralsHeartbeat, ReferralsSynced, WatchReferralsResponse};
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
/// Referrals read at once.
const PAGE: usize = 32;
/// How long until it looks without having been woken: consent that ends by itself wakes nobody.
const POLL: Duration = Duration::from_secs(1);
/// How long a stream is silent at most, with time left for the way.
const SILENT: Duration = Duration::from_secs(13);
/// Rest after a look, in times of what it took, when one change follows another.
const REST: u32 = 2;

/// What a watcher gets.
pub(crate) type Watched = Pin<Box<dyn Stream<Item = Result<WatchReferralsResponse, Status>> + Send>>;

/// Watches what the caller may see.
pub(crate) fn watch_referrals(ctx: &Ctx, caller: &Caller) -> Watched {
    let (events, stream) = mpsc::channel(UNREAD);
    // Begun before the first look, so that nothing falls between.
    let signals = ctx.mirror.hub().subscribe(Topic::Referrals(caller.centre_id));
    let spoke = ctx.clock.instant();
    let (ctx, caller, shown) = (ctx.clone(), *caller, HashMap::new());
    let watch = Watch { ctx, caller, shown, synced: false, spoke, events };
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
    shown: HashMap<ReferralId, (i64, BTreeSet<FieldClass>)>,
    synced: bool,
    spoke: Instant,
    events: mpsc::Sender<Result<WatchReferralsResponse, Status>>,
}

impl Watch {
    async fn run(mut self, mut signals: Subscription) {
        let end = loop {
            signals.clear();
            let began = self.ctx.clock.instant();
            if let Err(end) = self.look().await {
                break end;
            }
            let took = self.ctx.clock.instant().saturating_duration_since(began);
            self.ctx.clock.sleep(took * REST).await;
            tokio::select! {
                () = self.events.closed() => break End::Gone,
                _ = signals.next() => {}
                () = self.ctx.clock.sleep(POLL) => {}
            }
        };
        if let End::Refused(refusal) = end {
            let _ = self.events.send(Err(refusal.into())).await;
        }
    }

    async fn look(&mut self) -> Result<(), End> {
        let open = self.ctx.store.open_referrals(&self.caller).await?;
        let changed = open.iter().filter(|(id, revision, classes)| {
            self.shown.get(id).is_none_or(|known| (known.0, &known.1) != (*revision, classes))
        });
        let mut ids: Vec<ReferralId> = changed.map(|(id, ..)| *id).collect();
        let now: HashMap<ReferralId, (i64, BTreeSet<FieldClass>)> =
            open.into_iter().map(|(id, revision, classes)| (id, (revision, classes))).collect();
        ids.extend(self.shown.keys().filter(|id| !now.contains_key(id)));
        for ids in ids.chunks(PAGE) {
            self.show(ids, &now).await?;
        }
        let silent = self.ctx.clock.instant().saturating_duration_since(self.spoke) >= SILENT;
        if !self.synced {
            self.synced = true;
            self.say(Event::Synced(ReferralsSynced {})).await?;
        } else if silent {
            self.say(Event::Heartbeat(ReferralsHeartbeat {})).await?;
        }
        Ok(())
    }

    /// Shows these as they are now; those that may be seen no longer are withdrawn, if they were shown. What is no longer open is
    /// shown once more, as it ended.
    async fn show(
        &mut self,
        ids: &[ReferralId],
        now: &HashMap<ReferralId, (i64, BTreeSet<FieldClass>)>,
    ) -> Result<(), End> {
        let found = self.ctx.store.referrals_by_id(&self.caller, ids).await?;
        let mut found: HashMap<_, _> = found.into_iter().map(|one| (one.referral_id, one)).collect();
        for id in ids {
            let known = self.shown.remove(id).is_some();
            match found.remove(id) {
                Some(one) => {
                    if now.contains_key(id) {
                        self.shown.insert(*id, (one.revision, self.compared(&one.classes)));
                    }
                    self.say(Event::Referral(wire::referral(&self.caller, &one))).await?;
                }
                None if known => self.say(Event::WithdrawnReferralId(id.to_string())).await?,
                None => {}
            }
        }
        Ok(())
    }

    /// Classes as the list of what is open tells them: of agencies alone.
    fn compared(&self, classes: &BTreeSet<FieldClass>) -> BTreeSet<FieldClass> {
        if self.caller.agency_id.is_some() { classes.clone() } else { BTreeSet::new() }
    }

    async fn say(&mut self, event: Event) -> Result<(), End> {
        let server_time = Some(timestamp(self.ctx.store.now().await?));
        let message = WatchReferralsResponse { server_time, event: Some(event) };
        self.events.send(Ok(message)).await.map_err(|_| End::Gone)?;
        self.spoke = self.ctx.clock.instant();
        Ok(())
    }
}
