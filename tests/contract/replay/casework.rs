//! Commands about persons, cases, tasks and assessments that can be carried out.

use helpline_proto::casework::v1::{
    AddTaskRequest, AnswerCaseApprovalRequest, AnswerCaseTransferRequest, AnswerMergeRequest,
    AnswerTaskRequest, AskCaseApprovalRequest, AskMergeRequest, AssessmentApproval, AssessmentOutcome,
    AssignCaseRequest, BreakGlassRequest, CancelTaskRequest, CaseApproval, CompleteTaskRequest,
    EndPersonLinkRequest, GrantCaseAccessRequest, HandTaskRequest, LinkCaseContactRequest,
    LinkPersonsRequest, MoveCaseRequest, Relation, ReviewGlassRequest, RevisePersonRequest,
    RevokeCaseAccessRequest, RevokeCaseTransferRequest, StartPlanRequest, UndoMergeRequest,
    UnlinkCaseContactRequest,
};
use helpline_tests::assessments::{self, BEST_INTERESTS, FOUND, SCREENING};
use helpline_tests::casework::{note, open, profile, record, to_status, transfer, visit};
use helpline_tests::{Actor, request_id, request_id as id};
use prost::Message as _;
use prost_types::{Duration, Timestamp};

use crate::cast::Cast;
use crate::stage::{abilities, new_language, receive};

/// Somebody who gives the command, and its bytes; `None` for commands about something else.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    if let Some(prepared) = about_persons(cast, method).await {
        return Some(prepared);
    }
    if let Some(prepared) = about_tasks(cast, method).await {
        return Some(prepared);
    }
    if let Some(prepared) = super::migrants::prepare(cast, method).await {
        return Some(prepared);
    }
    if let Some(prepared) = about_assessments(cast, method).await {
        return Some(prepared);
    }
    about_cases(cast, method).await
}

async fn about_assessments(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    if !method.ends_with("Assessment") && !method.ends_with("AssessmentApproval") {
        return None;
    }
    let (by, other) = (cast.world.supervisor().await, &cast.supervisor);
    let case_id = other.case_of_child().await.case_id;
    if method == "StartAssessment" {
        return Some((by, assessments::start(&case_id, SCREENING).encode_to_vec()));
    }
    if matches!(method, "SaveAssessment" | "CompleteAssessment") {
        let id = other.start_assessment(&case_id, SCREENING).await.unwrap().assessment_id;
        let save = assessments::save(&id, &FOUND);
        if method == "SaveAssessment" {
            return Some((by, save.encode_to_vec()));
        }
        other.save_assessment(save).await.unwrap();
        return Some((by, assessments::complete(&id).encode_to_vec()));
    }
    let form = if method == "AskAssessmentApproval" { BEST_INTERESTS } else { SCREENING };
    let id = other.start_assessment(&case_id, form).await.unwrap().assessment_id;
    let asked = other.assessment(&id).await.unwrap().missing_questions;
    let unknown: Vec<_> = asked.iter().map(|question| (question.as_str(), "unknown")).collect();
    let given = if unknown.is_empty() { FOUND.as_slice() } else { &unknown };
    other.save_assessment(assessments::save(&id, given)).await.unwrap();
    other.complete_assessment(&id).await.unwrap();
    let milder = || assessments::judge(&id, AssessmentOutcome::Negative);
    Some(match method {
        "ReviseAssessment" => (by, assessments::revise(&id).encode_to_vec()),
        "OverrideAssessment" => (by, milder().encode_to_vec()),
        "AskAssessmentApproval" => (by, assessments::ask(&id).encode_to_vec()),
        _ => {
            other.assessments().override_assessment(milder()).await.unwrap();
            (by, assessments::answer(&id, AssessmentApproval::Override, true).encode_to_vec())
        }
    })
}

