//! Commands about stays that can be carried out.

use helpline_proto::referral::v1::{
    AdmitRequest, DropExitPlanRequest, ExitOutcome, HoldAdmissionPlaceRequest, PlanExitRequest,
    RecordExitRequest, RequestAdmissionRequest, ScreenAdmissionRequest,
};
use helpline_tests::{Actor, request_id};
use prost::Message as _;

use super::referrals::{Scene, beds};

/// In the order in which they can be carried out.
const STEPS: [&str; 6] =
    ["RequestAdmission", "ScreenAdmission", "HoldAdmissionPlace", "Admit", "PlanExit", "DropExitPlan"];

/// Somebody who may give the command, and its bytes, if the method is about stays.
pub(super) async fn prepare(scene: &Scene<'_>, method: &str) -> Option<(Actor, Vec<u8>)> {
    let place = STEPS.iter().position(|step| *step == method);
    let before = place.or(match method {
        "RecordExit" => Some(STEPS.len()),
        "ExtendStay" => Some(4),
        _ => None,
    })?;
    scene.by.capacity().set_capacity(beds(request_id(), scene.service.clone())).await.unwrap();
    let request = RequestAdmissionRequest {
        request_id: request_id(),
        referral_id: scene.accepted().await.referral_id,
        service_id: scene.service.clone(),
        unit: "bed".to_owned(),
    };
    if before == 0 {
        return Some((scene.by.clone(), request.encode_to_vec()));
    }
    // Who gives the command has no entry of the journal yet.
    let doer = scene.cast.world.supervisor().await;
    let stay = doer.admissions().request_admission(request).await.unwrap().into_inner().admission.unwrap();
    for step in STEPS.iter().take(before).skip(1) {
        go_on(scene, &doer, step, stay.admission_id.clone()).await;
    }
    if method == "ExtendStay" {
        return Some(super::migrants::extend(scene.cast, stay.admission_id).await);
    }
    let by = scene.cast.world.responder(scene.agency).await;
    Some((by, encoded(scene, method, stay.admission_id)))
}

fn plan(scene: &Scene<'_>, admission_id: String) -> PlanExitRequest {
    let planned_time = Some(scene.cast.world.soon());
    PlanExitRequest { request_id: request_id(), admission_id, planned_time }
}

async fn go_on(scene: &Scene<'_>, by: &Actor, step: &str, admission_id: String) {
    let (mut stays, request_id) = (by.admissions(), request_id());
    match step {
        "ScreenAdmission" => {
            stays.screen_admission(ScreenAdmissionRequest { request_id, admission_id }).await.unwrap();
        }
        "HoldAdmissionPlace" => {
            let hold = HoldAdmissionPlaceRequest { request_id, admission_id, lifetime: None };
            stays.hold_admission_place(hold).await.unwrap();
        }
        "Admit" => drop(stays.admit(AdmitRequest { request_id, admission_id }).await.unwrap()),
        "PlanExit" => drop(stays.plan_exit(plan(scene, admission_id)).await.unwrap()),
        _ => drop(stays.drop_exit_plan(DropExitPlanRequest { request_id, admission_id }).await.unwrap()),
    }
}

fn encoded(scene: &Scene<'_>, method: &str, admission_id: String) -> Vec<u8> {
    let request_id = request_id();
    match method {
        "ScreenAdmission" => ScreenAdmissionRequest { request_id, admission_id }.encode_to_vec(),
        "HoldAdmissionPlace" => {
            HoldAdmissionPlaceRequest { request_id, admission_id, lifetime: None }.encode_to_vec()
        }
        "Admit" => AdmitRequest { request_id, admission_id }.encode_to_vec(),
        "PlanExit" => plan(scene, admission_id).encode_to_vec(),
        "DropExitPlan" => DropExitPlanRequest { request_id, admission_id }.encode_to_vec(),
        _ => {
            let outcome = ExitOutcome::LeftByChoice.into();
            RecordExitRequest { request_id, admission_id, outcome }.encode_to_vec()
        }
    }
}
