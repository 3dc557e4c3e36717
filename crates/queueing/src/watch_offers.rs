//! A counsellor's own offers, as a stream of state: what is open now, then what opens and ends.
//!
//! The stream compares what it has shown with what the store says, whenever it is woken, so it cannot miss anything: a
//! lost wake-up costs time, not an offer.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;
use helpline_domain::caller::Caller;
use helpline_domain::id::{ContactId, CounsellorId, OfferId};
use helpline_domain::offer::OfferState;
use helpline_domain::policy::wording::Locale;
use helpline_proto::queueing::v1::{WatchOffersResponse, watch_offers_response::Event};
use helpline_service_kit::hub::{Signal, Subscription, Topic};
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::offer::OfferView;
use helpline_store::presence::Presence;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use uuid::Uuid;

use crate::participation::shown::Shown;
use crate::sessions::Sessions;
use crate::wire;

/// At least this often something is sent.
const CHECKPOINT: Duration = Duration::from_secs(15);
/// The same while somebody takes part: the journal tells of it who takes part, and not whose contact it is.
const PARTS: Duration = Duration::from_secs(2);
/// How long a cursor is good for.
const CURSOR_HOURS: i64 = 24;
/// Messages a slow client may leave unread before the stream waits for it. Nothing is held meanwhile but these.
const UNREAD: usize = 16;
/// How long a change may take to be seen after the time it bears.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);
/// Ended offers remembered: more than end between two readings of the journal.
const LATELY: usize = 64;

/// What a cursor remembers: when it was given and what was open then.
#[derive(Serialize, Deserialize)]
struct Cursor {
    at_s: i64,
    open: Vec<Uuid>,
    #[serde(default)]
    parts: Vec<Uuid>,
    #[serde(default)]
    aside: Vec<Uuid>,
}

/// Watches the caller's offers, resuming behind `after_cursor` unless it is empty.
pub async fn watch_offers(
    ctx: &Ctx,
    sessions: &Sessions,
    caller: &Caller,
    counsellor: CounsellorId,
    (after_cursor, locale): (&str, Locale),
) -> Result<impl Stream<Item = Result<WatchOffersResponse, Status>> + use<>, Refusal> {
    let (events, stream) = mpsc::channel(UNREAD);
    // Subscribed before the first look, so that nothing falls between.
    let topic = Topic::Counsellor(caller.centre_id, counsellor);
    let signals = ctx.mirror.hub().subscribe(topic);
    // A sign of life at once: who comes back in the last moment is not taken for lost.
    ctx.store.touch_presences(caller.centre_id, &[counsellor]).await?;
    let mut watch = Watch {
        ctx: ctx.clone(),
        caller: *caller,
        counsellor,
        locale,
        shown: HashMap::new(),
        over: VecDeque::new(),
        parts: Shown::default(),
        aside: HashSet::new(),
        presence: None,
        now: ctx.store.now().await?,
        looked: None,
        events,
    };
    watch.resume(after_cursor)?;
    let (sessions, centre) = (sessions.clone(), caller.centre_id);
    sessions.changed(centre, counsellor).await;
    tokio::spawn(async move {
        watch.run(signals).await;
        sessions.changed(centre, counsellor).await;
    });
    Ok(ReceiverStream::new(stream))
}

struct Watch {
    ctx: Ctx,
    caller: Caller,
    counsellor: CounsellorId,
    /// Language of explanations.
    locale: Locale,
    /// What the client believes to be open.
    shown: HashMap<OfferId, Option<Arc<OfferView>>>,
    /// Offers that ended lately: the journal tells of them when they are over.
    over: VecDeque<OfferId>,
    /// Participations that the client believes to be going on.
    parts: Shown,
    /// Conversations that the client believes to be put aside.
    aside: HashSet<ContactId>,
    presence: Option<Presence>,
    /// The database's clock when it was last heard.
    now: DateTime<Utc>,
    /// The database's clock at the last look at what was taken from the counsellor.
    looked: Option<DateTime<Utc>>,
    events: mpsc::Sender<Result<WatchOffersResponse, Status>>,
}

