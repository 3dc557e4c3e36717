//! Well-formed requests about persons, cases, tasks and assessments.

use helpline_proto::casework::v1::{
    AddTaskRequest, AnswerCaseApprovalRequest, AnswerCaseTransferRequest, AnswerMergeRequest,
    AnswerTaskRequest, AskCaseApprovalRequest, AskMergeRequest, AssessmentApproval, AssessmentOutcome,
    AssessmentSubject, AssignCaseRequest, BreakGlassRequest, CancelTaskRequest, CaseApproval,
    CompleteTaskRequest, EndPersonLinkRequest, FindPersonsRequest, GetAssessmentRequest, GetCaseRequest,
    GetMergeRequest, GetPersonRequest, GetTaskRequest, GrantCaseAccessRequest, HandTaskRequest,
    LinkCaseContactRequest, LinkPersonsRequest, ListAssessmentsRequest, ListCaseTimelineRequest,
    ListCasesRequest, ListMergesRequest, ListTasksRequest, MoveCaseRequest, OpenCaseRequest, Relation,
    ReviewGlassRequest, RevisePersonRequest, RevokeCaseAccessRequest, RevokeCaseTransferRequest,
    StartAssessmentRequest, StartPlanRequest, UndoMergeRequest, UnlinkCaseContactRequest,
    WriteCaseSectionRequest,
};
use helpline_proto::directory::v1::{
    AnswerCount, AnswerOption, AnswerStrength, AssessmentDimension, AssessmentForm, AssessmentQuestion,
    AssessmentTask, QuestionKind,
};
use helpline_proto::directory::v1::{CasePlan, CasePlanStep, CaseSettings, CaseStatus};
use helpline_proto::intake::v1::AgeBand;
use helpline_proto::options::v1::FieldClass;
use helpline_tests::assessments;
use helpline_tests::casework::{note, open, profile, record, to_status, transfer, visit};
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

/// Settings of cases in which every field is set that can be.
pub(super) fn settings() -> CaseSettings {
    let status = |status: &str, next: &str, closes| CaseStatus {
        status: status.to_owned(),
        next: vec![next.to_owned()],
        closes,
    };
    let step = CasePlanStep {
        task: "visit".to_owned(),
        domain: "housing".to_owned(),
        first_day: 7,
        every_days: 7,
        times: 4,
    };
    CaseSettings {
        kinds: vec!["protection".to_owned()],
        statuses: vec![status("begun", "done", false), status("done", "begun", true)],
        close_reasons: vec!["goals_reached".to_owned()],
        plans: vec![CasePlan { plan: "weekly".to_owned(), steps: vec![step] }],
        due_soon: Some(seconds(3600)),
        supervisor_after: Some(seconds(3600)),
        coordinator_after: Some(seconds(7200)),
    }
}

/// A form in which every field is set that can be.
pub(super) fn assessment_form() -> AssessmentForm {
    let called = || [("en".to_owned(), "Safety".to_owned())].into();
    let task = |task: &str, domain: &str| AssessmentTask {
        task: task.to_owned(),
        domain: domain.to_owned(),
        within: Some(seconds(3600)),
    };
    let option = |option: &str| AnswerOption { option: option.to_owned(), titles: called() };
    let dimension = AssessmentDimension {
        dimension: "safety".to_owned(),
        titles: called(),
        elements: vec!["danger".to_owned()],
        found_from: vec![AnswerCount { strong: 1, medium: 0, weak: 0 }],
        steps: vec![task("safety_plan", "housing")],
    };
    let question = AssessmentQuestion {
        question: "where".to_owned(),
        texts: called(),
        kind: QuestionKind::Choice.into(),
        options: vec![option("street"), option("home")],
        dimension: "safety".to_owned(),
        strength: AnswerStrength::Strong.into(),
        counts: vec!["street".to_owned()],
        child: true,
        adult: true,
        required: true,
    };
    AssessmentForm {
        form: "safety".to_owned(),
        titles: called(),
        dimensions: vec![dimension],
        questions: vec![question],
        child_elements: vec!["danger".to_owned()],
        adult_elements: vec!["danger".to_owned()],
        needs_approval: true,
        again: Some(task("ask_again", "")),
        follow_up: Some(task("act", "")),
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    person(method).or_else(|| case(method)).or_else(|| task(method)).or_else(|| assessment(method))
}

const AT: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 0 };
const SOON: Timestamp = Timestamp { seconds: 2_100_000_000, nanos: 0 };

