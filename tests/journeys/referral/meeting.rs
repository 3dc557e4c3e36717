//! Two changes of the same place are in flight at once, held at the same row: whichever comes first, no place is lost.

use helpline_proto::referral::v1::{AdmissionState, ExitOutcome, HoldState, PlaceHoldRequest, RejectReason};

use super::holds::{confirm, hold, place, set, used};
use super::room::{Partner, reject, revoke, sent};
use super::stay::{exit, keep, request, screened, seen};
use crate::gate::{Gate, meet};
use crate::stage::{Stage, until, why};

/// Nothing is held or occupied for nobody.
pub(super) fn assert_no_place_is_lost(stage: &Stage) {
    let lost = "SELECT count(*) FROM helpline.holds h LEFT JOIN helpline.admissions a ON a.hold_id = h.hold_id
        LEFT JOIN helpline.referrals r ON r.referral_id = h.referral_id
        WHERE h.state IN ('held', 'confirmed') AND (h.admission_id IS NOT NULL AND a.state IS NOT DISTINCT FROM 'exited'
            OR h.admission_id IS NULL AND r.ended_at IS NOT NULL)";
    assert_eq!(stage.value(lost), "0");
    let differ = "SELECT count(*) FROM helpline.capacities k WHERE (k.held, k.occupied) <> (
            SELECT coalesce(sum(h.count) FILTER (WHERE h.state = 'held'), 0),
                coalesce(sum(h.count) FILTER (WHERE h.state = 'confirmed'), 0)
            FROM helpline.holds h WHERE h.service_id = k.service_id AND h.unit = k.unit)";
    assert_eq!(stage.value(differ), "0");
}

#[tokio::test]
async fn who_will_not_come_while_a_bed_is_being_kept_leaves_no_bed_behind() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let (_, stay) = screened(&stage, &shelter, 1).await;
    let gate = Gate::at(&stage, ("capacities", "service_id"), &shelter.service).await;
    let (kept, gone) =
        meet(gate, keep(&shelter.responder, &stay), exit(&stage.supervisor, &stay, ExitOutcome::Other)).await;
    kept.unwrap();
    assert_eq!(gone.unwrap().state(), AdmissionState::Exited);
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (1, 0, 0));
    assert_no_place_is_lost(&stage);
}

#[tokio::test]
async fn a_referral_that_is_taken_back_while_a_bed_is_being_kept_leaves_no_bed_behind() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let (referral, stay) = screened(&stage, &shelter, 1).await;
    let gate = Gate::at(&stage, ("capacities", "service_id"), &shelter.service).await;
    let (kept, revoked) =
        meet(gate, keep(&shelter.responder, &stay), revoke(&stage.supervisor, &referral)).await;
    revoked.unwrap();
    let _ = kept;
    assert_eq!(seen(&stage.supervisor, &stay).await.unwrap().state(), AdmissionState::Exited);
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (1, 0, 0));
    assert_no_place_is_lost(&stage);
}

#[tokio::test]
async fn a_stay_that_is_asked_for_as_the_shelter_says_no_is_over_with_its_no() {
    let stage = Stage::set().await;
    let (shelter, next) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let referral = sent(&stage, &[&shelter, &next]).await;
    let gate = Gate::at(&stage, ("services", "service_id"), &shelter.service).await;
    let ask = request(&stage.supervisor, &referral, &shelter.service);
    let (asked, rejected) =
        meet(gate, ask, reject(&shelter.responder, &referral, RejectReason::SafetyConcern)).await;
    rejected.unwrap();
    let asked = asked.unwrap();
    assert_eq!(seen(&stage.supervisor, &asked).await.unwrap().state(), AdmissionState::Exited);
    request(&stage.supervisor, &referral, &next.service).await.unwrap();
}

#[tokio::test]
async fn a_place_that_is_held_as_the_agency_says_no_is_free_with_its_no() {
    let stage = Stage::set().await;
    let (shelter, next) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&stage.supervisor, &shelter.service, 1, 0).await.unwrap();
    let referral = sent(&stage, &[&shelter, &next]).await;
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&shelter.service], 1) };
    let gate = Gate::at(&stage, ("capacities", "service_id"), &shelter.service).await;
    let no = reject(&shelter.responder, &referral, RejectReason::AtCapacity);
    let (held, rejected) = meet(gate, place(&stage.supervisor, wish), no).await;
    held.unwrap();
    rejected.unwrap();
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (1, 0, 0));
    assert_no_place_is_lost(&stage);
}

#[tokio::test]
async fn a_hold_that_runs_out_while_it_is_being_confirmed_is_confirmed() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    set(&stage.supervisor, &shelter.service, 1, 0).await.unwrap();
    let one = place(&stage.supervisor, hold(&[&shelter.service], 1)).await.unwrap();
    let gate = Gate::at(&stage, ("capacities", "service_id"), &shelter.service).await;
    let late = async {
        gate.until_waiting(1).await;
        stage.world.advance(61.0);
        assert!(!stage.world.servers[0].ctx().store.expire_hold(stage.world.centre.id).await.unwrap());
        gate.open().await;
    };
    let (confirmed, ()) = tokio::join!(confirm(&shelter.responder, &one), late);
    assert_eq!(confirmed.unwrap().state(), HoldState::Confirmed);
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (0, 0, 1));
    assert_no_place_is_lost(&stage);
}

#[tokio::test]
async fn a_hold_that_is_confirmed_while_it_runs_out_has_run_out() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    set(&stage.supervisor, &shelter.service, 1, 0).await.unwrap();
    let one = place(&stage.supervisor, hold(&[&shelter.service], 1)).await.unwrap();
    let gate = Gate::at(&stage, ("capacities", "service_id"), &shelter.service).await;
    // Whoever sweeps first stands before the gate, and has the hold.
    stage.world.advance(61.0);
    gate.until_waiting(1).await;
    assert_eq!(why(confirm(&shelter.responder, &one).await).metadata("state"), "expired");
    gate.open().await;
    until("the hold has run out", async || {
        (used(&stage.supervisor, &shelter.service).await == (1, 0, 0)).then_some(())
    })
    .await;
    assert_no_place_is_lost(&stage);
}
