//! A counsellor's client: it watches the offers and does what the counsellor says.

use std::sync::{Arc, Mutex};

use helpline_proto::intake::v1::{CompleteContactRequest, Contact, GetContactRequest};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, AcceptOfferResponse, AsideContact, DeclineOfferRequest, DeclineOfferResponse,
    DeclineReason, FinishWrapUpRequest, GetPresenceRequest, GoNotReadyRequest, GoOfflineRequest,
    GoReadyRequest, NotReadyReason, Offer, OfferState, Participation, ParticipationState, Presence,
    PresenceState, ReleaseContactRequest, TransferContactRequest, WatchOffersRequest,
};
use helpline_tests::{Actor, request_id};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tonic::{Response, Status};

use crate::stage::{PATIENCE, closing};

/// A counsellor at work. Dropping it ends the stream and nothing else.
pub(crate) struct Desk {
    pub(crate) actor: Actor,
    pub(crate) watch: Watch,
}

/// One stream of a counsellor's offers, sorted by what it tells.
pub(crate) struct Watch {
    opened: tokio::sync::Mutex<UnboundedReceiver<Offer>>,
    ended: tokio::sync::Mutex<UnboundedReceiver<Offer>>,
    presences: tokio::sync::Mutex<UnboundedReceiver<Presence>>,
    parts: tokio::sync::Mutex<UnboundedReceiver<Participation>>,
    aside: tokio::sync::Mutex<UnboundedReceiver<AsideContact>>,
    cursor: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Watch {
    /// Opens a stream behind a cursor, or afresh.
    pub(crate) async fn open(actor: &Actor, after_cursor: &str) -> Result<Self, Status> {
        let request = WatchOffersRequest { after_cursor: after_cursor.to_owned(), locale: String::new() };
        let mut stream = actor.offers().watch_offers(request).await?.into_inner();
        let (opens, opened) = unbounded_channel();
        let (ends, ended) = unbounded_channel();
        let (changes, presences) = unbounded_channel();
        let (guests, parts) = unbounded_channel();
        let (asides, aside) = unbounded_channel();
        let cursor = Arc::new(Mutex::new(String::new()));
        let last = Arc::clone(&cursor);
        let reader = tokio::spawn(async move {
            while let Ok(Some(message)) = stream.message().await {
                *last.lock().unwrap() = message.cursor;
                match message.event {
                    Some(Event::Opened(offer)) => tell(&opens, offer),
                    Some(Event::Ended(offer)) => tell(&ends, offer),
                    Some(Event::Presence(presence)) => tell(&changes, presence),
                    Some(Event::Participation(part)) => tell(&guests, part),
                    Some(Event::Aside(one)) => tell(&asides, one),
                    None => {}
                }
            }
        });
        let [opened, ended] = [opened, ended].map(tokio::sync::Mutex::new);
        let (parts, aside) = (parts.into(), aside.into());
        Ok(Self { opened, ended, presences: presences.into(), parts, aside, cursor, reader })
    }

    /// The next offer that opens.
    pub(crate) async fn next_offer(&self) -> Offer {
        let offer = next("an offer opens", &self.opened).await;
        assert_eq!(offer.state(), OfferState::Open);
        offer
    }

    /// The next offer that opens, however long that takes.
    pub(crate) async fn some_offer(&self) -> Offer {
        let offer = self.opened.lock().await.recv().await;
        offer.expect("the stream goes on")
    }

    /// The next offer of a contact. Of others, which were withdrawn before this stream told of them, nothing is said.
    pub(crate) async fn offer_of(&self, contact: &Contact) -> Offer {
        loop {
            let offer = self.some_offer().await;
            if offer.contact_id == contact.contact_id {
                return offer;
            }
        }
    }

    /// The next offer that ends.
    pub(crate) async fn next_end(&self) -> Offer {
        next("an offer ends", &self.ended).await
    }

    /// Whether an offer has opened that nobody looked at.
    pub(crate) async fn has_offer(&self) -> bool {
        !self.opened.lock().await.is_empty()
    }

    /// Whether an offer has ended that nobody looked at.
    pub(crate) async fn has_end(&self) -> bool {
        !self.ended.lock().await.is_empty()
    }

    /// Waits until the stream tells of a presence.
    pub(crate) async fn until_presence(&self, state: PresenceState) -> Presence {
        loop {
            let presence = next(&format!("the presence is {state:?}"), &self.presences).await;
            if presence.state() == state {
                return presence;
            }
        }
    }

    /// Waits until the stream tells of a participation in a state.
    pub(crate) async fn until_part(&self, state: ParticipationState) -> Participation {
        loop {
            let part = next(&format!("a participation is {state:?}"), &self.parts).await;
            if part.state() == state {
                return part;
            }
        }
    }

    /// What the stream tells next of what was put aside.
    pub(crate) async fn next_aside(&self) -> AsideContact {
        next("something is put aside, or no more", &self.aside).await
    }

    /// Forgets what was told and not looked at.
    pub(crate) async fn forget(&self) {
        while self.opened.lock().await.try_recv().is_ok() {}
        while self.ended.lock().await.try_recv().is_ok() {}
        while self.parts.lock().await.try_recv().is_ok() {}
    }

    /// Where to resume.
    pub(crate) fn cursor(&self) -> String {
        self.cursor.lock().unwrap().clone()
    }
}

fn tell<T>(listeners: &UnboundedSender<T>, news: T) {
    let _ = listeners.send(news);
}

async fn next<T>(what: &str, receiver: &tokio::sync::Mutex<UnboundedReceiver<T>>) -> T {
    let mut receiver = receiver.lock().await;
    let news = tokio::time::timeout(PATIENCE, receiver.recv()).await;
    let news = news.unwrap_or_else(|_| panic!("not in time: {what}"));
    news.unwrap_or_else(|| panic!("the stream ended before: {what}"))
}

impl Desk {
    /// A counsellor who watches their offers; who has just come has not said that they are ready.
    pub(crate) async fn open(actor: Actor) -> Self {
        let watch = Watch::open(&actor, "").await.unwrap();
        next("the presence", &watch.presences).await;
        Self { actor, watch }
    }

