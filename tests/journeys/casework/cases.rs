//! A case goes its way: opened once, written, handed on, closed when nothing of it is open.

use helpline_proto::casework::v1::{
    AnswerCaseApprovalRequest, AnswerCaseTransferRequest, AskCaseApprovalRequest, AssignCaseRequest, Case,
    CaseApproval, ChangeCaseStatusRequest, CompleteTaskRequest, LinkCaseContactRequest, OpenCaseRequest,
    RevokeCaseTransferRequest, SectionKind, WriteCaseSectionRequest,
};
use helpline_proto::directory::v1::{CaseSettings, CaseStatus, DisableCounsellorRequest};
use helpline_proto::escalation::v1::{Danger, EscalationKind, RaiseEscalationRequest};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_tests::casework::{note, open, to_status, transfer, visit};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::escalation::room::get;
use crate::stage::{Stage, chat, why};

async fn counsellor(stage: &Stage) -> Actor {
    stage.world.counsellor(Abilities::speaking(&["ar"])).await
}

async fn answer(by: &Actor, case: &Case, accept: bool) -> Result<Case, Status> {
    let request = AnswerCaseTransferRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        accept,
        remark: String::new(),
    };
    Ok(by.cases().answer_case_transfer(request).await?.into_inner().case.unwrap())
}

async fn offer(by: &Actor, case: &Case, to: &Actor) -> Result<Case, Status> {
    let answer = by.cases().transfer_case(transfer(&case.case_id, &to.counsellor_id)).await?;
    Ok(answer.into_inner().case.unwrap())
}

#[tokio::test]
async fn a_child_has_one_open_case_of_a_kind_unless_a_supervisor_says() {
    let stage = Stage::set().await;
    let one = counsellor(&stage).await;
    let child = one.record_person("Aigerim", "+77015550100").await.person_id;
    // Both by one, who may read whichever is first: to anybody else the refusal says another thing.
    let (first, second) = tokio::join!(one.open_case(open(&child)), one.open_case(open(&child)));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(why(first.and(second)).reason, "ALREADY_EXISTS");
    let of = |kind: &str| OpenCaseRequest { kind: kind.to_owned(), ..open(&child) };
    one.open_case(of("migration")).await.unwrap();
    assert_eq!(why(one.open_case(of("gardening")).await).fields, ["kind"]);
    let additional = OpenCaseRequest { additional: true, ..open(&child) };
    assert_eq!(why(one.open_case(additional.clone()).await).reason, "ROLE_REFUSED");
    stage.supervisor.open_case(additional).await.unwrap();
    let nobody = one.open_case(open(&request_id())).await.unwrap_err();
    assert_eq!(nobody.code(), Code::NotFound);
}

#[tokio::test]
async fn what_is_written_stays_and_is_corrected_by_its_next_revision() {
    let stage = Stage::set().await;
    let by = counsellor(&stage).await;
    let case = by.case_of_child().await;
    let health = WriteCaseSectionRequest {
        kind: SectionKind::Assessment.into(),
        field_class: FieldClass::Health.into(),
        ..note(&case.case_id, "Asthma.")
    };
    let first = by.write_section(health.clone()).await.unwrap();
    assert_eq!((first.section_revision, first.field_class()), (1, FieldClass::Health));
    let correct = |revision: i32, text: &str| WriteCaseSectionRequest {
        request_id: request_id(),
        text: text.to_owned(),
        section_id: first.section_id.clone(),
        section_revision: revision,
        ..health.clone()
    };
    let (left, right) = tokio::join!(
        by.write_section(correct(1, "Asthma, treated.")),
        by.write_section(correct(1, "No asthma."))
    );
    assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    let stale = by.write_section(correct(1, "Late.")).await;
    let stale = why(stale);
    assert_eq!((stale.reason.as_str(), stale.metadata("revision")), ("REVISION_STALE", "2"));
    let other_kind = WriteCaseSectionRequest { kind: SectionKind::Note.into(), ..correct(2, "A note.") };
    assert_eq!(why(by.write_section(other_kind).await).fields, ["kind"]);
    let nowhere = WriteCaseSectionRequest { section_id: request_id(), ..correct(1, "Lost.") };
    assert_eq!(by.write_section(nowhere).await.unwrap_err().code(), Code::NotFound);
    let timeline = by.case_timeline(&case.case_id).await.unwrap();
    let written: Vec<_> = timeline.iter().map(|one| (one.event.as_str(), one.section_revision)).collect();
    assert_eq!(written, [("opened", 0), ("section_written", 1), ("section_written", 2)]);
    assert_eq!(timeline[1].text, "Asthma.");
    let read = "SELECT count(*) FROM helpline.journal WHERE event = 'case_read'";
    assert_eq!(stage.value(read), "1");
    let clear = "SELECT count(*) FROM helpline.case_events WHERE position('sthma' in encode(text_sealed, 'escape')) > 0";
    assert_eq!(stage.value(clear), "0");
}

