//! A child's record and case with a marker in each of their personal fields.

use helpline_domain::caller::Role;
use helpline_proto::casework::v1::{
    AssessmentOutcome, BreakGlassRequest, FindPersonsRequest, IdentifierKind, PersonIdentifier,
    PersonProfile, UndoMergeRequest,
};
use helpline_tests::assessments::{BEST_INTERESTS, ask, judge, save};
use helpline_tests::casework::{note, open, record, visit};
use helpline_tests::process::Fleet;
use helpline_tests::{Actor, request_id};
use prost_types::Timestamp;
use tonic::Status;

use super::scan::Markers;

/// Recorded, found, merged and parted; opened, written, given a task; and what is refused meanwhile.
pub(super) async fn play(fleet: &Fleet, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let (by, other) = (fleet.bearer(Role::Supervisor, None), fleet.bearer(Role::Supervisor, None));
    let marker = |field: &str| markers.of(field).to_owned();
    let identifier =
        PersonIdentifier { kind: IdentifierKind::Document.into(), value: marker("person_identifier") };
    let known = PersonProfile {
        names: vec![marker("person_name")],
        identifiers: vec![identifier.clone()],
        ..PersonProfile::default()
    };
    let child = by.persons().record_person(record(known.clone())).await.expect("a record").into_inner();
    let child = child.person.expect("the record");
    let mut born = known;
    born.birth_date = marker("person_name");
    let wrong = by.persons().record_person(record(born)).await;
    statuses.push(("a name as a date", wrong.expect_err("no date")));
    let find = FindPersonsRequest { identifier: Some(identifier), ..FindPersonsRequest::default() };
    let found = by.persons().find_persons(find).await.expect("an answer").into_inner().people;
    assert_eq!(found.len(), 1);

    let second = by.record_person("Somebody", &request_id()).await;
    let mut ask = helpline_proto::casework::v1::AskMergeRequest {
        request_id: request_id(),
        survivor_id: child.person_id.clone(),
        absorbed_id: second.person_id,
        reason: marker("merge_reason"),
    };
    let merge = by.persons().ask_merge(ask.clone()).await.expect("a merge").into_inner().merge;
    let merge = merge.expect("the merge");
    other.answer_merge(&merge, true).await.expect("they are one");
    ask.request_id = request_id();
    statuses.push(("a merge again", by.persons().ask_merge(ask).await.expect_err("merged")));
    let undo = UndoMergeRequest {
        request_id: request_id(),
        merge_id: merge.merge_id,
        reason: marker("merge_undo_reason"),
    };
    other.persons().undo_merge(undo).await.expect("they are two");

    let case_id = by.open_case(open(&child.person_id)).await.expect("a case").case_id;
    by.write_section(note(&case_id, &marker("case_text"))).await.expect("a note");
    let long = note(&case_id, &marker("case_text").repeat(2000));
    statuses.push(("a long note", by.write_section(long).await.expect_err("too long")));
    let due = Timestamp { seconds: 2_100_000_000, nanos: 0 };
    let mut task = visit(&case_id, due);
    task.note = marker("task_note");
    by.add_task(task.clone()).await.expect("a task");
    task.task = marker("task_note");
    statuses.push(("a note as a task", by.add_task(task).await.expect_err("no key")));
    assess(&by, &case_id, markers, statuses).await;
    let glass = BreakGlassRequest {
        request_id: request_id(),
        case_id: marker("case_text"),
        reason: marker("case_text"),
        child_id: String::new(),
    };
    statuses.push((
        "glass by a supervisor",
        by.case_access().break_glass(glass).await.expect_err("no counsellor"),
    ));
    let read = by.case_timeline(&case_id).await.expect("the timeline");
    assert!(read.iter().any(|entry| entry.text == marker("case_text")));
}

/// Assessed, judged otherwise and asked about; and what is refused meanwhile.
async fn assess(by: &Actor, case_id: &str, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let (said, why) = (markers.of("assessment_answer"), markers.of("assessment_reason"));
    let id = by.start_assessment(case_id, BEST_INTERESTS).await.expect("a draft").assessment_id;
    by.save_assessment(save(&id, &[("wishes", said)])).await.expect("an answer");
    for wrong in [("safe_now", said), (said, "yes")] {
        let refused = by.save_assessment(save(&id, &[wrong])).await;
        statuses.push(("an answer that is none", refused.expect_err("no answer")));
    }
    statuses.push(("half an assessment", by.complete_assessment(&id).await.expect_err("incomplete")));
    let asked = by.assessment(&id).await.expect("the assessment").missing_questions;
    let unknown: Vec<_> = asked.iter().map(|question| (question.as_str(), "unknown")).collect();
    by.save_assessment(save(&id, &unknown)).await.expect("answers");
    by.complete_assessment(&id).await.expect("a result");
    let mut remarked = ask(&id);
    remarked.remark = markers.of("case_text").to_owned();
    by.assessments().ask_assessment_approval(remarked).await.expect("asked");
    let mut judged = judge(&id, AssessmentOutcome::Positive);
    judged.reason = why.to_owned();
    by.assessments().override_assessment(judged.clone()).await.expect("a judgement");
    judged.request_id = request_id();
    let again = by.assessments().override_assessment(judged).await;
    statuses.push(("a second judgement", again.expect_err("judged")));
    let read = by.assessment(&id).await.expect("the assessment");
    assert!(read.override_reason == why && read.answers.iter().any(|answer| answer.value == said));
}
