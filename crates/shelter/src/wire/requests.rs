//! Requests, read.

use chrono::{DateTime, Utc};
use helpline_domain::assessment::Subject;
use helpline_domain::caller::Caller;
use helpline_domain::id::{AdmissionId, CaseId, ReturnId};
use helpline_domain::shelter::{ReturnCancelReason, ReturnItem, ReturnItemState, ServiceOfferState};
use helpline_proto::shelter::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::shelter::assistance::{NewReturn, ReturnAct};
use helpline_store::shelter::offer::OfferAnswer;
use helpline_vault::Sensitive;

use super::{
    cancel_reason_from, item_reason_from, item_state_from, offer_state_from, subject_from, unavailable_from,
};
use crate::consent::Who;

/// Characters of a remark, a reason and a note.
const LONGEST: usize = 2000;

/// Who asks for which step.
pub(crate) type Asked = (Command, ReturnAct);

/// A command about an offer of a stay.
pub(crate) type Offered = (Command, (AdmissionId, String));

/// What was said, if anything was.
struct Words(Option<Sensitive<String>>);

/// Text that may be missing. `None` when it cannot be used.
fn words(fields: &mut Fields, path: &str, sent: &str) -> Option<Words> {
    let text = fields.text(path, sent, 0..=LONGEST)?;
    Some(Words(Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new("narrative", text))))
}

/// What every step says.
struct Said<'a> {
    request_id: &'a str,
    return_id: &'a str,
    remark: &'a str,
    expected_revision: i64,
}

/// Reads it; what a step says besides is read by `rest`.
fn read<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    said: &Said<'_>,
    rest: impl FnOnce(&mut Fields) -> Option<T>,
) -> Result<(Asked, T), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(said.request_id);
    let return_id = fields.id("return_id", said.return_id);
    let remark = words(&mut fields, "remark", said.remark);
    let expected = fields.expected_revision("expected_revision", said.expected_revision);
    let rest = rest(&mut fields);
    fields.build((|| {
        let act = ReturnAct {
            return_id: return_id?,
            expected: expected?,
            entry_id: ctx.ids.v7(),
            remark: remark?.0,
        };
        Some(((command(ctx, caller, method, request_id?, sent), act), rest?))
    })())
}

/// What a request of these says as a step.
macro_rules! said {
    ($sent:ident, $remark:expr, $expected:expr) => {
        &Said {
            request_id: &$sent.request_id,
            return_id: &$sent.return_id,
            remark: $remark,
            expected_revision: $expected,
        }
    };
}

/// Steps that say nothing but a remark.
macro_rules! plain {
    ($($name:ident: $method:literal, $request:ident;)+) => {
        $(pub(crate) fn $name(ctx: &Ctx, caller: &Caller, sent: &proto::$request) -> Result<Asked, Refusal> {
            let said = said!(sent, &sent.remark, sent.expected_revision);
            Ok(read((ctx, caller), ($method, sent), said, |_| Some(()))?.0)
        })+
    };
}

plain!(
    ready: "MarkReturnReady", MarkReturnReadyRequest;
    depart: "RecordReturnDeparture", RecordReturnDepartureRequest;
    arrive: "RecordReturnArrival", RecordReturnArrivalRequest;
);

pub(crate) fn start(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::StartReturnAssistanceRequest,
) -> Result<(Command, NewReturn), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let case_id = fields.id("case_id", &sent.case_id);
    let admission_id = fields.optional_id("admission_id", &sent.admission_id);
    let country = sent.country.as_str();
    let known = country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase());
    if !known {
        fields.refuse("country", "two upper-case letters (ISO 3166-1 alpha-2)");
    }
    let subject = fields.optional_choice("subject", sent.subject, proto::ReturnSubject::as_str_name);
    let grace = fields.optional_timestamp("grace_end_time", sent.grace_end_time.as_ref());
    let note = words(&mut fields, "note", &sent.note);
    fields.build((|| {
        let new = NewReturn {
            return_id: ctx.ids.v7().into(),
            case_id: case_id?,
            admission_id: admission_id?,
            country: known.then(|| country.to_owned())?,
            subject: subject?.and_then(subject_from).unwrap_or(Subject::Child),
            grace_ends_at: grace?,
            note: note?.0,
            entry_id: ctx.ids.v7(),
        };
        Some((command(ctx, caller, "StartReturnAssistance", request_id?, sent), new))
    })())
}

