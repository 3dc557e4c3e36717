//! Whichever way a contact ends, its open escalation goes on; and nobody signs the contact off before it is over.

use helpline_domain::caller::Role;
use helpline_proto::escalation::v1::{Escalation, JoinEscalationRequest, RaiseEscalationRequest};
use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::queueing::v1::{
    AcceptHandoverRequest, AcceptOverflowRequest, CallbackCancelReason, CancelCallbackRequest,
    ListOverflowsRequest, OfferHandoverRequest, PromiseCallbackRequest, RequestOverflowRequest,
    ReturnContactRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, Actor, request_id};

use super::room::{ask_to_end, decide, get, raise, report};
use crate::desk::Desk;
use crate::stage::{Stage, at, call, from, until, why};

fn arabic() -> Abilities {
    Abilities::speaking(&["ar"])
}

/// A call from a child in danger, in line.
async fn waiting(stage: &Stage) -> Contact {
    stage.receive(at(Risk::High, call("ar"))).await
}

/// The same with a counsellor.
async fn talking(stage: &Stage) -> (Desk, Contact) {
    let desk = stage.desk(arabic()).await;
    waiting(stage).await;
    let contact = desk.take().await;
    (desk, contact)
}

async fn escalated(by: &Actor, contact: &Contact) -> Escalation {
    let about = RaiseEscalationRequest { contact_id: contact.contact_id.clone(), ..report(Risk::High) };
    raise(by, about).await
}

/// It is open as it was, with its owner, its clocks, and the contact it is about.
async fn goes_on(by: &Actor, one: &Escalation) {
    let now = get(by, one).await.unwrap();
    assert_eq!(
        (now.state(), &now.owner_id, &now.contact_ids),
        (one.state(), &one.owner_id, &one.contact_ids)
    );
    assert!(now.end_time.is_none() && now.due_time.is_some() && now.reach_due_time.is_some());
}

async fn is_not_signed_off(desk: &Desk, contact: &Contact, one: &Escalation) {
    let refused = why(desk.try_complete(contact).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("resource")), ("STATE_REFUSED", "escalation"));
    assert_eq!(
        refused.metadata("state"),
        one.state().as_str_name().trim_start_matches("ESCALATION_STATE_").to_lowercase()
    );
}

/// It is over by the word of two.
async fn stood_down(stage: &Stage, one: &Escalation) {
    ask_to_end(&stage.supervisor, one, helpline_proto::escalation::v1::EscalationState::StoodDown)
        .await
        .unwrap();
    decide(&stage.world.supervisor().await, one, true).await.unwrap();
}

#[tokio::test]
async fn whoever_leaves_is_gone_and_is_looked_for_all_the_same() {
    let stage = Stage::set().await;
    let contact = waiting(&stage).await;
    let one = escalated(&stage.supervisor, &contact).await;
    let gone = stage.leave(&contact).await;
    assert!(matches!(gone.state(), ContactState::Abandoned | ContactState::ShortAbandoned), "{gone:?}");
    goes_on(&stage.supervisor, &one).await;

    let (desk, contact) = talking(&stage).await;
    let one = escalated(&desk.actor, &contact).await;
    assert_eq!(stage.leave(&contact).await.state(), ContactState::WrapUp);
    is_not_signed_off(&desk, &contact, &one).await;
    desk.finish(&contact).await;
    assert_eq!(desk.held().await, (0, 0, 0), "the counsellor is free");
    is_not_signed_off(&desk, &contact, &one).await;
    goes_on(&stage.supervisor, &one).await;
    stood_down(&stage, &one).await;
    assert_eq!(desk.complete(&contact).await.state(), ContactState::Closed);
}

#[tokio::test]
async fn what_is_handed_on_is_not_signed_off_by_the_next_either() {
    let stage = Stage::set().await;
    let (amina, contact) = talking(&stage).await;
    let one = escalated(&amina.actor, &contact).await;
    // Given back to the line, and taken by somebody else.
    amina.not_ready().await;
    amina.transfer(&contact).await;
    let basma = stage.desk(arabic()).await;
    assert_eq!(basma.take().await.contact_id, contact.contact_id);
    is_not_signed_off(&basma, &contact, &one).await;
    basma.release(&contact).await;
    // Handed on when the shift changes.
    let request = OfferHandoverRequest { request_id: request_id(), ..OfferHandoverRequest::default() };
    let offered = basma.actor.handover().offer_handover(request).await.unwrap().into_inner();
    let handover_id = offered.handover.unwrap().handover_id;
    let dana = stage.desk(arabic()).await;
    let request = AcceptHandoverRequest { request_id: request_id(), handover_id };
    dana.actor.handover().accept_handover(request).await.unwrap();
    is_not_signed_off(&dana, &contact, &one).await;
    stood_down(&stage, &one).await;
    assert_eq!(dana.complete(&contact).await.state(), ContactState::Closed);
    stage.agrees().await;
}

