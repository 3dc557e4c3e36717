//! Overflows on the wire.

use helpline_domain::overflow::{OverflowReason, OverflowState};
use helpline_proto::queueing::v1 as proto;
use helpline_store::overflow::Overflow;

use super::{channel, class, risk, timestamp};

/// An overflow as its message.
pub fn overflow(overflow: &Overflow) -> proto::Overflow {
    let direction = if overflow.out { proto::OverflowDirection::Out } else { proto::OverflowDirection::In };
    let state = match overflow.state {
        OverflowState::Requested => proto::OverflowState::Requested,
        OverflowState::Accepted => proto::OverflowState::Accepted,
        OverflowState::Serving => proto::OverflowState::Serving,
        OverflowState::Served => proto::OverflowState::Served,
        OverflowState::Returned => proto::OverflowState::Returned,
        OverflowState::Declined => proto::OverflowState::Declined,
        OverflowState::Expired => proto::OverflowState::Expired,
        OverflowState::Withdrawn => proto::OverflowState::Withdrawn,
    };
    let reason = match overflow.reason {
        OverflowReason::Closed => proto::OverflowReason::Closed,
        OverflowReason::NobodyOnShift => proto::OverflowReason::NobodyOnShift,
        OverflowReason::ByHand => proto::OverflowReason::ByHand,
    };
    proto::Overflow {
        overflow_id: overflow.overflow_id.to_string(),
        direction: direction.into(),
        partner_id: overflow.partner_id.to_string(),
        state: state.into(),
        reason: reason.into(),
        contact_id: overflow.contact_id.map(|id| id.to_string()).unwrap_or_default(),
        channel: channel(overflow.channel).into(),
        priority_class: class(overflow.class).into(),
        risk: risk(overflow.risk).into(),
        language: overflow.language.clone().unwrap_or_default(),
        receive_time: Some(timestamp(overflow.received_at)),
        request_time: Some(timestamp(overflow.requested_at)),
        expire_time: Some(timestamp(overflow.expires_at)),
        accept_time: overflow.accepted_at.map(timestamp),
        answer_time: overflow.answered_at.map(timestamp),
        end_time: overflow.ended_at.map(timestamp),
        connect_to: overflow.connect_to.clone().unwrap_or_default(),
        revision: overflow.revision,
    }
}
