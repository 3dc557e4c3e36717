//! Reports of one incident, and of two after all.

use helpline_proto::school::v1::SchoolReportState;
use helpline_tests::request_id;
use helpline_tests::school::{assess, file, link, mandatory_report, reported, tell, unlink};
use tonic::Code;

use super::room::School;
use crate::stage::{call, why};

#[tokio::test]
async fn what_was_reported_for_others_alone_is_due_anew_when_it_is_another_incident() {
    let school = School::new().await;
    let (amina, supervisor) = (school.amina(), &school.stage.supervisor);
    let another = school.stage.world.supervisor().await;
    let first = school.filed().await;
    let other = school.stage.receive(call("ar")).await;
    let second = supervisor.file_report(file(&other.contact_id)).await.unwrap().school_report_id;
    assert_eq!(why(supervisor.unlink_report(unlink(&first)).await).metadata("state"), "alone");
    supervisor.link_reports(link(&second, &first)).await.unwrap();
    for (one, two) in [(&second, &first), (&first, &second), (&first, &first)] {
        assert_eq!(why(supervisor.link_reports(link(one, two)).await).metadata("state"), "same");
    }
    let nobody = why(supervisor.link_reports(link(&first, &request_id())).await);
    assert_eq!((nobody.code, nobody.metadata("resource")), (Code::NotFound, "school_report"));

    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    for id in [&first, &second] {
        supervisor.assess_report(assess(id)).await.unwrap();
        another.report_school(reported(id, &escalation)).await.unwrap();
    }
    supervisor.tell_reporter(tell(&second)).await.unwrap();

    // What was decided on who is linked with whom is decided again.
    let seen = supervisor.school_report(&first).await.unwrap();
    let alone = supervisor.unlink_report(unlink(&second)).await.unwrap();
    assert_eq!((alone.state(), alone.escalation_id.as_str()), (SchoolReportState::Assessed, ""));
    assert!(alone.due_time.is_some() && alone.linked_report_ids.is_empty() && alone.report_demanded);
    let kept = supervisor.school_report(&first).await.unwrap();
    assert_eq!((kept.state(), kept.escalation_id), (SchoolReportState::Reported, escalation.clone()));
    assert_eq!(kept.revision, seen.revision + 1);
    assert_eq!(kept.perhaps_same_report_ids, std::slice::from_ref(&second), "nothing is lost");
    let borrowed = why(another.report_school(reported(&second, &escalation)).await);
    assert_eq!((borrowed.code, borrowed.metadata("resource")), (Code::NotFound, "escalation"));

    // The one that lent its report goes: the one that stays is open again.
    supervisor.link_reports(link(&second, &first)).await.unwrap();
    another.report_school(reported(&second, &escalation)).await.unwrap();
    let gone = supervisor.unlink_report(unlink(&first)).await.unwrap();
    assert_eq!(gone.state(), SchoolReportState::Reported);
    assert_eq!(supervisor.school_report(&second).await.unwrap().state(), SchoolReportState::Assessed);
}

#[tokio::test]
async fn until_the_reporter_is_answered_another_report_to_the_authority_may_be_named() {
    let school = School::new().await;
    let amina = school.amina();
    let id = school.filed().await;
    amina.assess_report(assess(&id)).await.unwrap();
    let first = amina.raise_mandatory_report(&school.contact.contact_id).await;
    amina.report_school(reported(&id, &first)).await.unwrap();
    let mut by_another_law = mandatory_report(&school.contact.contact_id);
    by_another_law.report.as_mut().unwrap().legal_basis = "school_act_3".to_owned();
    let raised = amina.escalations().raise_escalation(by_another_law).await.unwrap().into_inner();
    let second = raised.escalation.unwrap().escalation_id;
    let now = amina.report_school(reported(&id, &second)).await.unwrap();
    assert_eq!((now.state(), now.escalation_id), (SchoolReportState::Reported, second));
}

#[tokio::test]
async fn of_two_who_link_and_report_at_once_nobody_is_left_unreported() {
    let school = School::new().await;
    let (amina, supervisor) = (school.amina(), &school.stage.supervisor);
    let another = school.stage.world.supervisor().await;
    let escalation = amina.raise_mandatory_report(&school.contact.contact_id).await;
    for _ in 0..8 {
        let first = school.filed().await;
        let other = school.stage.receive(call("ar")).await;
        let second = supervisor.file_report(file(&other.contact_id)).await.unwrap().school_report_id;
        supervisor.link_reports(link(&second, &first)).await.unwrap();
        supervisor.assess_report(assess(&second)).await.unwrap();
        let _either = tokio::join!(
            another.report_school(reported(&second, &escalation)),
            supervisor.unlink_report(unlink(&first))
        );
        let now = supervisor.school_report(&second).await.unwrap();
        assert_eq!((now.state(), now.escalation_id.as_str()), (SchoolReportState::Assessed, ""));
    }
}

#[tokio::test]
async fn of_two_who_link_at_once_nobody_leaves_a_report_behind() {
    let school = School::new().await;
    let (one, other) = (&school.stage.supervisor, school.stage.world.supervisor().await);
    for _ in 0..12 {
        let [first, second, third] = [school.filed().await, school.filed().await, school.filed().await];
        let (left, right) =
            tokio::join!(one.link_reports(link(&third, &first)), other.link_reports(link(&first, &second)));
        left.unwrap();
        right.unwrap();
        let now = one.school_report(&third).await.unwrap();
        let mut both = [first, second];
        both.sort();
        assert_eq!(now.linked_report_ids, both);
    }
}

#[tokio::test]
async fn what_lies_more_days_apart_is_not_perhaps_the_same() {
    let school = School::new().await;
    let first = school.filed().await;
    let on = async |day: &str| {
        let mut request = file(&school.contact.contact_id);
        (request.first_date, request.last_date) = (day.to_owned(), String::new());
        school.amina().file_report(request).await.unwrap()
    };
    let near = on("2026-01-19").await;
    assert_eq!(near.perhaps_same_report_ids, [first]);
    assert_eq!(on("2026-01-20").await.perhaps_same_report_ids, [near.school_report_id]);
}
