//! What alerts are about.

use uuid::Uuid;

use crate::id::{
    AdmissionId, CaseId, ContactId, CounsellorId, CrossBorderId, EscalationId, OpinionId, ReferralId,
    ReturnId, ReturneeId, SchoolId, SchoolReportId, TaskId,
};
use crate::risk::Class;

/// What an alert is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// One contact.
    Contact(ContactId),
    /// One counsellor.
    Counsellor(CounsellorId),
    /// A class of a queue.
    Line(String, Class),
    /// A schedule or rotation of the plan for emergencies.
    OnCall(String),
    /// A second opinion.
    Opinion(OpinionId),
    /// An escalation.
    Escalation(EscalationId),
    /// A referral.
    Referral(ReferralId),
    /// A task.
    Task(TaskId),
    /// A case.
    Case(CaseId),
    /// A hand-over across a border.
    CrossBorder(CrossBorderId),
    /// A report of abuse at a school.
    SchoolReport(SchoolReportId),
    /// A school.
    School(SchoolId),
    /// A child of a cohort.
    Returnee(ReturneeId),
    /// A stay in a shelter.
    Admission(AdmissionId),
    /// Help to return to a country.
    Return(ReturnId),
    /// The same, once its grace period is over: what was told before is told once more.
    ReturnTooLate(ReturnId),
    /// All of it.
    Floor,
}

impl Subject {
    /// The stable key under which the subject is stored.
    pub fn key(&self) -> String {
        match self {
            Self::Contact(id) => format!("contact {id}"),
            Self::Counsellor(id) => format!("counsellor {id}"),
            Self::Line(queue, class) => format!("line {} {queue}", class.number()),
            Self::OnCall(key) => format!("on_call {key}"),
            Self::Opinion(id) => format!("opinion {id}"),
            Self::Escalation(id) => format!("escalation {id}"),
            Self::Referral(id) => format!("referral {id}"),
            Self::Task(id) => format!("task {id}"),
            Self::Case(id) => format!("case {id}"),
            Self::CrossBorder(id) => format!("crossborder {id}"),
            Self::SchoolReport(id) => format!("school_report {id}"),
            Self::School(id) => format!("school {id}"),
            Self::Returnee(id) => format!("returnee {id}"),
            Self::Admission(id) => format!("admission {id}"),
            Self::Return(id) => format!("return {id}"),
            Self::ReturnTooLate(id) => format!("return_too_late {id}"),
            Self::Floor => "floor".to_owned(),
        }
    }

    /// Whether only supervisors may know of it: everything that is kept of a child. Who keeps the machine can do nothing about it, and would learn
    /// who was referred where, who lives in a shelter and who came back with others.
    pub const fn is_for_supervisors(&self) -> bool {
        match self {
            Self::Contact(_)
            | Self::Counsellor(_)
            | Self::Line(..)
            | Self::OnCall(_)
            | Self::Opinion(_)
            | Self::Escalation(_)
            | Self::Floor => false,
            Self::Referral(_)
            | Self::Task(_)
            | Self::Case(_)
            | Self::CrossBorder(_)
            | Self::SchoolReport(_)
            | Self::School(_)
            | Self::Returnee(_)
            | Self::Admission(_)
            | Self::Return(_)
            | Self::ReturnTooLate(_) => true,
        }
    }

    /// The subject with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        let id = |text: &str| text.parse::<Uuid>().ok();
        let (kind, rest) = key.split_once(' ').unwrap_or((key, ""));
        Some(match kind {
            "contact" => Self::Contact(id(rest)?.into()),
            "counsellor" => Self::Counsellor(id(rest)?.into()),
            "line" => {
                let (class, queue) = rest.split_once(' ')?;
                Self::Line(queue.to_owned(), Class::from_number(class.parse().ok()?)?)
            }
            "on_call" => Self::OnCall(rest.to_owned()),
            "opinion" => Self::Opinion(id(rest)?.into()),
            "escalation" => Self::Escalation(id(rest)?.into()),
            "referral" => Self::Referral(id(rest)?.into()),
            "task" => Self::Task(id(rest)?.into()),
            "case" => Self::Case(id(rest)?.into()),
            "crossborder" => Self::CrossBorder(id(rest)?.into()),
            "school_report" => Self::SchoolReport(id(rest)?.into()),
            "school" => Self::School(id(rest)?.into()),
            "returnee" => Self::Returnee(id(rest)?.into()),
            "admission" => Self::Admission(id(rest)?.into()),
            "return" => Self::Return(id(rest)?.into()),
            "return_too_late" => Self::ReturnTooLate(id(rest)?.into()),
            "floor" => Self::Floor,
            _ => return None,
        })
    }
}
