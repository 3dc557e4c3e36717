//! Counsellors kept for critical contacts.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::WaitingCause;
use helpline_proto::terms::v1::Risk;
use helpline_tests::Abilities;

use crate::desk::Desk;
use crate::stage::{Stage, at, call, until};

async fn floor(stage: &Stage, counsellors: usize) -> Vec<Desk> {
    let mut desks = Vec::new();
    for _ in 0..counsellors {
        desks.push(stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await);
    }
    desks
}

/// Lets everybody but `left` of them answer a call.
async fn busy(stage: &Stage, desks: &[Desk], left: usize) {
    for _ in left..desks.len() {
        stage.receive(call("ar")).await;
    }
    let mut answered = 0;
    until("all those calls are answered", async || {
        for desk in desks {
            if desk.watch.has_offer().await {
                desk.take().await;
                answered += 1;
            }
        }
        (answered == desks.len() - left).then_some(())
    })
    .await;
}

/// Who of them has an offer.
async fn asked(desks: &[Desk]) -> &Desk {
    until("somebody is asked", async || {
        for desk in desks {
            if desk.watch.has_offer().await {
                return Some(desk);
            }
        }
        None
    })
    .await
}

#[tokio::test]
async fn the_last_two_free_counsellors_are_kept_for_critical_contacts() {
    let stage = Stage::set().await;
    let desks = floor(&stage, 8).await;
    busy(&stage, &desks, 2).await;
    let usual = stage.receive(at(Risk::None, call("ar"))).await;
    let why = stage.until_cause(&usual, WaitingCause::Reserved).await;
    assert_eq!((why.eligible_on_shift, why.eligible_free), (8, 2));
    stage.a_pass().await;
    assert_eq!(stage.contact(&usual.contact_id).await.state(), ContactState::Waiting);
    let critical = stage.receive(at(Risk::Imminent, call("ar"))).await;
    let first = asked(&desks).await;
    assert_eq!(first.take().await.contact_id, critical.contact_id);
    for desk in &desks {
        desk.watch.forget().await;
    }
    let why = stage.until_cause(&usual, WaitingCause::Reserved).await;
    assert_eq!(why.eligible_free, 1, "the other who was asked is free again");
    // As soon as there are two more, the last but two is anybody's.
    let mut desks = desks;
    desks.push(stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await);
    stage.until_cause(&usual, WaitingCause::Reserved).await;
    desks.push(stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await);
    assert_eq!(asked(&desks).await.next_offer().await.contact_id, usual.contact_id);
}

#[tokio::test]
async fn a_language_that_three_speak_keeps_none_of_them_and_one_that_four_speak_keeps_one() {
    let stage = Stage::set().await;
    let _others = floor(&stage, 8).await;
    let mut speakers = Vec::new();
    for _ in 0..3 {
        speakers.push(stage.desk(Abilities::speaking(&["ru"]).taking(1, 0, 0)).await);
    }
    for _ in 0..2 {
        let low = stage.receive(at(Risk::None, call("ru"))).await;
        assert_eq!(asked(&speakers).await.take().await.contact_id, low.contact_id);
    }
    speakers.push(stage.desk(Abilities::speaking(&["ru"]).taking(1, 0, 0)).await);
    let low = stage.receive(at(Risk::None, call("ru"))).await;
    assert_eq!(asked(&speakers).await.take().await.contact_id, low.contact_id);
    let low = stage.receive(at(Risk::None, call("ru"))).await;
    let why = stage.until_cause(&low, WaitingCause::Reserved).await;
    assert_eq!((why.eligible_on_shift, why.eligible_free), (4, 1));
}

#[tokio::test]
async fn who_has_waited_for_the_cap_may_use_the_reserve() {
    let stage = Stage::set().await;
    let desks = floor(&stage, 8).await;
    busy(&stage, &desks, 2).await;
    let usual = stage.receive(at(Risk::None, call("ar"))).await;
    let why = stage.until_cause(&usual, WaitingCause::Reserved).await;
    let cap = why.cap_time.unwrap().seconds - usual.receive_time.unwrap().seconds;
    assert_eq!(cap, 1200);
    stage.world.advance(1190.0);
    stage.a_pass().await;
    assert_eq!(stage.explain(&usual).await.cause(), WaitingCause::Reserved);
    stage.world.advance(11.0);
    let offer = asked(&desks).await.next_offer().await;
    assert_eq!(offer.contact_id, usual.contact_id);
    assert_eq!(offer.explanation.unwrap().notes, ["reserve_used_by_cap"]);
}

#[tokio::test]
async fn below_eight_on_shift_nobody_is_kept() {
    let stage = Stage::set().await;
    let desks = floor(&stage, 7).await;
    busy(&stage, &desks, 1).await;
    let usual = stage.receive(call("ar")).await;
    assert_eq!(asked(&desks).await.next_offer().await.contact_id, usual.contact_id);
}

#[tokio::test]
async fn raising_the_risk_opens_the_reserve() {
    let stage = Stage::set().await;
    let desks = floor(&stage, 8).await;
    busy(&stage, &desks, 2).await;
    let usual = stage.receive(at(Risk::None, call("ar"))).await;
    stage.until_cause(&usual, WaitingCause::Reserved).await;
    stage.assess(&usual, Risk::HarmNow).await;
    assert_eq!(asked(&desks).await.next_offer().await.contact_id, usual.contact_id);
}
