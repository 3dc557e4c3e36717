//! Offers, revisions and states that do not allow what is asked.

use helpline_proto::intake::v1::{ChangeRiskRequest, CompleteContactRequest, RecordDepartureRequest};
use helpline_proto::queueing::v1::{AcceptOfferRequest, DeclineOfferRequest, DeclineReason, Offer};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Actor, Refused, refused, request_id};
use tonic::Code;

use crate::requests::closing;
use crate::stage::{Stage, abilities, accept, complete, go_ready, healthy, new_language, watch};

async fn not_accepted(counsellor: &Actor, offer: &Offer) -> Refused {
    let request = AcceptOfferRequest { request_id: request_id(), offer_id: offer.offer_id.clone() };
    refused(counsellor.offers().accept_offer(request).await)
}

async fn not_declined(counsellor: &Actor, offer: &Offer) -> Refused {
    let request = DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: DeclineReason::Busy.into(),
    };
    refused(counsellor.offers().decline_offer(request).await)
}

fn is_over(refused: &Refused, state: &str) -> bool {
    (refused.code, refused.reason.as_str(), refused.metadata("state"))
        == (Code::FailedPrecondition, "OFFER_OVER", state)
}

#[tokio::test]
async fn an_offer_cannot_be_answered_after_its_time() {
    let stage = Stage::new().await;
    let offer = stage.offer().await;
    // The stream keeps the counsellor on shift while the clock moves.
    let _stream = watch(&stage.counsellor).await;
    stage.world.advance(600.0);
    let late = not_accepted(&stage.counsellor, &offer).await;
    assert!(is_over(&late, "expired"), "{late:?}");
    let late = not_declined(&stage.counsellor, &offer).await;
    assert!(is_over(&late, "expired"), "{late:?}");
    healthy(&stage.world).await;
}

#[tokio::test]
async fn an_offer_is_answered_once() {
    let stage = Stage::new().await;
    let offer = stage.offer().await;
    accept(&stage.counsellor, &offer).await;
    assert!(is_over(&not_accepted(&stage.counsellor, &offer).await, "accepted"));
    assert!(is_over(&not_declined(&stage.counsellor, &offer).await, "accepted"));
    complete(&stage.counsellor, &offer.contact_id).await;
    assert!(is_over(&not_accepted(&stage.counsellor, &offer).await, "accepted"));

    let offer = stage.offer().await;
    let request =
        RecordDepartureRequest { request_id: request_id(), contact_id: offer.contact_id.clone(), cause: 0 };
    stage.adapter.contacts().record_departure(request).await.unwrap();
    assert!(is_over(&not_accepted(&stage.counsellor, &offer).await, "withdrawn"));
    healthy(&stage.world).await;
}

#[tokio::test]
async fn an_offer_of_somebody_else_is_not_there() {
    let stage = Stage::new().await;
    let offer = stage.offer().await;
    let other = stage.world.counsellor(abilities(&new_language())).await;
    go_ready(&other).await;
    let made_up = Offer { offer_id: request_id(), ..Offer::default() };
    for answer in [not_accepted(&other, &offer).await, not_declined(&other, &offer).await] {
        assert_eq!((answer.code, answer.reason.as_str()), (Code::NotFound, "NOT_FOUND"));
        assert_eq!(answer, not_accepted(&other, &made_up).await, "nobody learns that the offer exists");
    }
    accept(&stage.counsellor, &offer).await;
    assert_eq!(not_accepted(&other, &offer).await.reason, "NOT_FOUND");
}

#[tokio::test]
async fn a_change_made_from_a_stale_revision_is_refused_with_the_one_in_force() {
    let stage = Stage::new().await;
    let contact = stage.accepted().await;
    let mut contacts = stage.counsellor.contacts();
    let assess = |expected_revision, risk: Risk| ChangeRiskRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        risk: risk.into(),
        expected_revision,
    };
    let changed = contacts.change_risk(assess(contact.revision, Risk::High)).await.unwrap().into_inner();
    let revision = changed.contact.unwrap().revision;
    assert!(revision > contact.revision);
    let complete = CompleteContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        closing: Some(closing()),
        expected_revision: contact.revision,
    };
    let refusals = [
        refused(contacts.change_risk(assess(contact.revision, Risk::Low)).await),
        refused(contacts.change_risk(assess(revision + 1, Risk::Low)).await),
        refused(contacts.change_risk(assess(i64::MAX, Risk::Low)).await),
        refused(contacts.complete_contact(complete.clone()).await),
    ];
    for answer in refusals {
        assert_eq!((answer.code, answer.reason.as_str()), (Code::Aborted, "REVISION_STALE"));
        assert_eq!(answer.metadata("revision"), revision.to_string());
    }
    let complete = CompleteContactRequest { expected_revision: revision, ..complete };
    contacts.complete_contact(complete).await.unwrap();
    // What has ended is refused for its state, whatever the revision.
    let ended = refused(contacts.change_risk(assess(contact.revision, Risk::Low)).await);
    assert_eq!((ended.code, ended.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
    assert_eq!(ended.metadata("state"), "closed");
    healthy(&stage.world).await;
}
