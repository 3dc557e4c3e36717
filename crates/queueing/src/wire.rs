//! Requests into commands, values of the domain into messages.

pub(crate) mod alert;
pub(crate) mod supervision;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::counsellor::Capacity;
use helpline_domain::id::{ContactId, CounsellorId, OfferId, RequestId};
use helpline_domain::offer::{DeclineReason, OfferState};
use helpline_domain::policy::WaitingCause;
use helpline_domain::policy::valve::Level;
use helpline_domain::policy::wording::{Locale, Reason, reason_in};
use helpline_domain::presence::{NotReadyReason, PresenceState};
use helpline_proto::{directory, queueing::v1 as proto};
use helpline_service_kit::Refusal;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{channel, class, read_skills, risk, timestamp};
use helpline_store::offer::OfferView;
use helpline_store::presence::Presence;
use serde_json::Value;

pub(crate) fn request_id(sent: &str) -> Result<RequestId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.request_id(sent);
    fields.build(id)
}

/// The key of a queue, or empty for all of them.
pub(crate) fn queue(sent: &str) -> Result<String, Refusal> {
    let mut fields = Fields::new();
    let queue = fields.optional_key("queue", sent);
    fields.build(queue).map(Option::unwrap_or_default)
}

pub(crate) fn contact_id(sent: &str) -> Result<ContactId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("contact_id", sent);
    fields.build(id)
}

/// The contact that is asked about, and the language of the answer.
pub(crate) fn explain(sent: &proto::ExplainWaitingRequest) -> Result<(ContactId, Locale), Refusal> {
    let mut fields = Fields::new();
    let contact = fields.id("contact_id", &sent.contact_id);
    let tag = fields.optional_language("locale", &sent.locale);
    let locale = tag.map(|tag| tag.map_or_else(Locale::default, |tag| Locale::from_tag(&tag)));
    fields.build(contact.zip(locale))
}

/// The language in which reasons are told; English for any that is not spoken here.
pub(crate) fn locale(sent: &str) -> Result<Locale, Refusal> {
    let mut fields = Fields::new();
    let tag = fields.optional_language("locale", sent);
    fields.build(tag).map(|tag| tag.map_or_else(Locale::default, |tag| Locale::from_tag(&tag)))
}

pub(crate) fn on_contact(request: &str, contact: &str) -> Result<(RequestId, ContactId), Refusal> {
    let mut fields = Fields::new();
    let (request, contact) = (fields.request_id(request), fields.id("contact_id", contact));
    fields.build(request.zip(contact))
}

pub(crate) fn accept(sent: &proto::AcceptOfferRequest) -> Result<(RequestId, OfferId), Refusal> {
    let mut fields = Fields::new();
    let (request, offer) = (fields.request_id(&sent.request_id), fields.id("offer_id", &sent.offer_id));
    fields.build(request.zip(offer))
}

pub(crate) fn decline(
    sent: &proto::DeclineOfferRequest,
) -> Result<(RequestId, OfferId, DeclineReason), Refusal> {
    let mut fields = Fields::new();
    let (request, offer) = (fields.request_id(&sent.request_id), fields.id("offer_id", &sent.offer_id));
    let reason = read_decline_reason(&mut fields, sent.reason);
    fields.build(request.zip(offer).zip(reason).map(|((request, offer), reason)| (request, offer, reason)))
}

/// Why somebody declines; required.
pub(crate) fn read_decline_reason(fields: &mut Fields, sent: i32) -> Option<DeclineReason> {
    fields.choice("reason", sent, proto::DeclineReason::as_str_name).and_then(|reason| {
        Some(match reason {
            proto::DeclineReason::Leaving => DeclineReason::Leaving,
            proto::DeclineReason::Busy => DeclineReason::Busy,
            proto::DeclineReason::Conflict => DeclineReason::Conflict,
            proto::DeclineReason::NotAble => DeclineReason::NotAble,
            proto::DeclineReason::Technical => DeclineReason::Technical,
            proto::DeclineReason::Unspecified => return None,
        })
    })
}

