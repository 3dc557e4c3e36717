//! What happens in an emergency, in words for the screen.

use helpline_proto::channels::v1::{Delivery, DeliveryKind};
use helpline_proto::escalation::v1::{EscalationState, TimelineEntry};
use serde_json::Value;

use super::Names;

/// Where an emergency stands.
pub(super) fn state(state: EscalationState) -> &'static str {
    match state {
        EscalationState::Unspecified => "?",
        EscalationState::Raised | EscalationState::Notifying => "nobody has seen it yet",
        EscalationState::Unanswered => "nobody answers: the fallback is to be rung",
        EscalationState::Acknowledged => "seen, but nobody has taken it on",
        EscalationState::Accepted => "taken on",
        EscalationState::Responding => "help is on the way",
        EscalationState::OnScene => "help is at the place",
        EscalationState::ChildReached => "the child was reached",
        EscalationState::Resolved => "the child was reached and is safe",
        EscalationState::StoodDown => "stood down: it was not needed",
        EscalationState::ClosedUnreached => "closed: nobody reached the child",
    }
}

/// A way of telling.
pub(super) fn way(kind: DeliveryKind) -> &'static str {
    match kind {
        DeliveryKind::Unspecified => "?",
        DeliveryKind::Person | DeliveryKind::Supervisors | DeliveryKind::Desk => "screen",
        DeliveryKind::Call => "ringing",
        DeliveryKind::Webhook => "webhook",
        DeliveryKind::Email => "e-mail",
        DeliveryKind::Sms => "sms",
    }
}

/// Who is told by a delivery.
pub(super) fn recipient(delivery: &Delivery, names: &Names) -> String {
    match delivery.kind() {
        DeliveryKind::Supervisors => "supervisors".to_owned(),
        DeliveryKind::Person => "somebody on call".to_owned(),
        DeliveryKind::Call => "fallback".to_owned(),
        _ => name(&delivery.agency_id, names),
    }
}

fn name(agency_id: &str, names: &Names) -> String {
    let usual = if agency_id.is_empty() { "the centre" } else { "an agency" };
    names.get(agency_id).map_or_else(|| usual.to_owned(), Clone::clone)
}

/// An entry of the timeline as a sentence; none for what needs no telling.
pub(super) fn sentence(
    entry: &TimelineEntry,
    deliveries: &[Delivery],
    timeline: &[TimelineEntry],
    names: &Names,
) -> Option<String> {
    let who = name(&entry.agency_id, names);
    Some(match entry.event.as_str() {
        "raised" => "is raised".to_owned(),
        "step_taken" => step(rung(entry)?, deliveries, timeline, names),
        "nobody_to_tell" => "nobody is there to be told at this step".to_owned(),
        "delivered" => {
            let delivery = deliveries.iter().find(|delivery| delivery.delivery_id == entry.delivery_id)?;
            let (who, way) = (recipient(delivery, names), way(delivery.kind()));
            match delivery.event.as_str() {
                "escalation.notified" => format!("{who}: it arrived, {way}"),
                "escalation.accepted" => format!("{who} hears that it is taken on, {way}"),
                _ => return None,
            }
        }
        "delivery_failed" => format!("{who}: it did not arrive"),
        "acknowledged" => format!("{who} acknowledges"),
        "acknowledgement_lapsed" => "nobody accepted it in time: it goes on".to_owned(),
        "accepted" => format!("{who} accepts"),
        "declined" => format!("{who} declines"),
        "taken_back" => "is taken back from them: it goes on".to_owned(),
        "responding" => format!("{who} is on the way"),
        "on_scene" => format!("{who} is at the place"),
        "child_reached" => format!("{who} has reached the child"),
        "resolved" => "is over: the child is safe".to_owned(),
        "fallback_rung" => "nobody took it on: the fallback is to be rung".to_owned(),
        "child_not_reached" => "the child is not reached in time: supervisors are alarmed".to_owned(),
        "stood_down" | "closed_unreached" => "is ended by two people".to_owned(),
        _ => return None,
    })
}

fn rung(entry: &TimelineEntry) -> Option<i32> {
    let detail: Value = serde_json::from_str(&entry.detail).ok()?;
    i32::try_from(detail.get("rung")?.as_i64()?).ok()
}

/// Whom a step tells, and whose silence led to it.
fn step(rung: i32, deliveries: &[Delivery], timeline: &[TimelineEntry], names: &Names) -> String {
    let whom = |rung: i32| {
        let mut whom: Vec<String> = Vec::new();
        for delivery in deliveries.iter().filter(|delivery| delivery.rung == rung) {
            let who = recipient(delivery, names);
            if !whom.contains(&who) {
                whom.push(who);
            }
        }
        whom
    };
    let answered = deliveries.iter().filter(|delivery| delivery.rung == rung - 1).any(|delivery| {
        timeline.iter().any(|entry| {
            !entry.agency_id.is_empty()
                && entry.agency_id == delivery.agency_id
                && matches!(entry.event.as_str(), "acknowledged" | "accepted" | "declined")
        })
    });
    // News of what has happened since are on no rung.
    let before = if rung > 1 { whom(rung - 1) } else { Vec::new() };
    let silence = if before.is_empty() || answered {
        String::new()
    } else {
        format!("{} does not answer; ", before.join(", "))
    };
    format!("{silence}step {rung}: {} is told", whom(rung).join(", "))
}
