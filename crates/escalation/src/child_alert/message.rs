//! Messages of alerts on the wire. What is the centre's own affair is not for agencies.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::child_alert::{
    CancelReason, Certainty, Event, MessageKind, MessageState, Scope, Severity, Urgency,
};
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::wire::{field_class, timestamp};
use helpline_store::escalation::child_alert::{Area, ChildAlert, Content, Info, Recipient};

use crate::wire::both_ways;

both_ways!(event, event_from: Event, proto::ChildAlertEvent { MissingChild, ChildAbduction });
both_ways!(scope, scope_from: Scope, proto::ChildAlertScope { Restricted, Private });
both_ways!(urgency, urgency_from: Urgency, proto::ChildAlertUrgency { Immediate, Expected, Future, Past, Unknown });
both_ways!(severity, severity_from: Severity, proto::ChildAlertSeverity { Extreme, Severe, Moderate, Minor, Unknown });
both_ways!(certainty, certainty_from: Certainty, proto::ChildAlertCertainty { Observed, Likely, Possible, Unlikely, Unknown });
both_ways!(reason, reason_from: CancelReason, proto::ChildAlertCancelReason { ChildFound, IssuedInError, NotNeeded });

/// A message.
pub(crate) fn to_message(caller: &Caller, one: &ChildAlert) -> proto::ChildAlert {
    let inside = caller.role != Role::AgencyResponder;
    let within = |id: Option<String>| id.filter(|_| inside).unwrap_or_default();
    proto::ChildAlert {
        alert_id: one.alert_id.to_string(),
        escalation_id: within(Some(one.escalation_id.to_string())),
        first_alert_id: one.series_id.to_string(),
        replaces_alert_id: one.replaces_id.map(|id| id.to_string()).unwrap_or_default(),
        kind: kind(one.kind).into(),
        state: state(one).into(),
        exercise: one.exercise,
        content: one.content.as_ref().map(|content| said(one, content.expose())),
        cancel_reason: one.cancel_reason.map_or(0, |why| reason(why).into()),
        asked_by: within(Some(one.asked_by.to_string())),
        ask_time: Some(timestamp(one.asked_at)),
        decided_by: within(one.decided_by.map(|by| by.to_string())),
        decide_time: one.decided_at.map(timestamp),
        sender: one.sender.clone().unwrap_or_default(),
        send_time: one.sent_at.map(timestamp),
        expire_time: one.expires_at.map(timestamp),
        recipients: one.recipients.iter().map(recipient).collect(),
        revision: one.revision,
    }
}

const fn kind(kind: MessageKind) -> proto::ChildAlertKind {
    match kind {
        MessageKind::Alert => proto::ChildAlertKind::Alert,
        MessageKind::Update => proto::ChildAlertKind::Update,
        MessageKind::Cancel => proto::ChildAlertKind::Cancel,
    }
}

const fn state(one: &ChildAlert) -> proto::ChildAlertState {
    match one.state {
        MessageState::Asked => proto::ChildAlertState::Asked,
        MessageState::Issued if one.expired => proto::ChildAlertState::Expired,
        MessageState::Issued => proto::ChildAlertState::Issued,
        MessageState::Declined => proto::ChildAlertState::Declined,
        MessageState::Superseded => proto::ChildAlertState::Superseded,
        MessageState::Cancelled => proto::ChildAlertState::Cancelled,
    }
}

fn said(one: &ChildAlert, content: &Content) -> proto::ChildAlertContent {
    proto::ChildAlertContent {
        event: event(content.event).into(),
        scope: scope(one.scope).into(),
        restriction: content.restriction.clone(),
        agency_ids: one.recipients.iter().map(|recipient| recipient.agency_id.to_string()).collect(),
        field_classes: one.field_classes.iter().map(|&class| field_class(class).into()).collect(),
        urgency: urgency(content.urgency).into(),
        severity: severity(content.severity).into(),
        certainty: certainty(content.certainty).into(),
        lifetime: Some(prost_types::Duration { seconds: one.lifetime_s.into(), nanos: 0 }),
        area: (!content.area.is_empty()).then(|| area(&content.area)),
        infos: content.infos.iter().map(info).collect(),
    }
}

fn area(area: &Area) -> proto::ChildAlertArea {
    let geocode = |(name, value): &(String, String)| proto::ChildAlertGeocode {
        value_name: name.clone(),
        value: value.clone(),
    };
    proto::ChildAlertArea {
        polygons: area.polygons.clone(),
        circles: area.circles.clone(),
        geocodes: area.geocodes.iter().map(geocode).collect(),
    }
}

fn info(info: &Info) -> proto::ChildAlertInfo {
    proto::ChildAlertInfo {
        language: info.language.clone(),
        event: info.event.clone(),
        headline: info.headline.clone(),
        description: info.description.clone(),
        instruction: info.instruction.clone(),
        audience: info.audience.clone(),
        contact: info.contact.clone(),
        area_description: info.area_description.clone(),
    }
}

fn recipient(one: &Recipient) -> proto::ChildAlertRecipient {
    proto::ChildAlertRecipient {
        agency_id: one.agency_id.to_string(),
        fetch_time: one.fetched_at.map(timestamp),
        acknowledge_time: one.acknowledged_at.map(timestamp),
        acknowledged_by: one.acknowledged_by.map(|by| by.to_string()).unwrap_or_default(),
    }
}