#[tokio::test]
async fn a_case_goes_where_the_graph_of_the_centre_leads() {
    let stage = Stage::set().await;
    let by = counsellor(&stage).await;
    let case = by.case_of_child().await;
    for (status, allowed) in [
        ("monitoring", false),
        ("assessment", true),
        ("plan", true),
        ("in_action", true),
        ("monitoring", true),
        ("closed", true),
        ("plan", false),
        ("reopened", true),
        ("monitoring", true),
    ] {
        let moved = by.move_case(&case.case_id, status).await;
        assert_eq!(moved.is_ok(), allowed, "{status}: {moved:?}");
        if !allowed {
            assert_eq!(why(moved).reason, "STATE_REFUSED");
        }
    }
    let without =
        ChangeCaseStatusRequest { close_reason: String::new(), ..to_status(&case.case_id, "closed") };
    assert_eq!(why(by.cases().change_case_status(without).await).fields, ["close_reason"]);
    assert_eq!(why(by.move_case(&case.case_id, "lost").await).fields, ["status"]);
    // What stands where the settings lead no more is not stuck.
    let status = |status: &str, next: &[&str], closes| CaseStatus {
        status: status.to_owned(),
        next: next.iter().map(|&key| key.to_owned()).collect(),
        closes,
    };
    let graph = vec![status("begun", &["done"], false), status("done", &["begun"], true)];
    let cases = CaseSettings { statuses: graph, ..CaseSettings::default() };
    stage.world.change_settings(|settings| settings.cases = Some(cases)).await;
    assert_eq!(by.move_case(&case.case_id, "begun").await.unwrap().status, "begun");
}

#[tokio::test]
async fn a_closed_case_is_not_opened_again_beside_another_of_its_kind() {
    let stage = Stage::set().await;
    let by = counsellor(&stage).await;
    let case = by.case_of_child().await;
    by.move_case(&case.case_id, "closed").await.unwrap();
    assert_eq!(why(by.write_section(note(&case.case_id, "Late.")).await).metadata("state"), "closed");
    by.open_case(open(&case.child_id)).await.unwrap();
    assert_eq!(why(by.move_case(&case.case_id, "reopened").await).reason, "ALREADY_EXISTS");
}

