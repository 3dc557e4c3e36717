//! To whom a cohort is not granted, a child of it is a child like any other: by answer, refusal, order and time.

use helpline_proto::casework::v1::{
    AskMergeRequest, BreakGlassRequest, CompleteTaskRequest, FindPersonsRequest, GetCaseRequest,
    GetPersonRequest, GetProtectionsRequest, GetTaskRequest, IdentifierKind, LinkPersonsRequest,
    ListAssessmentsRequest, ListCaseTimelineRequest, ListCasesRequest, ListTasksRequest, OpenCaseRequest,
    Person, PersonIdentifier, Relation, RevisePersonRequest, StartPlanRequest,
};
use helpline_proto::referral::v1::DraftReferralRequest;
use helpline_proto::reintegration::v1::{
    AnnouncedChild, GetCohortRequest, GetReturneeRequest, ListCohortsRequest, ListReturneesRequest,
};
use helpline_proto::shelter::v1::ReturnSubject;
use helpline_tests::casework::{note, open, profile, record, to_status, transfer, visit};
use helpline_tests::crossborder::ahead;
use helpline_tests::referral::draft;
use helpline_tests::reintegration::{
    absent, announce, arrive, child, close, grant, monitor, rehabilitate, reschedule, reschedule_cohort,
    revoke, settle,
};
use helpline_tests::shelter::start;
use helpline_tests::{Actor, Refused, request_id};
use prost::Message;
use tonic::{Code, Response, Status};

use super::room::{Flight, plan};
use crate::stage::why;

/// A child, with a case and a task of somebody's once they are open.
pub(super) struct Child {
    person: String,
    telephone: &'static str,
    case: String,
    task: String,
}

/// A child of the cohort and one who is not, with the same profile but for the telephone.
pub(super) async fn two(flight: &Flight) -> [Child; 2] {
    let by = &flight.stage.supervisor;
    let (ours, theirs) = ("+77010000001", "+77010000002");
    let one = AnnouncedChild { profile: Some(profile("Aigerim", ours)), ..child("a1", "") };
    let member = by.announce(announce(&flight.cohort_id, vec![one])).await.unwrap().remove(0).person_id;
    let other = by.persons().record_person(record(profile("Aigerim", theirs))).await.unwrap().into_inner();
    [(member, ours), (other.person.unwrap().person_id, theirs)].map(|(person, telephone)| {
        let [case, task] = std::array::from_fn(|_| request_id());
        Child { person, telephone, case, task }
    })
}

/// With a case and a plan each, of which somebody is the owner who may be.
pub(super) async fn in_hand(flight: &Flight, children: &mut [Child; 2]) {
    let by = &flight.stage.supervisor;
    for child in children {
        let case = by.open_case(open(&child.person)).await.unwrap();
        child.task = plan(by, &case).await.remove(0).task_id;
        child.case = case.case_id;
    }
}

fn identifier(telephone: &str) -> PersonIdentifier {
    PersonIdentifier { kind: IdentifierKind::Telephone.into(), value: telephone.to_owned() }
}

/// What is the same of two children.
fn alike(mut one: Person) -> Person {
    one.person_id.clear();
    one.survivor_id.clear();
    one.profile.as_mut().unwrap().identifiers.clear();
    one
}

async fn found(by: &Actor, telephone: &str) -> Vec<Person> {
    let request =
        FindPersonsRequest { identifier: Some(identifier(telephone)), ..FindPersonsRequest::default() };
    by.persons().find_persons(request).await.unwrap().into_inner().people
}

/// What a counsellor may ask about a child whose record they do not keep, or about their case, without coming to know more by it, as
/// BreakGlass lets them.
pub(super) const OF_CHILD: [&str; 23] = [
    "GetPerson",
    "FindPersons",
    "LinkPersons: from them",
    "LinkPersons: to them",
    "AskMerge",
    "RevisePerson",
    "OpenCase",
    "OpenCase: of another kind",
    "ListCases",
    "ListTasks",
    "GetCase",
    "ListCaseTimeline",
    "WriteCaseSection",
    "ChangeCaseStatus",
    "TransferCase",
    "AddTask",
    "StartPlan",
    "GetTask",
    "CompleteTask",
    "ListAssessments",
    "GetProtections",
    "DraftReferral",
    "StartReturnAssistance",
];

fn said<T: Message>(answer: Result<Response<T>, Status>) -> String {
    answer.map_or_else(
        |status| {
            let Refused { code, reason, fields, .. } = Refused::from(&status);
            format!("{code:?} {reason} {fields:?} {} {}", status.message(), status.details().len())
        },
        // Not as it prints, which hides what is personal, nor as text, which hides bytes that are none.
        |answer| answer.into_inner().encode_to_vec().into_iter().map(char::from).collect(),
    )
}

