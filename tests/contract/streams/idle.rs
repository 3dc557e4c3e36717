//! A client that opens a stream and never reads it costs a few messages of memory, and nobody else anything.

use std::time::Duration;

use helpline_proto::intake::v1::{SendMessageRequest, WatchMessagesRequest};
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_tests::{World, WorldOptions, request_id};
use tonic::transport::{Channel, Endpoint};

use crate::stage::{SOON, Stage, accept, complete, go_ready, healthy, next_offer, watch};

/// Two connections to the database are all that the server has: a stream that held one would be felt at once.
const CRAMPED: &str = "[database]\npool_size = 2\n";

/// A connection on which a stream that is not read stalls after a kilobyte.
async fn narrow(world: &World) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", world.servers[0].grpc_addr())).unwrap();
    endpoint.initial_stream_window_size(1024).connect().await.unwrap()
}

/// Sessions of the server that are in the middle of something.
fn busy_sessions(world: &World) -> usize {
    let sql =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'helpline_server'
               AND state <> 'idle'";
    world.database.query(sql).unwrap().len()
}

async fn nobody_holds_a_session(world: &World) {
    let quiet = async {
        // Workers look in from time to time; a held session would be there at every look.
        while busy_sessions(world) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, quiet).await.expect("a session of the database is held");
}

#[tokio::test]
async fn messages_that_nobody_reads_hold_up_nobody() {
    const MESSAGES: usize = 40;
    let stage = Stage::with(WorldOptions { config: CRAMPED.to_owned(), ..WorldOptions::default() }).await;
    let contact = stage.accepted().await;
    let text = |number: usize| format!("{number} {}", "ب".repeat(10_000));
    let request = WatchMessagesRequest { contact_id: contact.contact_id.clone(), after_sequence: 0 };
    let mut unread = Vec::new();
    let idle = stage.counsellor.over(narrow(&stage.world).await);
    for _ in 0..10 {
        unread.push(idle.messages().watch_messages(request.clone()).await.unwrap().into_inner());
    }
    for number in 0..MESSAGES {
        let request = SendMessageRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            message_id: request_id(),
            text: text(number),
        };
        stage.adapter.messages().send_message(request).await.unwrap();
    }
    // Another window of the same counsellor is not held up, nor is the work of others.
    let mut reading = stage.counsellor.messages().watch_messages(request).await.unwrap().into_inner();
    for number in 0..MESSAGES {
        let next = tokio::time::timeout(SOON, reading.message()).await.expect("a message").unwrap().unwrap();
        assert_eq!(next.message.unwrap().text, text(number));
    }
    for _ in 0..3 {
        tokio::time::timeout(SOON, healthy(&stage.world)).await.expect("others go on");
    }
    nobody_holds_a_session(&stage.world).await;

    // Who reads late has missed nothing.
    let late = unread.pop().unwrap();
    drop(unread);
    let mut late = late;
    let mut number = 0;
    while number < MESSAGES {
        let next = tokio::time::timeout(SOON, late.message()).await.expect("a message").unwrap().unwrap();
        if let Some(message) = next.message {
            assert_eq!(message.text, text(number));
            number += 1;
        }
    }
}

#[tokio::test]
async fn offers_that_nobody_reads_hold_up_nobody() {
    const OFFERS: usize = 40;
    let stage = Stage::with(WorldOptions { config: CRAMPED.to_owned(), ..WorldOptions::default() }).await;
    let mut unread = Vec::new();
    let idle = stage.counsellor.over(narrow(&stage.world).await);
    for _ in 0..10 {
        unread.push(watch(&idle).await);
    }
    go_ready(&stage.counsellor).await;
    let mut reading = watch(&stage.counsellor).await;
    let mut last = String::new();
    for _ in 0..OFFERS {
        stage.contact().await;
        let offer = next_offer(&mut reading).await;
        accept(&stage.counsellor, &offer).await;
        complete(&stage.counsellor, &offer.contact_id).await;
        last = offer.offer_id;
    }
    tokio::time::timeout(SOON, healthy(&stage.world)).await.expect("others go on");
    nobody_holds_a_session(&stage.world).await;

    // Who reads late is told of every offer that opened that it ended, and of the one that is open now.
    stage.contact().await;
    let now = next_offer(&mut reading).await;
    assert_ne!(now.offer_id, last);
    let mut open = Vec::new();
    let mut late = unread.pop().unwrap();
    let caught_up = async {
        while open != [now.offer_id.clone()] {
            match late.message().await.unwrap().expect("the stream goes on").event {
                Some(Event::Opened(offer)) => open.push(offer.offer_id),
                Some(Event::Ended(offer)) => open.retain(|id| *id != offer.offer_id),
                _ => {}
            }
        }
    };
    tokio::time::timeout(2 * SOON, caught_up).await.expect("the stream catches up");
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_no_stream_behind() {
    let stage = Stage::new().await;
    let idle = stage.counsellor.over(narrow(&stage.world).await);
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(watch(&idle).await);
    }
    let streams = stage.world.servers[0].authenticator().streams().clone();
    assert_eq!(streams.count(), 20);
    drop((unread, idle));
    let gone = async {
        while streams.count() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, gone).await.expect("every place is given back");
}

#[tokio::test]
async fn a_client_that_never_reads_keeps_no_server_from_stopping() {
    let config = "[timing]\nshutdown_grace_s = 1\n".to_owned();
    let stage = Stage::with(WorldOptions { config, ..WorldOptions::default() }).await;
    let contact = stage.accepted().await;
    let idle = stage.counsellor.over(narrow(&stage.world).await);
    let request = WatchMessagesRequest { contact_id: contact.contact_id.clone(), after_sequence: 0 };
    let _unread = idle.messages().watch_messages(request).await.unwrap().into_inner();
    for _ in 0..40 {
        let request = SendMessageRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            message_id: request_id(),
            text: "x".repeat(10_000),
        };
        stage.adapter.messages().send_message(request).await.unwrap();
    }
    // It gets the grace that every call gets, and no more.
    tokio::time::timeout(SOON, stage.world.stop()).await.expect("the server stops");
}
