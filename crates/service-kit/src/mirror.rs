//! Tells the line's view in Redis, the waiters of this process and the other processes what a committed change means.
//!
//! Nothing here can fail a call: Postgres has the truth already, and whoever misses a hint finds it there within a
//! second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::offer::OfferState;
use helpline_live::hint::Hint;
use helpline_live::line::{FreeCounsellor, LineView, Waiter};
use helpline_live::{Live, LiveError};
use helpline_store::Store;
use helpline_store::contact::Contact;
use helpline_store::line::LineEntry;
use helpline_store::offer::{Ended, OfferView};
use helpline_store::presence::Room;
use tokio::sync::mpsc;

use crate::hub::{Hub, Signal, Topic};

/// Hints to other processes that wait to be sent; beyond that they are dropped, and the others look by themselves.
const HINTS: usize = 1024;
/// How often a contact is looked at that is moved again whenever it was put in line.
const LOOKS: usize = 3;

/// The mirror of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mirror {
    hub: Hub,
    live: Live,
    store: Store,
    generations: Arc<Mutex<HashMap<CentreId, i64>>>,
    hints: mpsc::Sender<Hint>,
    unsent: Arc<tokio::sync::Mutex<mpsc::Receiver<Hint>>>,
}

impl Mirror {
    /// A mirror onto the hub of this process and the view in Redis.
    pub fn new(hub: Hub, live: Live, store: Store) -> Self {
        let (hints, unsent) = mpsc::channel(HINTS);
        let unsent = Arc::new(tokio::sync::Mutex::new(unsent));
        Self { hub, live, store, generations: Arc::default(), hints, unsent }
    }

    /// The hub, to wait in.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The view in Redis.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// A contact waits in line, newly or again.
    pub async fn contact_waits(&self, centre: CentreId, contact: &Contact) {
        let waiter = self.waiter(centre, contact);
        self.in_view(centre, Act::Put(waiter)).await;
        self.hub.wake(Topic::Line(centre));
        self.contact_changed(centre, contact.contact_id);
    }

    /// A contact that was known to others before waits in line: given back, or at another place. Whoever moves it on while
    /// it is being put there cannot take out what is not there yet, so it is looked at once more.
    pub async fn contact_waits_again(&self, centre: CentreId, contact: &Contact) {
        self.contact_waits(centre, contact).await;
        self.look_again(centre, contact).await;
    }

    /// The same for a contact that came back, and whose counsellor was freed for it: no pass sees one without the other.
    pub async fn contact_comes_back(&self, centre: CentreId, contact: &Contact, room: &Room) {
        self.in_view(centre, Act::Back(self.waiter(centre, contact), free_counsellor(room))).await;
        self.hub.wake(Topic::Line(centre));
        self.contact_changed(centre, contact.contact_id);
        self.look_again(centre, contact).await;
    }

    /// Whether a contact that was put in line still stands there as it was put.
    async fn look_again(&self, centre: CentreId, contact: &Contact) {
        let mut put = self.waiter(centre, contact);
        for _ in 0..LOOKS {
            let Ok(now) = self.store.contact(centre, contact.contact_id).await else { return };
            let now = now.filter(|now| now.state == ContactState::Waiting);
            let now = now.map(|now| self.waiter(centre, &now));
            if now.as_ref() == Some(&put) {
                return;
            }
            self.in_view(centre, Act::Drop(put)).await;
            let Some(now) = now else { return };
            self.in_view(centre, Act::Put(now.clone())).await;
            put = now;
        }
    }

    /// A contact left the line without an offer: the person left, it was assessed anew, or it was pulled. `contact` is
    /// the contact as it stood in line.
    pub async fn contact_left(&self, centre: CentreId, contact: &Contact) {
        let waiter = self.waiter(centre, contact);
        self.in_view(centre, Act::Drop(waiter)).await;
        self.contact_changed(centre, contact.contact_id);
    }

    /// A contact changed otherwise.
    pub fn contact_changed(&self, centre: CentreId, contact: ContactId) {
        self.hub.wake(Topic::Contact(centre, contact));
        self.hub.wake(Topic::Floor(centre));
    }

