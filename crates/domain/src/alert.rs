//! What a supervisor must be told without asking.
//!
//! [`judge`] is a pure function from the floor at one moment, the thresholds and the open alerts to what opens and closes.
//! An alert does not flap: it opens at its threshold, and closes when things have stayed clearly better than that (below
//! three quarters of it) for a while, or at once when what it is about is over.

mod snapshot;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

pub use snapshot::{Live, Snapshot, Waiting};
pub use subject::Subject;

use crate::id::{ContactId, CounsellorId};
use crate::risk::Class;
use crate::settings::alerts::Alerts;

/// What an alert says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlertKind {
    /// A contact has waited for most of its target.
    TargetNear,
    /// A contact waits that nobody on shift could take.
    NobodyAvailable,
    /// A contact lasts very long.
    LongContact,
    /// A counsellor has had severe contacts in a row.
    SevereInARow,
    /// A counsellor's client was lost with a live contact.
    PresenceLost,
    /// The line works without its fast view.
    LineDegraded,
    /// A promised callback is overdue.
    CallbackOverdue,
    /// A safety check-in failed.
    CheckInFailed,
    /// Nobody is on call now where the plan for emergencies counts on somebody.
    NobodyOnCall,
    /// Nobody has given a second opinion in time.
    SecondOpinionOverdue,
    /// Nobody has taken an escalation on, and every step was taken.
    EscalationUnanswered,
    /// A child in danger was not reached in time.
    ChildNotReached,
    /// Whoever owns an open escalation has gone: the counsellor off shift, or the supervisor's token is no longer good.
    EscalationUnowned,
    /// Nobody has decided on a missing-child alert that was asked for.
    ChildAlertUndecided,
    /// A missing-child alert is in force although the child was reached or the escalation is over.
    ChildAlertUncancelled,
    /// The deadline of a report that the law demands has passed.
    ReportOverdue,
    /// The next step of a referral is overdue.
    ReferralOverdue,
    /// No choice of a referral has taken it on, and the child was not referred anew.
    ReferralUnmet,
    /// A task is overdue for longer than its owner alone should know.
    TaskOverdue,
    /// A task is overdue for so long that the coordinator must know.
    TaskNeglected,
    /// A counsellor let themselves into a case, and no supervisor has looked at it.
    GlassBroken,
    /// Whoever owns an open case has left the centre.
    CaseUnowned,
    /// The next step of a hand-over across a border is overdue.
    CrossBorderOverdue,
    /// A child who was handed over across a border is in danger, by the last report.
    CrossBorderAtRisk,
    /// The next step of a report of abuse at a school is overdue.
    SchoolReportOverdue,
    /// There are many reports about one school.
    SchoolPattern,
    /// Who answered a survey is perhaps in danger.
    SurveyDanger,
    /// A child who comes back was expected, and nobody has said whether they came.
    ReturneeNotArrived,
    /// A child who came back has waited for long to be settled.
    ReturneeNotSettled,
    /// Something that a resident of a shelter is to be offered was not offered in time.
    ServiceOfferOverdue,
    /// The time in which somebody may leave a country without a fine ends, or is over.
    GracePeriodEnding,
    /// Somebody has left a shelter, and a child who lived there with them has not.
    ChildLeftBehind,
    /// The next step of a case that is handed to an organisation, or that none has taken on, is overdue.
    RedirectOverdue,
    /// A stay in a shelter ends soon, and nobody has planned what comes after it.
    StayEndsSoon,
    /// A stay in a shelter lasts longer than it was meant to.
    StayTooLong,
    /// A child is held for too long.
    ChildDetained,
    /// The mission of a country that a child is afraid of still has their referral, their hand-over or themselves.
    MissionInCharge,
}

impl AlertKind {
    /// Whether it tells that somebody lives in a shelter, or what a child is afraid of, whatever it is about: only supervisors may know of it.
    pub const fn is_for_supervisors(self) -> bool {
        matches!(self, Self::StayEndsSoon | Self::StayTooLong | Self::MissionInCharge)
    }