/// What a counsellor with a record of their own is told of a child, without the ids that they have asked with.
pub(super) async fn ask(by: &Actor, own: &str, method: &str, of: &Child) -> String {
    let (person_id, case_id, task_id) = (of.person.clone(), of.case.clone(), of.task.clone());
    let link = |one: &str, other: &str| LinkPersonsRequest {
        request_id: request_id(),
        person_id: one.to_owned(),
        relative_id: other.to_owned(),
        relation: Relation::Sibling.into(),
        from_time: None,
    };
    match method {
        "GetPerson" => said(by.persons().get_person(GetPersonRequest { person_id }).await),
        "FindPersons" => {
            let found = found(by, of.telephone).await.into_iter();
            format!("{:?}", found.map(|one| alike(one).encode_to_vec()).collect::<Vec<_>>())
        }
        "LinkPersons: from them" => said(by.persons().link_persons(link(&person_id, own)).await),
        "LinkPersons: to them" => said(by.persons().link_persons(link(own, &person_id)).await),
        "AskMerge" => {
            let request = AskMergeRequest {
                request_id: request_id(),
                survivor_id: own.to_owned(),
                absorbed_id: person_id,
                reason: "The same.".to_owned(),
            };
            said(by.persons().ask_merge(request).await.map(|mut answer| {
                let merge = answer.get_mut().merge.as_mut().unwrap();
                merge.merge_id.clear();
                merge.absorbed_id.clear();
                merge.ask_time = None;
                answer
            }))
        }
        "RevisePerson" => {
            let request = RevisePersonRequest {
                request_id: request_id(),
                person_id,
                profile: Some(profile("Another", of.telephone)),
                expected_revision: 1,
            };
            said(by.persons().revise_person(request).await)
        }
        "OpenCase" => said(by.cases().open_case(open(&person_id)).await),
        "OpenCase: of another kind" => {
            let request = OpenCaseRequest { kind: "welfare".to_owned(), ..open(&person_id) };
            said(by.cases().open_case(request).await)
        }
        "ListCases" => {
            let list = ListCasesRequest { child_id: person_id, ..ListCasesRequest::default() };
            said(by.cases().list_cases(list).await)
        }
        "ListTasks" => {
            let list = ListTasksRequest { case_id, ..ListTasksRequest::default() };
            said(by.tasks().list_tasks(list).await)
        }
        "GetCase" => said(by.cases().get_case(GetCaseRequest { case_id }).await),
        "ListCaseTimeline" => {
            let list = ListCaseTimelineRequest { case_id, ..ListCaseTimelineRequest::default() };
            said(by.cases().list_case_timeline(list).await)
        }
        "WriteCaseSection" => said(by.cases().write_case_section(note(&case_id, "She called.")).await),
        "ChangeCaseStatus" => said(by.cases().change_case_status(to_status(&case_id, "closed")).await),
        "TransferCase" => said(by.cases().transfer_case(transfer(&case_id, &by.counsellor_id)).await),
        "AddTask" => said(by.tasks().add_task(visit(&case_id, ahead(86_400))).await),
        "StartPlan" => {
            let plan = "new_start".to_owned();
            let request = StartPlanRequest { request_id: request_id(), case_id, plan, start_time: None };
            said(by.tasks().start_plan(request).await)
        }
        "GetTask" => said(by.tasks().get_task(GetTaskRequest { task_id }).await),
        "CompleteTask" => {
            let request = CompleteTaskRequest { request_id: request_id(), task_id, remark: String::new() };
            said(by.tasks().complete_task(request).await)
        }
        "ListAssessments" => {
            let list = ListAssessmentsRequest { case_id, ..ListAssessmentsRequest::default() };
            said(by.assessments().list_assessments(list).await)
        }
        "GetProtections" => said(by.protections().get_protections(GetProtectionsRequest { case_id }).await),
        "DraftReferral" => {
            let new = DraftReferralRequest { case_id, ..draft("", &[&request_id()]) };
            said(by.referrals().draft_referral(new).await)
        }
        "StartReturnAssistance" => {
            said(by.shelter().start_return_assistance(start(&case_id, ReturnSubject::Child)).await)
        }
        unknown => panic!("{unknown} is not asked"),
    }
}

/// Everything that a counsellor is told of a child.
async fn everything(by: &Actor, own: &str, of: &Child) -> Vec<String> {
    let mut told = Vec::new();
    for method in OF_CHILD {
        told.push(ask(by, own, method, of).await);
    }
    told
}

/// What a counsellor may ask about a cohort or one of its children.
pub(super) const OF_COHORT: [&str; 11] = [
    "GetCohort",
    "ListReturnees",
    "RescheduleCohort",
    "GetReturnee",
    "RescheduleReturnee",
    "RecordReturneeArrival",
    "RecordReturneeNotArrived",
    "StartFirstRehabilitation",
    "SettleReturnee",
    "StartReturneeMonitoring",
    "CloseReturnee",
];

