//! Whether somebody lives in a shelter is not told by any answer to who may not know it, inside the centre either.

use std::fmt::Debug;

use helpline_proto::directory::v1::{GetServiceRequest, SearchServicesRequest};
use helpline_proto::referral::v1::{
    Admission, Capacity, DraftReferralRequest, Hold, ListAdmissionsRequest, ListCapacitiesRequest,
    ListHoldsRequest, PlaceHoldRequest,
};
use helpline_tests::referral::{consent, draft};
use helpline_tests::{Abilities, Actor, Refused, request_id};
use prost::Message as _;
use tonic::{Code, Status};

use super::holds::{confirm, hold, place, release, set, vacate};
use super::room::{Partner, choices, get, reject, revoke};
use super::stay::{admit, exit, keep, listed, request, screen, screened, seen};
use crate::stage::{Stage, why};
use helpline_proto::referral::v1::{AdmissionState, ChoiceState, ExitOutcome, RejectReason};

/// Everything that lists and searches say of places and stays to somebody.
async fn listed_to(actor: &Actor, service: &str) -> Vec<Vec<u8>> {
    let (mut capacity, mut services) = (actor.capacity(), actor.services());
    let search = SearchServicesRequest { places: 1, ..SearchServicesRequest::default() };
    let get = GetServiceRequest { service_id: service.to_owned() };
    let stays = actor.admissions().list_admissions(ListAdmissionsRequest::default()).await.unwrap();
    vec![
        capacity
            .list_capacities(ListCapacitiesRequest::default())
            .await
            .unwrap()
            .into_inner()
            .encode_to_vec(),
        capacity.list_holds(ListHoldsRequest::default()).await.unwrap().into_inner().encode_to_vec(),
        stays.into_inner().encode_to_vec(),
        services.search_services(search).await.unwrap().into_inner().encode_to_vec(),
        services.get_service(get).await.unwrap().into_inner().encode_to_vec(),
    ]
}

fn said<T: Debug>(answer: Result<T, Status>) -> String {
    match answer {
        Ok(_) => "yes".to_owned(),
        Err(status) => format!("{:?}", Refused::from(&status)),
    }
}

/// What a counsellor is told who tries to find a child of their own a place in a house, or else in one that is full.
async fn tried(stage: &Stage, actor: &Actor, house: &Partner, full: &Partner) -> Vec<String> {
    let case = actor.case_of_child().await;
    let both = [house.service.as_str(), full.service.as_str()];
    let new = DraftReferralRequest { case_id: case.case_id, ..draft("", &both) };
    let referral = actor.draft_referral(new).await.unwrap();
    for partner in [house, full] {
        actor.consents().record_consent(consent(&referral, partner.agency)).await.unwrap();
    }
    let referral = match actor.send_referral(&referral).await {
        Ok(referral) => referral,
        Err(status) => return vec![said::<()>(Err(status))],
    };
    let wish = |services: &[&str], referral_id: &str| PlaceHoldRequest {
        referral_id: referral_id.to_owned(),
        ..hold(services, 1)
    };
    let of = referral.referral_id.as_str();
    let mut told = vec![format!("{:?}", choices(&referral))];
    for services in [&both[..1], &both[1..], &both] {
        for referral_id in ["", of] {
            let placed = place(actor, wish(services, referral_id)).await;
            if let Ok(placed) = &placed {
                release(actor, placed).await.unwrap();
            }
            told.push(said(placed));
        }
    }
    if let Ok(stay) = request(actor, &referral, &house.service).await {
        told.push(said(keep(actor, &stay).await));
        screen(&stage.supervisor, &stay).await.unwrap();
        told.push(said(keep(actor, &stay).await));
    }
    revoke(actor, &referral).await.unwrap();
    told
}

#[tokio::test]
async fn a_counsellor_who_does_not_know_the_child_sees_an_empty_house_and_a_full_one_alike() {
    let stage = Stage::set().await;
    let (shelter, full) = (Partner::hidden(&stage).await, Partner::new(&stage).await);
    let stranger = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    set(&stage.supervisor, &full.service, 0, 0).await.unwrap();
    let told = async || {
        (listed_to(&stranger, &shelter.service).await, tried(&stage, &stranger, &shelter, &full).await)
    };
    set(&stage.supervisor, &shelter.service, 1, 0).await.unwrap();
    let empty = told().await;
    let (_, stay) = screened(&stage, &shelter, 1).await;
    keep(&shelter.responder, &stay).await.unwrap();
    assert_eq!(empty, told().await, "a place is kept");
    admit(&shelter.responder, &stay).await.unwrap();
    assert_eq!(empty, told().await, "somebody lives there");
    exit(&shelter.responder, &stay, ExitOutcome::Other).await.unwrap();
    set(&shelter.responder, &shelter.service, 1, 1).await.unwrap();
    assert_eq!(empty, told().await, "nobody can");

    // The same look finds what a house tells that is not protected.
    let open = Partner::new(&stage).await;
    set(&stage.supervisor, &open.service, 1, 0).await.unwrap();
    let empty = listed_to(&stranger, &open.service).await;
    let tried_empty = tried(&stage, &stranger, &open, &full).await;
    place(&stage.supervisor, hold(&[&open.service], 1)).await.unwrap();
    assert_ne!(empty, listed_to(&stranger, &open.service).await);
    assert_ne!(tried_empty, tried(&stage, &stranger, &open, &full).await);
}

#[tokio::test]
async fn a_child_finds_a_place_in_a_protected_house_by_the_answer_of_the_house() {
    let stage = Stage::set().await;
    let (shelter, next) = (Partner::hidden(&stage).await, Partner::hidden(&stage).await);
    let counsellor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    set(&shelter.responder, &shelter.service, 0, 0).await.unwrap();
    set(&next.responder, &next.service, 1, 0).await.unwrap();
    let case = counsellor.case_of_child().await;
    let new = DraftReferralRequest { case_id: case.case_id, ..draft("", &[&shelter.service, &next.service]) };
    let referral = counsellor.refer(new).await;
    assert_eq!(choices(&referral), [ChoiceState::Offered, ChoiceState::Waiting], "full or not, it is asked");
    let alone = why(place(&counsellor, hold(&[&next.service], 1)).await);
    assert_eq!((alone.code, alone.metadata("state")), (Code::FailedPrecondition, "protected"));
    reject(&shelter.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    let referral = next.responder.accept_referral(&referral).await.unwrap();
    let stay = request(&counsellor, &referral, &next.service).await.unwrap();
    screen(&next.responder, &stay).await.unwrap();
    assert_eq!(why(keep(&counsellor, &stay).await).metadata("state"), "protected");
    keep(&next.responder, &stay).await.unwrap();
    assert_eq!(seen(&counsellor, &stay).await.unwrap().state(), AdmissionState::Held, "their own child");
    let beds = stage.supervisor.capacity().list_capacities(ListCapacitiesRequest::default()).await.unwrap();
    assert_eq!(beds.into_inner().capacities.len(), 2, "a supervisor looks where a place is left");
    let known = next.responder.capacity().list_capacities(ListCapacitiesRequest::default()).await.unwrap();
    assert_eq!(known.into_inner().capacities[0].held, 1);
}

#[tokio::test]
async fn a_hold_that_somebody_else_placed_is_none_to_a_stranger() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let stranger = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let (referral, stay) = screened(&stage, &shelter, 3).await;
    keep(&shelter.responder, &stay).await.unwrap();
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&shelter.service], 1) };
    let held = place(&stage.supervisor, wish).await.unwrap();
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