    /// Every kind.
    pub const ALL: [Self; 37] = [
        Self::TargetNear,
        Self::NobodyAvailable,
        Self::LongContact,
        Self::SevereInARow,
        Self::PresenceLost,
        Self::LineDegraded,
        Self::CallbackOverdue,
        Self::CheckInFailed,
        Self::NobodyOnCall,
        Self::SecondOpinionOverdue,
        Self::EscalationUnanswered,
        Self::ChildNotReached,
        Self::EscalationUnowned,
        Self::ChildAlertUndecided,
        Self::ChildAlertUncancelled,
        Self::ReportOverdue,
        Self::ReferralOverdue,
        Self::ReferralUnmet,
        Self::TaskOverdue,
        Self::TaskNeglected,
        Self::GlassBroken,
        Self::CaseUnowned,
        Self::CrossBorderOverdue,
        Self::CrossBorderAtRisk,
        Self::SchoolReportOverdue,
        Self::SchoolPattern,
        Self::SurveyDanger,
        Self::ReturneeNotArrived,
        Self::ReturneeNotSettled,
        Self::ServiceOfferOverdue,
        Self::GracePeriodEnding,
        Self::ChildLeftBehind,
        Self::RedirectOverdue,
        Self::StayEndsSoon,
        Self::StayTooLong,
        Self::ChildDetained,
        Self::MissionInCharge,
    ];

    /// The stable key under which the kind is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TargetNear => "target_near",
            Self::NobodyAvailable => "nobody_available",
            Self::LongContact => "long_contact",
            Self::SevereInARow => "severe_in_a_row",
            Self::PresenceLost => "presence_lost",
            Self::LineDegraded => "line_degraded",
            Self::CallbackOverdue => "callback_overdue",
            Self::CheckInFailed => "check_in_failed",
            Self::NobodyOnCall => "nobody_on_call",
            Self::SecondOpinionOverdue => "second_opinion_overdue",
            Self::EscalationUnanswered => "escalation_unanswered",
            Self::ChildNotReached => "child_not_reached",
            Self::EscalationUnowned => "escalation_unowned",
            Self::ChildAlertUndecided => "child_alert_undecided",
            Self::ChildAlertUncancelled => "child_alert_uncancelled",
            Self::ReportOverdue => "report_overdue",
            Self::ReferralOverdue => "referral_overdue",
            Self::ReferralUnmet => "referral_unmet",
            Self::TaskOverdue => "task_overdue",
            Self::TaskNeglected => "task_neglected",
            Self::GlassBroken => "glass_broken",
            Self::CaseUnowned => "case_unowned",
            Self::CrossBorderOverdue => "cross_border_overdue",
            Self::CrossBorderAtRisk => "cross_border_at_risk",
            Self::SchoolReportOverdue => "school_report_overdue",
            Self::SchoolPattern => "school_pattern",
            Self::SurveyDanger => "survey_danger",
            Self::ReturneeNotArrived => "returnee_not_arrived",
            Self::ReturneeNotSettled => "returnee_not_settled",
            Self::ServiceOfferOverdue => "service_offer_overdue",
            Self::GracePeriodEnding => "grace_period_ending",
            Self::ChildLeftBehind => "child_left_behind",
            Self::RedirectOverdue => "redirect_overdue",
            Self::StayEndsSoon => "stay_ends_soon",
            Self::StayTooLong => "stay_too_long",
            Self::ChildDetained => "child_detained",
            Self::MissionInCharge => "mission_in_charge",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// An alert is one of a kind about a subject: there is never a second that is open.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Alert {
    /// What it says.
    pub kind: AlertKind,
    /// What it is about.
    pub subject: Subject,
}

/// An alert that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// The alert.
    pub alert: Alert,
    /// Since when its cause has been gone, if it is.
    pub clear_since_ms: Option<i64>,
}

/// What becomes of an alert.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// It opens; `true` when lives may hang on it.
    Open(Alert, bool),
    /// Its cause is gone for the moment.
    Doubt(Alert),
    /// Its cause is back.
    Confirm(Alert),
    /// It is over.
    Close(Alert),
}

/// Share of the thresholds, in per cent, below which the cause of an open alert is gone.
const CLEARLY_BETTER: i64 = 75;

