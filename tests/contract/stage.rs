//! One counsellor and one child's channel, up to the point a test is about. Each stage has a language of its own, so
//! that stages in one centre do not take each other's contacts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use helpline_proto::intake::v1::{
    CompleteContactRequest, Contact, ContactState, ReceiveContactRequest, RecordDepartureRequest,
};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, GoNotReadyRequest, GoReadyRequest, InviteParticipantRequest, ListAlertsRequest,
    NotReadyReason, Offer, ParticipationKind, RequestOverflowRequest, WatchOffersRequest,
    WatchOffersResponse,
};
use helpline_proto::terms::v1::{Channel as Medium, Risk};
use helpline_tests::{Abilities, Actor, Centre, World, WorldOptions, request_id};
use tonic::Streaming;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response};

use crate::requests::closing;

/// How long something that happens at once may take on a loaded machine.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A world with one counsellor and one adapter.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) adapter: Actor,
    pub(crate) counsellor: Actor,
    pub(crate) language: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(WorldOptions::default()).await
    }

    pub(crate) async fn with(options: WorldOptions) -> Self {
        let world = World::start_with(options).await;
        let language = new_language();
        let counsellor = world.counsellor(abilities(&language)).await;
        Self { adapter: world.adapter().await, counsellor, language, world }
    }

    /// A contact that waits in vain.
    pub(crate) async fn contact(&self) -> Contact {
        receive(&self.adapter, &self.language).await
    }

    /// A contact that is offered to the counsellor.
    pub(crate) async fn offer(&self) -> Offer {
        offer(&self.adapter, &self.counsellor, &self.language).await
    }

    /// A contact that the counsellor has accepted.
    pub(crate) async fn accepted(&self) -> Contact {
        let offer = self.offer().await;
        accept(&self.counsellor, &offer).await
    }
}

/// A language that nobody else speaks.
pub(crate) fn new_language() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("kk-s{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Speaks one language and has time.
pub(crate) fn abilities(language: &str) -> Abilities {
    Abilities::speaking(&[language]).taking(1, 10, 50)
}

/// A contact of a language, just received.
pub(crate) async fn receive(adapter: &Actor, language: &str) -> Contact {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Medium::WebChat.into(),
        language: language.to_owned(),
        risk: Risk::Medium.into(),
        ..ReceiveContactRequest::default()
    };
    adapter.contacts().receive_contact(request).await.unwrap().into_inner().contact.unwrap()
}

/// The counsellor's stream of offers.
pub(crate) async fn watch(counsellor: &Actor) -> Streaming<WatchOffersResponse> {
    counsellor.offers().watch_offers(WatchOffersRequest::default()).await.unwrap().into_inner()
}

/// The next offer that a stream opens.
pub(crate) async fn next_offer(stream: &mut Streaming<WatchOffersResponse>) -> Offer {
    let next = async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream of offers goes on");
            if let Some(Event::Opened(offer)) = message.event {
                return offer;
            }
        }
    };
    tokio::time::timeout(SOON, next).await.expect("an offer")
}

/// The counsellor comes on shift.
pub(crate) async fn go_ready(counsellor: &Actor) {
    counsellor.presence().go_ready(GoReadyRequest { request_id: request_id() }).await.unwrap();
}

/// The counsellor takes a break: nothing new is offered.
pub(crate) async fn go_not_ready(counsellor: &Actor) {
    let reason = NotReadyReason::Break.into();
    counsellor.presence().go_not_ready(GoNotReadyRequest { request_id: request_id(), reason }).await.unwrap();
}

/// A new contact that is offered to the counsellor, who comes on shift for it.
pub(crate) async fn offer(adapter: &Actor, counsellor: &Actor, language: &str) -> Offer {
    go_ready(counsellor).await;
    let mut stream = watch(counsellor).await;
    let contact = receive(adapter, language).await;
    loop {
        let offer = next_offer(&mut stream).await;
        if offer.contact_id == contact.contact_id {
            return offer;
        }
    }
}

/// Accepts an offer.
pub(crate) async fn accept(counsellor: &Actor, offer: &Offer) -> Contact {
    let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id.clone() };
    counsellor.offers().accept_offer(request).await.unwrap().into_inner().contact.unwrap()
}