async fn about_persons(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let (by, other) = (cast.world.supervisor().await, &cast.supervisor);
    let request_id = request_id();
    let two = async || {
        let [one, two] = [
            other.record_person("Aigerim", "+77015550100").await.person_id,
            other.record_person("Aigerim", "+77015550100").await.person_id,
        ];
        (one, two)
    };
    let asked = async || {
        let (survivor, absorbed) = two().await;
        other.ask_merge(&survivor, &absorbed).await.unwrap()
    };
    let link = |request_id: String, (person_id, relative_id): (String, String)| LinkPersonsRequest {
        request_id,
        person_id,
        relative_id,
        relation: Relation::Sibling.into(),
        from_time: None,
    };
    Some(match method {
        "RecordPerson" => (by, record(profile("Aigerim", "+77015550100")).encode_to_vec()),
        "RevisePerson" => {
            let (person_id, _) = two().await;
            let profile = Some(profile("Aigerim A.", "+77015550101"));
            let revise = RevisePersonRequest { request_id, person_id, profile, expected_revision: 0 };
            (by, revise.encode_to_vec())
        }
        "LinkPersons" => (by, link(request_id, two().await).encode_to_vec()),
        "EndPersonLink" => {
            let sibling = link(id(), two().await);
            let link = other.persons().link_persons(sibling).await.unwrap().into_inner().link.unwrap();
            let end = EndPersonLinkRequest { request_id, link_id: link.link_id, until_time: None };
            (by, end.encode_to_vec())
        }
        "AskMerge" => {
            let (survivor_id, absorbed_id) = two().await;
            let reason = "The same birth certificate.".to_owned();
            (by, AskMergeRequest { request_id, survivor_id, absorbed_id, reason }.encode_to_vec())
        }
        "AnswerMerge" => {
            let merge_id = asked().await.merge_id;
            (by, AnswerMergeRequest { request_id, merge_id, agree: true }.encode_to_vec())
        }
        "UndoMerge" => {
            let merge = asked().await;
            cast.world.supervisor().await.answer_merge(&merge, true).await.unwrap();
            let reason = "Twins.".to_owned();
            (by, UndoMergeRequest { request_id, merge_id: merge.merge_id, reason }.encode_to_vec())
        }
        _ => return None,
    })
}

