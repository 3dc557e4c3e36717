//! Rows about cases: two persons who are merged and linked, a case with a contact, somebody let in, a task, and an assessment.

use helpline_proto::casework::v1::{
    BreakGlassRequest, GrantCaseAccessRequest, LinkPersonsRequest, OpenCaseRequest, Relation,
    RevisePersonRequest,
};
use helpline_tests::assessments::SCREENING;
use helpline_tests::casework::{open, profile, visit};
use helpline_tests::{Actor, World, request_id};
use prost_types::Duration;

/// Makes them for a centre.
pub(super) async fn open_case(world: &World, supervisor: &Actor, counsellor: &Actor, contact_id: &str) {
    let child = supervisor.record_person("Aigerim", "+77015550100").await.person_id;
    let sibling = supervisor.record_person("Daniyar", "+77015550100").await.person_id;
    let link = LinkPersonsRequest {
        request_id: request_id(),
        person_id: child.clone(),
        relative_id: sibling.clone(),
        relation: Relation::Sibling.into(),
        from_time: None,
    };
    supervisor.persons().link_persons(link).await.unwrap();
    let revise = RevisePersonRequest {
        request_id: request_id(),
        person_id: child.clone(),
        profile: Some(profile("Aigerim", "+77015550101")),
        expected_revision: 0,
    };
    supervisor.persons().revise_person(revise).await.unwrap();
    supervisor.ask_merge(&child, &sibling).await.unwrap();
    let with_contact = OpenCaseRequest { contact_id: contact_id.to_owned(), ..open(&child) };
    let case_id = supervisor.open_case(with_contact).await.unwrap().case_id;
    let grant = GrantCaseAccessRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        counsellor_id: counsellor.counsellor_id.clone(),
        lifetime: Some(Duration { seconds: 3600, nanos: 0 }),
    };
    supervisor.case_access().grant_case_access(grant).await.unwrap();
    let glass = BreakGlassRequest {
        request_id: request_id(),
        case_id: supervisor.case_of_child().await.case_id,
        reason: "The child is on the line.".to_owned(),
        child_id: String::new(),
    };
    counsellor.case_access().break_glass(glass).await.unwrap();
    supervisor.add_task(visit(&case_id, world.soon())).await.unwrap();
    supervisor.start_assessment(&case_id, SCREENING).await.unwrap();
}
