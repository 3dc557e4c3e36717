//! Escalations on the wire. What its reader may not read is not there.

pub(crate) mod lists;
pub(crate) mod read;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::escalation::{Danger, EscalationKind, LocationSource, Outcome};
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::wire::{escalation_state, risk, timestamp};
use helpline_store::escalation::calls::Call;
use helpline_store::escalation::raise::Particulars;
use helpline_store::escalation::read::{Escalation, Location};
use helpline_store::escalation::timeline::Entry;
use helpline_vault::Sensitive;
use serde_json::Value;
use uuid::Uuid;

/// Defines both directions between an enum of the domain and one of the API.
macro_rules! both_ways {
    ($to:ident, $from:ident: $domain:ident, $wire:path { $($word:ident),+ $(,)? }) => {
        pub(crate) const fn $to(value: $domain) -> $wire {
            use $wire as Wire;
            match value {
                $($domain::$word => Wire::$word,)+
            }
        }

        pub(crate) const fn $from(value: $wire) -> Option<$domain> {
            use $wire as Wire;
            Some(match value {
                $(Wire::$word => $domain::$word,)+
                Wire::Unspecified => return None,
            })
        }
    };
}

pub(crate) use both_ways;

both_ways!(kind, kind_from: EscalationKind, proto::EscalationKind { Emergency, MandatoryReport });
both_ways!(danger, danger_from: Danger, proto::Danger {
    Violence, Sexual, Suicide, Medical, Missing, Trafficking, Abandoned, Other,
});
both_ways!(result, result_from: Outcome, proto::Outcome {
    SafeInPlace, TakenToSafety, TakenToCare, ChildProtection, NoDangerFound, Died, Other,
});
both_ways!(source, source_from: LocationSource, proto::LocationSource {
    Said, Network, Device, Concluded, Responder,
});

fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn text(text: Option<&Sensitive<String>>) -> String {
    text.map(|text| text.expose().clone()).unwrap_or_default()
}

/// An escalation. What is the centre's own affair is not for agencies.
pub(crate) fn escalation(caller: &Caller, one: &Escalation) -> proto::Escalation {
    let inside = caller.role != Role::AgencyResponder;
    let within = |text: String| if inside { text } else { String::new() };
    let contacts = || one.contact_ids.iter().map(ToString::to_string).collect();
    proto::Escalation {
        escalation_id: one.escalation_id.to_string(),
        number: one.number,
        kind: kind(one.kind).into(),
        contact_id: within(id(one.contact_id.map(|id| id.as_uuid()))),
        case_id: within(id(one.case_id.map(|id| id.as_uuid()))),
        risk: risk(one.risk).into(),
        danger: danger(one.danger).into(),
        region: one.region.clone().unwrap_or_default(),
        exercise: one.exercise,
        state: escalation_state(one.state).into(),
        policy: within(one.policy.clone()),
        plan_version: if inside { one.plan_version } else { 0 },
        rung: one.rung,
        due_time: one.due_at.map(timestamp),
        reach_due_time: one.reach_due_at.map(timestamp),
        reach_alarms: one.reach_alarms,
        owner_id: within(one.owner_id.to_string()),
        raise_time: Some(timestamp(one.raised_at)),
        deliver_time: one.delivered_at.map(timestamp),
        acknowledge_time: one.acknowledged.map(|answered| timestamp(answered.at)),
        acknowledged_by: id(one.acknowledged.map(|answered| answered.by)),
        acknowledged_agency_id: id(one
            .acknowledged
            .and_then(|answered| answered.agency_id)
            .map(|id| id.as_uuid())),
        accept_time: one.accepted.map(|answered| timestamp(answered.at)),
        accepted_by: id(one.accepted.map(|answered| answered.by)),
        accepted_agency_id: id(one.accepted.and_then(|answered| answered.agency_id).map(|id| id.as_uuid())),
        respond_time: one.responding_at.map(timestamp),
        on_scene_time: one.on_scene_at.map(timestamp),
        child_reach_time: one.child_reached_at.map(timestamp),
        end_time: one.ended_at.map(timestamp),
        outcome: one.outcome.map_or(0, |outcome| result(outcome).into()),
        asked_end: one.end_asked.as_ref().map(|end| proto::AskedEnd {
            state: escalation_state(end.state).into(),
            reason: end.reason.clone(),
            asked_by: end.by.to_string(),
            ask_time: Some(timestamp(end.at)),
        }),
        handed_to_agency_id: id(one.handed_to.map(|id| id.as_uuid())),
        their_incident: text(one.their_incident.as_ref()),
        particulars: particulars(&one.particulars),
        locations: one.locations.iter().map(location).collect(),
        report: one.report.as_ref().map(report),
        contact_ids: if inside { contacts() } else { Vec::new() },
        revision: one.revision,
    }
}

fn particulars(known: &Particulars) -> Option<proto::Particulars> {
    let message = proto::Particulars {
        identity: text(known.identity.as_ref()),
        contact: text(known.contact.as_ref()),
        narrative: text(known.narrative.as_ref()),
        health: text(known.health.as_ref()),
        perpetrator: text(known.perpetrator.as_ref()),
    };
    (message != proto::Particulars::default()).then_some(message)
}

fn location(one: &Location) -> proto::Location {
    proto::Location {
        place: one.place.expose().clone(),
        source: source(one.source).into(),
        observe_time: one.observed_at.map(timestamp),
        report_time: Some(timestamp(one.reported_at)),
        reported_by: one.reported_by.to_string(),
    }
}

fn report(stored: &Value) -> proto::Report {
    let key = |name: &str| stored.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let deadline = stored.get("deadline_s").and_then(Value::as_i64);
    proto::Report {
        legal_basis: key("legal_basis"),
        deadline: deadline.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
        reference_number: key("reference_number"),
        child_informed: stored.get("child_informed").and_then(Value::as_bool).unwrap_or_default(),
        not_informed_reason: key("not_informed_reason"),
        authority_id: key("authority_id"),
    }
}

/// An entry of a timeline.
pub(crate) fn entry(one: &Entry) -> proto::TimelineEntry {
    proto::TimelineEntry {
        sequence: one.sequence,
        time: Some(timestamp(one.at)),
        event: one.event.clone(),
        actor_id: id(one.actor_id),
        actor_role: one.actor_role.clone().unwrap_or_default(),
        agency_id: id(one.agency_id),
        delivery_id: id(one.delivery_id),
        detail: one.detail.as_ref().map(ToString::to_string).unwrap_or_default(),
        remark: text(one.remark.as_ref()),
        shared: one.shared,
    }
}

/// A number to ring.
pub(crate) fn call(one: &Call) -> proto::Call {
    proto::Call {
        delivery_id: one.delivery_id.to_string(),
        escalation_id: one.escalation_id.to_string(),
        escalation_number: one.number,
        risk: risk(one.risk).into(),
        label: one.call.label.clone(),
        telephone_number: one.call.number.clone(),
        script: one.call.script.clone(),
        make_time: Some(timestamp(one.made_at)),
        exercise: one.exercise,
    }
}
