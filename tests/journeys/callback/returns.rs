//! The child comes back by themselves before anybody has called.

use helpline_proto::directory::v1::Flood;
use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{CallbackState, PromiseCallbackRequest};
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk};
use helpline_tests::Abilities;

use super::{NUMBER, child, promise, request};
use crate::stage::{Stage, at, call, chat, from, seconds};

#[tokio::test]
async fn a_child_who_calls_again_has_the_place_that_was_kept_and_is_not_called() {
    let stage = Stage::set().await;
    let first = stage.receive(at(Risk::High, child())).await;
    let later = PromiseCallbackRequest { due_time: stage.in_seconds(600), ..request(&first) };
    let callback = promise(&stage.adapter, later).await.unwrap();
    stage.world.advance(60.0);
    let between = stage.receive(at(Risk::High, call("ar"))).await;
    let again = stage.receive(child()).await;
    assert_ne!(again.contact_id, first.contact_id);
    assert_eq!((again.receive_time, again.deadline_time), (first.receive_time, first.deadline_time));
    assert_eq!(again.risk(), Risk::High, "what was known of the danger is not forgotten");
    // Due meanwhile: nobody calls who waits in line.
    stage.world.advance(600.0);
    stage.a_pass().await;
    assert_eq!(stage.contact(&first.contact_id).await.state(), ContactState::CallbackPromised);

    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let offer = amina.offered(&again).await;
    amina.accept(&offer).await;
    let kept = stage.until_callback(&callback, CallbackState::Cancelled).await;
    assert_eq!((kept.reason.as_str(), &kept.called_contact_id), ("child_called", &again.contact_id));
    assert_eq!(stage.contact(&first.contact_id).await.state(), ContactState::Unreached);
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.offered(&between).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn the_promise_stands_when_the_child_hangs_up_again_unanswered() {
    let stage = Stage::set().await;
    let first = stage.receive(child()).await;
    let callback = stage.promised_now(&first).await;
    stage.until_state(&first, ContactState::Waiting).await;
    let again = stage.receive(child()).await;
    // Its own work leaves the line while the child waits there.
    stage.until_state(&first, ContactState::CallbackPromised).await;
    stage.leave(&again).await;
    stage.until_state(&first, ContactState::Waiting).await;
    let now = stage.callback(&callback.callback_id).await;
    assert_eq!((now.state(), now.called_contact_id.as_str()), (CallbackState::Due, ""));
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.offered(&first).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_was_promised_a_call_is_not_taken_for_part_of_a_flood() {
    let stage = Stage::set().await;
    let flood = Flood { most_waiting: 2, ..Flood::default() };
    stage.world.change_settings(|settings| settings.flood = Some(flood)).await;
    let amina = stage.desk(Abilities::speaking(&["en"])).await;
    let elsewhere = || from(NUMBER, call("ar"));
    for _ in 0..2 {
        stage.receive(elsewhere()).await;
    }
    stage.receive(from("another", chat("en"))).await;
    let talk = amina.take().await;
    let later = PromiseCallbackRequest {
        channel: Channel::Voice.into(),
        number: NUMBER.to_owned(),
        due_time: stage.in_seconds(3600),
        ..request(&talk)
    };
    promise(&amina.actor, later).await.unwrap();
    let back = stage.receive(elsewhere()).await;
    assert_eq!((back.limited, back.priority_class()), (false, PriorityClass::High));
    let next = stage.receive(elsewhere()).await;
    assert_eq!((next.limited, next.priority_class()), (true, PriorityClass::Low), "a promise is kept once");
}

#[tokio::test]
async fn a_child_whom_a_counsellor_promised_a_call_comes_back_with_what_is_known_of_the_danger() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = super::talking(&stage, &amina).await;
    stage.assess(&talk, Risk::Imminent).await;
    let later = PromiseCallbackRequest { due_time: stage.in_seconds(600), ..request(&talk) };
    promise(&amina.actor, later).await.unwrap();
    super::over(&amina, &talk).await;
    amina.not_ready().await;
    let back = stage.receive(child()).await;
    assert_eq!((back.risk(), back.priority_class()), (Risk::Imminent, PriorityClass::Critical));
    let wait = seconds(back.deadline_time) - seconds(back.receive_time);
    assert!((wait - 15.0).abs() < 0.001, "{wait}");
}

#[tokio::test]
async fn what_a_counsellor_promised_on_the_telephone_stands_when_a_call_from_that_number_is_answered() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = super::talking(&stage, &amina).await;
    let later = PromiseCallbackRequest { due_time: stage.in_seconds(600), ..request(&talk) };
    let callback = promise(&amina.actor, later).await.unwrap();
    super::over(&amina, &talk).await;
    // Perhaps another child of the same house.
    let other = super::talking(&stage, &amina).await;
    assert_eq!(stage.callback(&callback.callback_id).await.called_contact_id, other.contact_id);
    stage.world.advance(601.0);
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.a_pass().await;
    assert!(!basma.watch.has_offer().await, "not while they may be in this talk");
    amina.not_ready().await;
    super::over(&amina, &other).await;
    let offer = basma.next_offer().await;
    let work = basma.accept(&offer).await;
    assert_eq!(work.callback_id, callback.callback_id);
}
