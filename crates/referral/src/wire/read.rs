//! Requests, read.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{ReferralId, RequestId, ServiceId};
use helpline_domain::referral::{AppointmentState, ReferralOutcome, ReferralState, RejectReason, Urgency};
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::read_field_classes;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::Particulars;
use helpline_store::referral::draft::NewReferral;
use helpline_store::referral::step::Act;
use helpline_vault::Sensitive;

use super::{appointment_from, outcome_from, reject_reason_from, state_from, urgency_from};
use crate::notes::Note;

/// Characters of a remark, and of what is known of one class.
const REMARK: usize = 2000;
/// Characters of the narrative.
const NARRATIVE: usize = 10_000;
/// Characters of the number under which an agency keeps it.
const NUMBER: usize = 100;
/// Choices of a referral.
const MOST_CHOICES: usize = 20;
/// How long a choice may have to answer: a minute to 30 days.
const ANSWER: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(30 * 24);

const HOLD_REASONS: [&str; 5] =
    ["child_unavailable", "waiting_list", "waiting_for_documents", "safety", "other"];
const CANCEL_REASONS: [&str; 5] =
    ["child_declined", "no_longer_needed", "served_elsewhere", "cannot_serve", "other"];
const REVOKE_REASONS: [&str; 5] =
    ["consent_withdrawn", "safety", "wrong_addressee", "no_longer_needed", "other"];

/// A command about a referral, as far as all have it in common.
pub(crate) type Begun = (RequestId, Act);

/// What is remarked, if anything is.
struct Remark(Option<Sensitive<String>>);

/// Begins to read it.
fn begin(
    ctx: &Ctx,
    fields: &mut Fields,
    (request_id, referral_id): (&str, &str),
    remark: Option<Remark>,
) -> Option<Begun> {
    let request_id = fields.request_id(request_id);
    let referral_id: Option<ReferralId> = fields.id("referral_id", referral_id);
    Some((request_id?, Act { referral_id: referral_id?, remark_id: ctx.ids.v7(), remark: remark?.0 }))
}

/// A remark, which must be there if so. `None` when it cannot be used.
fn remark(fields: &mut Fields, sent: &str, required: bool) -> Option<Remark> {
    let text = fields.text("remark", sent, usize::from(required)..=REMARK)?;
    Some(Remark(Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new("narrative", text))))
}

/// One of these keys.
fn key_of(fields: &mut Fields, sent: &str, among: &'static [&'static str]) -> Option<&'static str> {
    let found = among.iter().copied().find(|key| *key == sent);
    if found.is_none() {
        fields.refuse("reason", format!("one of {}", among.join(", ")));
    }
    found
}

/// What was read, with the command it is.
fn ready<M: prost::Message, T>(
    ctx: &Ctx,
    caller: &Caller,
    (method, request): (&'static str, &M),
    read: Result<(Begun, T), Refusal>,
) -> Result<(Command, Act, T), Refusal> {
    let ((request_id, act), rest) = read?;
    Ok((command(ctx, caller, method, request_id, request), act, rest))
}

/// What a reader gives: the command, what it is about, and what else it says.
pub(crate) type Read<T> = Result<(Command, Act, T), Refusal>;

/// UUIDs of services, from 1 to 20, each once.
pub(crate) fn service_ids(fields: &mut Fields, sent: &[String]) -> Option<Vec<ServiceId>> {
    if !(1..=MOST_CHOICES).contains(&sent.len()) {
        fields.refuse("service_ids", format!("from 1 to {MOST_CHOICES} services"));
        return None;
    }
    let read: Vec<Option<ServiceId>> =
        sent.iter().enumerate().map(|(index, id)| fields.id(&format!("service_ids[{index}]"), id)).collect();
    let ids: Vec<ServiceId> = read.into_iter().collect::<Option<_>>()?;
    if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
        fields.refuse("service_ids", "each service once");
        return None;
    }
    Some(ids)
}

