//! What no block keeps out.

use helpline_proto::intake::v1::{
    ChangeRiskRequest, Contact, ContactState, ReceiveContactRequest, RecordAnswersRequest, SendMessageRequest,
};
use helpline_proto::queueing::v1::PromiseCallbackRequest;
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk};
use helpline_tests::{Abilities, request_id};
use tonic::{Code, Status};

use super::{NUMBER, caller, number};
use crate::risk_rules;
use crate::stage::{Stage, at, by, call, chat, from, why};

/// Somebody with the number writes.
fn writer() -> ReceiveContactRequest {
    from(NUMBER, chat("en"))
}

pub(super) async fn try_write(stage: &Stage, contact: &Contact, text: &str) -> Result<(), Status> {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: text.to_owned(),
    };
    stage.adapter.messages().send_message(request).await.map(drop)
}

async fn try_answer(stage: &Stage, contact: &Contact, wounded: &str) -> Result<(), Status> {
    let request = RecordAnswersRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        answers: risk_rules::answers(&[("wounded", wounded)]),
    };
    stage.adapter.contacts().record_answers(request).await.map(drop)
}

async fn try_assess(stage: &Stage, contact: &Contact, risk: Risk) -> Result<(), Status> {
    let request = ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        risk: risk.into(),
        expected_revision: 0,
    };
    stage.adapter.contacts().change_risk(request).await.map(drop)
}

/// A contact of the number that was kept out.
async fn blocked(stage: &Stage) -> Contact {
    let contact = stage.receive(writer()).await;
    assert_eq!(contact.state(), ContactState::Blocked);
    contact
}

fn assert_stays_out(answer: Result<(), Status>) {
    let refused = why(answer);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
    assert_eq!((refused.metadata("resource"), refused.metadata("state")), ("contact", "blocked"));
}

#[tokio::test]
async fn who_writes_of_a_knife_is_let_in_with_the_message() {
    let stage = risk_rules::stage().await;
    let amina = stage.desk(Abilities::speaking(&["en"]).taking(0, 1, 0)).await;
    stage.block(number()).await;
    let contact = blocked(&stage).await;
    assert_stays_out(try_write(&stage, &contact, "hello, you").await);
    assert_eq!(stage.value("SELECT count(*) FROM helpline.messages"), "0");

    try_write(&stage, &contact, "help, he has a knife").await.unwrap();
    let offer = amina.offered(&contact).await;
    assert_eq!(offer.priority_class(), PriorityClass::Critical);
    let taken = amina.accept(&offer).await;
    assert_eq!((taken.risk(), taken.receive_time), (Risk::HarmNow, contact.receive_time));
    assert!(taken.end_time.is_none());
    assert_eq!(taken.risk_rules, ["weapon"]);
    assert_eq!(stage.value("SELECT count(*) FROM helpline.messages"), "1");
    try_write(&stage, &contact, "are you there?").await.unwrap();
    let steps: Vec<_> = stage.journal(&contact).into_iter().map(|(event, _)| event).collect();
    assert_eq!(steps[..2], ["contact_received", "message_sent"]);
    assert!(steps.contains(&"risk_changed".to_owned()));
    assert_eq!(stage.blocks(true).await[0].blocked_contacts, 0);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_is_assessed_or_answers_is_let_in_at_high_risk_and_not_below() {
    let stage = risk_rules::stage().await;
    stage.block(number()).await;
    let contact = blocked(&stage).await;
    assert_stays_out(try_assess(&stage, &contact, Risk::Medium).await);
    assert_stays_out(try_answer(&stage, &contact, "no").await);
    assert_stays_out(stage.try_leave(&contact.contact_id).await.map(drop));
    try_answer(&stage, &contact, "yes").await.unwrap();
    let waits = stage.contact(&contact.contact_id).await;
    assert_eq!((waits.state(), waits.risk()), (ContactState::Waiting, Risk::High));
    stage.leave(&contact).await;

    // What was found lets the next one in at once; blocked anew, an assessment does.
    stage.world.advance(1.0);
    stage.block(number()).await;
    let contact = blocked(&stage).await;
    try_assess(&stage, &contact, Risk::Imminent).await.unwrap();
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Waiting);
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn danger_known_on_arrival_is_never_blocked() {
    let stage = risk_rules::stage().await;
    stage.block(number()).await;
    let call_again = ReceiveContactRequest { external_id: "call-1".to_owned(), ..caller() };
    assert_eq!(stage.comes(call_again.clone()).await, ContactState::Blocked);
    assert_eq!(stage.comes(at(Risk::Medium, caller())).await, ContactState::Blocked);
    // The channel knows better now, and says so of the same call.
    let again = ReceiveContactRequest { request_id: request_id(), ..at(Risk::High, call_again.clone()) };
    for existing in [false, true] {
        let received = stage.received(again.clone()).await;
        assert_eq!(received.existing, existing);
        let contact = received.contact.unwrap();
        assert_eq!((contact.state(), contact.risk()), (ContactState::Waiting, Risk::High));
        stage.agrees_with_the_view().await;
    }
    let contact = stage.receive(ReceiveContactRequest { request_id: request_id(), ..call_again }).await;
    assert_eq!(contact.state(), ContactState::Waiting, "the same call is the same contact");

    let other = Stage::set().await;
    other.block(number()).await;
    assert_eq!(other.comes(at(Risk::Imminent, caller())).await, ContactState::Waiting);
    let answered = risk_rules::stage().await;
    answered.block(number()).await;
    let wounded = risk_rules::answers(&[("wounded", "yes")]);
    let told = ReceiveContactRequest { answers: wounded, ..caller() };
    assert_eq!(answered.comes(told).await, ContactState::Waiting);
}

#[tokio::test]
async fn nobody_at_high_risk_can_be_blocked() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(caller()).await;
    stage.assess(&contact, Risk::High).await;
    let assert_refused = |answer: Result<_, Status>| {
        let refused = why(answer);
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
        assert_eq!((refused.metadata("resource"), refused.metadata("state")), ("sender", "at_high_risk"));
    };
    assert_refused(stage.try_block(number()).await);
    let taken = amina.take().await;
    assert_refused(stage.try_block(number()).await);
    amina.release(&taken).await;
    assert_refused(stage.try_block(number()).await);
    amina.complete(&taken).await;
    stage.world.advance(1.0);
    stage.block(number()).await;
    assert_eq!(stage.comes(caller()).await, ContactState::Blocked, "that contact is over");
    assert_eq!(stage.comes(from("+97455550124", call("eo"))).await, ContactState::Waiting);

    // Who leaves at high risk and can be called is promised a call: that is not over.
    let left = stage.receive(at(Risk::High, from("+97455550125", call("eo")))).await;
    stage.leave(&left).await;
    let other = super::BlockSenderRequest { sender: "+97455550125".to_owned(), ..number() };
    assert_refused(stage.try_block(other).await);
}

