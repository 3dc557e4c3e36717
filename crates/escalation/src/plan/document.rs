//! The plan on the wire: missing means the default, on the way in; every default is filled in, on the way out. Whether it can
//! be relied on is asked afterwards, of the whole.

mod answer;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDateTime, NaiveTime, Weekday};
use helpline_domain::escalation::plan::{
    Call, Conditions, Desk, Hours, Kind, Layer, Plan, Policy, Rotation, Schedule, Step, Target, Turn, Window,
};
use helpline_domain::escalation::{Danger, EscalationKind};
use helpline_domain::id::CounsellorId;
use helpline_proto::escalation::v1 as proto;
use helpline_proto::terms;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{read_field_classes, risk_from};

pub(crate) use answer::{counsellors, target, to_message};

/// Most entries of any list.
const MOST: usize = 50;
/// Longest time, in seconds: 30 days.
const LONGEST_S: u64 = 30 * 86_400;
/// How the beginning of a rotation is written.
const LOCAL: &str = "%Y-%m-%dT%H:%M";
/// How a time of day is written.
const TIME_OF_DAY: &str = "%H:%M";

pub(super) fn read(fields: &mut Fields, sent: &proto::Plan) -> Option<Plan> {
    let usual = Plan::to_begin_with("");
    let policies = fields.list("policies", &sent.policies, MOST, policy);
    let rotations = fields.list("rotations", &sent.rotations, MOST, rotation);
    let schedules = fields.list("schedules", &sent.schedules, MOST, |fields, sent| {
        let key = fields.key("schedule", &sent.schedule);
        let layers = fields.list("layers", &sent.layers, MOST, |fields, sent| {
            let rotation = fields.key("rotation", &sent.rotation);
            let hours = optional(fields, "hours", sent.hours.as_ref(), hours);
            Some(Layer { rotation: rotation?, hours: hours? })
        });
        Some(Schedule { schedule: key?, layers: layers? })
    });
    let fallback = fields
        .required("fallback", sent.fallback.as_ref())
        .and_then(|sent| fields.within("fallback", |fields| call(fields, sent)));
    let every = seconds(fields, "fallback_every", sent.fallback_every.as_ref());
    let alarm_every = seconds(fields, "reach_alarm_every", sent.reach_alarm_every.as_ref());
    Some(Plan {
        policies: policies?,
        rotations: rotations?,
        schedules: schedules?,
        fallback: fallback?,
        fallback_every_s: every?.unwrap_or(usual.fallback_every_s),
        reach_alarm_every_s: alarm_every?.unwrap_or(usual.reach_alarm_every_s),
    })
}

/// A message that may be missing.
#[expect(clippy::option_option, reason = "the outer one says whether the field can be used")]
fn optional<M, T>(
    fields: &mut Fields,
    path: &str,
    sent: Option<&M>,
    read: impl FnOnce(&mut Fields, &M) -> Option<T>,
) -> Option<Option<T>> {
    let Some(sent) = sent else { return Some(None) };
    fields.within(path, |fields| read(fields, sent)).map(Some)
}

/// Whole seconds, or nothing when missing.
#[expect(clippy::option_option, reason = "the outer one says whether the field can be used")]
fn seconds(fields: &mut Fields, path: &str, sent: Option<&prost_types::Duration>) -> Option<Option<u32>> {
    let longest = Duration::from_secs(LONGEST_S);
    let Some(duration) = fields.optional_duration(path, sent, Duration::ZERO..=longest)? else {
        return Some(None);
    };
    if duration.subsec_nanos() != 0 {
        fields.refuse(path, "whole seconds");
        return None;
    }
    u32::try_from(duration.as_secs()).ok().map(Some)
}

