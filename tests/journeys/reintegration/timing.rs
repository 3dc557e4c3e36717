//! To whom a cohort is not granted, the time of an answer does not tell who is of it either.

use helpline_proto::casework::v1::{ListCasesRequest, ListTasksRequest};
use helpline_proto::reintegration::v1::ListCohortsRequest;
use helpline_tests::reintegration::{announce, child};
use helpline_tests::timing::{BESIDE, compare, told_apart};
use helpline_tests::{Abilities, Actor, request_id};

use super::hidden::{Child, OF_CHILD, OF_COHORT, ask, in_hand, refused, two};
use super::room::Flight;
use crate::stage::Stage;

/// How often each method is asked about each.
const ROUNDS: usize = 80;

/// A cohort as large as they are.
async fn crowded() -> Flight {
    let flight = Flight::new().await;
    let many = (0..150).map(|n| child(&format!("m{n}"), "")).collect();
    flight.stage.supervisor.announce(announce(&flight.cohort_id, many)).await.unwrap();
    flight
}

#[tokio::test]
async fn slow_a_stranger_cannot_tell_a_child_of_a_cohort_by_the_time_of_an_answer() {
    let flight = crowded().await;
    let mut two = two(&flight).await;
    in_hand(&flight, &mut two).await;
    let stranger = &flight.stranger;
    let own = stranger.record_person("Somebody", "5").await.person_id;
    let asked = async |method: &'static str, of: &Child| drop(ask(stranger, &own, method, of).await);
    let [member, other] = &two;
    let told = told_apart((&OF_CHILD, BESIDE, ROUNDS), (member, other), asked).await;
    assert_eq!(told, []);
    // The same look finds what there is to find.
    let twice = async || {
        asked("GetPerson", other).await;
        asked("GetPerson", other).await;
    };
    let planted = compare(ROUNDS, async || asked("GetPerson", member).await, twice).await;
    assert!(planted.tells(OF_CHILD.len()), "{planted:?}");
}

#[tokio::test]
async fn slow_a_stranger_cannot_tell_a_cohort_from_none_by_the_time_of_an_answer() {
    let flight = crowded().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let (real, none) = ((flight.cohort_id.clone(), one.returnee_id), (request_id(), request_id()));
    let asked = async |method: &'static str, of: &(String, String)| {
        drop(refused(&flight.stranger, method, of).await);
    };
    let told = told_apart((&OF_COHORT, BESIDE, ROUNDS), (&real, &none), asked).await;
    assert_eq!(told, []);
}

/// Lists in which cohorts or their children could show.
const LISTS: [&str; 3] = ["ListCohorts", "ListCases", "ListTasks"];

#[tokio::test]
async fn slow_a_stranger_cannot_tell_that_there_is_a_cohort_by_the_time_of_a_list() {
    let (flight, empty) = (crowded().await, Stage::set().await);
    let of_empty = empty.world.counsellor(Abilities::speaking(&["ar"])).await;
    let list = async |method: &'static str, by: &Actor| match method {
        "ListCohorts" => drop(by.cohorts().list_cohorts(ListCohortsRequest::default()).await.unwrap()),
        "ListCases" => drop(by.cases().list_cases(ListCasesRequest::default()).await.unwrap()),
        _ => drop(by.tasks().list_tasks(ListTasksRequest::default()).await.unwrap()),
    };
    let told = told_apart((&LISTS, 1, ROUNDS), (&flight.stranger, &of_empty), list).await;
    assert_eq!(told, []);
}