pub(crate) fn item(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::SetReturnItemRequest,
) -> Result<(Asked, ReturnItem), Refusal> {
    let said = said!(sent, &sent.remark, sent.expected_revision);
    read((ctx, caller), ("SetReturnItem", sent), said, |fields| {
        let item = fields.key("item", &sent.item);
        let state = fields.choice("state", sent.state, proto::ReturnItemState::as_str_name);
        let reason = fields.optional_choice("reason", sent.reason, proto::ReturnItemReason::as_str_name);
        let (state, reason) = (state.and_then(item_state_from)?, reason?.and_then(item_reason_from));
        if (state == ReturnItemState::NotNeeded) != reason.is_some() {
            fields.refuse("reason", "exactly when it is not needed");
            return None;
        }
        Some(ReturnItem { item: item?, state, reason })
    })
}

pub(crate) fn grace(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::SetGracePeriodRequest,
) -> Result<(Asked, Option<DateTime<Utc>>), Refusal> {
    let said = said!(sent, &sent.remark, sent.expected_revision);
    read((ctx, caller), ("SetGracePeriod", sent), said, |fields| {
        fields.optional_timestamp("grace_end_time", sent.grace_end_time.as_ref())
    })
}

pub(crate) fn consent(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordReturnConsentRequest,
) -> Result<(Asked, (Who, bool)), Refusal> {
    let said = said!(sent, &sent.remark, sent.expected_revision);
    read((ctx, caller), ("RecordReturnConsent", sent), said, |fields| {
        let by = fields.choice("consent_by", sent.consent_by, proto::ReturnConsentBy::as_str_name);
        let guardian = fields.optional_id("guardian_id", &sent.guardian_id);
        let who = match (by?, guardian?) {
            (proto::ReturnConsentBy::Person, None) => Who::Person,
            (proto::ReturnConsentBy::Guardian, Some(id)) => Who::Guardian(id),
            _ => {
                fields.refuse("guardian_id", "exactly when a guardian consents");
                return None;
            }
        };
        Some((who, sent.fear_recorded))
    })
}

/// Whether it is the consent of who goes.
pub(crate) fn withdraw(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::WithdrawReturnConsentRequest,
) -> Result<(Asked, bool), Refusal> {
    let said = said!(sent, &sent.remark, 0);
    read((ctx, caller), ("WithdrawReturnConsent", sent), said, |fields| {
        let by = fields.choice("consent_by", sent.consent_by, proto::ReturnConsentBy::as_str_name)?;
        Some(by == proto::ReturnConsentBy::Person)
    })
}

pub(crate) fn ask_override(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskReturnOverrideRequest,
) -> Result<(Asked, Sensitive<String>), Refusal> {
    let said = said!(sent, "", sent.expected_revision);
    read((ctx, caller), ("AskReturnOverride", sent), said, |fields| {
        let reason = fields.text("reason", &sent.reason, 1..=LONGEST)?;
        Some(Sensitive::new("narrative", reason))
    })
}

pub(crate) fn approve_override(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ApproveReturnOverrideRequest,
) -> Result<Asked, Refusal> {
    let said = said!(sent, "", sent.expected_revision);
    Ok(read((ctx, caller), ("ApproveReturnOverride", sent), said, |_| Some(()))?.0)
}

pub(crate) fn cancel(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::CancelReturnAssistanceRequest,
) -> Result<(Asked, ReturnCancelReason), Refusal> {
    let said = said!(sent, &sent.remark, sent.expected_revision);
    read((ctx, caller), ("CancelReturnAssistance", sent), said, |fields| {
        let reason = fields.choice("reason", sent.reason, proto::ReturnCancelReason::as_str_name);
        reason.and_then(cancel_reason_from)
    })
}

