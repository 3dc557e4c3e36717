//! Two servers over one database and one Redis are one helpline.

use std::time::{Duration, Instant};

use helpline_proto::intake::v1::{ContactState, SendMessageRequest, WatchMessagesRequest};
use helpline_proto::queueing::v1::{DeclineReason, OfferState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};

use crate::desk::{Desk, Watch};
use crate::stage::{PATIENCE, Stage, call, chat};

/// What is seen on the other server is seen this soon.
const SOON: Duration = Duration::from_secs(2);

async fn on_both(stage: &mut Stage, abilities: Abilities) -> (Desk, Desk) {
    let elsewhere = stage.world.another_server().await;
    let here = stage.desk(abilities).await;
    let there = Desk::open(here.actor.over(elsewhere)).await;
    (here, there)
}

#[tokio::test]
async fn an_offer_made_through_one_server_is_seen_and_accepted_on_the_other() {
    let mut stage = Stage::set().await;
    let (here, there) = on_both(&mut stage, Abilities::speaking(&["ar"])).await;
    for _ in 0..3 {
        let begun = Instant::now();
        let contact = stage.receive(call("ar")).await;
        let offer = there.offered(&contact).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert_eq!(here.offered(&contact).await, offer);
        let begun = Instant::now();
        there.accept(&offer).await;
        for desk in [&here, &there] {
            assert_eq!(desk.next_end().await.state(), OfferState::Accepted);
        }
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        // Freed there, offered the next from wherever the matcher is.
        there.complete(&contact).await;
    }
    stage.agrees().await;
}

#[tokio::test]
async fn an_offer_seen_on_one_server_is_accepted_through_the_other() {
    let mut stage = Stage::set().await;
    let elsewhere = stage.world.another_server().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let actor = amina.actor.clone();
    // The only stream is there; every command is given here.
    let amina = Desk { watch: Watch::open(&actor.over(elsewhere), "").await.unwrap(), actor };
    amina.ready().await;
    for reason in [Some(DeclineReason::Busy), None] {
        let begun = Instant::now();
        let contact = stage.receive(at_harm()).await;
        let offer = amina.offered(&contact).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        match reason {
            Some(reason) => {
                amina.decline(&offer, reason).await;
                assert_eq!(amina.next_end().await.state(), OfferState::Declined);
                stage.leave(&contact).await;
                // Whether or not it was offered once more before the person left.
                amina.not_ready().await;
                amina.watch.forget().await;
                amina.ready().await;
                amina.watch.forget().await;
            }
            None => assert_eq!(amina.accept(&offer).await.state(), ContactState::InProgress),
        }
    }
}

fn at_harm() -> helpline_proto::intake::v1::ReceiveContactRequest {
    crate::stage::at(Risk::HarmNow, call("ar"))
}

#[tokio::test]
async fn a_message_sent_through_one_server_is_read_on_the_other() {
    let mut stage = Stage::set().await;
    let (here, there) = on_both(&mut stage, Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(chat("ar")).await;
    let offer = here.offered(&contact).await;
    here.accept(&offer).await;
    let request = WatchMessagesRequest { contact_id: contact.contact_id.clone(), after_sequence: 0 };
    let mut stream = there.actor.messages().watch_messages(request).await.unwrap().into_inner();
    for text in ["one", "two", "three"] {
        let begun = Instant::now();
        let request = SendMessageRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            message_id: request_id(),
            text: text.to_owned(),
        };
        stage.adapter.messages().send_message(request).await.unwrap();
        let message = loop {
            let next = tokio::time::timeout(PATIENCE, stream.message()).await.expect("in time");
            if let Some(message) = next.unwrap().unwrap().message {
                break message;
            }
        };
        assert_eq!(message.text, text);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn many_who_come_through_two_servers_are_each_offered_once() {
    let mut stage = Stage::set().await;
    stage.world.change_settings(|settings| settings.reserve_from = 100_000).await;
    let elsewhere = stage.world.another_server().await;
    let mut desks = Vec::new();
    for number in 0..12 {
        let actor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
        let actor = if number % 2 == 0 { actor } else { actor.over(elsewhere.clone()) };
        desks.push(Desk::open(actor).await);
    }
    let mut arrivals = tokio::task::JoinSet::new();
    for number in 0..12 {
        let adapter =
            if number % 2 == 0 { stage.adapter.clone() } else { stage.adapter.over(elsewhere.clone()) };
        arrivals.spawn(async move { adapter.contacts().receive_contact(call("ar")).await.unwrap() });
    }
    for desk in &desks {
        desk.ready().await;
    }
    arrivals.join_all().await;
    let mut taken = std::collections::HashSet::new();
    for desk in &desks {
        assert!(taken.insert(desk.take().await.contact_id), "nobody is given to two");
    }
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts WHERE state = 'in_progress'"), "12");
    assert_eq!(stage.value("SELECT count(*) FROM helpline.offers WHERE state <> 'accepted'"), "0");
    stage.agrees().await;
}
