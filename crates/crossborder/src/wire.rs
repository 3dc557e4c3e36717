//! Hand-overs on the wire. What its reader may not read is not there.

pub(crate) mod consents;
pub(crate) mod reading;
pub(crate) mod steps;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::crossborder::rule::Decision;
use helpline_domain::crossborder::{
    CrossBorderDeclineReason, CrossBorderEscort, CrossBorderOfferState, CrossBorderOutcome, CrossBorderRoute,
    CrossBorderState, CrossBorderWellBeing, CrossBorderWithdrawReason,
};
use helpline_domain::field_class::FieldClass;
use helpline_proto::crossborder::v1 as proto;
use helpline_service_kit::wire::{age_band, field_class, gender, timestamp};
use helpline_store::crossborder::prepare::Profile;
use helpline_store::crossborder::read::{CrossBorder, Offer, Travel};
use helpline_store::escalation::timeline::Entry;
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

both_ways!(decline_reason, decline_reason_from: CrossBorderDeclineReason, proto::CrossBorderDeclineReason {
    NoCapacity, NotSafe, FamilyNotAble, LegalObstacle, NeedsNotMet, InsufficientInformation, NotCompetent, Other,
});
both_ways!(withdraw_reason, withdraw_reason_from: CrossBorderWithdrawReason, proto::CrossBorderWithdrawReason {
    ChildDeclined, ConsentWithdrawn, NotSafe, OtherSolution, NobodyAccepts, EnteredInError, Other,
});
both_ways!(outcome, outcome_from: CrossBorderOutcome, proto::CrossBorderOutcome { Settled, CameOfAge, MovedOn, Lost, Died });
both_ways!(escort, escort_from: CrossBorderEscort, proto::CrossBorderEscort {
    SendingSide, ReceivingSide, Organisation, Family, Unescorted,
});
both_ways!(route, route_from: CrossBorderRoute, proto::CrossBorderRoute { Air, Road, Rail, Sea, Mixed });

pub(crate) const fn well_being_from(value: proto::CrossBorderWellBeing) -> Option<CrossBorderWellBeing> {
    Some(match value {
        proto::CrossBorderWellBeing::Well => CrossBorderWellBeing::Well,
        proto::CrossBorderWellBeing::Concerns => CrossBorderWellBeing::Concerns,
        proto::CrossBorderWellBeing::AtRisk => CrossBorderWellBeing::AtRisk,
        proto::CrossBorderWellBeing::Unspecified => return None,
    })
}

const fn state(state: CrossBorderState) -> proto::CrossBorderState {
    match state {
        CrossBorderState::Prepared => proto::CrossBorderState::Prepared,
        CrossBorderState::ConsentChecked => proto::CrossBorderState::ConsentChecked,
        CrossBorderState::Offered => proto::CrossBorderState::Offered,
        CrossBorderState::ReceivingAssessment => proto::CrossBorderState::ReceivingAssessment,
        CrossBorderState::Accepted => proto::CrossBorderState::Accepted,
        CrossBorderState::Declined => proto::CrossBorderState::Declined,
        CrossBorderState::TravelPlanned => proto::CrossBorderState::TravelPlanned,
        CrossBorderState::Departed => proto::CrossBorderState::Departed,
        CrossBorderState::Missing => proto::CrossBorderState::Missing,
        CrossBorderState::ArrivedConfirmed => proto::CrossBorderState::ArrivedConfirmed,
        CrossBorderState::HandedOver => proto::CrossBorderState::HandedOver,
        CrossBorderState::FirstVisitDone => proto::CrossBorderState::FirstVisitDone,
        CrossBorderState::Monitoring => proto::CrossBorderState::Monitoring,
        CrossBorderState::Closed => proto::CrossBorderState::Closed,
        CrossBorderState::Withdrawn => proto::CrossBorderState::Withdrawn,
    }
}

const fn offer_state(state: CrossBorderOfferState) -> proto::CrossBorderOfferState {
    match state {
        CrossBorderOfferState::Offered => proto::CrossBorderOfferState::Offered,
        CrossBorderOfferState::Assessing => proto::CrossBorderOfferState::Assessing,
        CrossBorderOfferState::Accepted => proto::CrossBorderOfferState::Accepted,
        CrossBorderOfferState::Declined => proto::CrossBorderOfferState::Declined,
        CrossBorderOfferState::Expired => proto::CrossBorderOfferState::Expired,
        CrossBorderOfferState::Withdrawn => proto::CrossBorderOfferState::Withdrawn,
    }
}

pub(crate) fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn text(text: Option<&Sensitive<String>>) -> String {
    text.map(|text| text.expose().clone()).unwrap_or_default()
}

pub(crate) fn classes<'a>(classes: impl IntoIterator<Item = &'a FieldClass>) -> Vec<i32> {
    classes.into_iter().map(|&class| field_class(class).into()).collect()
}

