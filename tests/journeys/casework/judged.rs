//! Nobody gets round another's eyes, and nothing that was never asked silences an alarm.

use helpline_proto::casework::v1::{
    AnswerCaseApprovalRequest, AskCaseApprovalRequest, AssessmentApproval, AssessmentOutcome,
    AssessmentSubject, CaseApproval, GrantCaseAccessRequest, LinkCaseContactRequest, MoveCaseRequest,
    StartAssessmentRequest, UnlinkCaseContactRequest,
};
use helpline_proto::escalation::v1::{Danger, EscalationKind, JoinEscalationRequest, RaiseEscalationRequest};
use helpline_proto::terms::v1::Risk;
use helpline_tests::assessments::{
    BEST_INTERESTS, FOUND, SCREENING, answer, ask, judge, revise, save, start,
};
use helpline_tests::casework::{open, to_status};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Duration;
use tonic::Code;

use super::assessments::WELL;
use crate::stage::{Stage, chat, why};

async fn counsellor(stage: &Stage) -> Actor {
    stage.world.counsellor(Abilities::speaking(&["ar"])).await
}

#[tokio::test]
async fn a_second_screening_that_asked_nothing_or_of_somebody_else_ends_no_alarm() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await.case_id;
    let first = by.assessed(&case, SCREENING, &FOUND).await;
    let repeat = async || by.task(&first.again_task_id).await.unwrap().end_time.is_some();
    let adult =
        StartAssessmentRequest { subject: AssessmentSubject::Adult.into(), ..start(&case, SCREENING) };
    let adult = by.assessments().start_assessment(adult).await.unwrap().into_inner().assessment.unwrap();
    by.save_assessment(save(&adult.assessment_id, &[("wages_kept", "no")])).await.unwrap();
    by.complete_assessment(&adult.assessment_id).await.unwrap();
    assert!(!repeat().await, "the child was not assessed again");

    let second = by.start_assessment(&case, SCREENING).await.unwrap().assessment_id;
    assert_eq!(why(by.complete_assessment(&second).await).metadata("state"), "incomplete");
    by.save_assessment(save(&second, &[("wages_kept", "unknown")])).await.unwrap();
    by.complete_assessment(&second).await.unwrap();
    assert!(repeat().await, "somebody asked, and nobody knows");
}

#[tokio::test]
async fn who_wrote_what_is_kept_approves_no_revision_of_it() {
    let stage = Stage::set().await;
    let (author, owner) = (&stage.supervisor, counsellor(&stage).await);
    let case = owner.case_of_child().await.case_id;
    let old = author.assessed(&case, BEST_INTERESTS, &WELL).await.assessment_id;
    let new = owner.assessments().revise_assessment(revise(&old)).await.unwrap();
    let new = new.into_inner().assessment.unwrap().assessment_id;
    owner.complete_assessment(&new).await.unwrap();
    owner.assessments().ask_assessment_approval(ask(&new)).await.unwrap();
    let approve = || answer(&new, AssessmentApproval::Content, true);
    let own = author.assessments().answer_assessment_approval(approve()).await;
    assert_eq!(why(own).metadata("state"), "own");
    let another = stage.world.supervisor().await;
    another.assessments().answer_assessment_approval(approve()).await.unwrap();
}

#[tokio::test]
async fn a_graver_judgement_waits_for_no_milder_one_and_every_reason_stays() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await.case_id;
    let unclear = by.assessed(&case, SCREENING, &[("wages_kept", "yes")]).await.assessment_id;
    let milder = judge(&unclear, AssessmentOutcome::Negative);
    by.assessments().override_assessment(milder).await.unwrap();
    let mut graver = judge(&unclear, AssessmentOutcome::Positive);
    graver.reason = "She is locked in at night.".to_owned();
    let holds = by.assessments().override_assessment(graver).await.unwrap().into_inner().assessment.unwrap();
    assert_eq!(holds.outcome(), AssessmentOutcome::Positive);
    assert!(!holds.follow_up_task_id.is_empty(), "and something follows");
    let timeline = by.case_timeline(&case).await.unwrap();
    let said: Vec<_> = timeline
        .iter()
        .filter(|one| one.event == "assessment_overridden")
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(said, ["She told it again in her own language.", "She is locked in at night."]);
}

