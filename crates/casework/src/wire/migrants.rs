//! Children on the move, on the wire.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::disclosure::Ground;
use helpline_domain::id::{
    AdmissionId, CaseId, ConsulateOverrideId, DetentionId, ProtectionId, RedirectId, ReferralId,
};
use helpline_domain::migrant::{DetentionOutcome, DetentionPlace, ProtectionKind, RedirectState};
use helpline_proto::casework::v1 as proto;
use helpline_proto::escalation::v1::DisclosureGround;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{field_class, read_field_classes, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::migrant::detention::Detention;
use helpline_store::casework::migrant::protection::{
    ConsulateOverride, NewOverride, Protection, Protections,
};
use helpline_store::casework::migrant::redirect::Redirect;
use helpline_store::casework::migrant::stay::StayLimit;
use helpline_store::casework::step::Act;
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{REMARK, Said, both_ways, id, sensitive, text};

/// Characters of a reason.
const REASON: RangeInclusive<usize> = 10..=REMARK;
/// How long a mission may learn something.
const LIFETIME: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(30 * 24);

both_ways!(kind, kind_from: ProtectionKind, proto::ProtectionKind { Fear, Asylum, Stateless });
both_ways!(place, place_from: DetentionPlace, proto::DetentionPlace {
    PoliceStation, BorderPost, ImmigrationFacility, Prison, ClosedShelter, Other,
});
both_ways!(how, how_from: DetentionOutcome, proto::DetentionOutcome {
    ReleasedToFamily, CommunityCare, FosterCare, SupervisedGroup, Shelter, Returned, Transferred, Unknown,
});
both_ways!(ground, ground_from: Ground, DisclosureGround { LifeInDanger, LegalDuty, BestInterests, CourtOrder });

const fn state(state: RedirectState) -> proto::RedirectState {
    match state {
        RedirectState::PreliminaryEnquiry => proto::RedirectState::PreliminaryEnquiry,
        RedirectState::TemporaryCare => proto::RedirectState::TemporaryCare,
        RedirectState::Requested => proto::RedirectState::Requested,
        RedirectState::Accepted => proto::RedirectState::Accepted,
        RedirectState::SocialAssessment => proto::RedirectState::SocialAssessment,
        RedirectState::Conference => proto::RedirectState::Conference,
        RedirectState::Plan => proto::RedirectState::Plan,
        RedirectState::Reviews => proto::RedirectState::Reviews,
        RedirectState::NoAction => proto::RedirectState::NoAction,
        RedirectState::Closed => proto::RedirectState::Closed,
    }
}

pub(crate) fn protection(one: &Protection) -> proto::Protection {
    proto::Protection {
        protection_id: one.protection_id.to_string(),
        case_id: one.case_id.to_string(),
        kind: kind(one.kind).into(),
        country: one.country.clone().unwrap_or_default(),
        recorded_by: one.recorded_by.to_string(),
        record_time: Some(timestamp(one.recorded_at)),
        lift_asked_by: id(one.lift_asked_by),
        lift_ask_time: one.lift_asked_at.map(timestamp),
        lifted_by: id(one.lifted_by),
        lift_time: one.lifted_at.map(timestamp),
        revision: one.revision,
    }
}

pub(crate) fn overriding(one: &ConsulateOverride) -> proto::ConsulateOverride {
    proto::ConsulateOverride {
        override_id: one.override_id.to_string(),
        case_id: one.case_id.to_string(),
        agency_id: one.agency_id.to_string(),
        field_classes: one.field_classes.iter().map(|&class| field_class(class).into()).collect(),
        ground: ground(one.ground).into(),
        asked_by: one.asked_by.to_string(),
        ask_time: Some(timestamp(one.asked_at)),
        answered_by: id(one.answered_by),
        answer_time: one.answered_at.map(timestamp),
        approved: one.approved,
        expire_time: one.expires_at.map(timestamp),
        in_force: one.in_force,
        revision: one.revision,
    }
}

pub(crate) fn protections(all: &Protections) -> proto::GetProtectionsResponse {
    proto::GetProtectionsResponse {
        protections: all.protections.iter().map(protection).collect(),
        overrides: all.overrides.iter().map(overriding).collect(),
    }
}

/// A redirect; who only makes a step is not told what was said.
pub(crate) fn redirect(one: &Redirect, told: bool) -> proto::Redirect {
    let said = |sealed: &Option<Sensitive<String>>| text(sealed.as_ref().filter(|_| told));
    proto::Redirect {
        redirect_id: one.redirect_id.to_string(),
        case_id: one.case_id.to_string(),
        state: state(one.state).into(),
        referral_id: id(one.referral_id.map(|id| id.as_uuid())),
        due_time: one.due_at.map(timestamp),
        members: said(&one.members),
        advice: said(&one.advice),
        departure_reason: said(&one.departure),
        answer: said(&one.answer),
        departed_by: id(one.departed_by),
        answer_task_id: id(one.answer_task_id),
        answer_time: one.answered_at.map(timestamp),
        begin_time: Some(timestamp(one.begun_at)),
        end_time: one.ended_at.map(timestamp),
        revision: one.revision,
    }
}

pub(crate) fn detention(one: &Detention) -> proto::Detention {
    proto::Detention {
        detention_id: one.detention_id.to_string(),
        case_id: one.case_id.to_string(),
        place: place(one.place).into(),
        since_time: Some(timestamp(one.since)),
        review_time: one.review_at.map(timestamp),
        alarms: one.alarms,
        outcome: one.outcome.map_or(0, |outcome| how(outcome).into()),
        end_time: one.ended_at.map(timestamp),
        revision: one.revision,
    }
}

pub(crate) fn limit(one: &StayLimit) -> proto::StayLimit {
    proto::StayLimit {
        admission_id: one.admission_id.to_string(),
        until_time: Some(timestamp(one.until_at)),
        warn_time: Some(timestamp(one.warned_at)),
        guardian_time: one.guardian_at.map(timestamp),
        extended_by: id(one.extended_by),
        reason: text(one.reason.as_ref()),
        revision: one.revision,
    }
}

/// Reads a command: its request id and what else `more` reads.
fn read<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent, request_id): (&'static str, &M, &str),
    more: impl FnOnce(&mut Fields) -> Option<T>,
) -> Result<(Command, T), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let more = more(&mut fields);
    let (request_id, more) = fields.build(request_id.zip(more))?;
    Ok((command(ctx, caller, method, request_id, sent), more))
}

