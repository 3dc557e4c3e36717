//! Alerts as their messages.

use helpline_domain::alert::{AlertKind, Subject};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::RequestId;
use helpline_proto::queueing::v1 as proto;
use helpline_proto::queueing::v1::{AcknowledgeAlertRequest, ListAlertsRequest};
use helpline_service_kit::Refusal;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{class, timestamp};
use helpline_store::alert::AlertRow;
use uuid::Uuid;

/// Whether a caller may know of what is kept of a child: to everybody else alerts about it are not there.
pub(crate) fn supervises(caller: &Caller) -> bool {
    caller.role == Role::Supervisor
}

pub(crate) fn message(row: &AlertRow) -> proto::Alert {
    let mut alert = proto::Alert {
        alert_id: row.alert_id.to_string(),
        kind: kind(row.alert.kind).into(),
        grave: row.grave,
        open_time: Some(timestamp(row.opened_at)),
        close_time: row.closed_at.map(timestamp),
        acknowledge_time: row.acknowledged_at.map(timestamp),
        acknowledged_by: row.acknowledged_by.map(|by| by.to_string()).unwrap_or_default(),
        revision: row.revision,
        ..proto::Alert::default()
    };
    match &row.alert.subject {
        Subject::Contact(contact) => alert.contact_id = contact.to_string(),
        Subject::Counsellor(counsellor) => alert.counsellor_id = counsellor.to_string(),
        Subject::Line(queue, of) => {
            alert.queue.clone_from(queue);
            alert.set_priority_class(class(*of));
        }
        Subject::OnCall(key) => alert.on_call.clone_from(key),
        Subject::Opinion(opinion) => alert.opinion_id = opinion.to_string(),
        Subject::Escalation(escalation) => alert.escalation_id = escalation.to_string(),
        Subject::Referral(referral) => alert.referral_id = referral.to_string(),
        Subject::Task(task) => alert.task_id = task.to_string(),
        Subject::Case(case) => alert.case_id = case.to_string(),
        Subject::CrossBorder(handover) => alert.crossborder_id = handover.to_string(),
        Subject::SchoolReport(report) => alert.school_report_id = report.to_string(),
        Subject::School(school) => alert.school_id = school.to_string(),
        Subject::Returnee(returnee) => alert.returnee_id = returnee.to_string(),
        Subject::Admission(stay) => alert.admission_id = stay.to_string(),
        Subject::Return(going) | Subject::ReturnTooLate(going) => alert.return_id = going.to_string(),
        Subject::Floor => {}
    }
    alert
}

const fn kind(kind: AlertKind) -> proto::AlertKind {
    match kind {
        AlertKind::TargetNear => proto::AlertKind::TargetNear,
        AlertKind::NobodyAvailable => proto::AlertKind::NobodyAvailable,
        AlertKind::LongContact => proto::AlertKind::LongContact,
        AlertKind::SevereInARow => proto::AlertKind::SevereInARow,
        AlertKind::PresenceLost => proto::AlertKind::PresenceLost,
        AlertKind::LineDegraded => proto::AlertKind::LineDegraded,
        AlertKind::CallbackOverdue => proto::AlertKind::CallbackOverdue,
        AlertKind::CheckInFailed => proto::AlertKind::CheckInFailed,
        AlertKind::NobodyOnCall => proto::AlertKind::NobodyOnCall,
        AlertKind::SecondOpinionOverdue => proto::AlertKind::SecondOpinionOverdue,
        AlertKind::EscalationUnanswered => proto::AlertKind::EscalationUnanswered,
        AlertKind::ChildNotReached => proto::AlertKind::ChildNotReached,
        AlertKind::EscalationUnowned => proto::AlertKind::EscalationUnowned,
        AlertKind::ChildAlertUndecided => proto::AlertKind::ChildAlertUndecided,
        AlertKind::ChildAlertUncancelled => proto::AlertKind::ChildAlertUncancelled,
        AlertKind::ReportOverdue => proto::AlertKind::ReportOverdue,
        AlertKind::ReferralOverdue => proto::AlertKind::ReferralOverdue,
        AlertKind::ReferralUnmet => proto::AlertKind::ReferralUnmet,
        AlertKind::TaskOverdue => proto::AlertKind::TaskOverdue,
        AlertKind::TaskNeglected => proto::AlertKind::TaskNeglected,
        AlertKind::GlassBroken => proto::AlertKind::GlassBroken,
        AlertKind::CaseUnowned => proto::AlertKind::CaseUnowned,
        AlertKind::CrossBorderOverdue => proto::AlertKind::CrossBorderOverdue,
        AlertKind::CrossBorderAtRisk => proto::AlertKind::CrossBorderAtRisk,
        AlertKind::SchoolReportOverdue => proto::AlertKind::SchoolReportOverdue,
        AlertKind::SchoolPattern => proto::AlertKind::SchoolPattern,
        AlertKind::SurveyDanger => proto::AlertKind::SurveyDanger,
        AlertKind::ReturneeNotArrived => proto::AlertKind::ReturneeNotArrived,
        AlertKind::ReturneeNotSettled => proto::AlertKind::ReturneeNotSettled,
        AlertKind::ServiceOfferOverdue => proto::AlertKind::ServiceOfferOverdue,
        AlertKind::GracePeriodEnding => proto::AlertKind::GracePeriodEnding,
        AlertKind::ChildLeftBehind => proto::AlertKind::ChildLeftBehind,
        AlertKind::RedirectOverdue => proto::AlertKind::RedirectOverdue,
        AlertKind::StayEndsSoon => proto::AlertKind::StayEndsSoon,
        AlertKind::StayTooLong => proto::AlertKind::StayTooLong,
        AlertKind::ChildDetained => proto::AlertKind::ChildDetained,
        AlertKind::MissionInCharge => proto::AlertKind::MissionInCharge,
    }
}

pub(crate) fn acknowledge(sent: &AcknowledgeAlertRequest) -> Result<(RequestId, Uuid), Refusal> {
    let mut fields = Fields::new();
    let (request, alert) = (fields.request_id(&sent.request_id), fields.id("alert_id", &sent.alert_id));
    fields.build(request.zip(alert))
}

/// The size of a page of alerts.
pub(crate) fn list(sent: &ListAlertsRequest) -> Result<u32, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    fields.build(size)
}