#[tokio::test]
async fn who_was_found_in_danger_since_is_not_kept_out_any_more() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.block(number()).await;
    stage.world.advance(1.0);
    stage.receive(at(Risk::High, caller())).await;
    let taken = amina.take().await;
    // Another from the same number, while that one is open and when it is over.
    let second = stage.receive(caller()).await;
    assert_eq!(second.state(), ContactState::Waiting);
    stage.leave(&second).await;
    amina.complete(&taken).await;
    let third = stage.receive(caller()).await;
    assert_eq!(third.state(), ContactState::Waiting);
    stage.leave(&third).await;
    // A supervisor who knows of it may block them again.
    stage.world.advance(1.0);
    stage.block(number()).await;
    assert_eq!(stage.comes(caller()).await, ContactState::Blocked);
}

#[tokio::test]
async fn who_was_promised_a_call_is_not_kept_out() {
    let stage = Stage::set().await;
    let first = stage.receive(by(Channel::Sms, "eo")).await;
    let promise = PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: first.contact_id.clone(),
        number: NUMBER.to_owned(),
        due_time: Some(stage.world.soon()),
        ..PromiseCallbackRequest::default()
    };
    stage.adapter.callbacks().promise_callback(promise).await.unwrap();
    stage.block(number()).await;
    for _ in 0..2 {
        assert_eq!(stage.comes(caller()).await, ContactState::Waiting);
    }
}

#[tokio::test]
async fn who_was_kept_out_and_has_a_conversation_by_now_is_not_let_in_twice() {
    let stage = risk_rules::stage().await;
    let block = stage.block(number()).await;
    let old = blocked(&stage).await;
    stage.lift(&block).await;
    let talk = stage.receive(writer()).await;
    assert_stays_out(try_write(&stage, &old, "he has a knife").await);
    try_write(&stage, &talk, "he has a knife").await.unwrap();
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn the_database_lets_nobody_out_of_a_block_but_into_the_line_by_danger() {
    let stage = Stage::set().await;
    stage.block(number()).await;
    blocked(&stage).await;
    for change in [
        "state = 'waiting', ended_at = NULL",
        "state = 'waiting', ended_at = NULL, risk = 2",
        "state = 'in_progress', ended_at = NULL, risk = 5",
        "state = 'closed', risk = 5",
        "block_id = NULL",
        "risk = 3",
    ] {
        let sql = format!("UPDATE helpline.contacts SET {change} WHERE state = 'blocked'");
        let refused = stage.world.database.query(&sql).unwrap_err();
        assert_eq!(refused.sql_state(), Some("23514"), "{change}");
    }
}