fn person(method: &str) -> Option<Vec<u8>> {
    let (request_id, page_size, page_token) = (id(), 0, String::new());
    let mut known = profile("Aigerim", "+7 701 555 01 00");
    known.age_band = AgeBand::AgeBand1012.into();
    Some(match method {
        "RecordPerson" => record(known).encode_to_vec(),
        "RevisePerson" => {
            let profile = Some(known);
            RevisePersonRequest { request_id, person_id: id(), profile, expected_revision: 0 }.encode_to_vec()
        }
        "LinkPersons" => LinkPersonsRequest {
            request_id,
            person_id: id(),
            relative_id: id(),
            relation: Relation::Grandparent.into(),
            from_time: Some(AT),
        }
        .encode_to_vec(),
        "EndPersonLink" => {
            EndPersonLinkRequest { request_id, link_id: id(), until_time: Some(AT) }.encode_to_vec()
        }
        "AskMerge" => {
            let reason = "The same birth certificate.".to_owned();
            AskMergeRequest { request_id, survivor_id: id(), absorbed_id: id(), reason }.encode_to_vec()
        }
        "AnswerMerge" => AnswerMergeRequest { request_id, merge_id: id(), agree: true }.encode_to_vec(),
        "UndoMerge" => {
            UndoMergeRequest { request_id, merge_id: id(), reason: "Twins.".to_owned() }.encode_to_vec()
        }
        "GetPerson" => GetPersonRequest { person_id: id() }.encode_to_vec(),
        "FindPersons" => {
            let identifier = profile("", &id()).identifiers.pop();
            FindPersonsRequest { identifier, page_size, page_token }.encode_to_vec()
        }
        "GetMerge" => GetMergeRequest { merge_id: id() }.encode_to_vec(),
        "ListMerges" => {
            ListMergesRequest { asked: true, person_id: id(), page_size, page_token }.encode_to_vec()
        }
        _ => return None,
    })
}

fn case(method: &str) -> Option<Vec<u8>> {
    let (request_id, case_id, remark) = (id(), id(), "He is shy.".to_owned());
    let (page_size, page_token) = (0, String::new());
    Some(match method {
        "OpenCase" => OpenCaseRequest { contact_id: id(), ..open(&id()) }.encode_to_vec(),
        "WriteCaseSection" => WriteCaseSectionRequest {
            field_class: FieldClass::Health.into(),
            section_id: id(),
            section_revision: 1,
            ..note(&case_id, "She eats again.")
        }
        .encode_to_vec(),
        "ChangeCaseStatus" => to_status(&case_id, "closed").encode_to_vec(),
        "LinkCaseContact" => LinkCaseContactRequest { request_id, case_id, contact_id: id() }.encode_to_vec(),
        "TransferCase" => transfer(&case_id, &id()).encode_to_vec(),
        "AnswerCaseTransfer" => {
            AnswerCaseTransferRequest { request_id, case_id, accept: true, remark }.encode_to_vec()
        }
        "RevokeCaseTransfer" => RevokeCaseTransferRequest { request_id, case_id }.encode_to_vec(),
        "AssignCase" => {
            AssignCaseRequest { request_id, case_id, counsellor_id: id(), remark }.encode_to_vec()
        }
        "AskCaseApproval" => {
            let approval = CaseApproval::Close.into();
            AskCaseApprovalRequest { request_id, case_id, approval, remark }.encode_to_vec()
        }
        "AnswerCaseApproval" => {
            AnswerCaseApprovalRequest { request_id, case_id, approve: true, remark }.encode_to_vec()
        }
        "GrantCaseAccess" => {
            let lifetime = Some(seconds(3600));
            GrantCaseAccessRequest { request_id, case_id, counsellor_id: id(), lifetime }.encode_to_vec()
        }
        "RevokeCaseAccess" => {
            RevokeCaseAccessRequest { request_id, case_id, counsellor_id: id() }.encode_to_vec()
        }
        "BreakGlass" => {
            let reason = "The child is on the line.".to_owned();
            BreakGlassRequest { request_id, case_id, reason, child_id: String::new() }.encode_to_vec()
        }
        "ReviewGlass" => {
            ReviewGlassRequest { request_id, case_id, counsellor_id: id(), justified: true, remark }
                .encode_to_vec()
        }
        "UnlinkCaseContact" => {
            UnlinkCaseContactRequest { request_id, case_id, contact_id: id() }.encode_to_vec()
        }
        "MoveCase" => MoveCaseRequest { request_id, case_id, child_id: id(), remark }.encode_to_vec(),
        "GetCase" => GetCaseRequest { case_id }.encode_to_vec(),
        "ListCases" => {
            ListCasesRequest { open: true, own: false, child_id: id(), page_size, page_token }.encode_to_vec()
        }
        "ListCaseTimeline" => ListCaseTimelineRequest { case_id, page_size, page_token }.encode_to_vec(),
        _ => return None,
    })
}

