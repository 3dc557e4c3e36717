//! Hand-overs on the wire.

use helpline_domain::id::{CounsellorId, HandoverId, RequestId};
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::Refusal;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{
    channel, class, contact_state, escalation_state, referral_state, referral_urgency, risk, timestamp,
};
use helpline_store::handover::unfinished::{OpenWork, OwnedEscalation, OwnedReferral};
use helpline_store::handover::{Handover, HandoverState};

/// Whose work is asked for.
pub(super) fn list(sent: &proto::ListHandoverRequest) -> Result<Option<CounsellorId>, Refusal> {
    let mut fields = Fields::new();
    let leaving = fields.optional_id("leaving_counsellor_id", &sent.leaving_counsellor_id);
    fields.build(leaving)
}

/// Whose work is offered, and to whom.
pub(super) fn offer(
    sent: &proto::OfferHandoverRequest,
) -> Result<(RequestId, Option<CounsellorId>, Option<CounsellorId>), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let leaving = fields.optional_id("leaving_counsellor_id", &sent.leaving_counsellor_id);
    let to = fields.optional_id("to_counsellor_id", &sent.to_counsellor_id);
    fields.build((|| Some((request_id?, leaving?, to?)))())
}

/// Reads a request about one hand-over.
pub(crate) fn on_handover(request: &str, handover: &str) -> Result<(RequestId, HandoverId), Refusal> {
    let mut fields = Fields::new();
    let (request, handover) = (fields.request_id(request), fields.id("handover_id", handover));
    fields.build(request.zip(handover))
}

/// A hand-over as its message.
pub(crate) fn handover(handover: &Handover) -> proto::Handover {
    let state = match handover.state {
        HandoverState::Open => proto::HandoverState::Open,
        HandoverState::Accepted => proto::HandoverState::Accepted,
        HandoverState::Declined => proto::HandoverState::Declined,
        HandoverState::Withdrawn => proto::HandoverState::Withdrawn,
    };
    let text = |id: Option<CounsellorId>| id.map(|id| id.to_string()).unwrap_or_default();
    proto::Handover {
        handover_id: handover.handover_id.to_string(),
        from_counsellor_id: handover.from.to_string(),
        to_counsellor_id: text(handover.to),
        state: state.into(),
        accepted_by: text(handover.accepted_by),
        moved: handover.moved,
        moved_callbacks: handover.moved_callbacks,
        moved_escalations: handover.moved_escalations,
        moved_referrals: handover.moved_referrals,
        offer_time: Some(timestamp(handover.offered_at)),
        end_time: handover.ended_at.map(timestamp),
        revision: handover.revision,
    }
}

/// Unfinished work as its message.
pub(crate) fn open_work(work: &OpenWork) -> proto::OpenWork {
    proto::OpenWork {
        contact_id: work.contact_id.to_string(),
        counsellor_id: work.counsellor_id.to_string(),
        state: contact_state(work.state).into(),
        channel: channel(work.channel).into(),
        priority_class: class(work.class).into(),
        queue: work.queue.clone(),
        receive_time: Some(timestamp(work.received_at)),
    }
}

/// An owned escalation as its message.
pub(crate) fn owned_escalation(owned: &OwnedEscalation) -> proto::OwnedEscalation {
    proto::OwnedEscalation {
        escalation_id: owned.escalation_id.to_string(),
        number: owned.number,
        owner_id: owned.owner_id.to_string(),
        state: escalation_state(owned.state).into(),
        risk: risk(owned.risk).into(),
        raise_time: Some(timestamp(owned.raised_at)),
    }
}

/// An owned referral as its message.
pub(crate) fn owned_referral(owned: &OwnedReferral) -> proto::OwnedReferral {
    proto::OwnedReferral {
        referral_id: owned.referral_id.to_string(),
        number: owned.number,
        owner_id: owned.owner_id.to_string(),
        state: referral_state(owned.state).into(),
        urgency: referral_urgency(owned.urgency).into(),
        due_time: owned.due_at.map(timestamp),
    }
}