/// Text that must be there.
fn said(
    fields: &mut Fields,
    path: &str,
    sent: &str,
    length: RangeInclusive<usize>,
) -> Option<Sensitive<String>> {
    sensitive(fields, path, sent, length)?.0
}

/// What is done to a case, or to something of it: then the id is of none, and is not read.
fn act(ctx: &Ctx, case: Option<CaseId>, text: Option<Sensitive<String>>) -> Act {
    Act { case_id: case.unwrap_or_else(|| Uuid::nil().into()), entry_id: ctx.ids.v7(), text }
}

pub(crate) type Record = (Act, (ProtectionId, ProtectionKind, Option<String>));

pub(crate) fn record(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordProtectionRequest,
) -> Result<(Command, Record), Refusal> {
    read((ctx, caller), ("RecordProtection", sent, &sent.request_id), |fields| {
        let case = fields.id("case_id", &sent.case_id);
        let kind = fields.choice("kind", sent.kind, proto::ProtectionKind::as_str_name);
        let country = match sent.country.as_str() {
            "" => Some(None),
            country => fields.country("country", country).map(Some),
        };
        let Said(remark) = sensitive(fields, "remark", &sent.remark, 0..=REMARK)?;
        Some((act(ctx, Some(case?), remark), (ctx.ids.v7().into(), kind.and_then(kind_from)?, country?)))
    })
}

pub(crate) fn lift(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::LiftProtectionRequest,
) -> Result<(Command, (ProtectionId, Act)), Refusal> {
    read((ctx, caller), ("LiftProtection", sent, &sent.request_id), |fields| {
        let id = fields.id("protection_id", &sent.protection_id);
        let reason = said(fields, "reason", &sent.reason, REASON);
        Some((id?, act(ctx, None, Some(reason?))))
    })
}

pub(crate) fn ask_override(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskConsulateOverrideRequest,
) -> Result<(Command, (Act, NewOverride)), Refusal> {
    read((ctx, caller), ("AskConsulateOverride", sent, &sent.request_id), |fields| {
        let case = fields.id("case_id", &sent.case_id);
        let agency_id = fields.id("agency_id", &sent.agency_id);
        let field_classes = read_field_classes(fields, "field_classes", &sent.field_classes);
        if sent.field_classes.is_empty() {
            fields.refuse("field_classes", "one at least");
        }
        let why = fields.choice("ground", sent.ground, DisclosureGround::as_str_name);
        let lifetime = fields.duration("lifetime", sent.lifetime.as_ref(), LIFETIME);
        let reason = said(fields, "reason", &sent.reason, REASON);
        let new = NewOverride {
            override_id: ctx.ids.v7().into(),
            agency_id: agency_id?,
            field_classes: field_classes?,
            ground: why.and_then(ground_from)?,
            lifetime_s: i32::try_from(lifetime?.as_secs()).ok()?,
        };
        Some((act(ctx, Some(case?), Some(reason?)), new))
    })
}

pub(crate) fn answer_override(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerConsulateOverrideRequest,
) -> Result<(Command, (ConsulateOverrideId, Act)), Refusal> {
    read((ctx, caller), ("AnswerConsulateOverride", sent, &sent.request_id), |fields| {
        let id = fields.id("override_id", &sent.override_id);
        let Said(remark) = sensitive(fields, "remark", &sent.remark, 0..=REMARK)?;
        Some((id?, act(ctx, None, remark)))
    })
}

pub(crate) fn case_id(sent: &str) -> Result<CaseId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("case_id", sent);
    fields.build(id)
}