    /// A message was added to a contact.
    pub fn message_sent(&self, centre: CentreId, contact: ContactId) {
        self.hub.wake(Topic::Contact(centre, contact));
        // The other side of the conversation may be connected elsewhere.
        self.send(Hint::Contact(centre, contact));
    }

    /// A counsellor has this much room now.
    pub async fn room_changed(&self, centre: CentreId, room: &Room) {
        self.in_view(centre, Act::Room(free_counsellor(room))).await;
        if room.ready {
            self.hub.wake(Topic::Line(centre));
        }
        self.hub.wake(Topic::Floor(centre));
    }

    /// Several have this much room now: the contact's own counsellor, who knows why, and who took part in it, who are told.
    pub async fn rooms_changed(&self, centre: CentreId, rooms: &[Room], own: Option<CounsellorId>) {
        for room in rooms {
            self.room_changed(centre, room).await;
            if Some(room.counsellor_id) != own {
                self.counsellor_changed(centre, room.counsellor_id);
            }
        }
    }

    /// A counsellor's offers or presence changed.
    pub fn counsellor_changed(&self, centre: CentreId, counsellor: CounsellorId) {
        if !self.hub.wake(Topic::Counsellor(centre, counsellor)) {
            self.send(Hint::Counsellor(centre, counsellor));
        }
        self.hub.wake(Topic::Floor(centre));
    }

    /// Who is on shift, what they can do, the settings or a token changed.
    pub fn roster_changed(&self, centre: CentreId) {
        self.hub.wake(Topic::Roster(centre));
        self.hub.wake(Topic::Floor(centre));
        self.send(Hint::Roster(centre));
    }

    /// An escalation changed, or what somebody may know of one.
    pub fn escalation_changed(&self, centre: CentreId) {
        self.hub.wake(Topic::Escalations(centre));
        self.hub.wake(Topic::Floor(centre));
        // Those who are told may be connected elsewhere, and seconds count.
        self.send(Hint::Escalations(centre));
    }

    /// A referral changed, or what somebody may know of one. Who watches elsewhere hears of it from the journal.
    pub fn referral_changed(&self, centre: CentreId) {
        self.hub.wake(Topic::Referrals(centre));
        self.hub.wake(Topic::Floor(centre));
    }

    /// An offer was made.
    pub fn offered(&self, centre: CentreId, offer: OfferView) {
        let (counsellor, contact) = (offer.counsellor_id, offer.contact_id);
        if !self.hub.signal(Topic::Counsellor(centre, counsellor), &Signal::Offered(Arc::new(offer))) {
            self.send(Hint::Counsellor(centre, counsellor));
        }
        self.contact_changed(centre, contact);
    }

    /// An offer was accepted.
    pub fn offer_accepted(&self, centre: CentreId, counsellor: CounsellorId, offer: OfferId) {
        self.offer_ended(centre, counsellor, offer, OfferState::Accepted, None);
    }

    /// Offers were withdrawn for this reason.
    pub fn offers_withdrawn(&self, centre: CentreId, ended: &[Ended], reason: &'static str) {
        for one in ended {
            self.offer_ended(centre, one.counsellor_id, one.offer_id, OfferState::Withdrawn, Some(reason));
        }
    }

    fn offer_ended(
        &self,
        centre: CentreId,
        counsellor: CounsellorId,
        offer: OfferId,
        state: OfferState,
        reason: Option<&'static str>,
    ) {
        let topic = Topic::Counsellor(centre, counsellor);
        if !self.hub.signal(topic, &Signal::Ended(offer, state, reason)) {
            self.send(Hint::Counsellor(centre, counsellor));
        }
    }

    /// Passes a hint from elsewhere on to the waiters of this process.
    pub fn heard(&self, hint: Hint) {
        match hint {
            Hint::Line(centre) => {
                self.hub.wake(Topic::Line(centre));
                self.hub.wake(Topic::Floor(centre));
            }
            Hint::Counsellor(centre, counsellor) => {
                self.hub.wake(Topic::Counsellor(centre, counsellor));
            }
            Hint::Contact(centre, contact) => {
                self.hub.wake(Topic::Contact(centre, contact));
            }
            Hint::Roster(centre) => {
                self.hub.wake(Topic::Roster(centre));
                self.hub.wake(Topic::Line(centre));
            }
            Hint::Escalations(centre) => {
                self.hub.wake(Topic::Escalations(centre));
            }
        }
    }