/// What opens, and what becomes of what is open.
pub fn judge(floor: &Snapshot, settings: &Alerts, open: &[Open]) -> Vec<Step> {
    let strict = causes(floor, settings, 100);
    let loose = causes(floor, settings, CLEARLY_BETTER);
    let waiting: HashSet<ContactId> = floor.waiting.iter().map(|one| one.contact_id).collect();
    let live: HashSet<ContactId> = floor.live.iter().map(|one| one.contact_id).collect();
    let due: HashSet<&Subject> = floor.due.iter().map(|(_, subject)| subject).collect();
    let counsellors: HashSet<CounsellorId> = floor.counsellors.iter().map(|(id, _)| *id).collect();
    let mut steps = Vec::new();
    let mut known = BTreeSet::new();
    for Open { alert, clear_since_ms } in open {
        known.insert(alert);
        let over = match &alert.subject {
            Subject::Contact(contact) => match alert.kind {
                AlertKind::TargetNear | AlertKind::NobodyAvailable => !waiting.contains(contact),
                AlertKind::LongContact | AlertKind::PresenceLost => !live.contains(contact),
                _ => !due.contains(&alert.subject),
            },
            Subject::Counsellor(counsellor) => !counsellors.contains(counsellor),
            Subject::OnCall(_)
            | Subject::Opinion(_)
            | Subject::Escalation(_)
            | Subject::Referral(_)
            | Subject::Task(_)
            | Subject::Case(_)
            | Subject::CrossBorder(_)
            | Subject::SchoolReport(_)
            | Subject::School(_)
            | Subject::Returnee(_)
            | Subject::Admission(_)
            | Subject::Return(_)
            | Subject::ReturnTooLate(_) => !due.contains(&alert.subject),
            Subject::Line(..) | Subject::Floor => false,
        };
        let settled = |since: i64| floor.now_ms.saturating_sub(since) >= i64::from(settings.settle_s) * 1000;
        match clear_since_ms {
            _ if over => steps.push(Step::Close(alert.clone())),
            None if !loose.contains_key(alert) => steps.push(Step::Doubt(alert.clone())),
            // It takes as much to come back as it took to come.
            Some(_) if strict.contains_key(alert) => steps.push(Step::Confirm(alert.clone())),
            Some(since) if !loose.contains_key(alert) && settled(*since) => {
                steps.push(Step::Close(alert.clone()));
            }
            _ => {}
        }
    }
    steps.extend(
        strict
            .iter()
            .filter(|(alert, _)| !known.contains(alert))
            .map(|(alert, grave)| Step::Open(alert.clone(), *grave)),
    );
    steps
}

/// What there is cause for when thresholds are this share of what they are, and whether lives may hang on it.
fn causes(floor: &Snapshot, settings: &Alerts, share: i64) -> BTreeMap<Alert, bool> {
    let mut causes = BTreeMap::new();
    let mut cause = |kind, subject, grave| {
        *causes.entry(Alert { kind, subject }).or_insert(false) |= grave;
    };
    let reached = |since_ms: i64, limit_s: u32| {
        floor.now_ms.saturating_sub(since_ms) >= i64::from(limit_s) * 10 * share
    };
    for one in &floor.waiting {
        // A critical contact is an alert of its own; of the others the line is, however long it grows.
        let critical = one.class == Class::Critical;
        let subject = || {
            if critical {
                Subject::Contact(one.contact_id)
            } else {
                Subject::Line(one.queue.clone(), one.class)
            }
        };
        let target_ms = one.deadline_ms.saturating_sub(one.received_ms).max(0);
        let most = i64::from(if critical { settings.critical_target_share } else { settings.target_share });
        let waited_ms = floor.now_ms.saturating_sub(one.received_ms);
        if waited_ms.saturating_mul(10_000) >= target_ms.saturating_mul(most).saturating_mul(share) {
            cause(AlertKind::TargetNear, subject(), critical);
        }
        if !one.served && reached(one.received_ms, settings.nobody_available_s) {
            cause(AlertKind::NobodyAvailable, subject(), one.class <= Class::High);
        }
    }
    for one in &floor.live {
        if reached(one.since_ms, settings.long_contact_for(one.class, one.channel)) {
            cause(AlertKind::LongContact, Subject::Contact(one.contact_id), false);
        }
        if one.lost {
            cause(AlertKind::PresenceLost, Subject::Contact(one.contact_id), true);
        }
    }
    for (counsellor, severe) in &floor.counsellors {
        if i64::from(*severe) * 100 >= i64::from(settings.severe_in_a_row) * share {
            cause(AlertKind::SevereInARow, Subject::Counsellor(*counsellor), false);
        }
    }
    if floor.degraded {
        cause(AlertKind::LineDegraded, Subject::Floor, false);
    }
    for (kind, subject) in &floor.due {
        let grave = !matches!(
            kind,
            AlertKind::CallbackOverdue
                | AlertKind::ReferralOverdue
                | AlertKind::TaskOverdue
                | AlertKind::GlassBroken
                | AlertKind::CaseUnowned
                | AlertKind::SchoolReportOverdue
                | AlertKind::SchoolPattern
                | AlertKind::ReturneeNotSettled
                | AlertKind::RedirectOverdue
                | AlertKind::StayEndsSoon
                | AlertKind::StayTooLong
        );
        cause(*kind, subject.clone(), grave);
    }
    causes
}
