//! Streams: many at once, too many, one that nobody reads, and those of a token that is no longer good.

mod idle;

use std::time::{Duration, Instant};

use helpline_proto::directory::v1::{DisableCounsellorRequest, RevokeTokenRequest};
use helpline_proto::intake::v1::WatchMessagesRequest;
use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{Offer, WatchOffersRequest, WatchOffersResponse, WatchQueueStatusRequest};
use helpline_tests::{Actor, World, WorldOptions, request_id};
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::stage::{
    SOON, Stage, abilities, accept, go_ready, healthy, new_language, next_offer, receive, watch,
};

/// Somebody on shift with many windows open.
struct Watcher {
    counsellor: Actor,
    language: String,
}

/// What one stream said: whose it is, which one, and what.
type Said = (usize, usize, Result<Option<Event>, Option<Status>>);

/// Reads a stream to its end, which comes last and is an error without one when it was no error.
async fn report(
    from: (usize, usize),
    mut stream: Streaming<WatchOffersResponse>,
    said: mpsc::UnboundedSender<Said>,
) {
    loop {
        let (what, over) = match stream.message().await {
            Ok(Some(message)) => (Ok(message.event), false),
            Ok(None) => (Err(None), true),
            Err(status) => (Err(Some(status)), true),
        };
        if said.send((from.0, from.1, what)).is_err() || over {
            return;
        }
    }
}

/// Waits until every stream has shown one event that `wanted` knows, and nothing else but presence.
async fn everybody_is_shown(
    said: &mut mpsc::UnboundedReceiver<Said>,
    (people, windows): (usize, usize),
    wanted: impl Fn(usize, Event) -> Option<Offer>,
) -> Vec<Offer> {
    let mut seen = vec![vec![None; windows]; people];
    let mut missing = people * windows;
    let deadline = Instant::now() + 3 * SOON;
    while missing > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        let next = tokio::time::timeout(left, said.recv()).await;
        let (person, window, what) =
            next.unwrap_or_else(|_| panic!("{missing} streams were not shown it")).unwrap();
        let event = what.unwrap_or_else(|end| panic!("a stream ended: {end:?}"));
        match event {
            None | Some(Event::Presence(_)) => {}
            Some(event) => {
                let offer = wanted(person, event).expect("this stream was shown something else");
                assert!(seen[person][window].replace(offer).is_none(), "shown twice");
                missing -= 1;
            }
        }
    }
    let same = |shown: Vec<Option<Offer>>| {
        let shown: Vec<_> = shown.into_iter().flatten().collect();
        assert!(shown.iter().all(|offer| offer.offer_id == shown[0].offer_id), "each window shows the same");
        shown[0].clone()
    };
    seen.into_iter().map(same).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_stay_open_and_each_shows_its_own_counsellors_offers_alone() {
    const PEOPLE: usize = 20;
    const WINDOWS: usize = 50;
    let world = World::start().await;
    let adapter = world.adapter().await;
    let (sender, mut said) = mpsc::unbounded_channel();
    let mut watchers = Vec::new();
    for person in 0..PEOPLE {
        let language = new_language();
        let counsellor = world.counsellor(abilities(&language)).await;
        go_ready(&counsellor).await;
        let counsellor = counsellor.over(world.connect().await);
        for window in 0..WINDOWS {
            tokio::spawn(report((person, window), watch(&counsellor).await, sender.clone()));
        }
        watchers.push(Watcher { counsellor, language });
    }
    assert_eq!(world.servers[0].authenticator().streams().count(), PEOPLE * WINDOWS);
    for watcher in &watchers {
        receive(&adapter, &watcher.language).await;
    }
    let offers = everybody_is_shown(&mut said, (PEOPLE, WINDOWS), |person, event| match event {
        Event::Opened(offer) => {
            assert_eq!(
                offer.counsellor_id, watchers[person].counsellor.counsellor_id,
                "somebody else's offer"
            );
            assert_eq!(offer.language, watchers[person].language);
            Some(offer)
        }
        _ => None,
    })
    .await;
    for (watcher, offer) in watchers.iter().zip(&offers) {
        accept(&watcher.counsellor, offer).await;
    }
    let ended = everybody_is_shown(&mut said, (PEOPLE, WINDOWS), |_, event| match event {
        Event::Ended(offer) => Some(offer),
        _ => None,
    })
    .await;
    let ids = |offers: &[Offer]| offers.iter().map(|offer| offer.offer_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&ended), ids(&offers));
    assert_eq!(world.servers[0].authenticator().streams().count(), PEOPLE * WINDOWS, "all are open still");
    healthy(&world).await;
}