pub(crate) fn begin(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::BeginRedirectRequest,
) -> Result<(Command, (RedirectId, CaseId, Uuid)), Refusal> {
    read((ctx, caller), ("BeginRedirect", sent, &sent.request_id), |fields| {
        Some((ctx.ids.v7().into(), fields.id("case_id", &sent.case_id)?, ctx.ids.v7()))
    })
}

pub(crate) fn decide(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::DecideRedirectRequest,
) -> Result<(Command, (RedirectId, RedirectState)), Refusal> {
    use proto::RedirectDecision as Wire;
    read((ctx, caller), ("DecideRedirect", sent, &sent.request_id), |fields| {
        let id = fields.id("redirect_id", &sent.redirect_id);
        let next = match fields.choice("decision", sent.decision, Wire::as_str_name)? {
            Wire::NoAction => RedirectState::NoAction,
            Wire::TemporaryCare => RedirectState::TemporaryCare,
            Wire::Plan => RedirectState::Plan,
            Wire::Reviews => RedirectState::Reviews,
            Wire::Closed => RedirectState::Closed,
            Wire::Unspecified => return None,
        };
        Some((id?, next))
    })
}

pub(crate) fn ask_redirect(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskRedirectRequest,
) -> Result<(Command, (RedirectId, ReferralId)), Refusal> {
    read((ctx, caller), ("AskRedirect", sent, &sent.request_id), |fields| {
        let (id, referral) =
            (fields.id("redirect_id", &sent.redirect_id), fields.id("referral_id", &sent.referral_id));
        Some((id?, referral?))
    })
}

pub(crate) type Advised = (Sensitive<String>, Sensitive<String>);

pub(crate) fn conference(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordConferenceRequest,
) -> Result<(Command, (RedirectId, Advised)), Refusal> {
    read((ctx, caller), ("RecordConference", sent, &sent.request_id), |fields| {
        let id = fields.id("redirect_id", &sent.redirect_id);
        let members = said(fields, "members", &sent.members, 1..=REMARK);
        let advice = said(fields, "advice", &sent.advice, 1..=REMARK);
        Some((id?, (members?, advice?)))
    })
}

pub(crate) fn depart(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::DepartFromAdviceRequest,
) -> Result<(Command, (RedirectId, Sensitive<String>)), Refusal> {
    read((ctx, caller), ("DepartFromAdvice", sent, &sent.request_id), |fields| {
        let id = fields.id("redirect_id", &sent.redirect_id);
        let reason = said(fields, "reason", &sent.reason, REASON);
        Some((id?, reason?))
    })
}

pub(crate) fn answer_conference(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerConferenceRequest,
) -> Result<(Command, (RedirectId, Sensitive<String>)), Refusal> {
    read((ctx, caller), ("AnswerConference", sent, &sent.request_id), |fields| {
        let id = fields.id("redirect_id", &sent.redirect_id);
        let answer = said(fields, "answer", &sent.answer, REASON);
        Some((id?, answer?))
    })
}

pub(crate) type Held = (Act, (DetentionId, DateTime<Utc>, DetentionPlace));

pub(crate) fn detain(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordDetentionRequest,
) -> Result<(Command, Held), Refusal> {
    read((ctx, caller), ("RecordDetention", sent, &sent.request_id), |fields| {
        let case = fields.id("case_id", &sent.case_id);
        let since = fields.timestamp("since_time", sent.since_time.as_ref());
        let place = fields.choice("place", sent.place, proto::DetentionPlace::as_str_name);
        let Said(remark) = sensitive(fields, "remark", &sent.remark, 0..=REMARK)?;
        Some((act(ctx, Some(case?), remark), (ctx.ids.v7().into(), since?, place.and_then(place_from)?)))
    })
}

pub(crate) fn end(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::EndDetentionRequest,
) -> Result<(Command, (DetentionId, Act, DetentionOutcome)), Refusal> {
    read((ctx, caller), ("EndDetention", sent, &sent.request_id), |fields| {
        let id = fields.id("detention_id", &sent.detention_id);
        let outcome = fields.choice("outcome", sent.outcome, proto::DetentionOutcome::as_str_name);
        let Said(remark) = sensitive(fields, "remark", &sent.remark, 0..=REMARK)?;
        Some((id?, act(ctx, None, remark), outcome.and_then(how_from)?))
    })
}

/// A stay, until when, and why.
type Longer = (AdmissionId, DateTime<Utc>, Sensitive<String>);

pub(crate) fn extend(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ExtendStayRequest,
) -> Result<(Command, Longer), Refusal> {
    read((ctx, caller), ("ExtendStay", sent, &sent.request_id), |fields| {
        let id = fields.id("admission_id", &sent.admission_id);
        let until = fields.timestamp("until_time", sent.until_time.as_ref());
        let reason = said(fields, "reason", &sent.reason, REASON);
        Some((id?, until?, reason?))
    })
}

pub(crate) fn stay(sent: &proto::GetStayLimitRequest) -> Result<AdmissionId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("admission_id", &sent.admission_id);
    fields.build(id)
}
