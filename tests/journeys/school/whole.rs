//! From the teacher's call to the feedback.

use helpline_proto::escalation::v1::{AcceptEscalationRequest, Outcome, ResolveEscalationRequest};
use helpline_proto::school::v1::{
    FeedbackOutcome, GiveReporterFeedbackRequest, ListSchoolReportsRequest, SchoolReportState,
};
use helpline_tests::request_id;
use helpline_tests::school::{approve, assess, assess_away, close, file, link, reported, tell, tell_nothing};

use super::room::{DAY, School};
use crate::stage::{call, seconds, why};

#[tokio::test]
async fn a_teacher_is_told_what_came_of_it() {
    let school = School::new().await;
    let (amina, supervisor) = (school.amina(), &school.stage.supervisor);
    let first = amina.file_report(file(&school.contact.contact_id)).await.unwrap();
    let id = first.school_report_id.as_str();
    assert_eq!((first.state(), first.perhaps_same_report_ids.len()), (SchoolReportState::Received, 0));
    assert_eq!((first.reference.len(), first.school.as_str()), (11, "School No. 12"));
    assert!((seconds(first.due_time) - seconds(first.file_time) - DAY).abs() < 1.0, "within a day");

    // Another call about what may be the same: named, and nothing is done by itself.
    school.desk.complete(&school.contact).await;
    school.stage.receive(call("ar")).await;
    let again = school.desk.take().await;
    let mut request = file(&again.contact_id);
    request.school = "SCHOOL no 12".to_owned();
    (request.first_date, request.last_date) = ("2026-01-19".to_owned(), String::new());
    let second = amina.file_report(request).await.unwrap();
    assert_ne!(second.reference, first.reference);
    assert_eq!(second.perhaps_same_report_ids, [id]);
    assert!(second.linked_report_ids.is_empty());
    let linked = supervisor.link_reports(link(&second.school_report_id, id)).await.unwrap();
    assert_eq!((linked.linked_report_ids, linked.perhaps_same_report_ids.len()), (vec![id.to_owned()], 0));

    // Assessed, then reported by what the law demands.
    let early = why(amina.report_school(reported(id, &request_id())).await);
    assert_eq!((early.reason.as_str(), early.metadata("state")), ("STATE_REFUSED", "received"));
    amina.assess_report(assess(id)).await.unwrap();
    let other = school.stage.supervisor.raise_mandatory_report("").await;
    assert_eq!(why(amina.report_school(reported(id, &other)).await).metadata("resource"), "escalation");
    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    let told = amina.report_school(reported(id, &escalation)).await.unwrap();
    assert_eq!((told.state(), &told.escalation_id), (SchoolReportState::Reported, &escalation));
    let days = (seconds(told.due_time) - seconds(told.file_time)) / DAY;
    assert!((11.9..14.1).contains(&days), "ten working days, from whatever day of the week: {days}");
    // What is linked needs no other report.
    amina.assess_report(assess(&second.school_report_id)).await.unwrap();
    supervisor.report_school(reported(&second.school_report_id, &escalation)).await.unwrap();

    // The teacher is told that it was passed on, but it is not over while the authority has not said anything.
    amina.tell_reporter(tell(id)).await.unwrap();
    let open = why(amina.close_report(close(id)).await);
    assert_eq!(
        (open.reason.as_str(), open.metadata("escalation")),
        ("MANDATORY_REPORT_OPEN", escalation.as_str())
    );
    let accept = AcceptEscalationRequest { request_id: request_id(), escalation_id: escalation.clone() };
    supervisor.escalations().accept_escalation(accept).await.unwrap();
    let resolve = ResolveEscalationRequest {
        request_id: request_id(),
        escalation_id: escalation.clone(),
        outcome: Outcome::ChildProtection.into(),
        reference_number: "2026/55".to_owned(),
        remark: String::new(),
    };
    supervisor.escalations().resolve_escalation(resolve).await.unwrap();
    let acts = GiveReporterFeedbackRequest { outcome: FeedbackOutcome::AuthorityActs.into(), ..tell(id) };
    let told = amina.tell_reporter(acts).await.unwrap();
    assert_eq!(
        (told.state(), told.feedback_outcome()),
        (SchoolReportState::FeedbackGiven, FeedbackOutcome::AuthorityActs)
    );
    let closed = amina.close_report(close(id)).await.unwrap();
    assert_eq!((closed.state(), closed.due_time), (SchoolReportState::Closed, None));
    for refused in [amina.tell_reporter(tell(id)).await, amina.assess_report(assess(id)).await] {
        assert_eq!(why(refused).metadata("state"), "closed");
    }

    // Supervisors find them by the reference, and by the school.
    for (reference, found) in [(first.reference.as_str(), vec![id]), ("00000-00000", Vec::new())] {
        let list = ListSchoolReportsRequest {
            reference: reference.to_owned(),
            ..ListSchoolReportsRequest::default()
        };
        let listed = supervisor.school_reports().list_school_reports(list).await.unwrap().into_inner();
        let ids: Vec<_> = listed.school_reports.iter().map(|one| one.school_report_id.as_str()).collect();
        assert_eq!(ids, found);
    }
    let list = ListSchoolReportsRequest {
        school: "school no. 12".to_owned(),
        ..ListSchoolReportsRequest::default()
    };
    let listed = supervisor.school_reports().list_school_reports(list.clone()).await.unwrap().into_inner();
    assert_eq!(listed.school_reports.len(), 2);
    assert!(listed.school_reports.iter().all(|one| one.school.is_empty() && one.narrative.is_empty()));
    let school_id = listed.school_reports[0].school_id.clone();
    assert_eq!(listed.school_reports[1].school_id, school_id, "however it is written");
    let by_id = ListSchoolReportsRequest { school_id, ..ListSchoolReportsRequest::default() };
    let same = supervisor.school_reports().list_school_reports(by_id).await.unwrap().into_inner();
    assert_eq!(same.school_reports, listed.school_reports);
    let state = SchoolReportState::Closed.into();
    let closed = ListSchoolReportsRequest { state, ..list };
    let listed = supervisor.school_reports().list_school_reports(closed).await.unwrap().into_inner();
    assert_eq!(
        listed.school_reports.iter().map(|one| one.school_report_id.as_str()).collect::<Vec<_>>(),
        [id]
    );
    let events = format!(
        "SELECT string_agg(event, ' ' ORDER BY seq) FROM (SELECT event, row_number() OVER () AS seq FROM helpline.journal
         WHERE detail ->> 'school_report_id' = '{id}' AND event LIKE 'school_report\\_%' AND event <> 'school_report_seen' ORDER BY at) told"
    );
    assert_eq!(
        school.stage.value(&events),
        "school_report_filed school_report_assessed school_report_reported school_report_feedback_given \
         school_report_feedback_given school_report_closed"
    );
}

