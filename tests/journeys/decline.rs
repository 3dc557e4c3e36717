//! A counsellor declines.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::{DeclineReason, OfferState, WaitingCause};
use helpline_tests::Abilities;

use crate::stage::{Stage, call};

#[tokio::test]
async fn a_declined_contact_keeps_its_place_and_goes_to_the_next_counsellor() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let offer = amina.offered(&contact).await;
    let declined = amina.decline(&offer, DeclineReason::Busy).await;
    assert_eq!(declined.state(), OfferState::Declined);
    assert_eq!(amina.next_end().await.state(), OfferState::Declined);
    let second = basma.offered(&contact).await;
    assert_ne!(second.offer_id, offer.offer_id);
    assert_eq!(amina.held().await, (0, 0, 0));
    let now = stage.contact(&contact.contact_id).await;
    assert_eq!((now.state(), now.offer_count), (ContactState::Offered, 2));
    assert_eq!((now.receive_time, now.deadline_time), (contact.receive_time, contact.deadline_time));
    let reason = format!(
        "SELECT detail->>'reason' FROM helpline.journal WHERE event = 'offer_declined' AND offer_id = '{}'",
        offer.offer_id
    );
    assert_eq!(stage.value(&reason), "busy");
    // Free all the same for everybody else.
    let other = stage.receive(call("ar")).await;
    amina.offered(&other).await;
    stage.agrees().await;
}

#[tokio::test]
async fn who_declined_is_asked_again_only_after_the_cool_down() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let one = stage.receive(call("ar")).await;
    let two = stage.receive(call("ar")).await;
    let offer = amina.offered(&one).await;
    let busy = basma.offered(&two).await;
    basma.accept(&busy).await;
    amina.decline(&offer, DeclineReason::NotAble).await;
    let why = stage.until_cause(&one, WaitingCause::CoolDown).await;
    assert_eq!((why.eligible_on_shift, why.eligible_free, why.offer_count), (2, 1, 1));
    stage.world.advance(55.0);
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    stage.world.advance(10.0);
    let again = amina.offered(&one).await;
    assert_eq!(again.explanation.unwrap().notes, Vec::<String>::new());
}

#[tokio::test]
async fn the_cool_down_is_lifted_when_nobody_else_could_take_the_contact() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let _other = stage.desk(Abilities::speaking(&["ru"])).await;
    let contact = stage.receive(call("ar")).await;
    let offer = amina.offered(&contact).await;
    amina.decline(&offer, DeclineReason::Technical).await;
    let again = amina.offered(&contact).await;
    assert_eq!(again.explanation.unwrap().notes, ["cool_down_lifted"]);
}

#[tokio::test]
async fn who_named_a_conflict_is_never_asked_again() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    let offer = amina.offered(&contact).await;
    amina.decline(&offer, DeclineReason::Conflict).await;
    stage.until_cause(&contact, WaitingCause::NobodyOnShift).await;
    stage.world.advance(1200.0);
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await, "not even when nobody else is there");
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.offered(&contact).await;
    // Only from this child.
    let other = stage.receive(call("ar")).await;
    amina.offered(&other).await;
}
