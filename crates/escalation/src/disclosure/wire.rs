//! Disclosures on the wire.

use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::disclosure::{Basis, ConsentBy, Ground, Purpose};
use helpline_domain::id::{DisclosureId, EscalationId};
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{field_class, read_field_classes, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::disclosure::{Disclosure, NewDisclosure};

/// How long a disclosure lasts unless it says: 72 h.
const USUAL: Duration = Duration::from_hours(72);
/// The shortest and the longest: a minute, 90 days.
const BOUNDS: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(90 * 24);

pub(crate) fn disclose(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::DiscloseRequest,
) -> Result<(Command, NewDisclosure), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let escalation_id = fields.id("escalation_id", &sent.escalation_id);
    let agency_id = fields.id("agency_id", &sent.agency_id);
    let purpose = fields
        .choice("purpose", sent.purpose, proto::DisclosurePurpose::as_str_name)
        .and_then(|sent| Purpose::ALL.iter().copied().find(|&known| purpose(known) == sent));
    let field_classes = read_field_classes(&mut fields, "field_classes", &sent.field_classes);
    if sent.field_classes.is_empty() {
        fields.refuse("field_classes", "one at least");
    }
    let basis = basis(&mut fields, sent);
    let lifetime = fields.optional_duration("lifetime", sent.lifetime.as_ref(), BOUNDS);
    fields.build((|| {
        let command = command(ctx, caller, "Disclose", request_id?, sent);
        let new = NewDisclosure {
            disclosure_id: ctx.ids.v7().into(),
            escalation_id: escalation_id?,
            agency_id: agency_id?,
            purpose: purpose?,
            field_classes: field_classes?,
            basis: basis?,
            lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL).as_secs()).ok()?,
        };
        Some((command, new))
    })())
}

/// Consent with who agrees, or an override with its ground; what follows from the plan is not asked for.
fn basis(fields: &mut Fields, sent: &proto::DiscloseRequest) -> Option<Basis> {
    use proto::DisclosureBasis as Wire;
    let basis = fields.choice("basis", sent.basis, Wire::as_str_name);
    let by = fields.optional_choice("consent_by", sent.consent_by, proto::ConsentBy::as_str_name);
    let ground_of = fields.optional_choice("ground", sent.ground, proto::DisclosureGround::as_str_name);
    let by = by?.and_then(|sent| ConsentBy::ALL.iter().copied().find(|&known| consent_by(known) == sent));
    let ground_of =
        ground_of?.and_then(|sent| Ground::ALL.iter().copied().find(|&known| ground(known) == sent));
    match (basis?, by, ground_of) {
        (Wire::Consent, Some(by), None) => return Some(Basis::Consent(by)),
        (Wire::Override, None, Some(ground)) => return Some(Basis::Override(ground)),
        (Wire::Consent, None, _) => fields.refuse("consent_by", "required on consent"),
        (Wire::Consent, _, Some(_)) => fields.refuse("ground", "empty on consent"),
        (Wire::Override, _, None) => fields.refuse("ground", "required for an override"),
        (Wire::Override, Some(_), _) => fields.refuse("consent_by", "empty for an override"),
        (Wire::Plan | Wire::Unspecified, ..) => fields.refuse("basis", "consent or override"),
    }
    None
}

pub(crate) fn approve(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ApproveDisclosureRequest,
) -> Result<(Command, DisclosureId), Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) =
        (fields.request_id(&sent.request_id), fields.id("disclosure_id", &sent.disclosure_id));
    let (request_id, id) = fields.build(request_id.zip(id))?;
    Ok((command(ctx, caller, "ApproveDisclosure", request_id, sent), id))
}

pub(crate) fn revoke(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RevokeDisclosureRequest,
) -> Result<(Command, DisclosureId), Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) =
        (fields.request_id(&sent.request_id), fields.id("disclosure_id", &sent.disclosure_id));
    let (request_id, id) = fields.build(request_id.zip(id))?;
    Ok((command(ctx, caller, "RevokeDisclosure", request_id, sent), id))
}

pub(crate) fn list<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    sent: &proto::ListDisclosuresRequest,
) -> Result<(EscalationId, u32, PageTokens<'a>), Refusal> {
    let mut fields = Fields::new();
    let escalation = fields.id("escalation_id", &sent.escalation_id);
    let size = fields.page_size(sent.page_size);
    let (escalation, size): (EscalationId, u32) = fields.build(escalation.zip(size))?;
    let question = proto::ListDisclosuresRequest {
        escalation_id: escalation.to_string(),
        ..proto::ListDisclosuresRequest::default()
    };
    Ok((escalation, size, PageTokens::new(ctx.vault(), "ListDisclosures", caller, &question)))
}

/// A disclosure as its message.
pub(crate) fn to_message(one: &Disclosure) -> proto::Disclosure {
    let (basis, by, why) = match one.basis {
        Basis::Consent(by) => (proto::DisclosureBasis::Consent, Some(by), None),
        Basis::Plan(why) => (proto::DisclosureBasis::Plan, None, Some(why)),
        Basis::Override(why) => (proto::DisclosureBasis::Override, None, Some(why)),
    };
    let who = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    proto::Disclosure {
        disclosure_id: one.disclosure_id.to_string(),
        escalation_id: one.escalation_id.to_string(),
        agency_id: one.agency_id.to_string(),
        purpose: purpose(one.purpose).into(),
        field_classes: one.field_classes.iter().map(|&class| field_class(class).into()).collect(),
        basis: basis.into(),
        consent_by: by.map_or(proto::ConsentBy::Unspecified, consent_by).into(),
        ground: why.map_or(proto::DisclosureGround::Unspecified, ground).into(),
        made_by: who(one.made_by),
        make_time: Some(timestamp(one.made_at)),
        approved_by: who(one.approved_by),
        approve_time: one.approved_at.map(timestamp),
        expire_time: Some(timestamp(one.expires_at)),
        revoke_time: one.revoked_at.map(timestamp),
        revoked_by: who(one.revoked_by),
        in_force: one.is_in_force(),
        revision: one.revision,
    }
}

const fn purpose(purpose: Purpose) -> proto::DisclosurePurpose {
    match purpose {
        Purpose::Emergency => proto::DisclosurePurpose::Emergency,
        Purpose::MandatoryReport => proto::DisclosurePurpose::MandatoryReport,
        Purpose::Referral => proto::DisclosurePurpose::Referral,
        Purpose::MissingChild => proto::DisclosurePurpose::MissingChild,
    }
}

const fn consent_by(by: ConsentBy) -> proto::ConsentBy {
    match by {
        ConsentBy::Child => proto::ConsentBy::Child,
        ConsentBy::Guardian => proto::ConsentBy::Guardian,
        ConsentBy::Both => proto::ConsentBy::Both,
    }
}

const fn ground(ground: Ground) -> proto::DisclosureGround {
    match ground {
        Ground::LifeInDanger => proto::DisclosureGround::LifeInDanger,
        Ground::LegalDuty => proto::DisclosureGround::LegalDuty,
        Ground::BestInterests => proto::DisclosureGround::BestInterests,
        Ground::CourtOrder => proto::DisclosureGround::CourtOrder,
    }
}