/// A hand-over. What is the sending side's own affair is not for focal points; and one that is not asked any more learns no more than how
/// that ended for it. What the rules do not allow any more is not told either, not even what names nobody.
pub(crate) fn handover(caller: &Caller, one: &CrossBorder) -> proto::CrossBorderHandover {
    let offers = one.offers.iter().map(offer).collect();
    if let Some(ended) = caller.agency_id.and_then(|agency| one.over_for(agency)) {
        return proto::CrossBorderHandover {
            crossborder_id: one.crossborder_id.to_string(),
            number: one.number,
            country: one.country.clone(),
            state: state(ended_as(ended)).into(),
            offers,
            ..proto::CrossBorderHandover::default()
        };
    }
    let inside = caller.role != Role::AgencyResponder;
    let told = inside || one.lets;
    // When and how a child travels says where the child is.
    let journey = inside || one.classes.contains(&FieldClass::Location);
    let on_the_way = matches!(one.state, CrossBorderState::TravelPlanned | CrossBorderState::Departed);
    let within = |text: String| if inside { text } else { String::new() };
    let reason = one.reason.as_deref();
    proto::CrossBorderHandover {
        crossborder_id: one.crossborder_id.to_string(),
        number: one.number,
        case_id: within(one.case_id.to_string()),
        country: one.country.clone(),
        state: state(one.state).into(),
        profile: told.then(|| profile(&one.profile)),
        field_classes: classes(&one.field_classes),
        readable_classes: classes(&one.classes),
        particulars: particulars(one),
        decision: one.decision.as_ref().filter(|_| inside).map(decision),
        offers,
        agency_id: id(one.agency_id.map(|id| id.as_uuid())),
        conditions: text(one.conditions.as_ref()),
        due_time: one.due_at.filter(|_| journey || !on_the_way).map(timestamp),
        alarms: if inside { one.alarms } else { 0 },
        travel: one.travel.as_ref().filter(|_| journey).map(travel),
        depart_time: one.departed_at.filter(|_| journey).map(timestamp),
        arrive_time: one.arrived_at.map(timestamp),
        certificate: one.certificate.as_ref().map(|known| certificate(one, known)),
        first_visit_time: one.first_visit_at.map(timestamp),
        reports: one.reports,
        monitor_until_time: one.monitor_until.map(timestamp),
        escalation_id: within(id(one.escalation_id.map(|id| id.as_uuid()))),
        end_time: one.ended_at.map(timestamp),
        withdraw_reason: reason
            .filter(|_| one.state == CrossBorderState::Withdrawn)
            .and_then(CrossBorderWithdrawReason::from_key)
            .map_or(0, |reason| withdraw_reason(reason).into()),
        outcome: reason
            .filter(|_| one.state == CrossBorderState::Closed)
            .and_then(CrossBorderOutcome::from_key)
            .map_or(0, |value| outcome(value).into()),
        prepare_time: Some(timestamp(one.prepared_at)).filter(|_| inside),
        revision: one.revision,
    }
}

fn profile(one: &Profile) -> proto::CrossBorderProfile {
    proto::CrossBorderProfile {
        age_band: age_band(one.age_band).into(),
        gender: gender(one.gender).into(),
        needs: one.needs.clone(),
        region: one.region.clone().unwrap_or_default(),
        language: one.language.clone(),
    }
}

fn particulars(one: &CrossBorder) -> Option<proto::CrossBorderParticulars> {
    let known = &one.particulars;
    let message = proto::CrossBorderParticulars {
        identity: text(known.identity.as_ref()),
        contact: text(known.contact.as_ref()),
        location: text(known.location.as_ref()),
        narrative: text(known.narrative.as_ref()),
        health: text(known.health.as_ref()),
        legal: text(known.legal.as_ref()),
        perpetrator: text(known.perpetrator.as_ref()),
    };
    (message != proto::CrossBorderParticulars::default()).then_some(message)
}

fn decision(one: &Decision) -> proto::CrossBorderDecision {
    proto::CrossBorderDecision {
        rules_version: one.rules_version,
        country: one.inputs.country.clone(),
        legal_basis: one.inputs.legal_basis.clone(),
        fear_recorded: one.inputs.fear_recorded,
        agreed: one.inputs.agreed.key().to_owned(),
        allowed: one.allows(),
        obstacles: one.why().into_iter().map(str::to_owned).collect(),
        forbidden: classes(&one.forbidden),
    }
}

fn offer(one: &Offer) -> proto::CrossBorderOffer {
    proto::CrossBorderOffer {
        position: one.position,
        agency_id: one.agency_id.to_string(),
        state: offer_state(one.state).into(),
        decline_reason: one.reason.map_or(0, |reason| decline_reason(reason).into()),
        offer_time: Some(timestamp(one.offered_at)),
        answer_time: one.answered_at.map(timestamp),
    }
}

fn travel(one: &Travel) -> proto::CrossBorderTravel {
    proto::CrossBorderTravel {
        depart_time: Some(timestamp(one.departs_at)),
        arrive_time: Some(timestamp(one.arrives_at)),
        escort: escort(one.escort).into(),
        route: route(one.route).into(),
        details: text(one.details.as_ref()),
    }
}

fn certificate(one: &CrossBorder, (document, sha256): &(String, String)) -> proto::CrossBorderCertificate {
    proto::CrossBorderCertificate {
        document: document.clone(),
        sha256: sha256.clone(),
        sending_signed_by: id(one.sending_signed.map(|(by, _)| by)),
        sending_sign_time: one.sending_signed.map(|(_, at)| timestamp(at)),
        receiving_signed_by: id(one.receiving_signed.map(|(by, _)| by)),
        receiving_sign_time: one.receiving_signed.map(|(_, at)| timestamp(at)),
        receiving_key: one.receiving_key.clone().unwrap_or_default(),
        receiving_signature: one.receiving_signature.clone().unwrap_or_default(),
    }
}

/// An entry of a timeline.
pub(crate) fn entry(one: &Entry) -> proto::CrossBorderEntry {
    proto::CrossBorderEntry {
        sequence: one.sequence,
        time: Some(timestamp(one.at)),
        event: one.event.clone(),
        actor_id: id(one.actor_id),
        actor_role: one.actor_role.clone().unwrap_or_default(),
        agency_id: id(one.agency_id),
        detail: one.detail.as_ref().map(ToString::to_string).unwrap_or_default(),
        remark: text(one.remark.as_ref()),
    }
}