/// What is answered about a cohort and one of its children to whom it is refused.
pub(super) async fn refused(by: &Actor, method: &str, (cohort, child): &(String, String)) -> String {
    let (mut cohorts, at, cohort_id) = (by.cohorts(), ahead(86_400), cohort.clone());
    match method {
        "GetCohort" => said(cohorts.get_cohort(GetCohortRequest { cohort_id }).await),
        "ListReturnees" => {
            let list = ListReturneesRequest { cohort_id, ..ListReturneesRequest::default() };
            said(cohorts.list_returnees(list).await)
        }
        "RescheduleCohort" => said(cohorts.reschedule_cohort(reschedule_cohort(cohort, at)).await),
        "GetReturnee" => said(cohorts.get_returnee(GetReturneeRequest { returnee_id: child.clone() }).await),
        "RescheduleReturnee" => said(cohorts.reschedule_returnee(reschedule(child, at)).await),
        "RecordReturneeArrival" => said(cohorts.record_returnee_arrival(arrive(child)).await),
        "RecordReturneeNotArrived" => said(cohorts.record_returnee_not_arrived(absent(child)).await),
        "StartFirstRehabilitation" => said(cohorts.start_first_rehabilitation(rehabilitate(child)).await),
        "SettleReturnee" => said(cohorts.settle_returnee(settle(child)).await),
        "StartReturneeMonitoring" => said(cohorts.start_returnee_monitoring(monitor(child)).await),
        "CloseReturnee" => said(cohorts.close_returnee(close(child)).await),
        unknown => panic!("{unknown} is not asked"),
    }
}

#[tokio::test]
async fn a_stranger_is_told_the_same_of_a_child_of_a_cohort_as_of_any_other() {
    let flight = Flight::new().await;
    let mut two = two(&flight).await;
    let stranger = &flight.stranger;
    let own = stranger.record_person("Somebody", "5").await.person_id;
    let told = everything(stranger, &own, &two[0]).await;
    assert_eq!(told, everything(stranger, &own, &two[1]).await);
    assert_eq!(told.iter().filter(|told| told.starts_with("NotFound")).count(), 18, "{told:?}");
    let partial = found(stranger, two[0].telephone).await.remove(0);
    assert_eq!((partial.number, partial.recorded_by.as_str(), partial.record_time), (0, "", None));
    assert!(partial.partial);

    in_hand(&flight, &mut two).await;
    assert_eq!(everything(stranger, &own, &two[0]).await, everything(stranger, &own, &two[1]).await);
    let glass = async |person: &str| {
        let request = BreakGlassRequest {
            request_id: request_id(),
            child_id: person.to_owned(),
            reason: "She called and I must know.".to_owned(),
            ..BreakGlassRequest::default()
        };
        let mut cases = stranger.case_access().break_glass(request).await.unwrap().into_inner().cases;
        for case in &mut cases {
            let id = std::mem::take(&mut case.case_id);
            assert_eq!((case.kind.as_str(), case.child_id.as_str()), ("protection", person));
            assert!(!id.is_empty());
            (case.number, case.open_time) = (0, None);
            case.child_id.clear();
        }
        let seen = stranger.person(person).await.unwrap();
        assert_eq!((seen.number, seen.recorded_by.as_str(), seen.record_time), (0, "", None));
        (cases, alike(seen))
    };
    assert_eq!(glass(&two[0].person).await, glass(&two[1].person).await);
}

#[tokio::test]
async fn a_cohort_that_is_not_granted_is_like_none() {
    let flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let there = flight.cohort_id.clone();
    let (real, none) = ((there.clone(), one.returnee_id.clone()), (request_id(), request_id()));
    let stranger = &flight.stranger;
    for method in OF_COHORT {
        let told = refused(stranger, method, &real).await;
        assert_eq!(told, refused(stranger, method, &none).await, "{method}");
        assert!(told.starts_with("NotFound"), "{method}: {told}");
    }
    let listed = stranger.cohorts().list_cohorts(ListCohortsRequest::default()).await.unwrap().into_inner();
    assert_eq!((listed.cohorts.len(), listed.next_page_token.as_str()), (0, ""));

    // What is for supervisors is for nobody else, granted or not; and nobody outside asks at all.
    let world = &flight.stage.world;
    let agency = world.agency().await;
    let others = [world.adapter().await, world.administrator(), world.responder(agency).await];
    for by in others.iter().chain([&flight.amina, stranger]) {
        let children = announce(&there, vec![child("x", "")]);
        assert_eq!(why(by.announce(children).await).code, Code::PermissionDenied);
        assert_eq!(why(by.scorecard(&there).await).code, Code::PermissionDenied);
        let mut cohorts = by.cohorts();
        assert_eq!(
            why(cohorts.grant_cohort(grant(&there, &stranger.counsellor_id)).await).code,
            Code::PermissionDenied
        );
        assert_eq!(
            why(cohorts.revoke_cohort(revoke(&there, &stranger.counsellor_id)).await).code,
            Code::PermissionDenied
        );
    }
    for by in &others {
        assert_eq!(by.cohort(&there).await.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(by.returnee(&one.returnee_id).await.unwrap_err().code(), Code::PermissionDenied);
    }
}
