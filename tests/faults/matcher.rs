//! The process that matches dies or freezes, and the other one goes on.

use std::process::Command;
use std::time::{Duration, Instant};

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    AcceptOfferRequest, GoReadyRequest, Offer, WatchOffersRequest, WatchOffersResponse,
};
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions, until};
use helpline_tests::{Actor, request_id};
use tonic::Streaming;

use crate::afterwards::all_is_well;
use crate::fail_points::SETTINGS;
use crate::load::Load;
use crate::story::{Act, Board};

/// Until the other process has the lease and has offered who waits.
const TAKEN_OVER: Duration = Duration::from_millis(2500);
/// For a machine that does other things too.
const SLACK: Duration = Duration::from_millis(1500);

/// Which server matches: the last to have said so.
async fn leader(fleet: &Fleet) -> usize {
    let found = until("a server that matches", Duration::from_secs(10), || {
        let matching = format!("matching centre={}", fleet.centre);
        std::future::ready(fleet.servers().iter().position(|server| server.log().contains(&matching)))
    });
    found.await.0
}

/// A matcher in one process, and everybody connected to the other.
struct Apart {
    fleet: Fleet,
    leader: usize,
    adapter: Actor,
    counsellor: Actor,
    offers: Streaming<WatchOffersResponse>,
}

impl Apart {
    /// `testing` is for the process that matches.
    async fn start(testing: &str) -> Self {
        let options = FleetOptions { processes: 2, testing: testing.to_owned(), ..FleetOptions::default() };
        let mut fleet = Fleet::start(options).await;
        let leader = leader(&fleet).await;
        let other = fleet.server(1 - leader).channel();
        let counsellor = fleet.counsellors(1, (1, 2, 5)).remove(0).over(other.clone());
        let adapter = fleet.bearer(Role::ChannelAdapter, None).over(other);
        let watching = counsellor.offers().watch_offers(WatchOffersRequest::default()).await;
        let offers = watching.expect("offers").into_inner();
        let ready = GoReadyRequest { request_id: request_id() };
        counsellor.presence().go_ready(ready).await.expect("ready");
        Self { fleet, leader, adapter, counsellor, offers }
    }

    async fn call(&self) -> String {
        let call = ReceiveContactRequest {
            request_id: request_id(),
            channel: Channel::Voice.into(),
            ..ReceiveContactRequest::default()
        };
        let received = self.adapter.contacts().receive_contact(call).await.expect("a contact").into_inner();
        received.contact.expect("the contact").contact_id
    }

    /// The next offer, which must come within `bound` of now and a little more.
    async fn offer(&mut self, what: &str, bound: Duration) -> Offer {
        let begun = Instant::now();
        let offer = tokio::time::timeout(bound + SLACK, async {
            loop {
                let message = self.offers.message().await.expect("a stream").expect("a message");
                if let Some(Event::Opened(offer)) = message.event {
                    return offer;
                }
            }
        });
        let offer = offer.await.unwrap_or_else(|_| panic!("{what}: no offer after {:.1?}", begun.elapsed()));
        println!("{what}: offered after {:.1?}", begun.elapsed());
        offer
    }

    async fn accept(&self, offer: Offer) -> String {
        let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id };
        let accepted = self.counsellor.offers().accept_offer(request).await.expect("an acceptance");
        accepted.into_inner().contact.expect("the contact").contact_id
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_matcher_is_killed_another_process_offers_who_waits() {
    let mut apart = Apart::start("").await;
    apart.fleet.server(apart.leader).kill();
    let contact = apart.call().await;
    let offer = apart.offer("the matcher was killed", TAKEN_OVER).await;
    assert_eq!(apart.accept(offer).await, contact);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_matcher_leaves_undone_when_it_dies_another_process_does() {
    // Claimed or not, nothing is committed: the lease brings it back. Committed and untold: the journal tells.
    let places = [
        ("offer.after_claim", TAKEN_OVER),
        ("offer.before_commit", TAKEN_OVER),
        ("offer.after_commit", Duration::from_secs(1)),
    ];
    for (place, bound) in places {
        let mut apart = Apart::start(&format!("kill_at = \"{place}\"")).await;
        let contact = apart.call().await;
        let leader = apart.leader;
        until(&format!("the matcher dies at {place}"), Duration::from_secs(10), || {
            std::future::ready(apart.fleet.server(leader).status())
        })
        .await;
        let offer = apart.offer(place, bound).await;
        assert_eq!(apart.accept(offer).await, contact, "{place}");
        let offers = "SELECT count(*) FROM helpline.offers";
        assert_eq!(apart.fleet.count(offers), 1, "{place}: offers made");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matcher_that_was_frozen_and_wakes_doubles_nothing() {
    let options = FleetOptions { processes: 2, settings: SETTINGS.to_owned(), ..FleetOptions::default() };
    let mut fleet = Fleet::start(options).await;
    let leader = leader(&fleet).await;
    let mut board = Board::new();
    board.add_many(30, Channel::WebChat, &[Act::Talk]);
    board.add_many(4, Channel::WebChat, &[Act::Ignore, Act::Talk]);
    let mut load = Load::begin(&fleet, board, 6, Duration::from_millis(100));
    load.wait_over(3, Duration::from_secs(20)).await;
    let id = fleet.server(leader).id().to_string();
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &id]).status().expect("kill").success());
    };
    signal("-STOP");
    // Until the other one has taken over.
    let matching = format!("matching centre={}", fleet.centre);
    until("the other process matches", TAKEN_OVER + SLACK, || {
        std::future::ready(fleet.servers()[1 - leader].log().contains(&matching).then_some(()))
    })
    .await;
    signal("-CONT");
    let (board, adapters) = load.finish(Duration::from_secs(40)).await;
    all_is_well(&fleet, &board, &adapters).await;
}
