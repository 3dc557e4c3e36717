//! Deliveries.

use helpline_domain::caller::{Caller, Subject};
use helpline_domain::delivery::{DeliveryKind, DeliveryState};
use helpline_domain::id::DeliveryId;
use helpline_proto::channels::v1::{
    Delivery as Message, DeliveryKind as KindMessage, DeliveryState as StateMessage, ListDeliveriesRequest,
    ListDeliveriesResponse, ReplayDeliveryRequest,
};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::delivery::Delivery;

use crate::list_deliveries::ListDeliveries;
use crate::replay_delivery::ReplayDelivery;

/// A delivery as its message.
pub(crate) fn to_message(delivery: Delivery) -> Message {
    Message {
        delivery_id: delivery.delivery_id.to_string(),
        escalation_id: delivery.escalation_id.map(|id| id.to_string()).unwrap_or_default(),
        referral_id: delivery.referral_id.map(|id| id.to_string()).unwrap_or_default(),
        rung: delivery.rung.unwrap_or_default(),
        event: delivery.event,
        kind: kind(delivery.kind).into(),
        counsellor_id: delivery.counsellor_id.map(|id| id.to_string()).unwrap_or_default(),
        agency_id: delivery.agency_id.map(|id| id.to_string()).unwrap_or_default(),
        endpoint_id: delivery.endpoint_id.map(|id| id.to_string()).unwrap_or_default(),
        state: state(delivery.state).into(),
        attempts: delivery.attempts,
        last_result: delivery.last_result.unwrap_or_default(),
        create_time: Some(timestamp(delivery.made_at)),
        next_attempt_time: delivery.next_attempt_at.map(timestamp),
        deliver_time: delivery.delivered_at.map(timestamp),
        end_time: delivery.ended_at.map(timestamp),
        child_alert_id: delivery.child_alert_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

pub(crate) fn list(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListDeliveriesRequest,
) -> Result<ListDeliveries, Refusal> {
    let mut fields = Fields::new();
    let referral_id = fields.optional_id("referral_id", &request.referral_id);
    // One of the two; without a referral it is about an escalation.
    let about = match referral_id {
        Some(Some(id)) if request.escalation_id.is_empty() => Some(Subject::Referral(id)),
        Some(Some(_)) => {
            fields.refuse("referral_id", "empty beside an escalation");
            None
        }
        _ => fields.id("escalation_id", &request.escalation_id).map(Subject::Escalation),
    };
    let size = fields.page_size(request.page_size);
    let (about, size) = fields.build((|| Some((about?, size?)))())?;
    Ok(ListDeliveries { about, after: tokens(ctx, caller, request).open(&request.page_token)?, size })
}

/// The answer that is a page.
pub(crate) fn page(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListDeliveriesRequest,
    (deliveries, next): (Vec<Delivery>, Option<DeliveryId>),
) -> Result<ListDeliveriesResponse, Refusal> {
    Ok(ListDeliveriesResponse {
        deliveries: deliveries.into_iter().map(to_message).collect(),
        next_page_token: tokens(ctx, caller, request).seal(next.as_ref())?,
    })
}

pub(crate) fn replay(
    ctx: &Ctx,
    caller: &Caller,
    request: &ReplayDeliveryRequest,
) -> Result<ReplayDelivery, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let delivery_id = fields.id("delivery_id", &request.delivery_id);
    fields.build((|| {
        let command = command(ctx, caller, "ReplayDelivery", request_id?, request);
        Some(ReplayDelivery { command, delivery_id: delivery_id? })
    })())
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller, request: &ListDeliveriesRequest) -> PageTokens<'a> {
    let filter = ListDeliveriesRequest {
        escalation_id: request.escalation_id.clone(),
        referral_id: request.referral_id.clone(),
        ..ListDeliveriesRequest::default()
    };
    PageTokens::new(ctx.vault(), "ListDeliveries", caller, &filter)
}

const fn kind(kind: DeliveryKind) -> KindMessage {
    match kind {
        DeliveryKind::Person => KindMessage::Person,
        DeliveryKind::Supervisors => KindMessage::Supervisors,
        DeliveryKind::Call => KindMessage::Call,
        DeliveryKind::Desk => KindMessage::Desk,
        DeliveryKind::Webhook => KindMessage::Webhook,
        DeliveryKind::Email => KindMessage::Email,
        DeliveryKind::Sms => KindMessage::Sms,
    }
}

const fn state(state: DeliveryState) -> StateMessage {
    match state {
        DeliveryState::Pending => StateMessage::Pending,
        DeliveryState::Delivered => StateMessage::Delivered,
        DeliveryState::Failed => StateMessage::Failed,
        DeliveryState::HeldBack => StateMessage::HeldBack,
        DeliveryState::Withdrawn => StateMessage::Withdrawn,
    }
}