pub(crate) fn draft(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::DraftReferralRequest,
) -> Result<(Command, NewReferral), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let contact_id = fields.id("contact_id", &sent.contact_id);
    let urgency =
        fields.choice("urgency", sent.urgency, proto::ReferralUrgency::as_str_name).and_then(urgency_from);
    let need = fields.key("need", &sent.need);
    let service_ids = service_ids(&mut fields, &sent.service_ids);
    let field_classes = read_field_classes(&mut fields, "field_classes", &sent.field_classes);
    if sent.field_classes.is_empty() {
        fields.refuse("field_classes", "one at least");
    }
    let known = sent.particulars.as_ref();
    let particulars = known.map_or_else(
        || Some(Particulars::default()),
        |known| fields.within("particulars", |fields| particulars(fields, known)),
    );
    let answer = fields.optional_duration("answer_within", sent.answer_within.as_ref(), ANSWER);
    let part_of = fields.optional_id("part_of_id", &sent.part_of_id);
    let case_id = fields.optional_id("case_id", &sent.case_id);
    fields.build((|| {
        let urgency: Urgency = urgency?;
        let usual = ReferralState::Requested.due_s(urgency).unwrap_or_default();
        let answer_s = answer?.map_or(Some(usual), |within| u32::try_from(within.as_secs()).ok())?;
        let new = NewReferral {
            referral_id: ctx.ids.v7().into(),
            contact_id: contact_id?,
            part_of: part_of?,
            urgency,
            need: need?,
            service_ids: service_ids?,
            open_offer: sent.open_offer,
            field_classes: field_classes?,
            particulars: particulars?,
            answer_s,
            case_id: case_id?,
        };
        Some((command(ctx, caller, "DraftReferral", request_id?, sent), new))
    })())
}

fn particulars(fields: &mut Fields, sent: &proto::ReferralParticulars) -> Option<Particulars> {
    let mut one = |path: &str, kind: &'static str, text: &str, most: usize| {
        let text = fields.text(path, text, 0..=most)?;
        Some(Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new(kind, text)))
    };
    let identity = one("identity", "identity", &sent.identity, REMARK);
    let contact = one("contact", "contact", &sent.contact, REMARK);
    let location = one("location", "location", &sent.location, REMARK);
    let narrative = one("narrative", "narrative", &sent.narrative, NARRATIVE);
    let health = one("health", "health", &sent.health, REMARK);
    let legal = one("legal", "legal", &sent.legal, REMARK);
    let perpetrator = one("perpetrator", "perpetrator", &sent.perpetrator, REMARK);
    Some(Particulars {
        identity: identity?,
        contact: contact?,
        location: location?,
        narrative: narrative?,
        health: health?,
        legal: legal?,
        perpetrator: perpetrator?,
    })
}

pub(crate) fn send(ctx: &Ctx, caller: &Caller, sent: &proto::SendReferralRequest) -> Read<()> {
    let mut fields = Fields::new();
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), Some(Remark(None)));
    ready(ctx, caller, ("SendReferral", sent), fields.build(begun.zip(Some(()))))
}

pub(crate) fn accept(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AcceptReferralRequest,
) -> Read<Option<Sensitive<String>>> {
    let mut fields = Fields::new();
    let number = fields.line("their_reference", sent.their_reference.trim(), 0..=NUMBER);
    let number =
        number.map(|number| Some(number).filter(|it| !it.is_empty()).map(|it| Sensitive::new("legal", it)));
    let remark = remark(&mut fields, &sent.remark, false);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("AcceptReferral", sent), fields.build(begun.zip(number)))
}

pub(crate) fn reject(ctx: &Ctx, caller: &Caller, sent: &proto::RejectReferralRequest) -> Read<RejectReason> {
    let mut fields = Fields::new();
    let reason = fields.choice("reason", sent.reason, proto::RejectReason::as_str_name);
    let reason = reason.and_then(reject_reason_from);
    let remark = remark(&mut fields, &sent.remark, reason == Some(RejectReason::Other));
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("RejectReferral", sent), fields.build(begun.zip(reason)))
}

