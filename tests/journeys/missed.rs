//! Nobody answers.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{DeclineReason, NotReadyReason, OfferState, PresenceState, WaitingCause};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, refused};
use tonic::Code;

use crate::stage::{Stage, at, call};

#[tokio::test]
async fn an_offer_nobody_answers_ends_and_the_contact_goes_to_somebody_else() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let offer = amina.offered(&contact).await;
    stage.world.advance(20.5);
    assert_eq!(amina.next_end().await.state(), OfferState::Expired);
    basma.offered(&contact).await;
    let presence = amina.presence().await;
    assert_eq!((presence.state(), presence.missed_offers), (PresenceState::Ready, 1));
    let late = refused(amina.try_accept(&offer).await);
    assert_eq!((late.code, late.reason.as_str()), (Code::FailedPrecondition, "OFFER_OVER"));
    assert_eq!(late.metadata("state"), "expired");
    let now = stage.contact(&contact.contact_id).await;
    assert_eq!((now.receive_time, now.deadline_time), (contact.receive_time, contact.deadline_time));
    stage.agrees().await;
}

#[tokio::test]
async fn an_accept_that_comes_too_late_is_refused_whether_or_not_the_sweep_was_there_before() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let offer = amina.next_offer().await;
    stage.world.advance(10.1);
    for _ in 0..20 {
        let late = refused(amina.try_accept(&offer).await);
        assert_eq!((late.reason.as_str(), late.metadata("state")), ("OFFER_OVER", "expired"));
        let late = refused(amina.try_decline(&offer, DeclineReason::Busy).await);
        assert_eq!((late.reason.as_str(), late.metadata("state")), ("OFFER_OVER", "expired"));
    }
}

#[tokio::test]
async fn who_misses_two_offers_in_a_row_is_set_not_ready_and_told_why() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.watch.until_presence(PresenceState::Ready).await;
    let contact = stage.receive(call("ar")).await;
    for missed in 1..=2 {
        amina.offered(&contact).await;
        stage.world.advance(20.5);
        assert_eq!(amina.next_end().await.state(), OfferState::Expired);
        if missed == 1 {
            assert_eq!(amina.presence().await.state(), PresenceState::Ready);
        }
    }
    let told = amina.watch.until_presence(PresenceState::NotReady).await;
    assert_eq!((told.reason(), told.missed_offers), (NotReadyReason::MissedOffers, 2));
    assert_eq!(stage.contact(&contact.contact_id).await.state(), ContactState::Waiting);
    stage.until_cause(&contact, WaitingCause::AllBusy).await;
    // Coming back is a decision, and begins with a clean sheet.
    assert_eq!(amina.ready().await.missed_offers, 0);
    amina.offered(&contact).await;
    stage.agrees().await;
}

#[tokio::test]
async fn every_answer_ends_the_row_of_missed_offers() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    amina.offered(&contact).await;
    stage.world.advance(20.5);
    let offer = amina.offered(&contact).await;
    assert_eq!(amina.presence().await.missed_offers, 1);
    amina.decline(&offer, DeclineReason::Busy).await;
    assert_eq!(amina.presence().await.missed_offers, 0);
    amina.offered(&contact).await;
    stage.world.advance(20.5);
    let offer = amina.offered(&contact).await;
    assert_eq!(amina.presence().await.missed_offers, 1);
    amina.accept(&offer).await;
    let presence = amina.presence().await;
    assert_eq!((presence.missed_offers, presence.state()), (0, PresenceState::Ready));
}