#[tokio::test]
async fn what_keeps_a_case_open_is_neither_unlinked_by_its_owner_nor_linked_after_the_approval() {
    let stage = Stage::set().await;
    let (by, another, owner) =
        (&stage.supervisor, stage.world.supervisor().await, stage.desk(Abilities::speaking(&["ar"])).await);
    let owner_of = &owner.actor;
    let case = owner_of.case_of_child().await.case_id;
    let contact = stage.receive(chat("ar")).await.contact_id;
    owner.take().await;
    let link = || LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.clone(),
        contact_id: contact.clone(),
    };
    let unlink = || UnlinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.clone(),
        contact_id: contact.clone(),
    };
    let danger = RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        contact_id: contact.clone(),
        risk: Risk::High.into(),
        danger: Danger::Violence.into(),
        ..RaiseEscalationRequest::default()
    };
    by.escalations().raise_escalation(danger.clone()).await.unwrap();
    owner_of.cases().link_case_contact(link()).await.unwrap();
    let own = why(owner_of.cases().unlink_case_contact(unlink()).await);
    assert_eq!(own.metadata("state"), "in_use");
    // A supervisor may say that it is another child's.
    by.cases().unlink_case_contact(unlink()).await.unwrap();

    may_close(&case, owner_of, &another).await;
    owner_of.cases().link_case_contact(link()).await.unwrap();
    does_not_close(&case, owner_of).await;

    // Nor does it become one of the case by being told again.
    by.cases().unlink_case_contact(unlink()).await.unwrap();
    let of_case = RaiseEscalationRequest { request_id: request_id(), case_id: case.clone(), ..danger };
    owner_of.escalations().raise_escalation(of_case).await.unwrap();
    does_not_close(&case, owner_of).await;
}

/// Another allows that a case is closed.
async fn may_close(case: &str, owner: &Actor, another: &Actor) {
    let approval = AskCaseApprovalRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        approval: CaseApproval::Close.into(),
        remark: "The family has left.".to_owned(),
    };
    owner.cases().ask_case_approval(approval).await.unwrap();
    let answer = AnswerCaseApprovalRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        approve: true,
        remark: String::new(),
    };
    another.cases().answer_case_approval(answer).await.unwrap();
}

/// An emergency keeps a case open.
async fn does_not_close(case: &str, owner: &Actor) {
    let refused = why(owner.cases().change_case_status(to_status(case, "closed")).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("escalations")), ("CASE_OPEN_WORK", "1"));
}

#[tokio::test]
async fn an_emergency_that_a_contact_of_the_case_joins_needs_to_be_allowed_too() {
    let stage = Stage::set().await;
    let (by, another) = (&stage.supervisor, stage.world.supervisor().await);
    let case = by.case_of_child().await.case_id;
    let (elsewhere, here) = (stage.receive(chat("ar")).await, stage.receive(chat("ar")).await);
    let danger = RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        contact_id: elsewhere.contact_id,
        risk: Risk::High.into(),
        danger: Danger::Violence.into(),
        ..RaiseEscalationRequest::default()
    };
    let raised = by.escalations().raise_escalation(danger).await.unwrap().into_inner().escalation.unwrap();
    let link = LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.clone(),
        contact_id: here.contact_id.clone(),
    };
    by.cases().link_case_contact(link).await.unwrap();
    may_close(&case, by, &another).await;
    let join = JoinEscalationRequest {
        request_id: request_id(),
        escalation_id: raised.escalation_id,
        contact_id: here.contact_id,
    };
    by.escalations().join_escalation(join).await.unwrap();
    does_not_close(&case, by).await;
}

#[tokio::test]
async fn who_was_let_in_for_one_child_sees_no_other_when_the_case_is_moved() {
    let stage = Stage::set().await;
    let (by, guest) = (&stage.supervisor, counsellor(&stage).await);
    let one = by.record_person("Aigerim", "+77015550100").await.person_id;
    let other = by.record_person("Daniyar", "+77015550200").await.person_id;
    let case = by.open_case(open(&one)).await.unwrap().case_id;
    let grant = GrantCaseAccessRequest {
        request_id: request_id(),
        case_id: case.clone(),
        counsellor_id: guest.counsellor_id.clone(),
        lifetime: Some(Duration { seconds: 600, nanos: 0 }),
    };
    by.case_access().grant_case_access(grant).await.unwrap();
    guest.person(&one).await.unwrap();
    let put = MoveCaseRequest {
        request_id: request_id(),
        case_id: case.clone(),
        child_id: other.clone(),
        remark: "It is about the brother.".to_owned(),
    };
    by.cases().move_case(put).await.unwrap();
    for person in [&one, &other] {
        assert_eq!(guest.person(person).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(guest.case(&case).await.unwrap_err().code(), Code::NotFound);
}
