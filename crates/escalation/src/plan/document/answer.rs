//! The plan as its message.

use helpline_domain::escalation::plan::{
    Call, Conditions, Hours, Policy, Rotation, Schedule, Target, Turn, Window,
};
use helpline_domain::id::CounsellorId;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::wire::{field_class, risk};
use helpline_store::escalation_plan::VersionedPlan;

use super::{LOCAL, TIME_OF_DAY, danger, kind};

/// The plan, with every default filled in.
pub(crate) fn to_message(versioned: &VersionedPlan) -> proto::Plan {
    let plan = &versioned.plan;
    proto::Plan {
        version: versioned.version,
        policies: plan.policies.iter().map(policy).collect(),
        rotations: plan.rotations.iter().map(rotation).collect(),
        schedules: plan.schedules.iter().map(schedule).collect(),
        fallback: Some(call(&plan.fallback)),
        fallback_every: Some(duration(plan.fallback_every_s)),
        reach_alarm_every: Some(duration(plan.reach_alarm_every_s)),
    }
}

/// Ids of counsellors as they are sent.
pub(crate) fn counsellors(ids: &[CounsellorId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn duration(seconds: u32) -> prost_types::Duration {
    prost_types::Duration { seconds: seconds.into(), nanos: 0 }
}

fn policy(policy: &Policy) -> proto::Policy {
    let steps = policy.steps.iter().map(|step| proto::Step {
        targets: step.targets.iter().map(target).collect(),
        wait: step.wait_s.map(duration),
    });
    proto::Policy {
        policy: policy.policy.clone(),
        conditions: Some(conditions(&policy.conditions)),
        steps: steps.collect(),
        repeats: policy.repeats.into(),
        accept: Some(duration(policy.accept_s)),
        reach: Some(duration(policy.reach_s)),
        remind: policy.remind_s.map(duration),
        working_hours: policy.working_hours.as_ref().map(hours),
    }
}

fn conditions(conditions: &Conditions) -> proto::Conditions {
    proto::Conditions {
        kinds: conditions.kinds.iter().map(|&one| kind(one.into()).into()).collect(),
        least_risk: conditions.least_risk.map(|least| risk(least).into()).unwrap_or_default(),
        dangers: conditions.dangers.iter().map(|&one| danger(one).into()).collect(),
        regions: conditions.regions.iter().cloned().collect(),
        hours: conditions.hours.as_ref().map(hours),
    }
}

fn hours(hours: &Hours) -> proto::WeekHours {
    let window = |window: &Window| proto::WeekWindow {
        days: window
            .days
            .iter()
            .map(|day| i32::try_from(day.number_from_monday()).unwrap_or_default())
            .collect(),
        from: window.from.format(TIME_OF_DAY).to_string(),
        until: window.until.format(TIME_OF_DAY).to_string(),
    };
    proto::WeekHours {
        time_zone: hours.time_zone.clone(),
        windows: hours.windows.iter().map(window).collect(),
    }
}

/// A target as its message.
pub(crate) fn target(target: &Target) -> proto::Target {
    use proto::TargetKind as Wire;
    let of = |kind: Wire| proto::Target { kind: kind.into(), ..proto::Target::default() };
    match target {
        Target::Person(person) => proto::Target { counsellor_id: person.to_string(), ..of(Wire::Person) },
        Target::Supervisors => of(Wire::Supervisors),
        Target::Rotation(key) => proto::Target { key: key.clone(), ..of(Wire::Rotation) },
        Target::Schedule(key) => proto::Target { key: key.clone(), ..of(Wire::Schedule) },
        Target::Call(number) => proto::Target { call: Some(call(number)), ..of(Wire::Call) },
        Target::Agency(desk) => proto::Target {
            agency_id: desk.agency_id.to_string(),
            discloses: desk.discloses.iter().map(|&class| field_class(class).into()).collect(),
            ..of(Wire::Agency)
        },
    }
}

fn call(call: &Call) -> proto::PlannedCall {
    proto::PlannedCall {
        label: call.label.clone(),
        number: call.number.clone(),
        script: call.script.clone(),
        agency_id: call.agency_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn rotation(rotation: &Rotation) -> proto::Rotation {
    let (unit, length) = match rotation.turn {
        Turn::Hours(length) => (proto::TurnUnit::Hours, length),
        Turn::Days(length) => (proto::TurnUnit::Days, length),
        Turn::Weeks(length) => (proto::TurnUnit::Weeks, length),
    };
    proto::Rotation {
        rotation: rotation.rotation.clone(),
        time_zone: rotation.time_zone.clone(),
        begins_at: rotation.begins_at.format(LOCAL).to_string(),
        turn_unit: unit.into(),
        turn: length.into(),
        members: counsellors(&rotation.members),
    }
}

fn schedule(schedule: &Schedule) -> proto::Schedule {
    let layers = schedule.layers.iter().map(|layer| proto::Layer {
        rotation: layer.rotation.clone(),
        hours: layer.hours.as_ref().map(hours),
    });
    proto::Schedule { schedule: schedule.schedule.clone(), layers: layers.collect() }
}
