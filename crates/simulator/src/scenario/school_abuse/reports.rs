//! The two reports about the school: a mother's, and a teacher's.

use anyhow::Result;
use helpline_proto::escalation::v1::Escalation;
use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Contact, Gender, RecordSurveyRequest, ReviewSurveyRequest, SurveyAnswer,
    SurveyAnswers,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::school::v1::{
    AssessSchoolReportRequest, CloseSchoolReportRequest, FeedbackOutcome, FileSchoolReportRequest,
    GiveReporterFeedbackRequest, LinkSchoolReportsRequest, NoFeedbackReason, RecordFeedbackImpossibleRequest,
    RecordMandatoryReportRequest, Reporter, SchoolPerpetrator, SchoolReport,
};
use helpline_proto::terms::v1::{Channel, Risk};

use super::People;
use crate::scenario::cast::{Who, does, given, is_refused, so};
use crate::scenario::desk::{closing, contact};
use crate::scenario::stage::{DAY, HOUR, Stage};

fn request(stage: &Stage<'_>, of: &Contact, reporter: Reporter) -> FileSchoolReportRequest {
    let is_teacher = reporter == Reporter::Teacher;
    FileSchoolReportRequest {
        request_id: stage.id(),
        contact_id: of.contact_id.clone(),
        reporter: reporter.into(),
        school: if is_teacher { "SCHOOL no 12".to_owned() } else { "School No. 12".to_owned() },
        first_date: stage.date(-3 * DAY),
        last_date: stage.date(-2 * DAY),
        categories: vec!["violence.physical".to_owned()],
        perpetrator: SchoolPerpetrator::Staff.into(),
        narrative: "Made up: he hits them with a ruler.".to_owned(),
        wants_feedback: is_teacher,
        reporter_contact: if is_teacher { "+97455550111".to_owned() } else { String::new() },
    }
}

/// A mother has written the day before: her report, and what she answers when she is asked how it was.
pub(super) async fn a_mother_writes(stage: &Stage<'_>, people: &People) -> Result<SchoolReport> {
    let by = &people.huda;
    let chat = stage.answered(by, contact(Channel::WebChat, "ar", Risk::Medium)).await?;
    let filed = given!(
        does!(by, school_reports.file_school_report, request(stage, &chat, Reporter::Parent)),
        school_report
    );
    stage.tell(by, "answers a mother whose son is afraid of a teacher, and files a report about the school");
    let how = closing("violence.physical", Gender::Male, AgeBand::AgeBand1012, ActionTaken::Informed);
    stage.signed_off(by, &chat, how).await?;
    let survey = RecordSurveyRequest {
        request_id: stage.id(),
        contact_id: chat.contact_id.clone(),
        answers: Some(SurveyAnswers {
            felt_helped: 4,
            would_recommend: SurveyAnswer::Yes.into(),
            told_about_rights: SurveyAnswer::Yes.into(),
            feels_safe: SurveyAnswer::No.into(),
            words: String::new(),
        }),
    };
    does!(stage.adapter, surveys.record_survey, survey);
    stage.alarm(AlertKind::SurveyDanger).await?;
    stage.tell_of("Helpline", "asked afterwards, she says that they are not safe: supervisors are told");
    let review = ReviewSurveyRequest { request_id: stage.id(), contact_id: chat.contact_id };
    does!(people.nadia, surveys.review_survey, review);
    Ok(filed)
}

/// The teacher's report: it may be about the same, and a supervisor says that it is.
pub(super) async fn linked(
    stage: &Stage<'_>,
    people: &People,
    call: &Contact,
    mothers: &SchoolReport,
) -> Result<SchoolReport> {
    let asked = request(stage, call, Reporter::Teacher);
    let filed = given!(does!(people.huda, school_reports.file_school_report, asked), school_report);
    so!(filed.perhaps_same_report_ids.concat(), mothers.school_report_id, "what may be the same");
    let request = LinkSchoolReportsRequest {
        request_id: stage.id(),
        school_report_id: filed.school_report_id.clone(),
        other_report_id: mothers.school_report_id.clone(),
        expected_revision: 0,
    };
    does!(people.nadia, school_reports.link_school_reports, request);
    stage.tell(
        &people.nadia,
        "sees that the mother and the teacher speak of the same, and links both reports",
    );
    Ok(filed)
}

async fn assessed(
    stage: &Stage<'_>,
    people: &People,
    of: &SchoolReport,
    (by, escalation): (&Who, &Escalation),
) -> Result<()> {
    let request = AssessSchoolReportRequest {
        request_id: stage.id(),
        school_report_id: of.school_report_id.clone(),
        risk: Risk::High.into(),
        report_demanded: true,
        ..AssessSchoolReportRequest::default()
    };
    does!(people.huda, school_reports.assess_school_report, request);
    let request = RecordMandatoryReportRequest {
        request_id: stage.id(),
        school_report_id: of.school_report_id.clone(),
        escalation_id: escalation.escalation_id.clone(),
        expected_revision: 0,
    };
    does!(by, school_reports.record_mandatory_report, request);
    Ok(())
}

/// Both are reported by the one report to the authority; the mother's is forgotten for a day.
pub(super) async fn both_reported(
    stage: &Stage<'_>,
    people: &People,
    [mothers, teachers]: [&SchoolReport; 2],
    escalation: &Escalation,
) -> Result<()> {
    assessed(stage, people, teachers, (&people.huda, escalation)).await?;
    stage.wait(DAY + HOUR).await?;
    stage.alarm(AlertKind::SchoolReportOverdue).await?;
    stage.tell_of("Helpline", "nobody has assessed the mother's report within a day: supervisors are told");
    assessed(stage, people, mothers, (&people.nadia, escalation)).await?;
    stage.tell(&people.nadia, "agrees with her assessment: one report to the authority stands for both");
    let early = CloseSchoolReportRequest {
        request_id: stage.id(),
        school_report_id: teachers.school_report_id.clone(),
        ..CloseSchoolReportRequest::default()
    };
    let why = is_refused!(people.huda, school_reports.close_school_report, early);
    so!(why.reason, "STATE_REFUSED", "a report of which its reporter has heard nothing is closed");
    Ok(())
}

/// The teacher learns what may be told, and both are closed.
pub(super) async fn answered(
    stage: &Stage<'_>,
    people: &People,
    [mothers, teachers]: [&SchoolReport; 2],
) -> Result<()> {
    let by = &people.huda;
    let tell = GiveReporterFeedbackRequest {
        request_id: stage.id(),
        school_report_id: teachers.school_report_id.clone(),
        outcome: FeedbackOutcome::AuthorityActs.into(),
        ..GiveReporterFeedbackRequest::default()
    };
    does!(by, school_reports.give_reporter_feedback, tell);
    let not_wanted = RecordFeedbackImpossibleRequest {
        request_id: stage.id(),
        school_report_id: mothers.school_report_id.clone(),
        reason: NoFeedbackReason::NotWanted.into(),
        ..RecordFeedbackImpossibleRequest::default()
    };
    does!(by, school_reports.record_feedback_impossible, not_wanted);
    for report in [mothers, teachers] {
        let close = CloseSchoolReportRequest {
            request_id: stage.id(),
            school_report_id: report.school_report_id.clone(),
            ..CloseSchoolReportRequest::default()
        };
        does!(by, school_reports.close_school_report, close);
    }
    stage.tell(by, "tells the teacher that the authority acts, and nothing of the child");
    Ok(())
}
