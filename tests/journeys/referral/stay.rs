//! Stays in a shelter, from the request to the way out.

use helpline_proto::referral::v1::{
    Admission, AdmissionState, AdmitRequest, DropExitPlanRequest, ExitOutcome, GetAdmissionRequest,
    HoldAdmissionPlaceRequest, ListAdmissionsRequest, PlaceHoldRequest, PlanExitRequest, RecordExitRequest,
    Referral, ReferralState, RejectReason, RequestAdmissionRequest, ScreenAdmissionRequest,
};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Duration;
use tonic::{Code, Status};

use super::holds::{hold, place, set, used};
use super::room::{Partner, get, record_outcome, reject, report, revoke, sent};
use crate::stage::{Stage, until, why};

pub(crate) async fn request(actor: &Actor, of: &Referral, service: &str) -> Result<Admission, Status> {
    let request = RequestAdmissionRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        service_id: service.to_owned(),
        unit: "bed".to_owned(),
    };
    Ok(actor.admissions().request_admission(request).await?.into_inner().admission.unwrap())
}

pub(crate) async fn screen(actor: &Actor, of: &Admission) -> Result<Admission, Status> {
    let request = ScreenAdmissionRequest { request_id: request_id(), admission_id: of.admission_id.clone() };
    Ok(actor.admissions().screen_admission(request).await?.into_inner().admission.unwrap())
}

pub(crate) async fn keep(actor: &Actor, of: &Admission) -> Result<Admission, Status> {
    let request = HoldAdmissionPlaceRequest {
        request_id: request_id(),
        admission_id: of.admission_id.clone(),
        lifetime: Some(Duration { seconds: 60, nanos: 0 }),
    };
    Ok(actor.admissions().hold_admission_place(request).await?.into_inner().admission.unwrap())
}

pub(crate) async fn admit(actor: &Actor, of: &Admission) -> Result<Admission, Status> {
    let request = AdmitRequest { request_id: request_id(), admission_id: of.admission_id.clone() };
    Ok(actor.admissions().admit(request).await?.into_inner().admission.unwrap())
}

pub(crate) async fn exit(actor: &Actor, of: &Admission, outcome: ExitOutcome) -> Result<Admission, Status> {
    let request = RecordExitRequest {
        request_id: request_id(),
        admission_id: of.admission_id.clone(),
        outcome: outcome.into(),
    };
    Ok(actor.admissions().record_exit(request).await?.into_inner().admission.unwrap())
}

pub(super) async fn seen(actor: &Actor, of: &Admission) -> Result<Admission, Status> {
    let request = GetAdmissionRequest { admission_id: of.admission_id.clone() };
    Ok(actor.admissions().get_admission(request).await?.into_inner().admission.unwrap())
}

pub(super) async fn listed(actor: &Actor) -> usize {
    let list = actor.admissions().list_admissions(ListAdmissionsRequest::default()).await.unwrap();
    list.into_inner().admissions.len()
}

/// A shelter with so many beds, and a child whom it was looked at, by a referral that it has accepted.
pub(super) async fn screened(stage: &Stage, shelter: &Partner, beds: i32) -> (Referral, Admission) {
    set(&shelter.responder, &shelter.service, beds, 0).await.unwrap();
    let referral = sent(stage, &[shelter]).await;
    let referral = shelter.responder.accept_referral(&referral).await.unwrap();
    let stay = request(&stage.supervisor, &referral, &shelter.service).await.unwrap();
    (referral, screen(&shelter.responder, &stay).await.unwrap())
}