#[tokio::test]
async fn a_rejected_transfer_leaves_one_owner_and_an_accepted_one_another() {
    let stage = Stage::set().await;
    let (owner, to) = (counsellor(&stage).await, counsellor(&stage).await);
    let case = owner.case_of_child().await;
    assert_eq!(why(offer(&owner, &case, &owner).await).metadata("state"), "owner");
    offer(&owner, &case, &to).await.unwrap();
    assert_eq!(to.case(&case.case_id).await.unwrap().owner_id, owner.counsellor_id, "they may read it");
    assert_eq!(why(answer(&owner, &case, true).await).metadata("state"), "not_offered");
    assert_eq!(why(offer(&owner, &case, &to).await).metadata("state"), "offered");
    answer(&to, &case, false).await.unwrap();
    assert_eq!(to.case(&case.case_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(owner.case(&case.case_id).await.unwrap().owner_id, owner.counsellor_id);

    offer(&owner, &case, &to).await.unwrap();
    let revoke = RevokeCaseTransferRequest { request_id: request_id(), case_id: case.case_id.clone() };
    let mut client = owner.cases();
    let (taken, revoked) = tokio::join!(answer(&to, &case, true), client.revoke_case_transfer(revoke));
    assert!(taken.is_ok() != revoked.is_ok(), "{taken:?} {revoked:?}");
    if revoked.is_ok() {
        offer(&owner, &case, &to).await.unwrap();
        answer(&to, &case, true).await.unwrap();
    }
    let now = to.case(&case.case_id).await.unwrap();
    assert_eq!((now.owner_id.as_str(), now.transfer_to_id.as_str()), (to.counsellor_id.as_str(), ""));
    assert_eq!(owner.case(&case.case_id).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn who_has_left_is_given_no_case_and_what_they_were_offered_is_taken_back() {
    let stage = Stage::set().await;
    let (owner, leaves) = (counsellor(&stage).await, counsellor(&stage).await);
    let case = owner.case_of_child().await;
    offer(&owner, &case, &leaves).await.unwrap();
    let disable =
        DisableCounsellorRequest { request_id: request_id(), counsellor_id: leaves.counsellor_id.clone() };
    stage.world.administrator().counsellors().disable_counsellor(disable).await.unwrap();
    let revoke = RevokeCaseTransferRequest { request_id: request_id(), case_id: case.case_id.clone() };
    owner.cases().revoke_case_transfer(revoke).await.unwrap();
    assert_eq!(offer(&owner, &case, &leaves).await.unwrap_err().code(), Code::NotFound);
    let assign = AssignCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        counsellor_id: leaves.counsellor_id.clone(),
        remark: String::new(),
    };
    assert_eq!(
        stage.supervisor.cases().assign_case(assign.clone()).await.unwrap_err().code(),
        Code::NotFound
    );
    let next = counsellor(&stage).await;
    let assign =
        AssignCaseRequest { request_id: request_id(), counsellor_id: next.counsellor_id.clone(), ..assign };
    stage.supervisor.cases().assign_case(assign).await.unwrap();
    assert_eq!(next.case(&case.case_id).await.unwrap().owner_id, next.counsellor_id);
}

async fn approve(by: &Actor, case: &Case) -> Result<Case, Status> {
    let request = AnswerCaseApprovalRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        approve: true,
        remark: String::new(),
    };
    Ok(by.cases().answer_case_approval(request).await?.into_inner().case.unwrap())
}

#[tokio::test]
async fn a_case_is_not_closed_while_something_is_open_unless_another_allows_it() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await;
    let contact = stage.receive(chat("ar")).await;
    let link = LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        contact_id: contact.contact_id.clone(),
    };
    by.cases().link_case_contact(link).await.unwrap();
    // One of its contact, one of the case itself.
    for request in [danger(&contact.contact_id, ""), danger("", &case.case_id)] {
        by.escalations().raise_escalation(request).await.unwrap();
    }
    let task = by.add_task(visit(&case.case_id, stage.world.soon())).await.unwrap();
    let refused = why(by.move_case(&case.case_id, "closed").await);
    assert_eq!(refused.reason, "CASE_OPEN_WORK");
    assert_eq!((refused.metadata("escalations"), refused.metadata("tasks")), ("2", "1"));

    assert_eq!(why(approve(by, &case).await).metadata("state"), "not_asked");
    let ask = || AskCaseApprovalRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        approval: CaseApproval::Close.into(),
        remark: "The family has left the country.".to_owned(),
    };
    by.cases().ask_case_approval(ask()).await.unwrap();
    assert_eq!(why(approve(by, &case).await).metadata("state"), "own");
    assert_eq!(why(by.move_case(&case.case_id, "closed").await).reason, "CASE_OPEN_WORK");
    let other = stage.world.supervisor().await;
    approve(&other, &case).await.unwrap();
    // What came after was not what was allowed.
    by.add_task(visit(&case.case_id, stage.world.soon())).await.unwrap();
    assert_eq!(why(by.move_case(&case.case_id, "closed").await).metadata("tasks"), "2");
    by.cases().ask_case_approval(ask()).await.unwrap();
    approve(&other, &case).await.unwrap();
    assert_eq!(why(by.cases().ask_case_approval(ask()).await).metadata("state"), "approved");
    let withdraw = AnswerCaseApprovalRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        approve: false,
        remark: String::new(),
    };
    other.cases().answer_case_approval(withdraw).await.unwrap();
    assert_eq!(why(by.move_case(&case.case_id, "closed").await).reason, "CASE_OPEN_WORK");
    by.cases().ask_case_approval(ask()).await.unwrap();
    approve(&other, &case).await.unwrap();
    let closed = by.move_case(&case.case_id, "closed").await.unwrap();
    assert!(closed.close_time.is_some() && closed.approved_by.is_empty(), "allowed once");
    // What was open goes on, and alarms.
    let done = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id,
        remark: "Visited all the same.".to_owned(),
    };
    by.tasks().complete_task(done).await.unwrap();
}

