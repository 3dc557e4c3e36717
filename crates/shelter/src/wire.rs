//! Offers and help to return on the wire.

pub(crate) mod requests;

use helpline_domain::assessment::Subject;
use helpline_domain::shelter::{
    ReturnCancelReason, ReturnItem, ReturnItemReason, ReturnItemState, ReturnState, ServiceOfferState,
    ServiceUnavailableReason,
};
use helpline_proto::shelter::v1 as proto;
use helpline_service_kit::wire::timestamp;
use helpline_store::shelter::offer::ServiceOffer;
use helpline_store::shelter::read::{Override, ReturnAssistance};
use uuid::Uuid;

/// Defines both directions between an enum of the domain and one of the API.
macro_rules! both_ways {
    ($to:ident, $from:ident: $domain:ident, $wire:path { $($word:ident),+ $(,)? }) => {
        const fn $to(value: $domain) -> $wire {
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

both_ways!(offer_state, offer_state_from: ServiceOfferState, proto::ServiceOfferState {
    Open, Accepted, DeclinedByResident, Unavailable, Lapsed,
});
both_ways!(unavailable, unavailable_from: ServiceUnavailableReason, proto::ServiceUnavailableReason {
    NoService, NoCapacity, NotSafe, Other,
});
both_ways!(item_state, item_state_from: ReturnItemState, proto::ReturnItemState { Open, Done, NotNeeded });
both_ways!(item_reason, item_reason_from: ReturnItemReason, proto::ReturnItemReason {
    AlreadyThere, NotRequired, NotWanted, Other,
});
both_ways!(cancel_reason, cancel_reason_from: ReturnCancelReason, proto::ReturnCancelReason {
    ChangedMind, NotSafe, OtherSolution, TurnedBack, NotArrived, EnteredInError, Other,
});
both_ways!(subject, subject_from: Subject, proto::ReturnSubject { Child, Adult });

const fn state(state: ReturnState) -> proto::ReturnState {
    match state {
        ReturnState::Preparing => proto::ReturnState::Preparing,
        ReturnState::Ready => proto::ReturnState::Ready,
        ReturnState::Departed => proto::ReturnState::Departed,
        ReturnState::Arrived => proto::ReturnState::Arrived,
        ReturnState::Cancelled => proto::ReturnState::Cancelled,
    }
}

fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

pub(crate) fn offer(one: &ServiceOffer) -> proto::ServiceOffer {
    proto::ServiceOffer {
        admission_id: one.admission_id.to_string(),
        service: one.service.clone(),
        state: offer_state(one.state).into(),
        due_time: Some(timestamp(one.due_at)),
        referral_id: id(one.referral_id.map(|id| id.as_uuid())),
        unavailable_reason: one.reason.map_or(0, |reason| unavailable(reason).into()),
        answer_time: one.answered_at.map(timestamp),
        revision: one.revision,
    }
}

fn item(one: &ReturnItem) -> proto::ReturnItem {
    proto::ReturnItem {
        item: one.item.clone(),
        state: item_state(one.state).into(),
        reason: one.reason.map_or(0, |reason| item_reason(reason).into()),
    }
}

fn overridden(one: &Override) -> proto::ReturnOverride {
    proto::ReturnOverride {
        lifts: one.lifts.clone(),
        reason: one.reason.expose().clone(),
        asked_by: one.asked_by.to_string(),
        approved_by: id(one.approved_by),
    }
}

/// Help to return.
pub(crate) fn assistance(one: &ReturnAssistance) -> proto::ReturnAssistance {
    let before = one.state.is_before_departure();
    proto::ReturnAssistance {
        return_id: one.return_id.to_string(),
        number: one.number,
        case_id: one.case_id.to_string(),
        admission_id: id(one.admission_id.map(|id| id.as_uuid())),
        country: one.country.clone(),
        subject: subject(one.subject).into(),
        state: state(one.state).into(),
        items: one.items.iter().map(item).collect(),
        grace_end_time: one.grace_ends_at.map(timestamp),
        fear_recorded: one.fear_recorded,
        consent_time: one.consented_at.map(timestamp),
        guardian_id: id(one.guardian.map(|(id, _)| id.as_uuid())),
        guardian_consent_time: one.guardian.map(|(_, at)| timestamp(at)),
        return_override: one.asked.as_ref().map(overridden),
        obstacles: if before { one.obstacles.clone() } else { Vec::new() },
        note: one.note.as_ref().map(|note| note.expose().clone()).unwrap_or_default(),
        start_time: Some(timestamp(one.started_at)),
        depart_time: one.departed_at.map(timestamp),
        arrive_time: one.arrived_at.map(timestamp),
        end_time: one.ended_at.map(timestamp),
        cancel_reason: one.reason.map_or(0, |reason| cancel_reason(reason).into()),
        revision: one.revision,
    }
}

/// The same in a list: without what somebody wrote.
pub(crate) fn listed(one: &ReturnAssistance) -> proto::ReturnAssistance {
    let mut message = assistance(one);
    message.note.clear();
    if let Some(asked) = &mut message.return_override {
        asked.reason.clear();
    }
    message
}
