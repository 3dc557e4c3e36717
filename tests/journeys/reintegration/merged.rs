//! Records are merged with those of the civil registry, guardians change, and nothing of what was planned is lost.

use helpline_proto::casework::v1::{
    EndPersonLinkRequest, LinkPersonsRequest, ListTasksRequest, PersonMerge, Relation, UndoMergeRequest,
};
use helpline_proto::reintegration::v1::{NotArrivedReason, RecordReturneeNotArrivedRequest, ReturneeState};
use helpline_tests::casework::open;
use helpline_tests::reintegration::{absent, arrive, rehabilitate, settle};
use helpline_tests::{Actor, request_id};
use tonic::Code;

use super::room::{Flight, plan};
use crate::stage::why;

/// Reads two records as one; the merge.
async fn merged(flight: &Flight, survivor: &str, absorbed: &str) -> PersonMerge {
    let asked = flight.stage.supervisor.ask_merge(survivor, absorbed).await.unwrap();
    flight.stage.world.supervisor().await.answer_merge(&asked, true).await.unwrap()
}

async fn undone(flight: &Flight, merge: &PersonMerge) {
    let request = UndoMergeRequest {
        request_id: request_id(),
        merge_id: merge.merge_id.clone(),
        reason: "Another child of that name.".to_owned(),
    };
    flight.stage.supervisor.persons().undo_merge(request).await.unwrap();
}

#[tokio::test]
async fn a_part_in_a_cohort_follows_the_child_into_the_registry_and_comes_back() {
    let flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let id = one.returnee_id.as_str();
    let registry = flight.stage.supervisor.record_person("Aigerim", "17").await.person_id;
    assert_eq!(flight.amina.person(&registry).await.unwrap_err().code(), Code::NotFound);
    let merge = merged(&flight, &registry, &one.person_id).await;
    let now = flight.amina.returnee(id).await.unwrap();
    assert_eq!(
        (now.person_id.as_str(), now.survivor_id.as_str()),
        (one.person_id.as_str(), registry.as_str())
    );
    flight.amina.person(&registry).await.unwrap();

    // The case may be under either record.
    flight.amina.returnee_arrives(arrive(id)).await.unwrap();
    flight.amina.rehabilitate_returnee(rehabilitate(id)).await.unwrap();
    let case = flight.amina.open_case(open(&registry)).await.unwrap();
    plan(&flight.amina, &case).await;
    undone(&flight, &merge).await;
    let back = flight.amina.returnee(id).await.unwrap();
    assert_eq!(
        (back.survivor_id.as_str(), back.state()),
        (one.person_id.as_str(), ReturneeState::FirstRehabilitation)
    );
    assert_eq!(
        why(flight.amina.settle_returnee(settle(id)).await).metadata("state"),
        "no_plan",
        "another child's plan"
    );
    merged(&flight, &registry, &one.person_id).await;
    assert_eq!(flight.amina.settle_returnee(settle(id)).await.unwrap().state(), ReturneeState::Settled);
}

#[tokio::test]
async fn who_was_announced_twice_has_two_parts_until_somebody_says_so() {
    let flight = Flight::new().await;
    let children = flight.announced(&["a1", "b1"]).await;
    merged(&flight, &children[0].person_id, &children[1].person_id).await;
    let both = flight.amina.returnees(&flight.cohort_id).await.unwrap();
    assert!(
        both.iter()
            .all(|one| one.survivor_id == children[0].person_id && one.state() == ReturneeState::Announced)
    );
    flight.amina.returnee_arrives(arrive(&children[0].returnee_id)).await.unwrap();
    let twice = RecordReturneeNotArrivedRequest {
        reason: NotArrivedReason::Duplicate.into(),
        ..absent(&children[1].returnee_id)
    };
    let ended = flight.amina.returnee_does_not_come(twice).await.unwrap();
    assert_eq!(
        (ended.state(), ended.not_arrived_reason()),
        (ReturneeState::NotArrived, NotArrivedReason::Duplicate)
    );
    assert_eq!(
        flight.amina.returnee(&children[0].returnee_id).await.unwrap().state(),
        ReturneeState::Arrived
    );
}

/// Says that somebody is the child's guardian; the id of the link.
async fn guarded(by: &Actor, child: &str, guardian: &str) -> String {
    let request = LinkPersonsRequest {
        request_id: request_id(),
        person_id: child.to_owned(),
        relative_id: guardian.to_owned(),
        relation: Relation::Guardian.into(),
        from_time: None,
    };
    by.persons().link_persons(request).await.unwrap().into_inner().link.unwrap().link_id
}

#[tokio::test]
async fn another_guardian_keeps_the_plan_and_what_was_done() {
    let flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let amina = &flight.amina;
    let uncle = amina.record_person("Uncle", "1").await.person_id;
    let grandmother = amina.record_person("Grandmother", "2").await.person_id;
    let first = guarded(amina, &one.person_id, &uncle).await;
    let (case, tasks) = flight.settled(&one).await;
    super::room::done(amina, &tasks[0]).await;
    let list = async || {
        let request =
            ListTasksRequest { case_id: case.case_id.clone(), page_size: 100, ..ListTasksRequest::default() };
        amina.tasks().list_tasks(request).await.unwrap().into_inner().tasks
    };
    let before = (list().await, amina.case_timeline(&case.case_id).await.unwrap());
    let end = EndPersonLinkRequest { request_id: request_id(), link_id: first, until_time: None };
    amina.persons().end_person_link(end).await.unwrap();
    guarded(amina, &one.person_id, &grandmother).await;
    assert_eq!((list().await, amina.case_timeline(&case.case_id).await.unwrap()), before);
    assert_eq!(before.0.len(), 22);
    let links = amina.person(&one.person_id).await.unwrap().links;
    let guardians: Vec<_> =
        links.iter().map(|link| (link.relative_id.as_str(), link.until_time.is_some())).collect();
    assert_eq!(guardians, [(uncle.as_str(), true), (grandmother.as_str(), false)]);
    assert_eq!(amina.returnee(&one.returnee_id).await.unwrap().state(), ReturneeState::Settled);
}