    /// The counsellor's id.
    pub(crate) fn id(&self) -> &str {
        &self.actor.counsellor_id
    }

    pub(crate) async fn next_offer(&self) -> Offer {
        self.watch.next_offer().await
    }

    /// The next offer, which must be of this contact.
    pub(crate) async fn offered(&self, contact: &Contact) -> Offer {
        let offer = self.next_offer().await;
        assert_eq!(offer.contact_id, contact.contact_id);
        assert_eq!(offer.counsellor_id, self.id());
        offer
    }

    pub(crate) async fn next_end(&self) -> Offer {
        self.watch.next_end().await
    }

    pub(crate) async fn ready(&self) -> Presence {
        let request = GoReadyRequest { request_id: request_id() };
        self.actor.presence().go_ready(request).await.unwrap().into_inner().presence.unwrap()
    }

    pub(crate) async fn not_ready(&self) -> Presence {
        let request = GoNotReadyRequest { request_id: request_id(), reason: NotReadyReason::Break.into() };
        self.actor.presence().go_not_ready(request).await.unwrap().into_inner().presence.unwrap()
    }

    pub(crate) async fn offline(&self) -> Presence {
        let request = GoOfflineRequest { request_id: request_id() };
        self.actor.presence().go_offline(request).await.unwrap().into_inner().presence.unwrap()
    }

    pub(crate) async fn presence(&self) -> Presence {
        let answer = self.actor.presence().get_presence(GetPresenceRequest {}).await;
        answer.unwrap().into_inner().presence.unwrap()
    }

    /// What is held: calls, chats, conversations by messages.
    pub(crate) async fn held(&self) -> (i32, i32, i32) {
        let held = self.presence().await.held.unwrap();
        (held.voice, held.chats, held.messages)
    }

    pub(crate) async fn try_accept(&self, offer: &Offer) -> Result<Response<AcceptOfferResponse>, Status> {
        let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id.clone() };
        self.actor.offers().accept_offer(request).await
    }

    pub(crate) async fn accept(&self, offer: &Offer) -> Contact {
        self.try_accept(offer).await.unwrap().into_inner().contact.unwrap()
    }

    /// Takes the next offer, whatever it is.
    pub(crate) async fn take(&self) -> Contact {
        let offer = self.next_offer().await;
        self.accept(&offer).await
    }

    pub(crate) async fn try_decline(
        &self,
        offer: &Offer,
        reason: DeclineReason,
    ) -> Result<Response<DeclineOfferResponse>, Status> {
        let request = DeclineOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id.clone(),
            reason: reason.into(),
        };
        self.actor.offers().decline_offer(request).await
    }

    pub(crate) async fn decline(&self, offer: &Offer, reason: DeclineReason) -> Offer {
        self.try_decline(offer, reason).await.unwrap().into_inner().offer.unwrap()
    }

    pub(crate) async fn try_release(&self, contact: &Contact) -> Result<Contact, Status> {
        let request =
            ReleaseContactRequest { request_id: request_id(), contact_id: contact.contact_id.clone() };
        Ok(self.actor.handling().release_contact(request).await?.into_inner().contact.unwrap())
    }

    pub(crate) async fn release(&self, contact: &Contact) -> Contact {
        self.try_release(contact).await.unwrap()
    }

    pub(crate) async fn try_finish(&self, contact: &Contact) -> Result<Contact, Status> {
        let request =
            FinishWrapUpRequest { request_id: request_id(), contact_id: contact.contact_id.clone() };
        Ok(self.actor.handling().finish_wrap_up(request).await?.into_inner().contact.unwrap())
    }

    pub(crate) async fn finish(&self, contact: &Contact) -> Contact {
        self.try_finish(contact).await.unwrap()
    }

    pub(crate) async fn try_complete(&self, contact: &Contact) -> Result<Contact, Status> {
        let request = CompleteContactRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            closing: Some(closing()),
            expected_revision: 0,
        };
        Ok(self.actor.contacts().complete_contact(request).await?.into_inner().contact.unwrap())
    }

    pub(crate) async fn complete(&self, contact: &Contact) -> Contact {
        self.try_complete(contact).await.unwrap()
    }

    /// Gives a contact back to the line as it is.
    pub(crate) async fn try_transfer(&self, contact: &Contact) -> Result<Contact, Status> {
        let request = TransferContactRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            ..TransferContactRequest::default()
        };
        Ok(self.actor.handling().transfer_contact(request).await?.into_inner().contact.unwrap())
    }

    pub(crate) async fn transfer(&self, contact: &Contact) -> Contact {
        self.try_transfer(contact).await.unwrap()
    }

    /// A contact as the counsellor sees it.
    pub(crate) async fn sees(&self, contact: &Contact) -> Result<Contact, Status> {
        let request = GetContactRequest { contact_id: contact.contact_id.clone() };
        Ok(self.actor.contacts().get_contact(request).await?.into_inner().contact.unwrap())
    }
}
