//! What a mission has of a child who has come to be afraid of its country stands before supervisors until it is over.

use helpline_proto::queueing::v1::AlertKind;
use helpline_tests::migrant::{answer_override, ask_override, fear};

use super::room::{HOUR, Room};
use crate::alerts::listed;
use crate::crossborder::room::Border;
use crate::floor::Wallboard;
use crate::referral::holds::set;
use crate::referral::room::{Partner, revoke};
use crate::referral::stay::{admit, keep, request, screen};
use crate::stage::{Stage, until};

/// What of such alerts is open: referrals, hand-overs, stays.
async fn until_open(stage: &Stage, what: [&str; 3]) {
    until("it stands before supervisors, or not", async || {
        let mut found = [String::new(), String::new(), String::new()];
        for alert in listed(&stage.supervisor, true).await {
            if alert.kind() == AlertKind::MissionInCharge {
                assert!(alert.grave);
                found[0] += &alert.referral_id;
                found[1] += &alert.crossborder_id;
                found[2] += &alert.admission_id;
            }
        }
        (found == what).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_referral_and_a_stay_that_a_mission_has_are_told_of_while_the_fear_stands() {
    let room = Room::new().await;
    let (embassy, shelter) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    let other = room.by().refer(room.draft(&[&shelter])).await;
    shelter.responder.accept_referral(&other).await.unwrap();
    set(&embassy.responder, &embassy.service, 1, 0).await.unwrap();
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    let referral = embassy.responder.accept_referral(&referral).await.unwrap();
    let stay = request(room.by(), &referral, &embassy.service).await.unwrap();
    screen(&embassy.responder, &stay).await.unwrap();
    keep(&embassy.responder, &stay).await.unwrap();
    admit(&embassy.responder, &stay).await.unwrap();

    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    until_open(&room.stage, [&referral.referral_id, "", &stay.admission_id]).await;
    room.stage.world.lift(&recorded.protection_id).await;
    until_open(&room.stage, [""; 3]).await;
    room.by().protect(fear(&room.case.case_id, "DE")).await.unwrap();
    assert_eq!(room.opened("mission_in_charge"), "2");
}

#[tokio::test]
async fn a_hand_over_that_a_mission_has_accepted_is_told_of_while_the_fear_stands() {
    let border = Border::new().await;
    let id = border.departed().await;
    border.stage.sql(&format!(
        "UPDATE helpline.agencies SET kind = 'embassy', country = 'JO' WHERE agency_id = '{}' RETURNING kind",
        border.first.0
    ));
    let case = border.amina.handover_abroad(&id).await.unwrap().case_id;
    let recorded = border.amina.protect(fear(&case, "JO")).await.unwrap();
    until_open(&border.stage, ["", &id, ""]).await;
    border.stage.world.lift(&recorded.protection_id).await;
    until_open(&border.stage, [""; 3]).await;
}

#[tokio::test]
async fn that_a_mission_has_something_is_told_to_supervisors_alone() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    embassy.responder.accept_referral(&referral).await.unwrap();
    let administrator = room.stage.world.administrator();
    let told = |board: &Wallboard| board.alerts.values().any(|one| one.kind() == AlertKind::MissionInCharge);
    let mut board = Wallboard::watch(room.by(), "").await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    board.until("supervisors see it", told).await;
    // Both read what the process computes once for everybody.
    let seen = told(&Wallboard::watch(&administrator, "").await);
    let listed = listed(&administrator, false).await;
    assert_eq!((seen, listed.iter().any(|one| one.kind() == AlertKind::MissionInCharge)), (false, false));
}

#[tokio::test]
async fn nothing_is_told_of_what_a_mission_has_once_it_may_have_it_or_has_it_no_more() {
    let room = Room::new().await;
    let (embassy, amina) = (room.embassy("SY").await, room.stage.world.supervisor().await);
    let has = room.by().refer(room.draft(&[&embassy])).await;
    embassy.responder.accept_referral(&has).await.unwrap();
    // What it was asked for it does not have.
    room.by().refer(room.draft(&[&embassy])).await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    until_open(&room.stage, [&has.referral_id, "", ""]).await;
    let asked = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    amina.answer_consulate(answer_override(&asked.override_id, true)).await.unwrap();
    until_open(&room.stage, [""; 3]).await;
    room.wait(HOUR);
    until_open(&room.stage, [&has.referral_id, "", ""]).await;
    revoke(room.by(), &has).await.unwrap();
    until_open(&room.stage, [""; 3]).await;
    assert_eq!(room.opened("mission_in_charge"), "2");
}
