//! Several want the same contact or the same callback at once.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{CallbackState, PromiseCallbackRequest};
use helpline_tests::Abilities;

use super::{cancel, child, promise, request, talking};
use crate::stage::{Stage, call, from};

/// How often each race is run.
const ROUNDS: usize = 12;

#[tokio::test]
async fn of_promise_accept_and_departure_exactly_one_wins() {
    let stage = Stage::set().await;
    let desk = stage.desk(Abilities::speaking(&["ar"])).await;
    for round in 0..ROUNDS {
        let contact = stage.receive(child()).await;
        let offer = desk.offered(&contact).await;
        let later = PromiseCallbackRequest { due_time: stage.in_seconds(86_400), ..request(&contact) };
        let leave = async {
            // Every other round without: then promise and accept race alone.
            if round % 2 == 0 { stage.try_leave(&contact.contact_id).await.is_ok() } else { false }
        };
        let (promised, accepted, left) =
            tokio::join!(promise(&stage.adapter, later), desk.try_accept(&offer), leave);
        let now = stage.contact(&contact.contact_id).await;
        let state = now.state();
        assert_eq!(promised.is_ok(), state == ContactState::CallbackPromised, "{state:?} {promised:?}");
        match state {
            ContactState::CallbackPromised => {
                assert!(accepted.is_err() && !left);
                cancel(&stage.adapter, &promised.unwrap()).await.unwrap();
            }
            // Accepted, and then they left, perhaps.
            ContactState::InProgress | ContactState::WrapUp => {
                assert!(accepted.is_ok());
                desk.complete(&now).await;
            }
            _ => assert!(accepted.is_err() && left, "{state:?}"),
        }
        desk.watch.forget().await;
    }
    stage.agrees().await;
}

#[tokio::test]
async fn two_servers_make_each_callback_due_once() {
    let mut stage = Stage::set().await;
    stage.world.another_server().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = talking(&stage, &amina).await;
    amina.not_ready().await;
    let mut promises = Vec::new();
    for _ in 0..ROUNDS {
        let later = PromiseCallbackRequest { due_time: stage.in_seconds(600), ..request(&talk) };
        promises.push(promise(&amina.actor, later).await.unwrap());
    }
    // Somebody else: who was promised a call and comes back is not called meanwhile.
    let line = stage.receive(from("+974 5555 0122", call("ar"))).await;
    stage.promised_now(&line).await;
    stage.world.advance(601.0);
    for promised in &promises {
        stage.until_callback(promised, CallbackState::Due).await;
    }
    let works = stage.value("SELECT count(*) FROM helpline.contacts WHERE direction = 'outbound'");
    assert_eq!(works, ROUNDS.to_string());
    stage.until_state(&line, ContactState::Waiting).await;
    assert_eq!(stage.happened("callback_due"), i64::try_from(ROUNDS).unwrap() + 1);
    stage.agrees().await;
}

#[tokio::test]
async fn what_is_cancelled_in_the_instant_it_is_due_is_not_called() {
    let stage = Stage::set().await;
    for _ in 0..ROUNDS {
        let contact = stage.receive(child()).await;
        let callback = stage.promised_now(&contact).await;
        cancel(&stage.adapter, &callback).await.unwrap();
        assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Unreached);
    }
    let waiting = "SELECT count(*) FROM helpline.contacts WHERE state <> 'unreached'";
    assert_eq!(stage.value(waiting), "0");
    stage.agrees_with_the_view().await;
}
