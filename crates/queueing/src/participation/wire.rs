//! Requests about participations, read.

use helpline_domain::caller::Caller;
use helpline_domain::id::{ContactId, CounsellorId, ParticipationId, RequestId};
use helpline_domain::offer::DeclineReason;
use helpline_domain::participation::{OutsideRole, ParticipationKind};
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::Refusal;
use helpline_service_kit::caller::counsellor_of;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{outside_role_from, participation_kind_from, read_skills};
use helpline_vault::Sensitive;

use super::choose::Search;
use crate::wire::read_decline_reason;

/// Longest address, in characters.
const LINE: usize = 200;
/// Longest briefing, in characters.
const BRIEFING: usize = 4000;

/// Who is to be invited.
#[derive(Clone, Debug)]
pub(crate) enum Whom {
    /// A counsellor by name.
    Counsellor(CounsellorId),
    /// The best counsellor who is free.
    Best(Search),
    /// Somebody outside.
    Outside(OutsideRole, Sensitive<String>),
}

/// An invitation as asked for.
#[derive(Clone, Debug)]
pub struct Invite {
    pub(crate) request_id: RequestId,
    pub(crate) contact_id: ContactId,
    pub(crate) kind: ParticipationKind,
    pub(crate) whom: Whom,
    pub(crate) briefing: Option<Sensitive<String>>,
}

pub(crate) fn invite(caller: &Caller, sent: &proto::InviteParticipantRequest) -> Result<Invite, Refusal> {
    let own = counsellor_of(caller)?;
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let contact_id = fields.id("contact_id", &sent.contact_id);
    let kind = fields
        .choice("kind", sent.kind, proto::ParticipationKind::as_str_name)
        .and_then(participation_kind_from);
    let counsellor = fields.optional_id("to_counsellor_id", &sent.to_counsellor_id);
    let queue = fields.optional_key("queue", &sent.queue);
    let language = fields.optional_language("language", &sent.language);
    let skills = read_skills(&mut fields, "required_skills", &sent.required_skills);
    let outside = match &sent.outside {
        None => Some(None),
        Some(outside) => fields.within("outside", |fields| {
            let role = fields
                .choice("role", outside.role, proto::OutsideRole::as_str_name)
                .and_then(outside_role_from);
            let address = fields.line("address", outside.address.trim(), 1..=LINE);
            role.zip(address).map(Some)
        }),
    };
    let briefing = fields.text("briefing", &sent.briefing, 0..=BRIEFING);
    let (counsellor, outside, kind, invite) = fields.build((|| {
        let search = Search { queue: queue?, language: language?, skills: skills? };
        let briefing = briefing?;
        let invite = Invite {
            request_id: request_id?,
            contact_id: contact_id?,
            kind: kind?,
            whom: Whom::Best(search),
            briefing: (!briefing.trim().is_empty()).then(|| Sensitive::new("narrative", briefing)),
        };
        Some((counsellor?, outside?, kind?, invite))
    })())?;
    let whom = match (counsellor, outside) {
        (Some(id), None) if id == own => {
            return Err(Refusal::invalid_field("to_counsellor_id", "another counsellor"));
        }
        (Some(id), None) => Whom::Counsellor(id),
        (None, Some(_)) if kind == ParticipationKind::WarmTransfer => {
            return Err(Refusal::invalid_field("kind", "somebody outside cannot take a contact over"));
        }
        (None, Some((role, address))) => Whom::Outside(role, Sensitive::new("contact", address)),
        (None, None) => invite.whom,
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid_field("outside", "a counsellor or somebody outside, not both"));
        }
    };
    Ok(Invite { whom, ..invite })
}

pub(crate) fn on_participation(request: &str, id: &str) -> Result<(RequestId, ParticipationId), Refusal> {
    let mut fields = Fields::new();
    let (request, id) = (fields.request_id(request), fields.id("participation_id", id));
    fields.build(request.zip(id))
}

pub(crate) fn decline(
    sent: &proto::DeclineInvitationRequest,
) -> Result<(RequestId, ParticipationId, DeclineReason), Refusal> {
    let mut fields = Fields::new();
    let request = fields.request_id(&sent.request_id);
    let id = fields.id("participation_id", &sent.participation_id);
    let reason = read_decline_reason(&mut fields, sent.reason);
    fields.build((|| Some((request?, id?, reason?)))())
}