/// The client is gone, or has been told why the stream ends.
struct Ended;

impl Watch {
    fn resume(&mut self, after_cursor: &str) -> Result<(), Refusal> {
        if after_cursor.is_empty() {
            return Ok(());
        }
        let refused =
            || Refusal::invalid_field("after_cursor", "a cursor this caller got from WatchOffers, or empty");
        let body = self
            .ctx
            .vault()
            .open_token("WatchOffers", self.caller.principal().as_bytes(), after_cursor)
            .map_err(|_| refused())?;
        let cursor: Cursor = serde_json::from_slice(&body).map_err(|_| refused())?;
        let age = self.now - DateTime::from_timestamp(cursor.at_s, 0).unwrap_or_default();
        if age > TimeDelta::hours(CURSOR_HOURS) {
            return Err(Refusal::cursor_too_old());
        }
        self.parts = Shown::resume(cursor.parts);
        self.aside = cursor.aside.into_iter().map(ContactId::from).collect();
        self.looked = DateTime::from_timestamp(cursor.at_s, 0);
        self.shown = cursor.open.into_iter().map(|id| (OfferId::from(id), None)).collect();
        Ok(())
    }

    async fn run(mut self, mut signals: Subscription) {
        let mut look = true;
        loop {
            if look {
                signals.clear();
                match self.look().await {
                    Ok(Ok(())) => {}
                    Ok(Err(Ended)) => return,
                    Err(refusal) => {
                        let _ = self.events.send(Err(refusal.into())).await;
                        return;
                    }
                }
            }
            tokio::select! {
                () = self.events.closed() => return,
                signal = signals.next() => match signal {
                    Signal::Offered(offer) => {
                        // The counsellor learns of it without another question to the database. What is shown already
                        // was read later than this and may have changed since.
                        look = false;
                        self.now = self.now.max(offer.offered_at);
                        if !self.shown.contains_key(&offer.offer_id) && self.open(&offer).await.is_err() {
                            return;
                        }
                    }
                    Signal::Ended(id, state, reason) => {
                        // Without the offer's text at hand it is looked up.
                        look = !matches!(self.shown.get(&id), Some(Some(_)) | None);
                        if !look && self.end(id, state, reason).await.is_err() {
                            return;
                        }
                    }
                    Signal::Journal(id, open) => {
                        look = self.shown.contains_key(&id) != open && !(open && self.over.contains(&id));
                    }
                    Signal::Changed => look = true,
                },
                () = self.ctx.clock.sleep(if self.parts.is_empty() { CHECKPOINT } else { PARTS }) => {
                    look = true;
                    if self.send(None).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Compares what was shown with what is, and sends the difference.
    async fn look(&mut self) -> Result<Result<(), Ended>, Refusal> {
        let centre = self.caller.centre_id;
        self.now = self.ctx.store.now().await?;
        let open = self.ctx.store.open_offers(centre, self.counsellor).await?;
        let ended: Vec<OfferId> =
            self.shown.keys().filter(|id| open.iter().all(|offer| offer.offer_id != **id)).copied().collect();
        for id in ended {
            self.shown.remove(&id);
            if let Some(offer) = self.ctx.store.offer(centre, id).await?
                && self.send(Some(Event::Ended(wire::offer(&offer, self.locale)))).await.is_err()
            {
                return Ok(Err(Ended));
            }
        }
        if self.tell_taken().await?.is_err() {
            return Ok(Err(Ended));
        }
        for offer in open {
            if self.open(&Arc::new(offer)).await.is_err() {
                return Ok(Err(Ended));
            }
        }
        for news in self.parts.look(&self.ctx, &self.caller, self.counsellor).await? {
            if self.send(Some(Event::Participation(news))).await.is_err() {
                return Ok(Err(Ended));
            }
        }
        if self.tell_aside().await?.is_err() {
            return Ok(Err(Ended));
        }
        let presence = self.ctx.store.presence(centre, self.counsellor).await?;
        if let Some(presence) = presence {
            let told = self.presence.as_ref();
            // What is held changes with every offer and is told by the offers themselves.
            let news = told.is_none_or(|told| {
                (told.state, told.reason, told.capacity, told.not_before, told.on_hold)
                    != (
                        presence.state,
                        presence.reason,
                        presence.capacity,
                        presence.not_before,
                        presence.on_hold,
                    )
                    || (told.forced_by, told.forced_reason) != (presence.forced_by, presence.forced_reason)
            });
            if news && self.send(Some(Event::Presence(wire::presence(&presence)))).await.is_err() {
                return Ok(Err(Ended));
            }
            self.presence = Some(presence);
        }
        Ok(Ok(()))
    }

    /// Tells of contacts that a supervisor took from the counsellor since the last look.
    async fn tell_taken(&mut self) -> Result<Result<(), Ended>, Refusal> {
        let since = self.looked.replace(self.now).unwrap_or(self.now) - OVERLAP;
        for taken in self.ctx.store.taken_since(self.caller.centre_id, self.counsellor, since).await? {
            if !self.over.contains(&taken.offer_id) {
                self.forget(taken.offer_id);
                if self.send(Some(Event::Ended(wire::offer(&taken, self.locale)))).await.is_err() {
                    return Ok(Err(Ended));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Tells what was put aside and what is so no more.
    async fn tell_aside(&mut self) -> Result<Result<(), Ended>, Refusal> {
        let now = self.ctx.store.put_aside(self.caller.centre_id, Some(self.counsellor)).await?;
        let aside: HashSet<ContactId> = now.iter().map(|one| one.contact_id).collect();
        let before = std::mem::replace(&mut self.aside, aside);
        let new = now.iter().filter(|one| !before.contains(&one.contact_id));
        let mut news: Vec<_> = new.map(|one| wire::aside(one.contact_id, Some(one.since_at))).collect();
        news.extend(before.difference(&self.aside).map(|contact| wire::aside(*contact, None)));
        for one in news {
            if self.send(Some(Event::Aside(one))).await.is_err() {
                return Ok(Err(Ended));
            }
        }
        Ok(Ok(()))
    }

    /// Notes that an offer is over.
    fn forget(&mut self, id: OfferId) {
        self.over.push_back(id);
        if self.over.len() > LATELY {
            self.over.pop_front();
        }
    }

    /// Shows an offer, unless it is shown as it is. A risk that was raised meanwhile is shown again, with the new end.
    async fn open(&mut self, offer: &Arc<OfferView>) -> Result<(), Ended> {
        match self.shown.insert(offer.offer_id, Some(Arc::clone(offer))) {
            Some(Some(told))
                if (told.risk, told.class, told.expires_at)
                    == (offer.risk, offer.class, offer.expires_at) =>
            {
                Ok(())
            }
            _ => self.send(Some(Event::Opened(wire::offer(offer, self.locale)))).await,
        }
    }

    /// Shows how an offer ended, if it was shown.
    async fn end(
        &mut self,
        id: OfferId,
        state: OfferState,
        reason: Option<&'static str>,
    ) -> Result<(), Ended> {
        self.forget(id);
        let Some(Some(offer)) = self.shown.remove(&id) else { return Ok(()) };
        let ended = OfferView { state, reason: reason.map(str::to_owned), ..(*offer).clone() };
        self.send(Some(Event::Ended(wire::offer(&ended, self.locale)))).await
    }

    async fn send(&self, event: Option<Event>) -> Result<(), Ended> {
        let cursor = Cursor {
            at_s: self.now.timestamp(),
            open: self.shown.keys().map(OfferId::as_uuid).collect(),
            parts: self.parts.ids(),
            aside: self.aside.iter().map(ContactId::as_uuid).collect(),
        };
        let body = serde_json::to_vec(&cursor).unwrap_or_default();
        let cursor = self.ctx.vault().seal_token("WatchOffers", self.caller.principal().as_bytes(), &body);
        let message = WatchOffersResponse { cursor, server_time: Some(timestamp(self.now)), event };
        self.events.send(Ok(message)).await.map_err(|_| Ended)
    }
}
