//! Requests, read.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{ReferralId, RequestId, ServiceId};
use helpline_domain::referral::{AppointmentState, ReferralOutcome, ReferralState, RejectReason};
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::step::Act;
use helpline_vault::Sensitive;

use super::{appointment_from, outcome_from, reject_reason_from, state_from};
use crate::notes::Note;

/// Characters of a remark, and of what is known of one class.
pub(super) const REMARK: usize = 2000;
/// Characters of the number under which an agency keeps it.
const NUMBER: usize = 100;
/// Choices of a referral.
const MOST_CHOICES: usize = 20;

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

/// Begins to read it. The revision that it expects is 0 when any will do.
fn begin(
    ctx: &Ctx,
    fields: &mut Fields,
    (request_id, referral_id, expected): (&str, &str, i64),
    remark: Option<Remark>,
) -> Option<Begun> {
    let request_id = fields.request_id(request_id);
    let referral_id: Option<ReferralId> = fields.id("referral_id", referral_id);
    let expected = fields.expected_revision("expected_revision", expected);
    let (remark_id, remark) = (ctx.ids.v7(), remark?.0);
    Some((request_id?, Act { referral_id: referral_id?, expected: expected?, remark_id, remark }))
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

pub(crate) fn send(ctx: &Ctx, caller: &Caller, sent: &proto::SendReferralRequest) -> Read<()> {
    let mut fields = Fields::new();
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, 0), Some(Remark(None)));
    ready(ctx, caller, ("SendReferral", sent), fields.build(begun.zip(Some(()))))
}

pub(crate) fn accept(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AcceptReferralRequest,
) -> Read<(Option<ServiceId>, Option<Sensitive<String>>)> {
    let mut fields = Fields::new();
    let number = fields.line("their_reference", sent.their_reference.trim(), 0..=NUMBER);
    let number =
        number.map(|number| Some(number).filter(|it| !it.is_empty()).map(|it| Sensitive::new("legal", it)));
    let service = fields.optional_id("service_id", &sent.service_id);
    let remark = remark(&mut fields, &sent.remark, false);
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
    ready(ctx, caller, ("AcceptReferral", sent), fields.build(begun.zip(service.zip(number))))
}

pub(crate) fn reject(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RejectReferralRequest,
) -> Read<(Option<ServiceId>, RejectReason)> {
    let mut fields = Fields::new();
    let reason = fields.choice("reason", sent.reason, proto::RejectReason::as_str_name);
    let reason = reason.and_then(reject_reason_from);
    let service = fields.optional_id("service_id", &sent.service_id);
    let remark = remark(&mut fields, &sent.remark, reason == Some(RejectReason::Other));
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
    ready(ctx, caller, ("RejectReferral", sent), fields.build(begun.zip(service.zip(reason))))
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
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
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
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
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
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
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
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
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
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
    ready(ctx, caller, ("AskToCancelReferral", sent), fields.build(begun.zip(reason)))
}

pub(crate) fn answer_cancel(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerCancelReferralRequest,
) -> Read<bool> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &sent.remark, false);
    let begun =
        begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, sent.expected_revision), remark);
    ready(ctx, caller, ("AnswerCancelReferral", sent), fields.build(begun.zip(Some(sent.agree))))
}

pub(crate) fn revoke(ctx: &Ctx, caller: &Caller, sent: &proto::RevokeReferralRequest) -> Read<&'static str> {
    let mut fields = Fields::new();
    let reason = key_of(&mut fields, &sent.reason, &REVOKE_REASONS);
    let remark = remark(&mut fields, &sent.remark, reason == Some("other"));
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, 0), remark);
    ready(ctx, caller, ("RevokeReferral", sent), fields.build(begun.zip(reason)))
}

pub(crate) fn entered_in_error(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::MarkReferralEnteredInErrorRequest,
) -> Read<()> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &sent.remark, false);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, 0), remark);
    ready(ctx, caller, ("MarkReferralEnteredInError", sent), fields.build(begun.zip(Some(()))))
}

pub(crate) fn add_remark(ctx: &Ctx, caller: &Caller, sent: &proto::AddReferralRemarkRequest) -> Read<Note> {
    let mut fields = Fields::new();
    let remark = remark(&mut fields, &sent.remark, true);
    let begun = begin(ctx, &mut fields, (&sent.request_id, &sent.referral_id, 0), remark);
    let note = Note { question: sent.question, shared: sent.shared };
    ready(ctx, caller, ("AddReferralRemark", sent), fields.build(begun.zip(Some(note))))
}

pub(crate) fn referral_id(sent: &str) -> Result<ReferralId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("referral_id", sent);
    fields.build(id)
}