/// An invitation of a colleague to take a contact over.
pub(crate) fn invitation(contact_id: &str, guest: &Actor) -> InviteParticipantRequest {
    InviteParticipantRequest {
        request_id: request_id(),
        contact_id: contact_id.to_owned(),
        kind: ParticipationKind::WarmTransfer.into(),
        to_counsellor_id: guest.counsellor_id.clone(),
        briefing: "hello".to_owned(),
        ..InviteParticipantRequest::default()
    }
}

/// Invites a colleague, who is ready, to take a contact over; the id of the participation.
pub(crate) async fn invite(counsellor: &Actor, contact_id: &str, guest: &Actor) -> String {
    let request = invitation(contact_id, guest);
    let answer = counsellor.participations().invite_participant(request).await.unwrap().into_inner();
    answer.participation.unwrap().participation_id
}

/// Signs a contact off.
pub(crate) async fn complete(counsellor: &Actor, contact_id: &str) -> Contact {
    let request = CompleteContactRequest {
        request_id: request_id(),
        contact_id: contact_id.to_owned(),
        closing: Some(closing()),
        expected_revision: 0,
    };
    counsellor.contacts().complete_contact(request).await.unwrap().into_inner().contact.unwrap()
}

/// An alert: a critical contact waits that nobody could take.
pub(crate) async fn alert(world: &World, adapter: &Actor) -> String {
    let supervisor = world.supervisor().await;
    alert_seen_by(&supervisor, adapter).await.0
}

/// The same in the centre of a supervisor and an adapter.
pub(crate) async fn alert_seen_by(supervisor: &Actor, adapter: &Actor) -> (String, Contact) {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Medium::Voice.into(),
        language: new_language(),
        risk: Risk::HarmNow.into(),
        ..ReceiveContactRequest::default()
    };
    let contact = adapter.contacts().receive_contact(request).await.unwrap().into_inner().contact.unwrap();
    let raised = async {
        loop {
            let list = ListAlertsRequest { open_only: true, ..ListAlertsRequest::default() };
            let alerts = supervisor.supervision().list_alerts(list).await.unwrap().into_inner().alerts;
            if let Some(alert) = alerts.into_iter().find(|alert| alert.contact_id == contact.contact_id) {
                return alert.alert_id;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let alert = tokio::time::timeout(2 * SOON, raised).await.expect("an alert");
    (alert, contact)
}

/// A contact of a centre that a partner is asked to take on.
pub(crate) async fn ask_for_overflow(
    world: &World,
    centre: &Centre,
    partner: &Centre,
    supervisor: &Actor,
    adapter: &Actor,
) {
    world.agree_between(centre, partner).await;
    let ask = RequestOverflowRequest {
        request_id: request_id(),
        contact_id: receive(adapter, &new_language()).await.contact_id,
        partner_id: partner.id.to_string(),
    };
    supervisor.overflow().request_overflow(ask).await.unwrap();
}

/// The person leaves, and nothing is left to be alerted of.
pub(crate) async fn all_clear(supervisor: &Actor, adapter: &Actor, contact: Contact) {
    let leave = RecordDepartureRequest {
        request_id: request_id(),
        contact_id: contact.contact_id,
        ..RecordDepartureRequest::default()
    };
    adapter.contacts().record_departure(leave).await.unwrap();
    let clear = async {
        let list = ListAlertsRequest { open_only: true, ..ListAlertsRequest::default() };
        let open = || supervisor.supervision();
        while !open().list_alerts(list.clone()).await.unwrap().into_inner().alerts.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(2 * SOON, clear).await.expect("no alert is open");
}

/// Asserts that the first server says it serves, and that a contact goes from arrival to its end.
pub(crate) async fn healthy(world: &World) {
    let mut health = HealthClient::new(world.connect().await);
    let answer = health.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.status, i32::from(health_check_response::ServingStatus::Serving));
    let language = new_language();
    let counsellor = world.counsellor(abilities(&language)).await;
    let offer = offer(&world.adapter().await, &counsellor, &language).await;
    accept(&counsellor, &offer).await;
    let closed = complete(&counsellor, &offer.contact_id).await;
    assert_eq!(closed.state(), ContactState::Closed);
}
