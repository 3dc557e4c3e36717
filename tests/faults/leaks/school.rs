//! A report of abuse at a school, and a survey, with a marker in each of their personal fields.

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::{GetSurveyRequest, SurveyAnswers};
use helpline_proto::school::v1::ListSchoolReportsRequest;
use helpline_tests::Actor;
use helpline_tests::process::Fleet;
use helpline_tests::school::{assess, close, file, survey};
use tonic::Status;

use super::scan::Markers;

/// Filed, listed, assessed, surveyed; and what is refused meanwhile.
pub(super) async fn play(
    (fleet, adapter): (&Fleet, &Actor),
    markers: &Markers,
    contact_id: &str,
    statuses: &mut Vec<(&'static str, Status)>,
) {
    let by = fleet.bearer(Role::Supervisor, None);
    let marker = |field: &str| markers.of(field).to_owned();
    let mut new = file(contact_id);
    (new.school, new.narrative) = (marker("school_name"), marker("school_narrative"));
    new.reporter_contact = marker("school_reporter");
    let mut wrong = file(contact_id);
    wrong.categories = vec![marker("school_narrative")];
    statuses.push(("words as a category", by.file_report(wrong).await.expect_err("no category")));
    let mut wrong = file(contact_id);
    wrong.first_date = marker("school_name");
    statuses.push(("a school as a date", by.file_report(wrong).await.expect_err("no date")));
    let filed = by.file_report(new.clone()).await.expect("it is filed");
    assert_eq!(filed.narrative, marker("school_narrative"));
    new.narrative.push('!');
    statuses.push(("another content", by.file_report(new).await.expect_err("the id was used")));
    let list =
        ListSchoolReportsRequest { school: marker("school_name"), ..ListSchoolReportsRequest::default() };
    let listed = by.school_reports().list_school_reports(list.clone()).await.expect("a list").into_inner();
    assert_eq!(listed.school_reports.len(), 1);
    let list = ListSchoolReportsRequest { page_token: marker("school_name"), ..list };
    let page = by.school_reports().list_school_reports(list).await;
    statuses.push(("a name as a page", page.expect_err("no page")));
    by.assess_report(assess(&filed.school_report_id)).await.expect("it is assessed");
    let early = by.close_report(close(&filed.school_report_id)).await;
    statuses.push(("closed too early", early.expect_err("it is not answered")));

    let mut said = survey(contact_id);
    said.answers = Some(SurveyAnswers { words: marker("survey_words"), ..SurveyAnswers::default() });
    let mut long = said.clone();
    long.answers.as_mut().expect("answers").words = marker("survey_words").repeat(500);
    let long = adapter.surveys().record_survey(long).await;
    statuses.push(("long words", long.expect_err("too long")));
    adapter.surveys().record_survey(said.clone()).await.expect("a survey");
    said.request_id = helpline_tests::request_id();
    statuses.push((
        "a second survey",
        adapter.surveys().record_survey(said).await.expect_err("the first stands"),
    ));
    let ask = GetSurveyRequest { contact_id: contact_id.to_owned() };
    let read = by.surveys().get_survey(ask).await.expect("the survey").into_inner();
    assert_eq!(read.survey.expect("it").answers.expect("answers").words, marker("survey_words"));
}
