//! To whom a cohort is not granted, a child of it is a child like any other: by answer, refusal, order and time.

use std::time::Duration;

use helpline_proto::casework::v1::{
    AskMergeRequest, BreakGlassRequest, FindPersonsRequest, IdentifierKind, LinkPersonsRequest,
    ListCasesRequest, ListTasksRequest, Person, PersonIdentifier, Relation, RevisePersonRequest,
};
use helpline_proto::reintegration::v1::{
    AnnouncedChild, GetCohortRequest, ListCohortsRequest, ListReturneesRequest, RescheduleCohortRequest,
};
use helpline_tests::casework::{open, profile, record};
use helpline_tests::reintegration::{
    absent, announce, arrive, child, close, grant, monitor, rehabilitate, reschedule, reschedule_cohort,
    revoke, settle,
};
use helpline_tests::timing::{Comparison, compare};
use helpline_tests::{Actor, Refused, request_id};
use tonic::{Code, Status};

use super::room::{Flight, plan};
use crate::stage::why;

/// A child of the cohort and one who is not, with the same profile but for the telephone: their records and telephones.
struct Two {
    member: (String, &'static str),
    other: (String, &'static str),
}

async fn two(flight: &Flight) -> Two {
    let by = &flight.stage.supervisor;
    let (ours, theirs) = ("+77010000001", "+77010000002");
    let one = AnnouncedChild { profile: Some(profile("Aigerim", ours)), ..child("a1", "") };
    let member = by.announce(announce(&flight.cohort_id, vec![one])).await.unwrap().remove(0).person_id;
    let other = by.persons().record_person(record(profile("Aigerim", theirs))).await.unwrap();
    Two { member: (member, ours), other: (other.into_inner().person.unwrap().person_id, theirs) }
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

/// Everything that a counsellor may ask about a person, and what they are told, without the ids that they have asked with.
async fn everything(by: &Actor, own: &str, (person, telephone): &(String, &'static str)) -> Vec<String> {
    fn said<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
        match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(status) => {
                let Refused { code, reason, fields, .. } = Refused::from(&status);
                format!("{code:?} {reason} {fields:?} {} {}", status.message(), status.details().len())
            }
        }
    }
    let link = |one: &str, other: &str| LinkPersonsRequest {
        request_id: request_id(),
        person_id: one.to_owned(),
        relative_id: other.to_owned(),
        relation: Relation::Sibling.into(),
        from_time: None,
    };
    let merge = AskMergeRequest {
        request_id: request_id(),
        survivor_id: own.to_owned(),
        absorbed_id: person.clone(),
        reason: "The same.".to_owned(),
    };
    let revise = RevisePersonRequest {
        request_id: request_id(),
        person_id: person.clone(),
        profile: Some(profile("Another", telephone)),
        expected_revision: 1,
    };
    let cases = ListCasesRequest { child_id: person.clone(), ..ListCasesRequest::default() };
    let mut reintegration = open(person);
    "reintegration".clone_into(&mut reintegration.kind);
    vec![
        said(by.person(person).await),
        said(Ok::<_, Status>(found(by, telephone).await.into_iter().map(alike).collect::<Vec<_>>())),
        said(by.persons().link_persons(link(person, own)).await.map(tonic::Response::into_inner)),
        said(by.persons().link_persons(link(own, person)).await.map(tonic::Response::into_inner)),
        said(by.persons().ask_merge(merge).await.map(|answer| {
            let mut merge = answer.into_inner().merge.unwrap();
            merge.merge_id.clear();
            merge.absorbed_id.clear();
            merge.ask_time = None;
            merge
        })),
        said(by.persons().revise_person(revise).await.map(tonic::Response::into_inner)),
        said(by.open_case(open(person)).await),
        said(by.open_case(reintegration).await),
        said(by.cases().list_cases(cases).await.map(tonic::Response::into_inner)),
        said(by.tasks().list_tasks(ListTasksRequest::default()).await.map(tonic::Response::into_inner)),
    ]
}

#[tokio::test]
async fn a_stranger_is_told_the_same_of_a_child_of_a_cohort_as_of_any_other() {
    let flight = Flight::new().await;
    let two = two(&flight).await;
    let stranger = &flight.stranger;
    let own = stranger.record_person("Somebody", "5").await.person_id;
    let told = everything(stranger, &own, &two.member).await;
    assert_eq!(told, everything(stranger, &own, &two.other).await);
    assert_eq!(told.iter().filter(|told| told.starts_with("NotFound")).count(), 6, "{told:?}");
    let partial = found(stranger, two.member.1).await.remove(0);
    assert_eq!((partial.number, partial.recorded_by.as_str(), partial.record_time), (0, "", None));
    assert!(partial.partial);

    // With a case and a plan each, of which somebody is the owner who may be.
    for (person, _) in [&two.member, &two.other] {
        let by = &flight.stage.supervisor;
        let case = by.open_case(open(person)).await.unwrap();
        plan(by, &case).await;
    }
    assert_eq!(everything(stranger, &own, &two.member).await, everything(stranger, &own, &two.other).await);
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
    assert_eq!(glass(&two.member.0).await, glass(&two.other.0).await);
}

#[tokio::test]
async fn a_cohort_that_is_not_granted_is_like_none() {
    let flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let (there, nowhere) = (flight.cohort_id.clone(), request_id());
    let stranger = &flight.stranger;
    let ask = async |cohort_id: &str, returnee_id: &str| {
        let mut by = stranger.cohorts();
        let at = flight.later(86_400);
        let list =
            ListReturneesRequest { cohort_id: cohort_id.to_owned(), ..ListReturneesRequest::default() };
        let cohort_id = cohort_id.to_owned();
        let said = |status: Result<(), Status>| {
            let status = status.unwrap_err();
            (status.code(), status.message().to_owned(), status.details().to_vec())
        };
        vec![
            said(by.get_cohort(GetCohortRequest { cohort_id: cohort_id.clone() }).await.map(drop)),
            said(by.list_returnees(list).await.map(drop)),
            said(
                by.reschedule_cohort(RescheduleCohortRequest { ..reschedule_cohort(&cohort_id, at) })
                    .await
                    .map(drop),
            ),
            said(stranger.returnee(returnee_id).await.map(drop)),
            said(stranger.reschedule_returnee(reschedule(returnee_id, at)).await.map(drop)),
            said(stranger.returnee_arrives(arrive(returnee_id)).await.map(drop)),
            said(stranger.returnee_does_not_come(absent(returnee_id)).await.map(drop)),
            said(stranger.rehabilitate_returnee(rehabilitate(returnee_id)).await.map(drop)),
            said(stranger.settle_returnee(settle(returnee_id)).await.map(drop)),
            said(stranger.monitor_returnee(monitor(returnee_id)).await.map(drop)),
            said(stranger.close_returnee(close(returnee_id)).await.map(drop)),
        ]
    };
    let told = ask(&there, &one.returnee_id).await;
    assert_eq!(told, ask(&nowhere, &request_id()).await);
    assert!(told.iter().all(|(code, ..)| *code == Code::NotFound), "{told:?}");
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

/// How often each is asked.
const ROUNDS: usize = 200;

#[tokio::test]
async fn slow_a_stranger_cannot_tell_a_child_of_a_cohort_by_the_time_of_an_answer() {
    let flight = Flight::new().await;
    // A cohort as large as they are.
    let many = (0..150).map(|n| child(&format!("m{n}"), "")).collect();
    flight.stage.supervisor.announce(announce(&flight.cohort_id, many)).await.unwrap();
    let two = two(&flight).await;
    let stranger = &flight.stranger;
    let get = async |person: &str| drop(stranger.person(person).await.unwrap_err());
    let find = async |telephone: &str| drop(found(stranger, telephone).await);
    let begin = async |person: &str| drop(stranger.open_case(open(person)).await.unwrap_err());
    let compared: [(&str, Comparison); 3] = [
        (
            "GetPerson",
            compare(ROUNDS, async || get(&two.member.0).await, async || get(&two.other.0).await).await,
        ),
        (
            "FindPersons",
            compare(ROUNDS, async || find(two.member.1).await, async || find(two.other.1).await).await,
        ),
        (
            "OpenCase",
            compare(ROUNDS, async || begin(&two.member.0).await, async || begin(&two.other.0).await).await,
        ),
    ];
    for (method, compared) in compared {
        println!("{method}: {compared:?}");
        assert!(!compared.tells(), "{method}: {compared:?}");
    }
    // The same look finds what there is to find.
    let late = async || {
        tokio::time::sleep(Duration::from_millis(2)).await;
        get(&two.other.0).await;
    };
    let planted = compare(ROUNDS, async || get(&two.member.0).await, late).await;
    assert!(planted.tells(), "{planted:?}");
}