fn task(method: &str) -> Option<Vec<u8>> {
    let (request_id, task_id, remark) = (id(), id(), "He is shy.".to_owned());
    Some(match method {
        "AddTask" => {
            AddTaskRequest { counsellor_id: id(), referral_id: id(), ..visit(&id(), SOON) }.encode_to_vec()
        }
        "AnswerTask" => AnswerTaskRequest { request_id, task_id, accept: true, remark }.encode_to_vec(),
        "HandTask" => HandTaskRequest { request_id, task_id, counsellor_id: id(), referral_id: id(), remark }
            .encode_to_vec(),
        "CompleteTask" => CompleteTaskRequest { request_id, task_id, remark }.encode_to_vec(),
        "CancelTask" => CancelTaskRequest { request_id, task_id, remark }.encode_to_vec(),
        "StartPlan" => {
            let plan = "follow_up".to_owned();
            StartPlanRequest { request_id, case_id: id(), plan, start_time: Some(SOON) }.encode_to_vec()
        }
        "GetTask" => GetTaskRequest { task_id }.encode_to_vec(),
        "ListTasks" => {
            ListTasksRequest { open: true, case_id: id(), agency_id: id(), ..ListTasksRequest::default() }
                .encode_to_vec()
        }
        _ => return None,
    })
}

fn assessment(method: &str) -> Option<Vec<u8>> {
    let assessment_id = id();
    Some(match method {
        "StartAssessment" => StartAssessmentRequest {
            subject: AssessmentSubject::Adult.into(),
            ..assessments::start(&id(), assessments::SCREENING)
        }
        .encode_to_vec(),
        "SaveAssessment" => assessments::save(&assessment_id, &[("wages_kept", "yes")]).encode_to_vec(),
        "CompleteAssessment" => assessments::complete(&assessment_id).encode_to_vec(),
        "ReviseAssessment" => assessments::revise(&assessment_id).encode_to_vec(),
        "OverrideAssessment" => {
            assessments::judge(&assessment_id, AssessmentOutcome::Positive).encode_to_vec()
        }
        "AskAssessmentApproval" => assessments::ask(&assessment_id).encode_to_vec(),
        "AnswerAssessmentApproval" => {
            let mut answer = assessments::answer(&assessment_id, AssessmentApproval::Content, true);
            "He is shy.".clone_into(&mut answer.remark);
            answer.encode_to_vec()
        }
        "GetAssessment" => GetAssessmentRequest { assessment_id }.encode_to_vec(),
        "ListAssessments" => {
            ListAssessmentsRequest { drafts: true, case_id: id(), ..ListAssessmentsRequest::default() }
                .encode_to_vec()
        }
        _ => return None,
    })
}
