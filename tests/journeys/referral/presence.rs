//! Whether somebody lives in a shelter is not told by any answer to who may not know it, inside the centre either.

use helpline_proto::referral::v1::{
    Admission, Capacity, Hold, ListAdmissionsRequest, ListCapacitiesRequest, ListHoldsRequest,
    PlaceHoldRequest,
};
use helpline_tests::{Abilities, Actor, request_id};
use prost::Message as _;
use tonic::Code;

use super::holds::{confirm, hold, place, release, set, vacate};
use super::room::{Partner, get, revoke};
use super::stay::{admit, exit, keep, listed, screened, seen};
use crate::stage::{Stage, why};
use helpline_proto::referral::v1::{AdmissionState, ExitOutcome};

/// Everything that lists say of places and stays to somebody, without what is free.
async fn told(actor: &Actor) -> Vec<u8> {
    let capacities = actor.capacity().list_capacities(ListCapacitiesRequest::default()).await.unwrap();
    let mut capacities = capacities.into_inner();
    for one in &mut capacities.capacities {
        one.available = 0;
    }
    let holds = actor.capacity().list_holds(ListHoldsRequest::default()).await.unwrap().into_inner();
    let stays =
        actor.admissions().list_admissions(ListAdmissionsRequest::default()).await.unwrap().into_inner();
    [capacities.encode_to_vec(), holds.encode_to_vec(), stays.encode_to_vec()].concat()
}

#[tokio::test]
async fn a_counsellor_who_does_not_know_the_child_sees_an_empty_house_and_a_full_one_alike() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let stranger = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    set(&stage.supervisor, &shelter.service, 3, 0).await.unwrap();
    let empty = told(&stranger).await;
    let (referral, stay) = screened(&stage, &shelter, 3).await;
    keep(&shelter.responder, &stay).await.unwrap();
    let kept = told(&stranger).await;
    admit(&shelter.responder, &stay).await.unwrap();
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&shelter.service], 1) };
    let held = place(&stage.supervisor, wish).await.unwrap();
    let full = told(&stranger).await;
    assert_eq!((&empty, &empty), (&kept, &full));

    let of_stay = stage.value("SELECT hold_id FROM helpline.admissions WHERE hold_id IS NOT NULL");
    let nothing = Hold { hold_id: request_id(), ..held.clone() };
    for real in [Hold { hold_id: of_stay, ..held.clone() }, held.clone()] {
        for (real, none) in [
            (confirm(&stranger, &real).await, confirm(&stranger, &nothing).await),
            (release(&stranger, &real).await, release(&stranger, &nothing).await),
            (vacate(&stranger, &real).await, vacate(&stranger, &nothing).await),
        ] {
            let (real, none) = (why(real), why(none));
            assert_eq!((real.code, format!("{real:?}")), (Code::NotFound, format!("{none:?}")));
        }
    }
    release(&stage.supervisor, &held).await.expect("nobody else has touched it");
}

#[tokio::test]
async fn how_many_there_are_is_said_by_who_answers_for_them_and_by_supervisors() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let counsellor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    assert_eq!(why(set(&counsellor, &shelter.service, 9, 0).await).code, Code::PermissionDenied);
    set(&shelter.responder, &shelter.service, 3, 1).await.unwrap();
    let own = place(&counsellor, hold(&[&shelter.service], 1)).await.unwrap();
    let list = |actor: &Actor| {
        let mut client = actor.capacity();
        async move { client.list_capacities(ListCapacitiesRequest::default()).await.unwrap().into_inner() }
    };
    let told = list(&counsellor).await.capacities.remove(0);
    let expected = Capacity {
        service_id: shelter.service.clone(),
        unit: "bed".to_owned(),
        maximum: 3,
        available: 1,
        ..Capacity::default()
    };
    assert_eq!(told, expected);
    let known = list(&shelter.responder).await.capacities.remove(0);
    assert_eq!((known.held, known.out_of_service, known.update_time.is_some()), (1, 1, true));
    // What they placed themselves is theirs to give back.
    release(&counsellor, &own).await.unwrap();
}

#[tokio::test]
async fn a_shelter_can_say_that_somebody_has_left_whatever_became_of_the_referral_and_who_answers_now() {
    let stage = Stage::set().await;
    let (shelter, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    let (referral, stay) = screened(&stage, &shelter, 1).await;
    keep(&shelter.responder, &stay).await.unwrap();
    admit(&shelter.responder, &stay).await.unwrap();
    revoke(&stage.supervisor, &referral).await.unwrap();
    assert_eq!(why(get(&shelter.responder, &referral).await).code, Code::NotFound);
    stage.sql(&format!(
        "UPDATE helpline.services SET agency_id = '{}' WHERE service_id = '{}'",
        other.agency, shelter.service
    ));
    let strange: [Result<Admission, _>; 1] = [seen(&other.responder, &stay).await];
    for answer in strange {
        assert_eq!(why(answer).code, Code::NotFound, "who answers now has not taken them in");
    }
    assert_eq!(listed(&shelter.responder).await, 1);
    let gone = exit(&shelter.responder, &stay, ExitOutcome::Reunited).await.unwrap();
    assert_eq!(gone.state(), AdmissionState::Exited);
    assert_eq!(stage.value("SELECT occupied FROM helpline.capacities"), "0");
}