#[tokio::test]
async fn a_contact_that_joined_waits_for_the_escalation_of_the_other() {
    let stage = Stage::set().await;
    let one = escalated(&stage.supervisor, &waiting(&stage).await).await;
    stood_down(&stage, &one).await;
    let desk = stage.desk(arabic()).await;
    let contact = desk.take().await;
    let other = raise(&stage.supervisor, report(Risk::High)).await;
    let join = JoinEscalationRequest {
        request_id: request_id(),
        escalation_id: other.escalation_id.clone(),
        contact_id: contact.contact_id.clone(),
    };
    stage.supervisor.escalations().join_escalation(join).await.unwrap();
    is_not_signed_off(&desk, &contact, &other).await;
    // Not even by hand, nor by a way that nobody has thought of yet.
    desk.release(&contact).await;
    desk.finish(&contact).await;
    let by_hand = format!(
        "UPDATE helpline.contacts SET state = 'closed', ended_at = helpline.now(), closing = '{{}}'
         WHERE contact_id = '{}'",
        contact.contact_id
    );
    assert_eq!(stage.world.database.query(&by_hand).unwrap_err().sql_state(), Some("23514"));
    stood_down(&stage, &other).await;
    assert!(stage.world.database.query(&by_hand).is_ok(), "that was all that stood in the way");
}

#[tokio::test]
async fn a_promise_that_is_taken_back_ends_the_contact_and_not_the_escalation() {
    let stage = Stage::set().await;
    let contact = stage.receive(from("+97455550161", call("ar"))).await;
    let one = escalated(&stage.supervisor, &contact).await;
    let promise = PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        due_time: Some(stage.world.soon()),
        ..PromiseCallbackRequest::default()
    };
    let promised = stage.adapter.callbacks().promise_callback(promise).await.unwrap().into_inner();
    let cancel = CancelCallbackRequest {
        request_id: request_id(),
        callback_id: promised.callback.unwrap().callback_id,
        reason: CallbackCancelReason::Mistake.into(),
    };
    stage.supervisor.callbacks().cancel_callback(cancel).await.unwrap();
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Unreached);
    goes_on(&stage.supervisor, &one).await;
}

#[tokio::test]
async fn what_a_partner_gives_back_leaves_its_escalation_with_the_partner() {
    let stage = Stage::set().await;
    let partner = stage.world.another_centre().await;
    stage.world.agree_on_overflow(&partner).await;
    let theirs = stage.world.bearer(partner.id, Role::Supervisor, None).await;
    let contact = waiting(&stage).await;
    let one = escalated(&stage.supervisor, &contact).await;
    let ask = RequestOverflowRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        ..RequestOverflowRequest::default()
    };
    stage.supervisor.overflow().request_overflow(ask).await.unwrap();
    let asked = until("the partner is asked", async || {
        let known = theirs.overflow().list_overflows(ListOverflowsRequest::default()).await.unwrap();
        known.into_inner().overflows.pop()
    })
    .await;
    let accept = AcceptOverflowRequest { request_id: request_id(), overflow_id: asked.overflow_id };
    let accepted = theirs.overflow().accept_overflow(accept).await.unwrap().into_inner().overflow.unwrap();
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Overflowed);
    goes_on(&stage.supervisor, &one).await;
    let linked = Contact { contact_id: accepted.contact_id, ..Contact::default() };
    let there = escalated(&theirs, &linked).await;
    let give_back = ReturnContactRequest { request_id: request_id(), contact_id: linked.contact_id };
    theirs.overflow().return_contact(give_back).await.unwrap();
    goes_on(&theirs, &there).await;
    stage.until_state(&contact, ContactState::Waiting).await;
    goes_on(&stage.supervisor, &one).await;
}

#[tokio::test]
async fn of_signing_off_and_raising_at_the_same_instant_signing_off_comes_first_or_not_at_all() {
    let stage = Stage::set().await;
    let desk = stage.desk(arabic()).await;
    for _ in 0..12 {
        stage.receive(call("ar")).await;
        let contact = desk.take().await;
        let (signed_off, one) =
            tokio::join!(desk.try_complete(&contact), escalated(&stage.supervisor, &contact));
        let events: Vec<String> = stage.journal(&contact).into_iter().map(|(event, _)| event).collect();
        let place = |wanted: &str| events.iter().position(|event| event == wanted);
        if let Some(closed) = place("contact_completed") {
            assert!(signed_off.is_ok() && closed < place("escalation_raised").unwrap(), "{events:?}");
        } else {
            is_not_signed_off(&desk, &contact, &one).await;
            stood_down(&stage, &one).await;
            desk.complete(&contact).await;
        }
    }
}