#[tokio::test]
async fn a_child_is_looked_at_has_a_bed_kept_comes_stays_and_goes_on() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let outside = &shelter.responder;
    let (referral, stay) = screened(&stage, &shelter, 1).await;
    let kept = keep(outside, &stay).await.unwrap();
    assert!(kept.hold_expire_time.is_some());
    assert_eq!((kept.state(), used(outside, &shelter.service).await), (AdmissionState::Held, (0, 1, 0)));
    let admitted = admit(outside, &stay).await.unwrap();
    assert!(admitted.hold_expire_time.is_none() && admitted.admit_time.is_some());
    assert_eq!(used(outside, &shelter.service).await, (0, 0, 1));
    assert_eq!(listed(&stage.supervisor).await, 1);

    let plan = |seconds: i64| {
        let mut at = stage.world.soon();
        at.seconds += seconds;
        PlanExitRequest {
            request_id: request_id(),
            admission_id: stay.admission_id.clone(),
            planned_time: Some(at),
        }
    };
    let past = why(outside.admissions().plan_exit(plan(-100_000)).await);
    assert_eq!(past.fields, ["planned_time"]);
    outside.admissions().plan_exit(plan(0)).await.unwrap();
    let drop = DropExitPlanRequest { request_id: request_id(), admission_id: stay.admission_id.clone() };
    outside.admissions().drop_exit_plan(drop).await.unwrap();
    assert_eq!(seen(&stage.supervisor, &stay).await.unwrap().state(), AdmissionState::Admitted);
    outside.admissions().plan_exit(plan(0)).await.unwrap();

    // The agency's part is over; the child lives there all the same.
    report(outside, &referral, ReferralState::InProgress).await.unwrap();
    record_outcome(outside, &referral, true).await.unwrap();
    let still = seen(outside, &stay).await.unwrap();
    assert_eq!(
        (still.state(), used(outside, &shelter.service).await),
        (AdmissionState::ExitPlanned, (0, 0, 1))
    );
    let gone = exit(outside, &stay, ExitOutcome::Reunited).await.unwrap();
    assert_eq!((gone.state(), gone.outcome()), (AdmissionState::Exited, ExitOutcome::Reunited));
    assert_eq!((used(outside, &shelter.service).await, listed(outside).await), ((1, 0, 0), 0));
    assert_eq!(why(exit(outside, &stay, ExitOutcome::Other).await).metadata("state"), "exited");
}

#[tokio::test]
async fn of_a_hundred_who_need_the_last_bed_one_has_it_and_the_others_are_told_the_next_choice() {
    let stage = Stage::set().await;
    let (full, next) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&stage.supervisor, &next.service, 5, 0).await.unwrap();
    set(&stage.supervisor, &full.service, 1, 0).await.unwrap();
    let mut stays = Vec::new();
    for _ in 0..20 {
        let referral = sent(&stage, &[&full, &next]).await;
        let stay = request(&stage.supervisor, &referral, &full.service).await.unwrap();
        stays.push(screen(&full.responder, &stay).await.unwrap());
    }
    // Each is asked for five times at once.
    let asked = (0..100).map(|number| keep(&stage.supervisor, &stays[number % stays.len()]));
    let answers = futures_util::future::join_all(asked).await;
    let (kept, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((kept.len(), used(&stage.supervisor, &full.service).await), (1, (0, 1, 0)));
    let theirs = kept.into_iter().next().unwrap().unwrap().admission_id;
    let mut told = 0;
    for refused in refused.into_iter().map(why) {
        assert_eq!(refused.code, Code::FailedPrecondition);
        if refused.reason == "NO_ROOM" {
            assert_eq!(refused.metadata("next_service_id"), next.service);
            told += 1;
        } else {
            // Who asked again for the one who has it.
            assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "held"));
        }
    }
    assert!(told >= 95, "{told}");
    for stay in &stays {
        // Where the child goes next is not the shelter's affair.
        if stay.admission_id != theirs {
            assert_eq!(why(keep(&full.responder, stay).await).metadata("next_service_id"), "");
        }
    }
    let live = stage.value("SELECT count(*) FROM helpline.holds WHERE state = 'held'");
    assert_eq!(live, "1");
}

#[tokio::test]
async fn a_bed_that_was_kept_too_long_is_free_and_can_be_kept_again() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let (_, stay) = screened(&stage, &shelter, 1).await;
    keep(&shelter.responder, &stay).await.unwrap();
    stage.world.advance(61.0);
    let late = why(admit(&shelter.responder, &stay).await);
    assert!(["expired", "screened"].contains(&late.metadata("state")), "{late:?}");
    until("the bed is free", async || {
        (used(&stage.supervisor, &shelter.service).await == (1, 0, 0)).then_some(())
    })
    .await;
    assert_eq!(seen(&stage.supervisor, &stay).await.unwrap().state(), AdmissionState::Screened);
    keep(&shelter.responder, &stay).await.unwrap();
    admit(&shelter.responder, &stay).await.unwrap();
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (0, 0, 1));
}

#[tokio::test]
async fn a_bed_that_runs_out_as_the_child_comes_has_one_end() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    set(&stage.supervisor, &shelter.service, 20, 0).await.unwrap();
    for _ in 0..8 {
        let referral = sent(&stage, &[&shelter]).await;
        let stay = request(&stage.supervisor, &referral, &shelter.service).await.unwrap();
        screen(&shelter.responder, &stay).await.unwrap();
        keep(&shelter.responder, &stay).await.unwrap();
        let before = used(&stage.supervisor, &shelter.service).await.2;
        stage.world.advance(60.0 - 0.05);
        let came = admit(&shelter.responder, &stay).await.is_ok();
        stage.world.advance(5.0);
        let now = until("it is settled", async || {
            let now = seen(&stage.supervisor, &stay).await.unwrap();
            (now.state() != AdmissionState::Held).then_some(now)
        })
        .await;
        let (_, held, occupied) = used(&stage.supervisor, &shelter.service).await;
        assert_eq!((held, occupied - before), (0, i32::from(came)));
        assert_eq!(now.state() == AdmissionState::Admitted, came);
    }
}

