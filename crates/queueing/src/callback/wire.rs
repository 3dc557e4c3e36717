//! Callbacks on the wire.

use helpline_domain::callback::{AttemptOutcome, CallbackKind, CallbackState, CancelReason};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CallbackId, RequestId};
use helpline_proto::queueing::v1 as proto;
use helpline_proto::terms::v1::Channel as ChannelMessage;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{channel, channel_from, class, risk, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::callback::{Callback, CallbackFilter};
use helpline_vault::{Sensitive, normalise_identifier};

use super::Shown;
use super::get::Listed;
use super::plan::Reschedule;
use super::promise::Promise;

/// Longest number or handle, in characters.
const LINE: usize = 200;
/// Longest safe words, in characters.
const WORDS: usize = 1000;
/// Digits of a reference.
const REFERENCE: usize = 8;
/// Most states in a filter.
const FILTER: usize = 20;

pub(crate) fn promise(
    ctx: &Ctx,
    caller: &Caller,
    request: &proto::PromiseCallbackRequest,
) -> Result<Promise, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    let kind = fields.optional_choice("kind", request.kind, proto::CallbackKind::as_str_name);
    let due_at = fields.optional_timestamp("due_time", request.due_time.as_ref());
    let until_at = fields.optional_timestamp("until_time", request.until_time.as_ref());
    let on = fields.optional_choice("channel", request.channel, ChannelMessage::as_str_name);
    let number = fields.line("number", request.number.trim(), 0..=LINE);
    let safe_words = fields.text("safe_words", &request.safe_words, 0..=WORDS);
    fields.build((|| {
        Some(Promise {
            command: command(ctx, caller, "PromiseCallback", request_id?, request),
            contact_id: contact_id?,
            kind: kind_from(kind?),
            due_at: due_at?,
            until_at: until_at?,
            channel: on?.and_then(channel_from),
            number: Some(Sensitive::new("contact", number?))
                .filter(|number| !normalise_identifier(number.expose()).is_empty()),
            safe_words: Some(Sensitive::new("narrative", safe_words?))
                .filter(|words| !words.expose().is_empty()),
        })
    })())
}

fn kind_from(kind: Option<proto::CallbackKind>) -> CallbackKind {
    match kind {
        Some(proto::CallbackKind::CheckIn) => CallbackKind::CheckIn,
        _ => CallbackKind::Callback,
    }
}

pub(crate) fn callback_id(sent: &str) -> Result<CallbackId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("callback_id", sent);
    fields.build(id)
}

/// The page tokens of a list with this filter.
pub(crate) fn pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListCallbacksRequest,
) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListCallbacks", caller, &request.filter.clone().unwrap_or_default())
}

pub(crate) fn list(
    pages: &PageTokens<'_>,
    request: &proto::ListCallbacksRequest,
) -> Result<(CallbackFilter, (u32, Option<CallbackId>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let filter = match &request.filter {
        None => Some(CallbackFilter::default()),
        Some(filter) => fields.within("filter", |fields| read_filter(fields, filter)),
    };
    let (size, filter) = fields.build(size.zip(filter))?;
    Ok((filter, (size, pages.open(&request.page_token)?)))
}

fn read_filter(fields: &mut Fields, filter: &proto::CallbackFilter) -> Option<CallbackFilter> {
    if filter.states.len() > FILTER {
        fields.refuse("states", format!("at most {FILTER} entries"));
        return None;
    }
    let state = |(index, value): (usize, &i32)| {
        let path = format!("states[{index}]");
        fields.choice(&path, *value, proto::CallbackState::as_str_name).map(state_key)
    };
    let states: Vec<_> = filter.states.iter().enumerate().map(state).collect();
    let reference = &filter.reference;
    let digits = reference.is_empty()
        || (reference.len() == REFERENCE && reference.bytes().all(|byte| byte.is_ascii_digit()));
    if !digits {
        fields.refuse("reference", "eight digits, or empty");
    }
    Some(CallbackFilter {
        states: states.into_iter().collect::<Option<_>>()?,
        alarming: filter.alarming,
        reference: (digits && !reference.is_empty()).then(|| reference.clone()),
        kept_by: None,
    })
}

const fn state_key(state: proto::CallbackState) -> &'static str {
    match state {
        proto::CallbackState::Unspecified => "",
        proto::CallbackState::Promised => "promised",
        proto::CallbackState::Due => "due",
        proto::CallbackState::Attempting => "attempting",
        proto::CallbackState::Reached => "reached",
        proto::CallbackState::Failed => "failed",
        proto::CallbackState::Cancelled => "cancelled",
    }
}

