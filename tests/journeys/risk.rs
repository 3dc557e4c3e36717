//! The risk of a contact changes under way.

use helpline_proto::intake::v1::{ChangeRiskRequest, ContactState};
use helpline_proto::queueing::v1::OfferState;
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_tests::{Abilities, refused, request_id};

use crate::stage::{Stage, about, at, call, seconds};

#[tokio::test]
async fn a_risk_raised_while_waiting_moves_the_contact_ahead() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let first = stage.receive(at(Risk::None, call("ar"))).await;
    let second = stage.receive(at(Risk::None, call("ar"))).await;
    let third = stage.receive(at(Risk::None, call("ar"))).await;
    let high = stage.assess(&second, Risk::High).await;
    assert_eq!(high.priority_class(), PriorityClass::High);
    assert!(about(seconds(high.deadline_time) - seconds(high.receive_time), 60.0));
    let critical = stage.assess(&third, Risk::Imminent).await;
    assert_eq!(critical.receive_time, third.receive_time);
    amina.ready().await;
    for contact in [&third, &second, &first] {
        let offer = amina.offered(contact).await;
        let contact = amina.accept(&offer).await;
        amina.complete(&contact).await;
    }
}

#[tokio::test]
async fn a_risk_raised_while_the_offer_rings_keeps_the_offer_shortens_it_and_tells_the_counsellor() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let before = amina.offered(&contact).await;
    let raised = stage.assess(&contact, Risk::HarmNow).await;
    assert_eq!(raised.state(), ContactState::Offered);
    let after = amina.offered(&contact).await;
    assert_eq!(after.offer_id, before.offer_id);
    assert_eq!((after.risk(), after.priority_class()), (Risk::HarmNow, PriorityClass::Critical));
    assert!(about(seconds(after.expire_time) - seconds(after.offer_time), 10.0));
    let accepted = amina.accept(&after).await;
    assert_eq!(accepted.epoch, raised.epoch + 1);
    assert_eq!(amina.next_end().await.state(), OfferState::Accepted);
    assert!(!amina.watch.has_end().await);
}

#[tokio::test]
async fn an_offer_that_has_rung_for_long_is_not_ended_by_a_raised_risk() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let before = amina.offered(&contact).await;
    stage.world.advance(13.0);
    stage.assess(&contact, Risk::HarmNow).await;
    let after = amina.offered(&contact).await;
    assert!(seconds(after.expire_time) <= seconds(before.expire_time), "never later");
    assert_eq!(amina.accept(&after).await.state(), ContactState::InProgress);
}

#[tokio::test]
async fn a_lowered_risk_never_moves_the_deadline_later() {
    let stage = Stage::set().await;
    let contact = stage.receive(at(Risk::Imminent, call("ar"))).await;
    let other = stage.receive(at(Risk::High, call("ar"))).await;
    let lowered = stage.assess(&contact, Risk::None).await;
    assert_eq!(lowered.priority_class(), PriorityClass::Low);
    assert_eq!(lowered.deadline_time, contact.deadline_time);
    // No longer critical, but due first.
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let offer = amina.offered(&contact).await;
    assert_eq!(offer.explanation.as_ref().unwrap().contact_rule, "earliest_deadline");
    let contact = amina.accept(&offer).await;
    amina.complete(&contact).await;
    amina.offered(&other).await;
}

#[tokio::test]
async fn a_lowered_risk_does_not_lengthen_an_offer_that_rings() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let before = amina.offered(&contact).await;
    stage.assess(&contact, Risk::None).await;
    let after = amina.offered(&contact).await;
    assert_eq!((after.expire_time, after.risk()), (before.expire_time, Risk::None));
}

#[tokio::test]
async fn a_risk_changed_during_the_conversation_is_recorded_with_who_changed_it() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(at(Risk::Low, call("ar"))).await;
    let contact = amina.take().await;
    let request = ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        risk: Risk::Imminent.into(),
        expected_revision: contact.revision,
    };
    let changed = amina.actor.contacts().change_risk(request).await.unwrap().into_inner().contact.unwrap();
    assert_eq!((changed.state(), changed.risk()), (ContactState::InProgress, Risk::Imminent));
    assert_eq!((changed.counsellor_id.as_str(), changed.epoch), (amina.id(), contact.epoch));
    let recorded = stage.sql(&format!(
        "SELECT actor_id::text, detail->>'from', detail->>'to' FROM helpline.journal
         WHERE contact_id = '{}' AND event = 'risk_changed'",
        contact.contact_id
    ));
    let [from, to] = ["1", "4"].map(|risk| Some(risk.to_owned()));
    assert_eq!(recorded, [vec![Some(amina.id().to_owned()), from, to]]);

    let stale = ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        risk: Risk::Low.into(),
        expected_revision: contact.revision,
    };
    let stale = refused(stage.supervisor.contacts().change_risk(stale).await);
    assert_eq!(
        (stale.reason.as_str(), stale.metadata("revision")),
        ("REVISION_STALE", changed.revision.to_string().as_str())
    );
}
