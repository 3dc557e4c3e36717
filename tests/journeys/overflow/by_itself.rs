//! What happens without a supervisor's hand.

use helpline_proto::intake::v1::{ArrangementStep, ContactState, Outlook, ReceiveContactRequest};
use helpline_proto::queueing::v1::{GoOnCallRequest, OverflowDirection, OverflowReason, OverflowState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};

use super::{Partner, Terms, agree, list, until_overflow};
use crate::stage::{Stage, at, call, chat, from, until};

const AGREED: Terms = Terms { automatic: true, shares: false };

#[tokio::test]
async fn whom_nobody_on_shift_could_take_is_taken_on_by_a_partner_at_once() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, AGREED).await;
    // Nobody is there either: nobody is asked.
    let lonely = stage.received(call("ar")).await;
    assert_eq!(lonely.arrangement.unwrap().steps().collect::<Vec<_>>(), [ArrangementStep::Callback]);
    assert!(list(&stage.supervisor, OverflowDirection::Out).await.is_empty());

    let basma = partner.desk(&stage, Abilities::speaking(&["ar"])).await;
    let answer = stage.received(chat("ar")).await;
    assert_eq!(answer.outlook(), Outlook::NobodyOnShift);
    assert_eq!(answer.arrangement.unwrap().steps().collect::<Vec<_>>(), [ArrangementStep::Overflow]);
    let contact = answer.contact.unwrap();
    let talk = basma.take().await;
    let serving = until_overflow(&stage, &contact, OverflowState::Serving).await;
    assert_eq!(serving.reason(), OverflowReason::NobodyOnShift);
    basma.complete(&talk).await;
    stage.until_state(&contact, ContactState::PassedOn).await;
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn who_writes_again_while_a_partner_has_them_has_one_contact_still() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, AGREED).await;
    let _basma = partner.desk(&stage, Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(from("salma", chat("ar"))).await;
    stage.until_state(&contact, ContactState::Overflowed).await;
    let again = stage.received(from("salma", chat("ar"))).await;
    assert!(again.existing);
    assert_eq!(again.contact.unwrap().contact_id, contact.contact_id);
    assert_eq!(again.overflow.unwrap().connect_to, super::ADDRESS);
}

#[tokio::test]
async fn a_channel_that_connects_the_person_before_the_contact_is_there_makes_no_second_one() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    let contact = stage.receive(call("ar")).await;
    stage.world.advance(20.0);
    super::ask(&stage.supervisor, &contact).await.unwrap();
    let asked = partner.asked().await;
    let quick = ReceiveContactRequest { external_id: asked.overflow_id.clone(), ..call("ar") };
    let quick =
        partner.adapter.contacts().receive_contact(quick).await.unwrap().into_inner().contact.unwrap();
    let accepted = super::accept(&partner.supervisor, &asked).await.unwrap();
    assert_eq!(accepted.contact_id, quick.contact_id);
    let linked = partner.contact(&quick.contact_id).await;
    assert_eq!((linked.receive_time, linked.deadline_time), (contact.receive_time, contact.deadline_time));
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Overflowed);
    super::give_back(&partner.supervisor, &linked).await.unwrap();
    stage.until_state(&contact, ContactState::Waiting).await;
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn people_on_call_are_tried_first_and_a_partner_that_does_not_answer_is_followed_by_a_callback() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    let basma = partner.desk(&stage, Abilities::speaking(&["ar"])).await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    amina.actor.presence().go_on_call(GoOnCallRequest { request_id: request_id() }).await.unwrap();
    let request = at(Risk::HarmNow, call("ar"));
    let answer = stage.received(request.clone()).await;
    assert_eq!(answer.arrangement.unwrap().steps().collect::<Vec<_>>(), [ArrangementStep::OnCall]);
    let contact = answer.contact.unwrap();
    amina.offered(&contact).await;
    stage.world.advance(61.0);
    let asked = partner.asked().await;
    // Whoever is on call rings all the same, and no callback is promised while the partner may accept.
    amina.offered(&contact).await;
    let steps = async || {
        let again = stage.received(request.clone()).await;
        again.arrangement.unwrap().steps().collect::<Vec<_>>()
    };
    assert_eq!(steps().await, [ArrangementStep::OnCall, ArrangementStep::Overflow]);
    stage.world.advance(61.0);
    until_overflow(&stage, &contact, OverflowState::Expired).await;
    until("a callback is advised", async || {
        (steps().await == [ArrangementStep::OnCall, ArrangementStep::Overflow, ArrangementStep::Callback])
            .then_some(())
    })
    .await;
    assert_eq!(asked.partner_id, stage.world.centre.id.to_string());
    assert!(!basma.watch.has_offer().await);
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn a_counsellor_who_becomes_free_before_the_partner_accepts_has_the_contact() {
    let stage = Stage::set().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    let contact = stage.receive(call("ar")).await;
    super::ask(&stage.supervisor, &contact).await.unwrap();
    let asked = partner.asked().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let talk = amina.take().await;
    until_overflow(&stage, &contact, OverflowState::Withdrawn).await;
    let late = super::accept(&partner.supervisor, &asked).await;
    assert!(late.map_or(true, |late| late.contact_id.is_empty()), "they have no contact of it");
    until("the partner knows", async || {
        let known = list(&partner.supervisor, OverflowDirection::In).await;
        (known[0].state() == OverflowState::Withdrawn && known[0].contact_id.is_empty()).then_some(())
    })
    .await;
    amina.complete(&talk).await;
    agree(&stage, &partner).await;
}
