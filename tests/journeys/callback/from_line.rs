//! The child chooses in the waiting menu to be called back.

use helpline_proto::intake::v1::{ContactState, Direction};
use helpline_proto::queueing::v1::{AttemptOutcome, CallbackState, OfferState, PromiseCallbackRequest};
use helpline_tests::Abilities;
use tonic::Code;

use super::{child, get, promise, record, request};
use crate::stage::{Stage, call, chat, why};

#[tokio::test]
async fn a_child_who_chooses_to_be_called_keeps_their_place_before_whoever_came_later() {
    let stage = Stage::set().await;
    let first = stage.receive(child()).await;
    let callback = promise(
        &stage.adapter,
        PromiseCallbackRequest {
            due_time: stage.in_seconds(600),
            safe_words: "Ask for Salma, say you are from school".to_owned(),
            ..request(&first)
        },
    )
    .await
    .unwrap();
    assert_eq!(callback.state(), CallbackState::Promised);
    assert!(callback.reference.len() == 8 && callback.reference.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!((callback.number.as_str(), callback.safe_words.as_str()), ("", ""));
    let out = stage.contact(&first.contact_id).await;
    assert_eq!(out.state(), ContactState::CallbackPromised);
    // The call ends: nobody leaves who was promised a call.
    let gone = why(stage.try_leave(&first.contact_id).await);
    assert_eq!((gone.reason.as_str(), gone.metadata("state")), ("STATE_REFUSED", "callback_promised"));
    let second = stage.receive(call("ar")).await;
    stage.world.advance(601.0);
    let back = stage.until_state(&first, ContactState::Waiting).await;
    assert_eq!((back.receive_time, back.deadline_time), (first.receive_time, first.deadline_time));
    assert_eq!(
        (back.direction(), back.callback_id.as_str()),
        (Direction::Inbound, callback.callback_id.as_str())
    );
    let late = why(stage.try_leave(&first.contact_id).await);
    assert_eq!(late.reason, "STATE_REFUSED", "a late hang-up does not take the promise away");

    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let offer = amina.offered(&first).await;
    assert_eq!(get(&amina.actor, &callback.callback_id).await.map(drop).unwrap_err().code(), Code::NotFound);
    let held = amina.accept(&offer).await;
    let shown = get(&amina.actor, &held.callback_id).await.unwrap();
    assert_eq!(shown.state(), CallbackState::Attempting);
    assert_eq!(shown.number, super::NUMBER);
    assert_eq!(shown.safe_words, "Ask for Salma, say you are from school");
    assert_eq!(shown.caller_name, "صديق من المركز");
    assert_eq!(stage.happened("callback_number_read"), 1);
    let hidden = stage.callback(&callback.callback_id).await;
    assert_eq!((hidden.number.as_str(), hidden.safe_words.as_str()), ("", ""), "not for supervisors");

    for refused in [why(amina.try_release(&held).await), why(amina.try_complete(&held).await)] {
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "ATTEMPT_UNRECORDED"));
    }
    let reached = record(&amina, &held.callback_id, AttemptOutcome::Reached).await.unwrap();
    assert_eq!((reached.state(), reached.attempts), (CallbackState::Reached, 1));
    let again = why(record(&amina, &held.callback_id, AttemptOutcome::Reached).await);
    assert_eq!((again.reason.as_str(), again.metadata("state")), ("STATE_REFUSED", "reached"));
    super::over(&amina, &held).await;
    amina.offered(&second).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_promise_takes_an_open_offer_back_and_the_counsellor_is_free_for_the_next() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let first = stage.receive(child()).await;
    let offer = amina.offered(&first).await;
    let second = stage.receive(call("ar")).await;
    let later = PromiseCallbackRequest { due_time: stage.in_seconds(600), ..request(&first) };
    let callback = promise(&stage.adapter, later.clone()).await.unwrap();
    let end = amina.next_end().await;
    assert_eq!((end.state(), end.offer_id), (OfferState::Withdrawn, offer.offer_id.clone()));
    let gone = why(amina.try_accept(&offer).await);
    assert_eq!((gone.reason.as_str(), gone.metadata("state")), ("OFFER_OVER", "withdrawn"));
    amina.offered(&second).await;
    // The same request is the same promise; another is none.
    let same = promise(&stage.adapter, later.clone()).await.unwrap();
    assert_eq!((same.callback_id, same.reference), (callback.callback_id, callback.reference));
    let twice = PromiseCallbackRequest { request_id: helpline_tests::request_id(), ..later };
    assert_eq!(why(promise(&stage.adapter, twice).await).metadata("state"), "callback_promised");
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn nothing_is_promised_that_could_not_be_kept() {
    let stage = Stage::set().await;
    let unknown = stage.receive(call("ar")).await;
    assert_eq!(why(promise(&stage.adapter, request(&unknown)).await).fields, ["number"]);
    let written = stage.receive(chat("ar")).await;
    assert_eq!(why(promise(&stage.adapter, request(&written)).await).fields, ["channel"]);
    let known = stage.receive(child()).await;
    assert_eq!(why(promise(&stage.adapter, super::check_in(&known)).await).fields, ["kind"]);
    let over = PromiseCallbackRequest { until_time: stage.in_seconds(-1), ..request(&known) };
    assert_eq!(why(promise(&stage.adapter, over).await).fields, ["until_time"]);
    let far = PromiseCallbackRequest { due_time: stage.in_seconds(40_000_000), ..request(&known) };
    assert_eq!(why(promise(&stage.adapter, far).await).fields, ["due_time"]);
    let other = stage.world.adapter().await;
    assert_eq!(why(promise(&other, request(&known)).await).code, Code::NotFound);
    for contact in [unknown, written, known] {
        assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Waiting);
    }
}