pub(crate) fn report(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ReportReferralProgressRequest,
) -> Read<(ReferralState, Option<&'static str>)> {
    let mut fields = Fields::new();
    let state = proto::ReferralState::try_from(sent.state).ok().and_then(state_from);
    let state = state.filter(|state| matches!(state, ReferralState::InProgress | ReferralState::OnHold));
    if state.is_none() {
        fields.refuse("state", "one of REFERRAL_STATE_IN_PROGRESS, REFERRAL_STATE_ON_HOLD");
    }
    let reason = match state {
        Some(ReferralState::OnHold) => key_of(&mut fields, &sent.reason, &HOLD_REASONS).map(Some),
        Some(_) if !sent.reason.is_empty() => {
            fields.refuse("reason", "empty unless it pauses");
            None
        }
        _ => Some(None),
    };
    let remark = remark(&mut fields, &sent.remark, reason == Some(Some("other")));
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("ReportReferralProgress", sent), fields.build(begun.zip(state.zip(reason))))
}

pub(crate) fn record_outcome(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordReferralOutcomeRequest,
) -> Read<ReferralOutcome> {
    let mut fields = Fields::new();
    let outcome = fields.choice("outcome", sent.outcome, proto::ReferralOutcome::as_str_name);
    let outcome = outcome.and_then(outcome_from);
    let remark = remark(&mut fields, &sent.remark, outcome == Some(ReferralOutcome::Other));
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("RecordReferralOutcome", sent), fields.build(begun.zip(outcome)))
}

pub(crate) fn schedule(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ScheduleAppointmentRequest,
) -> Read<DateTime<Utc>> {
    let mut fields = Fields::new();
    let at = fields.timestamp("appointment_time", sent.appointment_time.as_ref());
    let remark = remark(&mut fields, &sent.remark, false);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("ScheduleAppointment", sent), fields.build(begun.zip(at)))
}

pub(crate) fn record_appointment(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordAppointmentRequest,
) -> Read<AppointmentState> {
    use AppointmentState::{Attended, Cancelled, Unattended};
    let mut fields = Fields::new();
    let state = proto::AppointmentState::try_from(sent.state).ok().and_then(appointment_from);
    let state = state.filter(|state| matches!(state, Attended | Unattended | Cancelled));
    if state.is_none() {
        let among = "APPOINTMENT_STATE_ATTENDED, APPOINTMENT_STATE_UNATTENDED, APPOINTMENT_STATE_CANCELLED";
        fields.refuse("state", format!("one of {among}"));
    }
    let remark = remark(&mut fields, &sent.remark, false);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("RecordAppointment", sent), fields.build(begun.zip(state)))
}

pub(crate) fn ask_to_cancel(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskToCancelReferralRequest,
) -> Read<&'static str> {
    let mut fields = Fields::new();
    let reason = key_of(&mut fields, &sent.reason, &CANCEL_REASONS);
    let remark = remark(&mut fields, &sent.remark, reason == Some("other"));
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("AskToCancelReferral", sent), fields.build(begun.zip(reason)))
}

pub(crate) fn answer_cancel(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerCancelReferralRequest,
) -> Read<bool> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &sent.remark, false);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("AnswerCancelReferral", sent), fields.build(begun.zip(Some(sent.agree))))
}

pub(crate) fn revoke(ctx: &Ctx, caller: &Caller, sent: &proto::RevokeReferralRequest) -> Read<&'static str> {
    let mut fields = Fields::new();
    let reason = key_of(&mut fields, &sent.reason, &REVOKE_REASONS);
    let remark = remark(&mut fields, &sent.remark, reason == Some("other"));
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("RevokeReferral", sent), fields.build(begun.zip(reason)))
}

pub(crate) fn entered_in_error(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::MarkReferralEnteredInErrorRequest,
) -> Read<()> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &sent.remark, false);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    ready(ctx, caller, ("MarkReferralEnteredInError", sent), fields.build(begun.zip(Some(()))))
}

pub(crate) fn add_remark(ctx: &Ctx, caller: &Caller, sent: &proto::AddReferralRemarkRequest) -> Read<Note> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &sent.remark, true);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id), remark);
    let note = Note { question: sent.question, shared: sent.shared };
    ready(ctx, caller, ("AddReferralRemark", sent), fields.build(begun.zip(Some(note))))
}

pub(crate) fn referral_id(sent: &str) -> Result<ReferralId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("referral_id", sent);
    fields.build(id)
}