#[tokio::test]
async fn what_is_not_reported_two_people_have_agreed_on() {
    let school = School::new().await;
    let amina = school.amina();
    let (one, other) = (&school.stage.supervisor, school.stage.world.supervisor().await);
    let id = school.filed().await;
    let early = why(one.approve_silence(approve(&id)).await);
    assert_eq!(early.metadata("state"), "received");
    amina.assess_report(assess(&id)).await.unwrap();
    assert_eq!(why(one.approve_silence(approve(&id)).await).metadata("state"), "report_demanded");
    amina.assess_report(assess_away(&id)).await.unwrap();
    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    let not_demanded = why(amina.report_school(reported(&id, &escalation)).await);
    assert_eq!(not_demanded.metadata("state"), "not_demanded");
    assert_eq!(why(amina.approve_silence(approve(&id)).await).reason, "ROLE_REFUSED");
    // Who has assessed it does not approve it; who has filed it does not either.
    one.assess_report(assess_away(&id)).await.unwrap();
    assert_eq!(why(one.approve_silence(approve(&id)).await).metadata("state"), "own");
    let approved = other.approve_silence(approve(&id)).await.unwrap();
    assert_eq!(
        (approved.state(), approved.approved_by),
        (SchoolReportState::NotReportable, other.token_id.clone())
    );
    let own = other.file_report(file(&school.contact.contact_id)).await.unwrap().school_report_id;
    one.assess_report(assess_away(&own)).await.unwrap();
    assert_eq!(why(other.approve_silence(approve(&own)).await).metadata("state"), "own");

    // What was not reported was not passed on; and what comes to light makes it open again.
    assert_eq!(why(amina.tell_reporter(tell(&id)).await).metadata("state"), "not_reported");
    let again = amina.assess_report(assess(&id)).await.unwrap();
    assert_eq!((again.state(), again.approved_by.as_str()), (SchoolReportState::Assessed, ""));
    amina.report_school(reported(&id, &escalation)).await.unwrap();
    let nothing = amina.tell_nobody(tell_nothing(&id)).await.unwrap();
    assert_eq!(nothing.state(), SchoolReportState::FeedbackImpossible);
}

#[tokio::test]
async fn what_nobody_can_mean_is_refused_by_its_place() {
    let school = School::new().await;
    let amina = school.amina();
    let good = || file(&school.contact.contact_id);
    let dated = |first: &str, last: &str| {
        let mut one = good();
        (one.first_date, one.last_date) = (first.to_owned(), last.to_owned());
        one
    };
    let wrong = [
        ("school", {
            let mut one = good();
            one.school = "—".to_owned();
            one
        }),
        ("last_date", {
            let mut one = good();
            one.last_date = "2026-01-09".to_owned();
            one
        }),
        ("first_date", {
            let mut one = good();
            (one.first_date, one.last_date) = ("2999-01-01".to_owned(), String::new());
            one
        }),
        ("first_date", dated("-4713-12-1", "")),
        ("first_date", dated("-9999-1-01", "")),
        ("first_date", dated("0202-01-10", "2026-01-12")),
        ("categories[0]", {
            let mut one = good();
            one.categories = vec!["family.conflict".to_owned()];
            one
        }),
        ("categories[1]", {
            let mut one = good();
            one.categories.push("violence.physical".to_owned());
            one
        }),
        ("categories", {
            let mut one = good();
            one.categories.clear();
            one
        }),
        ("reporter_contact", {
            let mut one = good();
            one.reporter = helpline_proto::school::v1::Reporter::Anonymous.into();
            one
        }),
    ];
    for (field, request) in wrong {
        assert_eq!(why(amina.file_report(request).await).fields, [field]);
    }
    let filed = "SELECT count(*) FROM helpline.school_reports";
    assert_eq!(school.stage.value(filed), "0");
    let id = school.filed().await;
    let mut both = assess_away(&id);
    both.report_demanded = true;
    assert_eq!(why(amina.assess_report(both).await).fields, ["not_reportable_reason"]);
    let mut stale = assess(&id);
    stale.expected_revision = 7;
    assert_eq!(why(amina.assess_report(stale).await).reason, "REVISION_STALE");
}