#[tokio::test]
async fn whoever_wants_to_leave_leaves_at_any_step() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    for steps in 0..3 {
        let (_, stay) = screened(&stage, &shelter, 1).await;
        if steps > 0 {
            keep(&shelter.responder, &stay).await.unwrap();
        }
        if steps > 1 {
            admit(&shelter.responder, &stay).await.unwrap();
        }
        let by = if steps == 1 { &stage.supervisor } else { &shelter.responder };
        let gone = exit(by, &stay, ExitOutcome::LeftByChoice).await.unwrap();
        assert_eq!((gone.state(), gone.outcome()), (AdmissionState::Exited, ExitOutcome::LeftByChoice));
        assert_eq!(used(&stage.supervisor, &shelter.service).await, (1, 0, 0));
    }
    let (_, stay) = screened(&stage, &shelter, 1).await;
    let lie = why(exit(&shelter.responder, &stay, ExitOutcome::ReferralEnded).await);
    assert_eq!(lie.fields, ["outcome"]);
}

#[tokio::test]
async fn the_bed_that_a_counsellor_kept_before_asking_is_the_one_the_child_has() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    set(&stage.supervisor, &shelter.service, 1, 0).await.unwrap();
    let referral = sent(&stage, &[&shelter]).await;
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&shelter.service], 1) };
    place(&stage.supervisor, wish).await.unwrap();
    let stay = request(&stage.supervisor, &referral, &shelter.service).await.unwrap();
    assert_eq!(
        why(keep(&shelter.responder, &stay).await).metadata("state"),
        "requested",
        "nobody has looked"
    );
    screen(&shelter.responder, &stay).await.unwrap();
    keep(&shelter.responder, &stay).await.unwrap();
    assert_eq!(used(&stage.supervisor, &shelter.service).await, (0, 1, 0), "not a second one");
    let other = why(request(&stage.supervisor, &referral, &shelter.service).await);
    assert_eq!(other.metadata("state"), "has_a_stay");
}

#[tokio::test]
async fn a_bed_is_not_kept_for_a_referral_that_goes_elsewhere_or_is_taken_back() {
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    for taken_back in [false, true] {
        set(&stage.supervisor, &first.service, 1, 0).await.unwrap();
        let referral = sent(&stage, &[&first, &second]).await;
        let stay = request(&stage.supervisor, &referral, &first.service).await.unwrap();
        screen(&first.responder, &stay).await.unwrap();
        keep(&first.responder, &stay).await.unwrap();
        if taken_back {
            revoke(&stage.supervisor, &referral).await.unwrap();
        } else {
            reject(&first.responder, &referral, RejectReason::SafetyConcern).await.unwrap();
        }
        let over = seen(&stage.supervisor, &stay).await.unwrap();
        assert_eq!((over.state(), over.outcome()), (AdmissionState::Exited, ExitOutcome::ReferralEnded));
        assert_eq!(used(&stage.supervisor, &first.service).await, (1, 0, 0), "others may have it at once");
        assert!(get(&stage.supervisor, &referral).await.is_ok());
    }
}

#[tokio::test]
async fn whether_somebody_lives_there_is_the_same_answer_as_whether_there_is_such_a_stay() {
    let stage = Stage::set().await;
    let (shelter, stranger) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let (_, stay) = screened(&stage, &shelter, 1).await;
    keep(&shelter.responder, &stay).await.unwrap();
    admit(&shelter.responder, &stay).await.unwrap();
    let nobody = Admission { admission_id: request_id(), ..stay.clone() };
    for actor in [&stranger.responder, &stage.world.counsellor(Abilities::speaking(&["ar"])).await] {
        assert_eq!(listed(actor).await, 0);
        let (real, none) = (why(seen(actor, &stay).await), why(seen(actor, &nobody).await));
        assert_eq!((real.code, format!("{real:?}")), (Code::NotFound, format!("{none:?}")));
        let (real, none) = (
            why(exit(actor, &stay, ExitOutcome::Other).await),
            why(exit(actor, &nobody, ExitOutcome::Other).await),
        );
        assert_eq!((real.code, format!("{real:?}")), (Code::NotFound, format!("{none:?}")));
    }
    assert_eq!(seen(&stage.supervisor, &stay).await.unwrap().state(), AdmissionState::Admitted);
}