fn policy(fields: &mut Fields, sent: &proto::Policy) -> Option<Policy> {
    let key = fields.key("policy", &sent.policy);
    let conditions = optional(fields, "conditions", sent.conditions.as_ref(), conditions);
    let steps = fields.list("steps", &sent.steps, MOST, |fields, sent| {
        let targets = fields.list("targets", &sent.targets, MOST, read_target);
        let wait = seconds(fields, "wait", sent.wait.as_ref());
        Some(Step { targets: targets?, wait_s: wait? })
    });
    let repeats = fields.int("repeats", sent.repeats, 0..=5);
    let accept = seconds(fields, "accept", sent.accept.as_ref());
    let reach = seconds(fields, "reach", sent.reach.as_ref());
    let remind = seconds(fields, "remind", sent.remind.as_ref());
    let working_hours = optional(fields, "working_hours", sent.working_hours.as_ref(), hours);
    Some(Policy {
        policy: key?,
        conditions: conditions?.unwrap_or_default(),
        steps: steps?,
        repeats: u8::try_from(repeats?).ok()?,
        accept_s: accept?.unwrap_or(120),
        reach_s: reach?.unwrap_or(1800),
        remind_s: remind?,
        working_hours: working_hours?,
    })
}

/// Values of an enum, each at its own place.
fn choices<E: TryFrom<i32>, T>(
    fields: &mut Fields,
    path: &str,
    sent: &[i32],
    name: fn(&E) -> &'static str,
    from: fn(E) -> Option<T>,
) -> Option<Vec<T>> {
    if sent.len() > MOST {
        fields.refuse(path, format!("at most {MOST} entries"));
        return None;
    }
    let read: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(index, &value)| fields.choice(&format!("{path}[{index}]"), value, name).and_then(from))
        .collect();
    read.into_iter().collect()
}

/// Texts, each at its own place.
fn texts<T>(
    fields: &mut Fields,
    path: &str,
    sent: &[String],
    read: impl Fn(&mut Fields, &str, &str) -> Option<T>,
) -> Option<Vec<T>> {
    if sent.len() > MOST {
        fields.refuse(path, format!("at most {MOST} entries"));
        return None;
    }
    let read: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(index, text)| read(fields, &format!("{path}[{index}]"), text))
        .collect();
    read.into_iter().collect()
}

fn conditions(fields: &mut Fields, sent: &proto::Conditions) -> Option<Conditions> {
    let kinds = choices(fields, "kinds", &sent.kinds, proto::EscalationKind::as_str_name, |kind| {
        kind_from(kind).map(|kind| match kind {
            EscalationKind::Emergency => Kind::Emergency,
            EscalationKind::MandatoryReport => Kind::MandatoryReport,
        })
    });
    let least_risk = fields.optional_choice("least_risk", sent.least_risk, terms::v1::Risk::as_str_name);
    let dangers = choices(fields, "dangers", &sent.dangers, proto::Danger::as_str_name, danger_from);
    let regions = texts(fields, "regions", &sent.regions, Fields::key);
    let hours = optional(fields, "hours", sent.hours.as_ref(), hours);
    Some(Conditions {
        kinds: kinds?,
        least_risk: least_risk?.and_then(risk_from),
        dangers: dangers?.into_iter().collect(),
        regions: regions?.into_iter().collect::<BTreeSet<_>>(),
        hours: hours?,
    })
}

fn hours(fields: &mut Fields, sent: &proto::WeekHours) -> Option<Hours> {
    let time_zone = fields.line("time_zone", &sent.time_zone, 1..=64);
    let windows = fields.list("windows", &sent.windows, MOST, |fields, sent| {
        let days = choices(fields, "days", &sent.days, proto::Weekday::as_str_name, |day| {
            Weekday::try_from(u8::try_from(i32::from(day)).ok()?.checked_sub(1)?).ok()
        });
        let from = time_of_day(fields, "from", &sent.from);
        let until = time_of_day(fields, "until", &sent.until);
        Some(Window { days: days?, from: from?, until: until? })
    });
    Some(Hours { time_zone: time_zone?, windows: windows? })
}

fn time_of_day(fields: &mut Fields, path: &str, sent: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(sent, TIME_OF_DAY).ok();
    if time.is_none() {
        fields.refuse(path, "a time of day, for example 22:00");
    }
    time
}