pub(crate) fn not_ready(sent: &proto::GoNotReadyRequest) -> Result<(RequestId, NotReadyReason), Refusal> {
    let mut fields = Fields::new();
    let request = fields.request_id(&sent.request_id);
    let reason =
        fields.choice("reason", sent.reason, proto::NotReadyReason::as_str_name).and_then(|reason| {
            let own = match reason {
                proto::NotReadyReason::Break => Some(NotReadyReason::Break),
                proto::NotReadyReason::Administration => Some(NotReadyReason::Administration),
                proto::NotReadyReason::Training => Some(NotReadyReason::Training),
                proto::NotReadyReason::Care => Some(NotReadyReason::Care),
                proto::NotReadyReason::MissedOffers
                | proto::NotReadyReason::ClientLost
                | proto::NotReadyReason::Supervisor
                | proto::NotReadyReason::Unspecified => None,
            };
            if own.is_none() {
                fields.refuse("reason", "a reason that is the counsellor's own, not one set by the system");
            }
            own
        });
    fields.build(request.zip(reason))
}

/// A transfer as asked for.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The caller's id of the command.
    pub request_id: RequestId,
    /// The contact.
    pub contact_id: ContactId,
    /// Key of the queue; `None` for the one it came from.
    pub queue: Option<String>,
    /// Language from now on; `None` to leave it.
    pub language: Option<String>,
    /// Skills from now on; empty to leave them.
    pub skills: BTreeMap<String, u8>,
    /// The colleague it is offered to at once; `None` for the line.
    pub to: Option<CounsellorId>,
}

pub(crate) fn transfer(sent: &proto::TransferContactRequest) -> Result<Transfer, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let contact_id = fields.id("contact_id", &sent.contact_id);
    let queue = fields.optional_key("queue", &sent.queue);
    let language = fields.optional_language("language", &sent.language);
    let skills = read_skills(&mut fields, "required_skills", &sent.required_skills);
    let to = fields.optional_id("to_counsellor_id", &sent.to_counsellor_id);
    fields.build((|| {
        Some(Transfer {
            request_id: request_id?,
            contact_id: contact_id?,
            queue: queue?,
            language: language?,
            skills: skills?,
            to: to?,
        })
    })())
}

pub(crate) fn capacity(capacity: Capacity) -> directory::v1::Capacity {
    directory::v1::Capacity {
        voice: i32::from(capacity.voice),
        chats: i32::from(capacity.chat),
        messages: i32::from(capacity.message),
    }
}

pub(crate) fn presence(presence: &Presence) -> proto::Presence {
    let state = match presence.state {
        PresenceState::Offline => proto::PresenceState::Offline,
        PresenceState::NotReady => proto::PresenceState::NotReady,
        PresenceState::Ready => proto::PresenceState::Ready,
        PresenceState::OnCall => proto::PresenceState::OnCall,
    };
    let reason = presence.reason.map_or(proto::NotReadyReason::Unspecified, |reason| match reason {
        NotReadyReason::Break => proto::NotReadyReason::Break,
        NotReadyReason::Administration => proto::NotReadyReason::Administration,
        NotReadyReason::Training => proto::NotReadyReason::Training,
        NotReadyReason::Care => proto::NotReadyReason::Care,
        NotReadyReason::MissedOffers => proto::NotReadyReason::MissedOffers,
        NotReadyReason::ClientLost => proto::NotReadyReason::ClientLost,
        NotReadyReason::Supervisor => proto::NotReadyReason::Supervisor,
    });
    proto::Presence {
        counsellor_id: presence.counsellor_id.to_string(),
        state: state.into(),
        reason: reason.into(),
        since_time: Some(timestamp(presence.since_at)),
        held: Some(capacity(presence.held)),
        capacity: Some(capacity(presence.capacity)),
        missed_offers: presence.missed_offers,
        revision: presence.revision,
        sessions: presence.sessions,
        severe_in_a_row: presence.severe_in_a_row.into(),
        not_before_time: presence.not_before.map(timestamp),
        forced_by: presence.forced_by.map(|by| by.to_string()).unwrap_or_default(),
        force_reason: supervision::force_reason(presence.forced_reason).into(),
        on_hold: presence.on_hold,
    }
}