async fn about_cases(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let (by, other) = (cast.world.supervisor().await, &cast.supervisor);
    let somebody = cast.world.counsellor(abilities("ar")).await;
    let counsellor_id = somebody.counsellor_id.clone();
    let case_id = other.case_of_child().await.case_id;
    let (request_id, remark) = (request_id(), "He is shy.".to_owned());
    let offered = async || {
        other.cases().transfer_case(transfer(&case_id, &counsellor_id)).await.unwrap();
    };
    let grant = |request_id: String| GrantCaseAccessRequest {
        request_id,
        case_id: case_id.clone(),
        counsellor_id: counsellor_id.clone(),
        lifetime: Some(Duration { seconds: 3600, nanos: 0 }),
    };
    let ask = |request_id: String| AskCaseApprovalRequest {
        request_id,
        case_id: case_id.clone(),
        approval: CaseApproval::Close.into(),
        remark: "The family has left.".to_owned(),
    };
    Some(match method {
        "OpenCase" => {
            let child = other.record_person("Aigerim", "+77015550100").await;
            (by, open(&child.person_id).encode_to_vec())
        }
        "WriteCaseSection" => (by, note(&case_id, "She eats again.").encode_to_vec()),
        "ChangeCaseStatus" => (by, to_status(&case_id, "assessment").encode_to_vec()),
        "LinkCaseContact" => {
            let contact_id = receive(&cast.adapter, &new_language()).await.contact_id;
            (by, LinkCaseContactRequest { request_id, case_id, contact_id }.encode_to_vec())
        }
        "TransferCase" => (by, transfer(&case_id, &counsellor_id).encode_to_vec()),
        "AnswerCaseTransfer" => {
            offered().await;
            let answer = AnswerCaseTransferRequest { request_id, case_id, accept: false, remark };
            (somebody, answer.encode_to_vec())
        }
        "RevokeCaseTransfer" => {
            offered().await;
            (by, RevokeCaseTransferRequest { request_id, case_id }.encode_to_vec())
        }
        "AssignCase" => {
            (by, AssignCaseRequest { request_id, case_id, counsellor_id, remark }.encode_to_vec())
        }
        "AskCaseApproval" => (by, ask(request_id).encode_to_vec()),
        "AnswerCaseApproval" => {
            other.cases().ask_case_approval(ask(id())).await.unwrap();
            let answer = AnswerCaseApprovalRequest { request_id, case_id, approve: true, remark };
            (by, answer.encode_to_vec())
        }
        "GrantCaseAccess" => (by, grant(request_id).encode_to_vec()),
        "RevokeCaseAccess" => {
            other.case_access().grant_case_access(grant(id())).await.unwrap();
            (by, RevokeCaseAccessRequest { request_id, case_id, counsellor_id }.encode_to_vec())
        }
        "BreakGlass" => {
            let reason = "The child is on the line.".to_owned();
            let child_id = String::new();
            (somebody, BreakGlassRequest { request_id, case_id, reason, child_id }.encode_to_vec())
        }
        "ReviewGlass" => {
            let (reason, child_id) = ("The child is on the line.".to_owned(), String::new());
            let glass = BreakGlassRequest { request_id: id(), case_id: case_id.clone(), reason, child_id };
            somebody.case_access().break_glass(glass).await.unwrap();
            let review = ReviewGlassRequest { request_id, case_id, counsellor_id, justified: true, remark };
            (by, review.encode_to_vec())
        }
        "UnlinkCaseContact" => {
            let contact_id = receive(&cast.adapter, &new_language()).await.contact_id;
            let link = LinkCaseContactRequest {
                request_id: id(),
                case_id: case_id.clone(),
                contact_id: contact_id.clone(),
            };
            other.cases().link_case_contact(link).await.unwrap();
            (by, UnlinkCaseContactRequest { request_id, case_id, contact_id }.encode_to_vec())
        }
        "MoveCase" => {
            let child_id = other.record_person("Aigerim", "+77015550100").await.person_id;
            (by, MoveCaseRequest { request_id, case_id, child_id, remark }.encode_to_vec())
        }
        "StartPlan" => {
            let plan = "new_start".to_owned();
            (by, StartPlanRequest { request_id, case_id, plan, start_time: None }.encode_to_vec())
        }
        _ => return None,
    })
}

/// Late enough that no rung is climbed between two answers.
fn in_a_week(cast: &Cast) -> Timestamp {
    Timestamp { seconds: cast.world.soon().seconds + 7 * 86_400, nanos: 0 }
}

async fn about_tasks(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let (by, other) = (cast.world.supervisor().await, &cast.supervisor);
    let somebody = cast.world.counsellor(abilities("ar")).await;
    let (request_id, remark) = (request_id(), "He is shy.".to_owned());
    if !matches!(method, "AddTask" | "AnswerTask" | "HandTask" | "CompleteTask" | "CancelTask") {
        return None;
    }
    let case_id = other.case_of_child().await.case_id;
    let add =
        AddTaskRequest { counsellor_id: somebody.counsellor_id.clone(), ..visit(&case_id, in_a_week(cast)) };
    if method == "AddTask" {
        return Some((by, add.encode_to_vec()));
    }
    let task_id = other.add_task(add).await.unwrap().task_id;
    Some(match method {
        "AnswerTask" => {
            (somebody, AnswerTaskRequest { request_id, task_id, accept: false, remark }.encode_to_vec())
        }
        "HandTask" => {
            let hand = HandTaskRequest { request_id, task_id, remark, ..HandTaskRequest::default() };
            (by, hand.encode_to_vec())
        }
        "CompleteTask" => (somebody, CompleteTaskRequest { request_id, task_id, remark }.encode_to_vec()),
        _ => (by, CancelTaskRequest { request_id, task_id, remark }.encode_to_vec()),
    })
}
