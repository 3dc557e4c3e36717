//! The process that matches dies or freezes, and the other one goes on.

use std::process::Command;
use std::time::{Duration, Instant};

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{GoReadyRequest, WatchOffersRequest};
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions, until};
use helpline_tests::request_id;

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

#[tokio::test(flavor = "multi_thread")]
async fn when_the_matcher_is_killed_another_process_offers_who_waits() {
    let mut fleet = Fleet::start(FleetOptions { processes: 2, ..FleetOptions::default() }).await;
    let leader = leader(&fleet).await;
    let other = fleet.server(1 - leader).channel();
    let counsellor = fleet.counsellors(1, (1, 2, 5)).await.remove(0).over(other.clone());
    let adapter = fleet.bearer(Role::ChannelAdapter, None).await.over(other);
    let watching = counsellor.offers().watch_offers(WatchOffersRequest::default()).await;
    let mut offers = watching.expect("offers").into_inner();
    let ready = GoReadyRequest { request_id: request_id() };
    counsellor.presence().go_ready(ready).await.expect("ready");

    let killed = Instant::now();
    fleet.server(leader).kill();
    let call = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Voice.into(),
        ..ReceiveContactRequest::default()
    };
    let received = adapter.contacts().receive_contact(call).await.expect("a contact").into_inner();
    let contact_id = received.contact.expect("the contact").contact_id;
    let offer = tokio::time::timeout(TAKEN_OVER + SLACK, async {
        loop {
            let message = offers.message().await.expect("a stream").expect("a message");
            if let Some(Event::Opened(offer)) = message.event {
                return offer;
            }
        }
    });
    let offer = offer.await.unwrap_or_else(|_| panic!("no offer {:.1?} after the kill", killed.elapsed()));
    println!("offered {:.1?} after the matcher was killed", killed.elapsed());
    assert_eq!(offer.contact_id, contact_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matcher_that_was_frozen_and_wakes_doubles_nothing() {
    let options =
        FleetOptions { processes: 2, settings: SETTINGS.to_owned(), ..FleetOptions::default() };
    let mut fleet = Fleet::start(options).await;
    let leader = leader(&fleet).await;
    let mut board = Board::new();
    board.add_many(30, Channel::WebChat, &[Act::Talk]);
    board.add_many(4, Channel::WebChat, &[Act::Ignore, Act::Talk]);
    let mut load = Load::begin(&fleet, board, 6, Duration::from_millis(100)).await;
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
