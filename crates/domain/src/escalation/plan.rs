//! What a centre has laid down for emergencies: whom to tell, in which order, how long to wait, and what remains when nobody
//! answers. One versioned document per centre, published as a whole; every escalation keeps to the version it began with.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use super::report::DAY_S;
use super::{Danger, EscalationKind};
use crate::field_class::FieldClass;
use crate::id::{AgencyId, CounsellorId};
use crate::risk::Risk;

/// The plan of a centre. The first policy whose conditions hold is followed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Policies, the first that fits wins. The last has no conditions.
    pub policies: Vec<Policy>,
    /// Rotations, by their keys.
    #[serde(default)]
    pub rotations: Vec<Rotation>,
    /// On-call schedules, by their keys.
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// What is rung when every step was taken and nobody has taken it on.
    pub fallback: Call,
    /// Seconds between two rings of the fallback, as long as nobody has taken it on.
    #[serde(default = "five_minutes")]
    pub fallback_every_s: u32,
    /// Seconds between two alarms that the child is not reached.
    #[serde(default = "ten_minutes")]
    pub reach_alarm_every_s: u32,
}

const fn five_minutes() -> u32 {
    300
}

const fn ten_minutes() -> u32 {
    600
}

/// Whom to tell about what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Key of the policy.
    pub policy: String,
    /// When it holds.
    #[serde(default)]
    pub conditions: Conditions,
    /// Steps, one after another.
    pub steps: Vec<Step>,
    /// How often the steps are begun again after the last, at most 5.
    #[serde(default)]
    pub repeats: u8,
    /// Seconds from an acknowledgement in which it must be accepted.
    #[serde(default = "two_minutes")]
    pub accept_s: u32,
    /// Seconds from the raising in which the child must be reached. Of a report its deadline counts instead.
    #[serde(default = "half_an_hour")]
    pub reach_s: u32,
    /// Seconds before its deadline at which a report is reminded of; without it, a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_s: Option<u32>,
    /// When the authority that a report goes to works. Steps fall due within these times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_hours: Option<Hours>,
}

const fn two_minutes() -> u32 {
    120
}

const fn half_an_hour() -> u32 {
    1800
}

/// When a policy holds. What is empty holds always.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Kinds of escalation; none means emergencies.
    pub kinds: Vec<Kind>,
    /// Least risk.
    pub least_risk: Option<Risk>,
    /// Kinds of danger.
    pub dangers: BTreeSet<Danger>,
    /// Keys of regions.
    pub regions: BTreeSet<String>,
    /// Times of the week, in one time zone.
    pub hours: Option<Hours>,
}

/// A kind of escalation as a document writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody must reach the child now.
    Emergency,
    /// The law demands a report.
    MandatoryReport,
}

impl From<Kind> for EscalationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Emergency => Self::Emergency,
            Kind::MandatoryReport => Self::MandatoryReport,
        }
    }
}

/// Times of the week.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Name of the time zone, as IANA writes it.
    pub time_zone: String,
    /// The times; one is enough.
    pub windows: Vec<Window>,
}

/// From a time of day to another, on days of the week. Until a time that is not later means until it on the next day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Days on which it begins; none means every day.
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// When it begins.
    pub from: NaiveTime,
    /// When it ends.
    pub until: NaiveTime,
}

/// A step: several are told at once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Whom.
    pub targets: Vec<Target>,
    /// Seconds until the next step; without it, what the risk gives, or of a report a day.
    #[serde(default)]
    pub wait_s: Option<u32>,
}

impl Policy {
    /// Whether no emergency ever follows it.
    pub fn is_for_reports_alone(&self) -> bool {
        let kinds = &self.conditions.kinds;
        !kinds.is_empty() && kinds.iter().all(|&kind| kind == Kind::MandatoryReport)
    }
}

impl Step {
    /// Seconds until the step after this one: 30 at R5, 60 at R4, 300 at R3, an hour below, of a report a day, unless the
    /// step says otherwise.
    pub fn wait_s(&self, kind: EscalationKind, risk: Risk) -> u32 {
        self.wait_s.unwrap_or(match (kind, risk) {
            (EscalationKind::MandatoryReport, _) => DAY_S,
            (EscalationKind::Emergency, Risk::HarmNow) => 30,
            (EscalationKind::Emergency, Risk::Imminent) => 60,
            (EscalationKind::Emergency, Risk::High | Risk::Unassessed) => 300,
            (EscalationKind::Emergency, Risk::Medium | Risk::Low | Risk::None) => 3600,
        })
    }
}