/// A command about an offer; what it says besides is read by `rest`.
fn offered<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    [request_id, admission_id, service]: [&str; 3],
    rest: impl FnOnce(&mut Fields) -> Option<T>,
) -> Result<(Offered, T), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let id = fields.id("admission_id", admission_id);
    let service = fields.key("service", service);
    let rest = rest(&mut fields);
    let (request_id, id, service, rest) = fields.build((|| Some((request_id?, id?, service?, rest?)))())?;
    Ok(((command(ctx, caller, method, request_id, sent), (id, service)), rest))
}

pub(crate) fn answer(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerServiceOfferRequest,
) -> Result<(Offered, OfferAnswer), Refusal> {
    let ids = [sent.request_id.as_str(), &sent.admission_id, &sent.service];
    offered((ctx, caller), ("AnswerServiceOffer", sent), ids, |fields| {
        let answer = fields.choice("answer", sent.answer, proto::ServiceOfferState::as_str_name);
        let referral = fields.optional_id("referral_id", &sent.referral_id);
        let reason = fields.optional_choice(
            "unavailable_reason",
            sent.unavailable_reason,
            proto::ServiceUnavailableReason::as_str_name,
        );
        let (answer, referral, reason) = (answer?, referral?, reason?.and_then(unavailable_from));
        let answer = offer_state_from(answer);
        if (answer == Some(ServiceOfferState::Accepted)) != referral.is_some() {
            fields.refuse("referral_id", "exactly when it is accepted");
        }
        if (answer == Some(ServiceOfferState::Unavailable)) != reason.is_some() {
            fields.refuse("unavailable_reason", "exactly when it is unavailable");
        }
        match (answer, referral, reason) {
            (Some(ServiceOfferState::Accepted), Some(referral), None) => {
                Some(OfferAnswer::Accepted(referral))
            }
            (Some(ServiceOfferState::DeclinedByResident), None, None) => Some(OfferAnswer::Declined),
            (Some(ServiceOfferState::Unavailable), None, Some(reason)) => {
                Some(OfferAnswer::Unavailable(reason))
            }
            (Some(ServiceOfferState::Open | ServiceOfferState::Lapsed), ..) => {
                fields.refuse("answer", "ACCEPTED, DECLINED_BY_RESIDENT or UNAVAILABLE");
                None
            }
            _ => None,
        }
    })
}

pub(crate) fn repeat(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RepeatServiceOfferRequest,
) -> Result<Offered, Refusal> {
    let ids = [sent.request_id.as_str(), &sent.admission_id, &sent.service];
    Ok(offered((ctx, caller), ("RepeatServiceOffer", sent), ids, |_| Some(()))?.0)
}

/// The one id of a request that reads.
pub(crate) fn one<T: From<uuid::Uuid>>(path: &str, sent: &str) -> Result<T, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id(path, sent);
    fields.build(id)
}

/// The page tokens of the list: good for the same question alone.
pub(crate) fn pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    sent: &proto::ListReturnAssistancesRequest,
) -> PageTokens<'a> {
    let filter =
        proto::ListReturnAssistancesRequest { page_size: 0, page_token: String::new(), ..sent.clone() };
    PageTokens::new(ctx.vault(), "ListReturnAssistances", caller, &filter)
}

/// Which are listed, and which page of them.
pub(crate) type Page = ((bool, Option<CaseId>), (u32, Option<ReturnId>));

pub(crate) fn list(
    pages: &PageTokens<'_>,
    sent: &proto::ListReturnAssistancesRequest,
) -> Result<Page, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let case = fields.optional_id("case_id", &sent.case_id);
    let (size, case) = fields.build(size.zip(case))?;
    Ok(((sent.open, case), (size, pages.open(&sent.page_token)?)))
}