#[tokio::test]
async fn a_token_with_too_many_streams_is_told_when_to_come_again() {
    let config = "[limits]\nstreams_per_token = 3\n".to_owned();
    let stage = Stage::with(WorldOptions { config, ..WorldOptions::default() }).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(watch(&stage.counsellor).await);
    }
    let request = WatchOffersRequest::default();
    let status = stage.counsellor.offers().watch_offers(request.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOO_MANY");
    let delay = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(delay > Duration::ZERO);
    // Every kind of stream counts, and nobody else's does.
    let request_of_messages = WatchMessagesRequest { contact_id: request_id(), after_sequence: 0 };
    let messages = stage.counsellor.messages().watch_messages(request_of_messages).await.unwrap_err();
    assert_eq!(messages.code(), Code::ResourceExhausted);
    let colleague = stage.world.counsellor(abilities(&stage.language)).await;
    watch(&colleague).await;
    // Who closes one may open one.
    open.pop();
    let again = async {
        while stage.counsellor.offers().watch_offers(request.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("a place came free");
    healthy(&stage.world).await;
}

#[tokio::test]
async fn a_process_with_too_many_streams_refuses_more_and_goes_on() {
    let config = "[limits]\nstreams = 4\n".to_owned();
    let stage = Stage::with(WorldOptions { config, ..WorldOptions::default() }).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let counsellor = stage.world.counsellor(abilities(&new_language())).await;
        open.push(watch(&counsellor).await);
    }
    let status = stage.counsellor.offers().watch_offers(WatchOffersRequest::default()).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOO_MANY");
    // What is no stream is not concerned.
    go_ready(&stage.counsellor).await;
    stage.contact().await;
    open.pop();
    // The place is free as soon as the server has seen that its stream is gone.
    let again = async {
        loop {
            match stage.counsellor.offers().watch_offers(WatchOffersRequest::default()).await {
                Ok(stream) => return stream.into_inner(),
                Err(status) => assert_eq!(status.get_details_error_info().unwrap().reason, "TOO_MANY"),
            }
        }
    };
    let mut offers = tokio::time::timeout(Duration::from_secs(10), again).await.expect("a free place");
    next_offer(&mut offers).await;
}

/// What a stream says last, and how long after `since`.
async fn end_of<T>(mut stream: Streaming<T>, since: Instant) -> (Status, Duration) {
    let end = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended as if all were well"),
                Err(status) => return status,
            }
        }
    };
    let status = tokio::time::timeout(SOON, end).await.expect("the stream ends");
    (status, since.elapsed())
}

fn assert_shut_out((status, after): (Status, Duration)) {
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOKEN_REFUSED");
    assert!(after < Duration::from_secs(3), "only after {after:?}");
}

#[tokio::test]
async fn the_open_streams_of_a_revoked_token_end_on_every_server() {
    let mut stage = Stage::new().await;
    let elsewhere = stage.world.another_server().await;
    let contact = stage.accepted().await;
    let supervisor = stage.world.supervisor().await;
    let there = stage.counsellor.over(elsewhere.clone());
    let messages = WatchMessagesRequest { contact_id: contact.contact_id, after_sequence: 0 };
    let here = (
        watch(&stage.counsellor).await,
        stage.counsellor.messages().watch_messages(messages.clone()).await.unwrap().into_inner(),
        supervisor.line().watch_queue_status(WatchQueueStatusRequest::default()).await.unwrap().into_inner(),
    );
    let elsewhere = (
        watch(&there).await,
        there.messages().watch_messages(messages).await.unwrap().into_inner(),
        supervisor
            .over(elsewhere)
            .line()
            .watch_queue_status(WatchQueueStatusRequest::default())
            .await
            .unwrap()
            .into_inner(),
    );
    let untouched = watch(&stage.world.counsellor(abilities(&new_language())).await).await;

    let mut tokens = stage.world.administrator().tokens();
    for token_id in [&stage.counsellor.token_id, &supervisor.token_id] {
        let request = RevokeTokenRequest { request_id: request_id(), token_id: token_id.clone() };
        tokens.revoke_token(request).await.unwrap();
    }
    let since = Instant::now();
    assert_shut_out(end_of(here.0, since).await);
    assert_shut_out(end_of(here.1, since).await);
    assert_shut_out(end_of(here.2, since).await);
    assert_shut_out(end_of(elsewhere.0, since).await);
    assert_shut_out(end_of(elsewhere.1, since).await);
    assert_shut_out(end_of(elsewhere.2, since).await);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), end_of(untouched, since)).await.is_err(),
        "nobody else is concerned"
    );
    healthy(&stage.world).await;
}

#[tokio::test]
async fn the_open_streams_of_somebody_who_left_end() {
    let stage = Stage::new().await;
    let stream = watch(&stage.counsellor).await;
    let request = DisableCounsellorRequest {
        request_id: request_id(),
        counsellor_id: stage.counsellor.counsellor_id.clone(),
    };
    stage.world.administrator().counsellors().disable_counsellor(request).await.unwrap();
    assert_shut_out(end_of(stream, Instant::now()).await);
}
