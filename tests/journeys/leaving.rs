//! The person leaves.

use helpline_proto::intake::v1::{ContactState, RecordDepartureRequest};
use helpline_proto::queueing::v1::OfferState;
use helpline_tests::{Abilities, refused, request_id};
use tonic::Code;

use crate::stage::{Stage, about, call, chat, seconds};

#[tokio::test]
async fn who_leaves_the_line_has_abandoned_it_and_within_seconds_is_counted_apart() {
    let stage = Stage::set().await;
    let patient = stage.receive(call("ar")).await;
    stage.world.advance(10.5);
    let hasty = stage.receive(call("ar")).await;
    let hasty = stage.leave(&hasty).await;
    assert_eq!(hasty.state(), ContactState::ShortAbandoned);
    let patient = stage.leave(&patient).await;
    assert_eq!(patient.state(), ContactState::Abandoned);
    assert!(about(seconds(patient.end_time) - seconds(patient.receive_time), 10.5));
    assert_eq!((patient.answer_time, patient.counsellor_id.as_str()), (None, ""));
    // Nobody is offered somebody who is gone.
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
}

#[tokio::test]
async fn the_counsellor_is_told_that_the_person_left_and_is_free_for_the_next() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let first = stage.receive(call("ar")).await;
    let second = stage.receive(call("ar")).await;
    let offer = amina.offered(&first).await;
    let left = stage.leave(&first).await;
    assert_eq!(left.state(), ContactState::ShortAbandoned);
    let end = amina.next_end().await;
    assert_eq!((end.offer_id, end.state), (offer.offer_id.clone(), OfferState::Withdrawn.into()));
    let gone = refused(amina.try_accept(&offer).await);
    assert_eq!((gone.reason.as_str(), gone.metadata("state")), ("OFFER_OVER", "withdrawn"));
    amina.offered(&second).await;
    // It was the person who left, not the counsellor who missed it.
    assert_eq!(amina.presence().await.missed_offers, 0);
    stage.agrees().await;
}

#[tokio::test]
async fn who_hangs_up_during_the_conversation_leaves_a_record_to_be_written() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    let left = stage.leave(&contact).await;
    assert_eq!((left.state(), left.counsellor_id.as_str()), (ContactState::WrapUp, amina.id()));
    assert_eq!(left.end_time, None);
    assert_eq!(amina.held().await, (1, 0, 0));
    let closed = amina.complete(&left).await;
    assert_eq!((closed.state(), amina.held().await), (ContactState::Closed, (0, 0, 0)));
}

#[tokio::test]
async fn nobody_leaves_twice_but_the_same_message_may_come_twice() {
    let stage = Stage::set().await;
    let contact = stage.receive(chat("ar")).await;
    let request =
        RecordDepartureRequest { request_id: request_id(), contact_id: contact.contact_id.clone(), cause: 0 };
    let first = stage.adapter.contacts().record_departure(request.clone()).await.unwrap().into_inner();
    let again = stage.adapter.contacts().record_departure(request).await.unwrap().into_inner();
    assert_eq!(first, again);
    let twice = refused(stage.try_leave(&contact.contact_id).await);
    assert_eq!((twice.code, twice.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
    assert_eq!((twice.metadata("resource"), twice.metadata("state")), ("contact", "short_abandoned"));
    // Counted once.
    let recorded = stage.journal(&contact).iter().filter(|(event, _)| event == "person_left").count();
    assert_eq!(recorded, 1);
}