/// A conversation that was put aside, or is so no more.
pub(crate) fn aside(contact: ContactId, since_at: Option<DateTime<Utc>>) -> proto::AsideContact {
    proto::AsideContact { contact_id: contact.to_string(), put_aside_time: since_at.map(timestamp) }
}

pub(crate) fn offer(offer: &OfferView, locale: Locale) -> proto::Offer {
    let state = match offer.state {
        OfferState::Open => proto::OfferState::Open,
        OfferState::Accepted => proto::OfferState::Accepted,
        OfferState::Declined => proto::OfferState::Declined,
        OfferState::Expired => proto::OfferState::Expired,
        OfferState::Withdrawn => proto::OfferState::Withdrawn,
    };
    proto::Offer {
        offer_id: offer.offer_id.to_string(),
        contact_id: offer.contact_id.to_string(),
        counsellor_id: offer.counsellor_id.to_string(),
        state: state.into(),
        channel: channel(offer.channel).into(),
        priority_class: class(offer.class).into(),
        risk: risk(offer.risk).into(),
        queue: offer.queue.clone(),
        language: offer.language.clone().unwrap_or_default(),
        receive_time: Some(timestamp(offer.received_at)),
        offer_time: Some(timestamp(offer.offered_at)),
        expire_time: Some(timestamp(offer.expires_at)),
        explanation: Some(explanation(&offer.explanation, locale)),
        end_reason: offer.reason.clone().unwrap_or_default(),
    }
}

fn explanation(stored: &Value, locale: Locale) -> proto::Explanation {
    let text = |key: &str| stored.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let notes = stored.get("notes").and_then(Value::as_array).cloned().unwrap_or_default();
    let (contact_rule, counsellor_rule) = (text("contact_rule"), text("counsellor_rule"));
    let reason = Reason::from_keys(&contact_rule, &counsellor_rule, notes.iter().filter_map(Value::as_str));
    proto::Explanation {
        text: reason.map(|reason| reason_in(locale, &reason)).unwrap_or_default(),
        contact_rule,
        counsellor_rule,
        notes: notes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

pub(crate) const fn waiting_cause(cause: WaitingCause) -> proto::WaitingCause {
    match cause {
        WaitingCause::NotWaiting => proto::WaitingCause::NotWaiting,
        WaitingCause::NobodyOnShift => proto::WaitingCause::NobodyOnShift,
        WaitingCause::AllBusy => proto::WaitingCause::AllBusy,
        WaitingCause::Reserved => proto::WaitingCause::Reserved,
        WaitingCause::CoolDown => proto::WaitingCause::CoolDown,
        WaitingCause::BeingOffered => proto::WaitingCause::BeingOffered,
        WaitingCause::OthersFirst => proto::WaitingCause::OthersFirst,
    }
}

pub(crate) const fn overload_level(level: Level) -> proto::OverloadLevel {
    match level {
        Level::Usual => proto::OverloadLevel::Usual,
        Level::Stretched => proto::OverloadLevel::Stretched,
        Level::CallBack => proto::OverloadLevel::CallBack,
        Level::Overflow => proto::OverloadLevel::Overflow,
        Level::Honest => proto::OverloadLevel::Honest,
    }
}

pub(crate) fn milliseconds(duration: i64) -> prost_types::Duration {
    prost_types::Duration {
        seconds: duration / 1000,
        nanos: i32::try_from(duration % 1000).unwrap_or_default() * 1_000_000,
    }
}
