//! What becomes of reports while the report to the authority does not end well.

use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AskToEndRequest, DecideEndRequest, EscalationState, Outcome,
    ResolveEscalationRequest,
};
use helpline_proto::school::v1::{FeedbackOutcome, SchoolReportState};
use helpline_tests::request_id;
use helpline_tests::school::{approve, assess, assess_away, close, file, link, reported, tell, unlink};
use tonic::Code;

use super::room::School;
use crate::gate::{Gate, meet};
use crate::stage::{call, until, why};

/// A supervisor gives up on an escalation, and another agrees.
async fn comes_to_nothing(school: &School, escalation_id: &str) {
    let ask = AskToEndRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        state: EscalationState::StoodDown.into(),
        reason: "search_ended".to_owned(),
        remark: String::new(),
    };
    school.stage.supervisor.escalations().ask_to_end(ask).await.unwrap();
    let decide = DecideEndRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        approve: true,
        remark: String::new(),
    };
    school.stage.world.supervisor().await.escalations().decide_end(decide).await.unwrap();
}

async fn is_resolved(school: &School, escalation_id: &str) {
    let by = &school.stage.supervisor;
    let accept =
        AcceptEscalationRequest { request_id: request_id(), escalation_id: escalation_id.to_owned() };
    by.escalations().accept_escalation(accept).await.unwrap();
    let resolve = ResolveEscalationRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        outcome: Outcome::ChildProtection.into(),
        reference_number: "2026/56".to_owned(),
        remark: String::new(),
    };
    by.escalations().resolve_escalation(resolve).await.unwrap();
}

#[tokio::test]
async fn what_never_reached_the_authority_alarms_and_is_not_over() {
    let school = School::new().await;
    let amina = school.amina();
    let contact = school.contact.contact_id.as_str();
    let told = async |expected: &str| {
        until(expected, async || (school.alerts("school_report_overdue") == expected).then_some(())).await;
    };
    let id = school.filed().await;
    amina.assess_report(assess(&id)).await.unwrap();
    let first = amina.raise_mandatory_report(contact).await;
    amina.report_school(reported(&id, &first)).await.unwrap();
    assert_eq!(why(amina.assess_report(assess_away(&id)).await).metadata("state"), "reported");

    // Before the reporter is answered.
    comes_to_nothing(&school, &first).await;
    told("1 of 1").await;
    assert_eq!(why(amina.tell_reporter(tell(&id)).await).metadata("state"), "not_reported");
    let second = amina.raise_mandatory_report(contact).await;
    assert_ne!(second, first);
    amina.report_school(reported(&id, &second)).await.unwrap();
    told("0 of 1").await;

    // After it.
    amina.tell_reporter(tell(&id)).await.unwrap();
    comes_to_nothing(&school, &second).await;
    told("1 of 2").await;
    let refused = why(amina.close_report(close(&id)).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "came_to_nothing"));
    let third = amina.raise_mandatory_report(contact).await;
    let anew = amina.report_school(reported(&id, &third)).await.unwrap();
    assert_eq!(
        (anew.state(), anew.feedback_outcome()),
        (SchoolReportState::Reported, FeedbackOutcome::Unspecified)
    );
    amina.tell_reporter(tell(&id)).await.unwrap();
    is_resolved(&school, &third).await;
    let early = why(amina.report_school(reported(&id, &third)).await);
    assert_eq!(early.metadata("state"), "feedback_given", "it stands");
    assert_eq!(amina.close_report(close(&id)).await.unwrap().state(), SchoolReportState::Closed);
}

#[tokio::test]
async fn what_came_to_nothing_is_assessed_anew_and_two_people_may_leave_it() {
    let school = School::new().await;
    let amina = school.amina();
    let id = school.filed().await;
    amina.assess_report(assess(&id)).await.unwrap();
    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    amina.report_school(reported(&id, &escalation)).await.unwrap();
    amina.tell_reporter(tell(&id)).await.unwrap();
    assert_eq!(why(amina.assess_report(assess(&id)).await).metadata("state"), "feedback_given");
    comes_to_nothing(&school, &escalation).await;
    let anew = amina.assess_report(assess_away(&id)).await.unwrap();
    assert_eq!((anew.state(), anew.escalation_id.as_str()), (SchoolReportState::Assessed, ""));
    assert_eq!(anew.feedback_outcome(), FeedbackOutcome::Unspecified);
    let left = school.stage.supervisor.approve_silence(approve(&id)).await.unwrap();
    assert_eq!(left.state(), SchoolReportState::NotReportable);
}

#[tokio::test]
async fn two_incidents_told_in_one_call_are_two_reports_to_the_authority() {
    let school = School::new().await;
    let (amina, supervisor) = (school.amina(), &school.stage.supervisor);
    let (one, two) = (school.filed().await, school.filed().await);
    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    for id in [&one, &two] {
        amina.assess_report(assess(id)).await.unwrap();
    }
    amina.report_school(reported(&one, &escalation)).await.unwrap();
    let taken = why(amina.report_school(reported(&two, &escalation)).await);
    assert_eq!((taken.code, taken.metadata("resource")), (Code::NotFound, "escalation"));

    // Linked they are one; and when they are not after all, it stands for those that stay.
    supervisor.link_reports(link(&two, &one)).await.unwrap();
    amina.report_school(reported(&two, &escalation)).await.unwrap();
    amina.tell_reporter(tell(&two)).await.unwrap();
    let gone = supervisor.unlink_report(unlink(&two)).await.unwrap();
    assert_eq!((gone.state(), gone.escalation_id.as_str()), (SchoolReportState::Assessed, ""));
    assert_eq!(gone.feedback_outcome(), FeedbackOutcome::Unspecified, "what was told is not true of it");
    let stays = supervisor.school_report(&one).await.unwrap();
    assert_eq!((stays.state(), stays.escalation_id), (SchoolReportState::Reported, escalation));
}

#[tokio::test]
async fn two_incidents_that_are_reported_at_once_are_not_one_report_to_the_authority() {
    let school = School::new().await;
    let (amina, contact) = (school.amina(), school.contact.contact_id.as_str());
    let (one, two) = (school.filed().await, school.filed().await);
    let escalation = amina.raise_mandatory_report(contact).await;
    for id in [&one, &two] {
        amina.assess_report(assess(id)).await.unwrap();
    }
    let gate = Gate::at(&school.stage, ("school_reports", "contact_id"), contact).await;
    let (first, second) = meet(
        gate,
        amina.report_school(reported(&one, &escalation)),
        amina.report_school(reported(&two, &escalation)),
    )
    .await;
    assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
    let refused = why(if first.is_ok() { second } else { first });
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "escalation"));
}

#[tokio::test]
async fn nobody_alone_says_that_a_report_about_another_contact_does() {
    let school = School::new().await;
    let (amina, supervisor) = (school.amina(), &school.stage.supervisor);
    let lender = school.filed().await;
    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    let other = school.stage.receive(call("ar")).await;
    let id = supervisor.file_report(file(&other.contact_id)).await.unwrap().school_report_id;
    supervisor.assess_report(assess(&id)).await.unwrap();
    supervisor.link_reports(link(&id, &lender)).await.unwrap();
    let own = why(supervisor.report_school(reported(&id, &escalation)).await);
    assert_eq!((own.metadata("resource"), own.metadata("state")), ("approval", "own"));
    let another = school.stage.world.supervisor().await;
    let borrowed = another.report_school(reported(&id, &escalation)).await.unwrap();
    assert_eq!(borrowed.state(), SchoolReportState::Reported);
}
