//! Reports of abuse at schools, and surveys, as somebody asks for them.

use helpline_proto::escalation::v1::{EscalationKind, RaiseEscalationRequest, Report};
use helpline_proto::intake::v1::{RecordSurveyRequest, SurveyAnswer, SurveyAnswers};
use helpline_proto::school::v1::{
    ApproveNotReportableRequest, AssessSchoolReportRequest, CloseSchoolReportRequest, FeedbackOutcome,
    FileSchoolReportRequest, GetSchoolReportRequest, GiveReporterFeedbackRequest, LinkSchoolReportsRequest,
    NoFeedbackReason, NotReportableReason, RecordFeedbackImpossibleRequest, RecordMandatoryReportRequest,
    Reporter, SchoolPerpetrator, SchoolReport, UnlinkSchoolReportRequest,
};
use helpline_proto::terms::v1::Risk;
use prost_types::Timestamp;
use tonic::Status;

use crate::{Actor, request_id};

/// A teacher reports what a colleague does, and wants to hear of it.
pub fn file(contact_id: &str) -> FileSchoolReportRequest {
    FileSchoolReportRequest {
        request_id: request_id(),
        contact_id: contact_id.to_owned(),
        reporter: Reporter::Teacher.into(),
        school: "School No. 12".to_owned(),
        first_date: "2026-01-10".to_owned(),
        last_date: "2026-01-12".to_owned(),
        categories: vec!["violence.physical".to_owned()],
        perpetrator: SchoolPerpetrator::Staff.into(),
        narrative: "He hits them with a ruler.".to_owned(),
        wants_feedback: true,
        reporter_contact: "+97455550111".to_owned(),
    }
}

/// Builders of requests that say little but which report they are about.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident: $request:ident { $($field:ident: $value:expr),* };)+) => {
        $($(#[$doc])* pub fn $name(school_report_id: &str) -> $request {
            $request {
                request_id: request_id(),
                school_report_id: school_report_id.to_owned(),
                $($field: $value,)*
                ..$request::default()
            }
        })+
    };
}

requests!(
    /// It is grave, and the law demands a report.
    assess: AssessSchoolReportRequest { risk: Risk::High.into(), report_demanded: true };
    /// It is not, and the law demands none.
    assess_away: AssessSchoolReportRequest {
        risk: Risk::Low.into(), not_reportable_reason: NotReportableReason::NotDemandedByLaw.into()
    };
    /// Agrees to that.
    approve: ApproveNotReportableRequest {};
    /// Tells the reporter that it was passed on.
    tell: GiveReporterFeedbackRequest { outcome: FeedbackOutcome::PassedOn.into() };
    /// The reporter cannot be reached.
    tell_nothing: RecordFeedbackImpossibleRequest { reason: NoFeedbackReason::NotReached.into() };
    /// It is over.
    close: CloseSchoolReportRequest {};
    /// It is of another incident.
    unlink: UnlinkSchoolReportRequest {};
);

/// It was reported by an escalation.
pub fn reported(school_report_id: &str, escalation_id: &str) -> RecordMandatoryReportRequest {
    RecordMandatoryReportRequest {
        request_id: request_id(),
        school_report_id: school_report_id.to_owned(),
        escalation_id: escalation_id.to_owned(),
        expected_revision: 0,
    }
}

/// Two are of one incident.
pub fn link(school_report_id: &str, other_report_id: &str) -> LinkSchoolReportsRequest {
    LinkSchoolReportsRequest {
        request_id: request_id(),
        school_report_id: school_report_id.to_owned(),
        other_report_id: other_report_id.to_owned(),
        expected_revision: 0,
    }
}

/// The report to the authority about a contact.
pub fn mandatory_report(contact_id: &str) -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::MandatoryReport.into(),
        contact_id: contact_id.to_owned(),
        risk: Risk::Low.into(),
        danger: helpline_proto::escalation::v1::Danger::Violence.into(),
        report: Some(Report {
            legal_basis: "child_act_12".to_owned(),
            deadline: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            child_informed: true,
            ..Report::default()
        }),
        ..RaiseEscalationRequest::default()
    }
}

/// Somebody was helped, and is safe.
pub fn survey(contact_id: &str) -> RecordSurveyRequest {
    RecordSurveyRequest {
        request_id: request_id(),
        contact_id: contact_id.to_owned(),
        answers: Some(SurveyAnswers {
            felt_helped: 5,
            would_recommend: SurveyAnswer::Yes.into(),
            told_about_rights: SurveyAnswer::No.into(),
            feels_safe: SurveyAnswer::Yes.into(),
            words: "Thank you.".to_owned(),
        }),
    }
}

/// Methods of actors that take a step and return the report.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident: $rpc:ident($request:ident);)+) => {
        impl Actor {
            $($(#[$doc])*
            ///
            /// # Errors
            /// What was refused.
            pub async fn $name(&self, request: $request) -> Result<SchoolReport, Status> {
                Ok(self.school_reports().$rpc(request).await?.into_inner().school_report.expect("the report"))
            })+
        }
    };
}

steps!(
    /// Files a report.
    file_report: file_school_report(FileSchoolReportRequest);
    /// Assesses it.
    assess_report: assess_school_report(AssessSchoolReportRequest);
    /// Agrees that nothing is reported.
    approve_silence: approve_not_reportable(ApproveNotReportableRequest);
    /// Names the report to the authority.
    report_school: record_mandatory_report(RecordMandatoryReportRequest);
    /// Says what the reporter was told.
    tell_reporter: give_reporter_feedback(GiveReporterFeedbackRequest);
    /// Says why not.
    tell_nobody: record_feedback_impossible(RecordFeedbackImpossibleRequest);
    /// Ends it.
    close_report: close_school_report(CloseSchoolReportRequest);
    /// Links two.
    link_reports: link_school_reports(LinkSchoolReportsRequest);
    /// Unlinks one.
    unlink_report: unlink_school_report(UnlinkSchoolReportRequest);
    /// Reads one.
    read_report: get_school_report(GetSchoolReportRequest);
);

impl Actor {
    /// A report.
    ///
    /// # Errors
    /// What was refused.
    pub async fn school_report(&self, school_report_id: &str) -> Result<SchoolReport, Status> {
        self.read_report(GetSchoolReportRequest { school_report_id: school_report_id.to_owned() }).await
    }

    /// Raises the report to the authority about a contact; its id.
    pub async fn raise_mandatory_report(&self, contact_id: &str) -> String {
        let raised =
            self.escalations().raise_escalation(mandatory_report(contact_id)).await.expect("a report");
        raised.into_inner().escalation.expect("the escalation").escalation_id
    }
}