/// Who is told, and by which way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// A counsellor of the centre, on their stream.
    Person(CounsellorId),
    /// Every supervisor, on their stream.
    Supervisors,
    /// Whoever has the watch in a rotation.
    Rotation(String),
    /// Whoever is on call in a schedule.
    Schedule(String),
    /// A number that somebody on shift rings.
    Call(Call),
    /// The desk of an agency, on its stream and by every endpoint it has.
    Agency(Desk),
}

/// The desk of an agency, and what it may know because life is in danger. Whoever publishes the plan answers for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// The agency.
    pub agency_id: AgencyId,
    /// What of an emergency it is told with it.
    #[serde(default)]
    pub discloses: BTreeSet<FieldClass>,
}

/// A number that somebody rings, and what they say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Whom the number reaches, for example `Civil defence`.
    pub label: String,
    /// The number, as it is dialled.
    pub number: String,
    /// What to say and what to ask for, shown to who rings. Not for anything about one child.
    #[serde(default)]
    pub script: String,
    /// The agency whose number it is, if it is one that the centre knows.
    #[serde(default)]
    pub agency_id: Option<AgencyId>,
}

/// People who take turns.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Key of the rotation.
    pub rotation: String,
    /// Name of the time zone, as IANA writes it.
    pub time_zone: String,
    /// When the first of them begins, in local time. The time of day is that of every hand-over.
    pub begins_at: NaiveDateTime,
    /// How long each turn lasts.
    pub turn: Turn,
    /// Who, in their order.
    pub members: Vec<CounsellorId>,
}

/// How long a turn lasts. Days and weeks end at the same time of day, also when the clocks change between.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// So many hours.
    Hours(u16),
    /// So many days.
    Days(u16),
    /// So many weeks.
    Weeks(u16),
}

/// Who is on call when: whoever one of the layers names, unless somebody stands in for them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Key of the schedule.
    pub schedule: String,
    /// Layers; all that hold at a time are on call together.
    pub layers: Vec<Layer>,
}

/// A rotation, at all times or at some times of the week.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Key of the rotation.
    pub rotation: String,
    /// When it holds; without it, always.
    #[serde(default)]
    pub hours: Option<Hours>,
}

impl Plan {
    /// What a centre begins with, until it publishes its own: supervisors are told, then somebody rings this number.
    /// Reports that the law demands wait for a supervisor by days.
    pub fn to_begin_with(emergency_number: &str) -> Self {
        let emergency = || Call {
            label: "Emergency services".to_owned(),
            number: emergency_number.to_owned(),
            script: String::new(),
            agency_id: None,
        };
        let reports = Policy {
            policy: "reports".to_owned(),
            conditions: Conditions { kinds: vec![Kind::MandatoryReport], ..Conditions::default() },
            steps: vec![Step { targets: vec![Target::Supervisors], wait_s: Some(DAY_S) }],
            repeats: 5,
            accept_s: DAY_S,
            reach_s: 3 * DAY_S,
            remind_s: None,
            working_hours: None,
        };
        let general = Policy {
            policy: "general".to_owned(),
            conditions: Conditions::default(),
            steps: vec![
                Step { targets: vec![Target::Supervisors], wait_s: None },
                Step { targets: vec![Target::Supervisors, Target::Call(emergency())], wait_s: None },
            ],
            repeats: 0,
            accept_s: two_minutes(),
            reach_s: half_an_hour(),
            remind_s: None,
            working_hours: None,
        };
        Self {
            policies: vec![reports, general],
            rotations: Vec::new(),
            schedules: Vec::new(),
            fallback: emergency(),
            fallback_every_s: five_minutes(),
            reach_alarm_every_s: ten_minutes(),
        }
    }

    /// The rotation with this key.
    pub fn rotation(&self, key: &str) -> Option<&Rotation> {
        self.rotations.iter().find(|rotation| rotation.rotation == key)
    }

    /// The schedule with this key.
    pub fn schedule(&self, key: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.schedule == key)
    }

    /// The policy with this key.
    pub fn policy(&self, key: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.policy == key)
    }
}