pub(crate) fn attempt(
    request: &proto::RecordCallbackAttemptRequest,
) -> Result<(RequestId, CallbackId, AttemptOutcome), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let callback_id = fields.id("callback_id", &request.callback_id);
    let outcome = fields.choice("outcome", request.outcome, proto::AttemptOutcome::as_str_name);
    let outcome = outcome.and_then(|outcome| {
        Some(match outcome {
            proto::AttemptOutcome::Unspecified => return None,
            proto::AttemptOutcome::Reached => AttemptOutcome::Reached,
            proto::AttemptOutcome::NoAnswer => AttemptOutcome::NoAnswer,
            proto::AttemptOutcome::Busy => AttemptOutcome::Busy,
            proto::AttemptOutcome::WrongPerson => AttemptOutcome::WrongPerson,
            proto::AttemptOutcome::NotSafeNow => AttemptOutcome::NotSafeNow,
        })
    });
    fields.build((|| Some((request_id?, callback_id?, outcome?)))())
}

pub(crate) fn reschedule(
    ctx: &Ctx,
    caller: &Caller,
    request: &proto::RescheduleCallbackRequest,
) -> Result<Reschedule, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let callback_id = fields.id("callback_id", &request.callback_id);
    let due_at = fields.timestamp("due_time", request.due_time.as_ref());
    let until_at = fields.optional_timestamp("until_time", request.until_time.as_ref());
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    fields.build((|| {
        Some(Reschedule {
            command: command(ctx, caller, "RescheduleCallback", request_id?, request),
            callback_id: callback_id?,
            due_at: due_at?,
            until_at: until_at?,
            expected_revision: expected_revision?.unwrap_or_default(),
        })
    })())
}

pub(crate) fn cancel(
    request: &proto::CancelCallbackRequest,
) -> Result<(RequestId, CallbackId, CancelReason), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let callback_id = fields.id("callback_id", &request.callback_id);
    let reason = fields.choice("reason", request.reason, proto::CallbackCancelReason::as_str_name);
    let reason = reason.and_then(|reason| {
        Some(match reason {
            proto::CallbackCancelReason::Unspecified => return None,
            proto::CallbackCancelReason::ChildAsked => CancelReason::ChildAsked,
            proto::CallbackCancelReason::NotSafe => CancelReason::NotSafe,
            proto::CallbackCancelReason::Mistake => CancelReason::Mistake,
            proto::CallbackCancelReason::NotNeeded => CancelReason::NotNeeded,
        })
    });
    fields.build((|| Some((request_id?, callback_id?, reason?)))())
}

/// A callback, with what its reader is shown.
pub(crate) fn callback(shown: &Shown) -> proto::Callback {
    let Shown { callback, caller_name, secrets } = shown;
    let secret = |pick: fn(&helpline_store::callback::Secrets) -> &Option<Sensitive<String>>| {
        secrets.as_ref().and_then(|secrets| pick(secrets).as_ref()).map(|text| text.expose().clone())
    };
    proto::Callback {
        callback_id: callback.callback_id.to_string(),
        kind: match callback.kind {
            CallbackKind::Callback => proto::CallbackKind::Callback,
            CallbackKind::CheckIn => proto::CallbackKind::CheckIn,
        }
        .into(),
        state: state(callback).into(),
        reference: callback.reference.clone().unwrap_or_default(),
        origin_contact_id: callback.origin_contact_id.to_string(),
        work_contact_id: callback.work_contact_id.map(|id| id.to_string()).unwrap_or_default(),
        called_contact_id: callback.called_contact_id.map(|id| id.to_string()).unwrap_or_default(),
        due_time: Some(timestamp(callback.due_at)),
        until_time: Some(timestamp(callback.until_at)),
        next_attempt_time: Some(timestamp(callback.next_attempt_at)),
        overdue: callback.alarmed_at.is_some() && !callback.state.is_final(),
        attempts: callback.attempts,
        most_attempts: callback.most_attempts,
        channel: channel(callback.channel).into(),
        priority_class: class(callback.class).into(),
        risk: risk(callback.risk).into(),
        queue: callback.queue.clone(),
        language: callback.language.clone().unwrap_or_default(),
        promised_by: callback.promised_by.map(|id| id.to_string()).unwrap_or_default(),
        promise_time: Some(timestamp(callback.promised_at)),
        end_time: callback.ended_at.map(timestamp),
        reason: callback.reason.clone().unwrap_or_default(),
        caller_name: caller_name.clone(),
        number: secret(|secrets| &secrets.number).unwrap_or_default(),
        safe_words: secret(|secrets| &secrets.safe_words).unwrap_or_default(),
        revision: callback.revision,
        kept_by: callback.preferred.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn state(callback: &Callback) -> proto::CallbackState {
    match callback.state {
        CallbackState::Promised => proto::CallbackState::Promised,
        CallbackState::Due if callback.is_attempting() => proto::CallbackState::Attempting,
        CallbackState::Due => proto::CallbackState::Due,
        CallbackState::Reached => proto::CallbackState::Reached,
        CallbackState::Failed => proto::CallbackState::Failed,
        CallbackState::Cancelled => proto::CallbackState::Cancelled,
    }
}

/// A page of callbacks.
pub(crate) fn listed(
    pages: &PageTokens<'_>,
    listed: &Listed,
) -> Result<proto::ListCallbacksResponse, Refusal> {
    Ok(proto::ListCallbacksResponse {
        callbacks: listed.callbacks.iter().map(callback).collect(),
        next_page_token: pages.seal(listed.next.as_ref())?,
    })
}