#[tokio::test]
async fn two_records_of_one_child_have_one_open_case_of_a_kind() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let approver = stage.world.supervisor().await;
    for round in 0..5 {
        let one = by.record_person("Aigerim", &format!("+7701555010{round}")).await.person_id;
        let two = by.record_person("Aigerim", &format!("+7701555020{round}")).await.person_id;
        let old = by.open_case(open(&two)).await.unwrap();
        by.move_case(&old.case_id, "closed").await.unwrap();
        let asked = by.ask_merge(&one, &two).await.unwrap();
        approver.answer_merge(&asked, true).await.unwrap();
        let (first, second) = tokio::join!(by.open_case(open(&one)), approver.open_case(open(&two)));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let open_one = first.as_ref().or(second.as_ref()).unwrap().clone();
        assert_eq!(why(first.and(second)).reason, "ALREADY_EXISTS");
        let again = by.move_case(&old.case_id, "reopened").await;
        assert_eq!(why(again).reason, "ALREADY_EXISTS", "nor is the old one opened again beside it");
        by.move_case(&open_one.case_id, "closed").await.unwrap();
        by.move_case(&old.case_id, "reopened").await.unwrap();
    }
}

/// A danger of the child of a case, told in a contact or in none.
fn danger(contact_id: &str, case_id: &str) -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        contact_id: contact_id.to_owned(),
        risk: Risk::Low.into(),
        danger: Danger::Violence.into(),
        case_id: case_id.to_owned(),
        ..RaiseEscalationRequest::default()
    }
}

#[tokio::test]
async fn of_two_children_of_one_call_each_has_what_is_raised_for_them() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let (one, other) = (by.case_of_child().await, by.case_of_child().await);
    let contact = stage.receive(chat("ar")).await;
    for case in [&one, &other] {
        let link = LinkCaseContactRequest {
            request_id: request_id(),
            case_id: case.case_id.clone(),
            contact_id: contact.contact_id.clone(),
        };
        by.cases().link_case_contact(link).await.unwrap();
    }
    by.escalations().raise_escalation(danger(&contact.contact_id, &one.case_id)).await.unwrap();
    assert_eq!(why(by.move_case(&one.case_id, "closed").await).metadata("escalations"), "1");
    by.move_case(&other.case_id, "closed").await.unwrap();
}

#[tokio::test]
async fn who_takes_a_case_over_has_the_emergency_that_was_raised_in_it() {
    let stage = Stage::set().await;
    let (owner, next, third) = (counsellor(&stage).await, counsellor(&stage).await, counsellor(&stage).await);
    let case = owner.case_of_child().await;
    let raised = owner.escalations().raise_escalation(danger("", &case.case_id)).await.unwrap();
    let raised = raised.into_inner().escalation.unwrap();
    offer(&owner, &case, &next).await.unwrap();
    assert_eq!(get(&next, &raised).await.unwrap_err().code(), Code::NotFound, "it is only offered");
    answer(&next, &case, true).await.unwrap();
    assert_eq!(get(&next, &raised).await.unwrap().owner_id, next.counsellor_id);
    let noted = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'handed_on'";
    assert_eq!(stage.value(noted), "1");
    assert_eq!(get(&third, &raised).await.unwrap_err().code(), Code::NotFound);
}
