//! Referrals on the wire. What its reader may not read is not there.

pub(crate) mod draft;
pub(crate) mod lists;
pub(crate) mod read;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::referral::choices::ChoiceState;
use helpline_domain::referral::{AppointmentState, ReferralOutcome, RejectReason, Side};
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::wire::{field_class, timestamp};
pub(crate) use helpline_service_kit::wire::{
    referral_state as state, referral_state_from as state_from, referral_urgency as urgency,
    referral_urgency_from as urgency_from,
};
use helpline_store::escalation::timeline::Entry;
use helpline_store::referral::read::{ChoiceRow, Referral};
use helpline_vault::Sensitive;
use uuid::Uuid;

use crate::act::ended_as;

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

both_ways!(reject_reason, reject_reason_from: RejectReason, proto::RejectReason {
    AtCapacity, WaitlistOnly, NotEligibleAge, NotEligibleGender, NotEligibleStatus, OutOfArea, WrongService, InsufficientInformation,
    NoConsent, ChildDeclined, SafetyConcern, Duplicate, ServiceSuspended, Other,
});
both_ways!(outcome, outcome_from: ReferralOutcome, proto::ReferralOutcome {
    Served, PartlyServed, Enrolled, Waitlisted, ReferredOn, NoShow, ChildDeclined, NotReached, NotEligible, Other,
});
both_ways!(appointment, appointment_from: AppointmentState, proto::AppointmentState {
    Scheduled, Attended, Unattended, Cancelled, Rescheduled,
});

const fn choice_state(state: ChoiceState) -> proto::ChoiceState {
    match state {
        ChoiceState::Waiting => proto::ChoiceState::Waiting,
        ChoiceState::Offered => proto::ChoiceState::Offered,
        ChoiceState::Accepted => proto::ChoiceState::Accepted,
        ChoiceState::Rejected => proto::ChoiceState::Rejected,
        ChoiceState::Expired => proto::ChoiceState::Expired,
        ChoiceState::Withdrawn => proto::ChoiceState::Withdrawn,
        ChoiceState::Skipped => proto::ChoiceState::Skipped,
    }
}

const fn side(side: Side) -> proto::ReferralSide {
    match side {
        Side::Centre => proto::ReferralSide::Centre,
        Side::Agency => proto::ReferralSide::Agency,
        Side::Clock => proto::ReferralSide::Unspecified,
    }
}

fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn text(text: Option<&Sensitive<String>>) -> String {
    text.map(|text| text.expose().clone()).unwrap_or_default()
}

/// A referral. What is the centre's own affair is not for agencies; and an agency that is not asked any more learns no more than
/// how that ended for it, not who has it now nor what became of it.
pub(crate) fn referral(caller: &Caller, one: &Referral) -> proto::Referral {
    let choices = one.choices.iter().map(choice).collect();
    if let Some(ended) = caller.agency_id.and_then(|agency| one.over_for(agency)) {
        return proto::Referral {
            referral_id: one.referral_id.to_string(),
            number: one.number,
            urgency: urgency(one.urgency).into(),
            state: state(ended_as(ended)).into(),
            choices,
            ..proto::Referral::default()
        };
    }
    let inside = caller.role != Role::AgencyResponder;
    // What is needed tells of a child, too; who may know nothing of the child any more does not know it either.
    let told = inside || one.open_to_any || !one.classes.is_empty();
    let within = |text: String| if inside { text } else { String::new() };
    proto::Referral {
        referral_id: one.referral_id.to_string(),
        number: one.number,
        contact_id: within(id(one.contact_id.map(|id| id.as_uuid()))),
        part_of_id: within(id(one.part_of.map(|id| id.as_uuid()))),
        case_id: within(id(one.case_id.map(|id| id.as_uuid()))),
        urgency: urgency(one.urgency).into(),
        need: Some(one.need.clone()).filter(|_| told).unwrap_or_default(),
        state: state(one.state).into(),
        choices,
        open_offer: one.open_offer,
        field_classes: one.field_classes.iter().map(|&class| field_class(class).into()).collect(),
        particulars: particulars(one),
        agency_id: id(one.agency_id.map(|id| id.as_uuid())),
        their_reference: text(one.their_reference.as_ref()),
        due_time: one.due_at.map(timestamp),
        alarms: one.alarms,
        owner_id: within(one.owner_id.to_string()),
        draft_time: Some(timestamp(one.drafted_at)).filter(|_| inside),
        send_time: one.sent_at.map(timestamp),
        accept_time: one.accepted_at.map(timestamp),
        end_time: one.ended_at.map(timestamp),
        outcome: one.outcome.map_or(0, |value| outcome(value).into()),
        reason: one.reason.clone().unwrap_or_default(),
        cancel_asked_by: one.cancel_asked_by.map_or(0, |value| side(value).into()),
        appointment_time: one.appointment_at.filter(|_| told).map(timestamp),
        appointment_state: one.appointment_state.map_or(0, |value| appointment(value).into()),
        no_shows: one.no_shows,
        unmet: inside && one.unmet,
        revision: one.revision,
        open_to_any: one.open_to_any,
        unit: one.unit.clone().unwrap_or_default(),
    }
}

fn choice(one: &ChoiceRow) -> proto::ReferralChoice {
    proto::ReferralChoice {
        position: one.position,
        service_id: one.service_id.to_string(),
        agency_id: one.agency_id.to_string(),
        state: choice_state(one.state).into(),
        reject_reason: one.reason.map_or(0, |reason| reject_reason(reason).into()),
        offer_time: one.offered_at.map(timestamp),
        answer_time: one.answered_at.map(timestamp),
        consented: one.consented,
    }
}

fn particulars(one: &Referral) -> Option<proto::ReferralParticulars> {
    let known = &one.particulars;
    let message = proto::ReferralParticulars {
        identity: text(known.identity.as_ref()),
        contact: text(known.contact.as_ref()),
        location: text(known.location.as_ref()),
        narrative: text(known.narrative.as_ref()),
        health: text(known.health.as_ref()),
        legal: text(known.legal.as_ref()),
        perpetrator: text(known.perpetrator.as_ref()),
    };
    (message != proto::ReferralParticulars::default()).then_some(message)
}

/// An entry of a timeline.
pub(crate) fn entry(one: &Entry) -> proto::ReferralEntry {
    proto::ReferralEntry {
        sequence: one.sequence,
        time: Some(timestamp(one.at)),
        event: one.event.clone(),
        actor_id: id(one.actor_id),
        actor_role: one.actor_role.clone().unwrap_or_default(),
        agency_id: id(one.agency_id),
        detail: one.detail.as_ref().map(ToString::to_string).unwrap_or_default(),
        remark: text(one.remark.as_ref()),
        shared: one.shared,
    }
}