fn read_target(fields: &mut Fields, sent: &proto::Target) -> Option<Target> {
    use proto::TargetKind as Wire;
    let kind = fields.choice("kind", sent.kind, Wire::as_str_name);
    let person = fields.optional_id::<CounsellorId>("counsellor_id", &sent.counsellor_id);
    let key = fields.optional_key("key", &sent.key);
    let call = optional(fields, "call", sent.call.as_ref(), call);
    let agency = fields.optional_id("agency_id", &sent.agency_id);
    let discloses = read_field_classes(fields, "discloses", &sent.discloses);
    let (kind, person, key, call, agency, discloses) = (kind?, person?, key?, call?, agency?, discloses?);
    let expected = [
        ("counsellor_id", person.is_some(), kind == Wire::Person),
        ("key", key.is_some(), matches!(kind, Wire::Rotation | Wire::Schedule)),
        ("call", call.is_some(), kind == Wire::Call),
        ("agency_id", agency.is_some(), kind == Wire::Agency),
    ];
    for (path, is_set, needed) in expected {
        if is_set != needed {
            fields.refuse(path, if needed { "required for this kind" } else { "empty for this kind" });
        }
    }
    if !discloses.is_empty() && kind != Wire::Agency {
        fields.refuse("discloses", "empty for this kind");
    }
    match kind {
        Wire::Unspecified => None,
        Wire::Person => person.map(Target::Person),
        Wire::Supervisors => Some(Target::Supervisors),
        Wire::Rotation => key.map(Target::Rotation),
        Wire::Schedule => key.map(Target::Schedule),
        Wire::Call => call.map(Target::Call),
        Wire::Agency => agency.map(|agency_id| Target::Agency(Desk { agency_id, discloses })),
    }
}

fn call(fields: &mut Fields, sent: &proto::PlannedCall) -> Option<Call> {
    let label = fields.line("label", sent.label.trim(), 1..=200);
    let number = fields.line("number", sent.number.trim(), 1..=40);
    let script = fields.text("script", &sent.script, 0..=2000);
    let agency_id = fields.optional_id("agency_id", &sent.agency_id);
    Some(Call { label: label?, number: number?, script: script?, agency_id: agency_id? })
}

fn rotation(fields: &mut Fields, sent: &proto::Rotation) -> Option<Rotation> {
    let key = fields.key("rotation", &sent.rotation);
    let time_zone = fields.line("time_zone", &sent.time_zone, 1..=64);
    let begins_at = NaiveDateTime::parse_from_str(&sent.begins_at, LOCAL).ok();
    if begins_at.is_none() {
        fields.refuse("begins_at", "a local time, for example 2026-01-01T08:00");
    }
    let unit = fields.choice("turn_unit", sent.turn_unit, proto::TurnUnit::as_str_name);
    let length = fields.int("turn", sent.turn, 1..=500);
    let members = texts(fields, "members", &sent.members, Fields::id::<CounsellorId>);
    let length = u16::try_from(length?).ok()?;
    Some(Rotation {
        rotation: key?,
        time_zone: time_zone?,
        begins_at: begins_at?,
        turn: match unit? {
            proto::TurnUnit::Unspecified => return None,
            proto::TurnUnit::Hours => Turn::Hours(length),
            proto::TurnUnit::Days => Turn::Days(length),
            proto::TurnUnit::Weeks => Turn::Weeks(length),
        },
        members: members?,
    })
}

/// The kind on the wire.
pub(super) const fn kind(kind: EscalationKind) -> proto::EscalationKind {
    match kind {
        EscalationKind::Emergency => proto::EscalationKind::Emergency,
        EscalationKind::MandatoryReport => proto::EscalationKind::MandatoryReport,
    }
}

/// The kind that was sent.
pub(super) fn kind_from(sent: proto::EscalationKind) -> Option<EscalationKind> {
    EscalationKind::ALL.into_iter().find(|&known| kind(known) == sent)
}

/// The danger on the wire.
pub(super) const fn danger(danger: Danger) -> proto::Danger {
    match danger {
        Danger::Violence => proto::Danger::Violence,
        Danger::Sexual => proto::Danger::Sexual,
        Danger::Suicide => proto::Danger::Suicide,
        Danger::Medical => proto::Danger::Medical,
        Danger::Missing => proto::Danger::Missing,
        Danger::Trafficking => proto::Danger::Trafficking,
        Danger::Abandoned => proto::Danger::Abandoned,
        Danger::Other => proto::Danger::Other,
    }
}

/// The danger that was sent.
pub(super) fn danger_from(sent: proto::Danger) -> Option<Danger> {
    Danger::ALL.into_iter().find(|&known| danger(known) == sent)
}