    fn send(&self, hint: Hint) {
        if self.live.is_configured() {
            let _ = self.hints.try_send(hint);
        }
    }

    /// Sends hints to the other processes for as long as it is polled; one task of the process does.
    pub async fn send_hints(&self) {
        let mut unsent = self.unsent.lock().await;
        while let Some(hint) = unsent.recv().await {
            // Lost if Redis is away: the others look by themselves.
            let _ = self.live.send(hint).await;
        }
    }

    /// The contact as the view knows it.
    pub fn waiter(&self, centre: CentreId, contact: &Contact) -> Waiter {
        Waiter {
            contact_id: contact.contact_id,
            class: contact.class,
            resumed: contact.resumed,
            signature: self.store.line_signature(centre, &contact.requirement(), contact.directed_to),
            deadline_ms: contact.deadline_at.timestamp_millis(),
            received_ms: contact.received_at.timestamp_millis(),
            sequence: contact.sequence,
            // Read as a row by whoever matches: whom it may be offered to stands there.
            tried: contact.offer_count > 0 || contact.preferred.is_some() || contact.directed_to.is_some(),
        }
    }

    fn generations(&self) -> MutexGuard<'_, HashMap<CentreId, i64>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The centre's view at the generation last known here.
    pub async fn view(&self, centre: CentreId) -> Option<LineView> {
        if !self.live.is_configured() {
            return None;
        }
        let known = self.generations().get(&centre).copied();
        let generation = if let Some(generation) = known {
            generation
        } else {
            let generation = self.store.generation(centre).await.ok()?;
            self.learn_generation(centre, generation);
            generation
        };
        Some(self.live.line(centre, generation))
    }

    /// Notes which generation is in force.
    pub fn learn_generation(&self, centre: CentreId, generation: i64) {
        self.generations().insert(centre, generation);
    }

    /// Does something to the centre's view; once more when the generation known here was an old one.
    async fn in_view(&self, centre: CentreId, act: Act) {
        for _ in 0..2 {
            let Some(view) = self.view(centre).await else { return };
            let done = match &act {
                Act::Put(waiter) => view.put(std::slice::from_ref(waiter), true).await,
                Act::Drop(waiter) => view.drop_waiters(std::slice::from_ref(waiter)).await.map(drop),
                Act::Back(waiter, free) => view.put_back(waiter, free).await,
                Act::Room(free) => view.put_rooms(std::slice::from_ref(free), true).await,
            };
            match done {
                Err(LiveError::Stale) => {
                    self.generations().remove(&centre);
                }
                Err(LiveError::Refused(why)) => {
                    tracing::warn!(why, "Redis refused a change of the line's view");
                    return;
                }
                Ok(()) | Err(LiveError::Away) => return,
            }
        }
    }
}

/// What is done to a centre's view. Not a closure: the future of an async closure is not known to be `Send` where the
/// services need it to be.
enum Act {
    Put(Waiter),
    Drop(Waiter),
    Back(Waiter, FreeCounsellor),
    Room(FreeCounsellor),
}

/// A counsellor's room as the view knows it.
pub fn free_counsellor(room: &Room) -> FreeCounsellor {
    FreeCounsellor {
        counsellor_id: room.counsellor_id,
        idle_since_ms: room.idle_since.timestamp_millis(),
        held: room.held,
        capacity: room.capacity,
        severe_in_a_row: room.severe_in_a_row,
        ready: room.ready,
        revision: room.revision,
    }
}

/// A row of the line as the view knows it.
pub fn waiter_of(entry: &LineEntry) -> Waiter {
    Waiter {
        contact_id: entry.contact_id,
        class: entry.class,
        resumed: entry.resumed,
        signature: entry.signature.clone(),
        deadline_ms: entry.deadline_at.timestamp_millis(),
        received_ms: entry.received_at.timestamp_millis(),
        sequence: entry.sequence,
        tried: entry.tried || entry.preferred.is_some(),
    }
}
