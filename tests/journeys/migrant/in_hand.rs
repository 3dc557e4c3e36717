//! What a mission has of a child who has come to be afraid of its country stands before supervisors until it is over.

use helpline_proto::queueing::v1::AlertKind;
use helpline_tests::migrant::fear;

use super::room::Room;
use crate::alerts::listed;
use crate::crossborder::room::Border;
use crate::referral::holds::set;
use crate::referral::room::Partner;
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
