//! Well-formed requests about reports of abuse at schools, and surveys.

use helpline_proto::directory::v1::SchoolSettings;
use helpline_proto::intake::v1::{GetSurveyRequest, ReviewSurveyRequest};
use helpline_proto::reporting::v1::CountSurveysRequest;
use helpline_proto::school::v1::{GetSchoolReportRequest, ListSchoolReportsRequest, SchoolReportState};
use helpline_tests::school::{
    approve, assess, close, file, link, reported, survey, tell, tell_nothing, unlink,
};
use prost::Message as _;

use super::{id, seconds};

/// Settings in which every field is set that can be.
pub(super) fn settings() -> SchoolSettings {
    SchoolSettings {
        assess_within: Some(seconds(3600)),
        report_within: Some(seconds(3600)),
        feedback_days: 5,
        rest_days: vec![5, 6],
        close_within: Some(seconds(3600)),
        same_incident_days: 3,
        pattern_reports: 4,
        pattern_days: 20,
        survey_within: Some(seconds(3600)),
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let about = id();
    Some(match method {
        "FileSchoolReport" => file(&about).encode_to_vec(),
        "AssessSchoolReport" => assess(&about).encode_to_vec(),
        "ApproveNotReportable" => approve(&about).encode_to_vec(),
        "RecordMandatoryReport" => reported(&about, &id()).encode_to_vec(),
        "GiveReporterFeedback" => tell(&about).encode_to_vec(),
        "RecordFeedbackImpossible" => tell_nothing(&about).encode_to_vec(),
        "CloseSchoolReport" => close(&about).encode_to_vec(),
        "LinkSchoolReports" => link(&about, &id()).encode_to_vec(),
        "UnlinkSchoolReport" => unlink(&about).encode_to_vec(),
        "GetSchoolReport" => GetSchoolReportRequest { school_report_id: about }.encode_to_vec(),
        "ListSchoolReports" => ListSchoolReportsRequest {
            school: "School No. 12".to_owned(),
            school_id: about,
            state: SchoolReportState::Received.into(),
            page_size: 5,
            page_token: String::new(),
            reference: "01234-56789".to_owned(),
        }
        .encode_to_vec(),
        "RecordSurvey" => survey(&about).encode_to_vec(),
        "ReviewSurvey" => ReviewSurveyRequest { request_id: id(), contact_id: about }.encode_to_vec(),
        "GetSurvey" => GetSurveyRequest { contact_id: about }.encode_to_vec(),
        "CountSurveys" => {
            CountSurveysRequest { first_month: "2026-01".to_owned(), last_month: "2026-12".to_owned() }
                .encode_to_vec()
        }
        _ => return None,
    })
}
