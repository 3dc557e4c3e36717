//! Consent on the wire.

use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::disclosure::{Assent, Basis, ConsentBy, Ground};
use helpline_domain::id::{DisclosureId, ReferralId};
use helpline_proto::escalation::v1::{ConsentBy as ByMessage, DisclosureGround as GroundMessage};
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{field_class, read_field_classes, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::consent::{Consent, NewConsent};

use crate::wire::both_ways;

/// How long consent lasts unless it says: 90 days.
const USUAL: Duration = Duration::from_hours(90 * 24);
/// The shortest and the longest: a minute, two years.
const BOUNDS: std::ops::RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(2 * 365 * 24);

both_ways!(assent, assent_from: Assent, proto::Assent { Given, Refused, NotAsked });
both_ways!(by, by_from: ConsentBy, ByMessage { Child, Guardian, Both });
both_ways!(ground, ground_from: Ground, GroundMessage { LifeInDanger, LegalDuty, BestInterests, CourtOrder });

/// What every disclosure about a referral says.
struct Said<'a> {
    request_id: &'a str,
    referral_id: &'a str,
    agency_id: &'a str,
    field_classes: &'a [i32],
    withheld: &'a [i32],
    lifetime: Option<&'a prost_types::Duration>,
}

/// Reads it; the rest is read by `basis`.
fn read<M: prost::Message>(
    ctx: &Ctx,
    caller: &Caller,
    (method, request, sent): (&'static str, &M, &Said<'_>),
    basis: impl FnOnce(&mut Fields) -> Option<(Basis, Option<Assent>)>,
) -> Result<(Command, NewConsent), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(sent.request_id);
    let referral_id = fields.id("referral_id", sent.referral_id);
    let agency_id = fields.id("agency_id", sent.agency_id);
    let field_classes = read_field_classes(&mut fields, "field_classes", sent.field_classes);
    if sent.field_classes.is_empty() {
        fields.refuse("field_classes", "one at least");
    }
    let withheld = read_field_classes(&mut fields, "withheld", sent.withheld);
    let basis = basis(&mut fields);
    let lifetime = fields.optional_duration("lifetime", sent.lifetime, BOUNDS);
    fields.build((|| {
        let (basis, assent) = basis?;
        let new = NewConsent {
            consent_id: ctx.ids.v7().into(),
            referral_id: referral_id?,
            agency_id: agency_id?,
            field_classes: field_classes?,
            withheld: withheld?,
            basis,
            assent,
            lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL).as_secs()).ok()?,
        };
        Some((command(ctx, caller, method, request_id?, request), new))
    })())
}

pub(crate) fn record(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordConsentRequest,
) -> Result<(Command, NewConsent), Refusal> {
    let said = Said {
        request_id: &sent.request_id,
        referral_id: &sent.referral_id,
        agency_id: &sent.agency_id,
        field_classes: &sent.field_classes,
        withheld: &sent.withheld,
        lifetime: sent.lifetime.as_ref(),
    };
    read(ctx, caller, ("RecordConsent", sent, &said), |fields| {
        let by = fields.choice("consent_by", sent.consent_by, ByMessage::as_str_name).and_then(by_from);
        let assent = fields.optional_choice("assent", sent.assent, proto::Assent::as_str_name);
        let (by, assent) = (by?, assent?.and_then(assent_from));
        match (by, assent) {
            (ConsentBy::Guardian, None) => fields.refuse("assent", "required where a guardian alone agrees"),
            (ConsentBy::Child | ConsentBy::Both, Some(_)) => {
                fields.refuse("assent", "empty where the child agrees");
            }
            _ => return Some((Basis::Consent(by), assent)),
        }
        None
    })
}

pub(crate) fn ask_override(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskConsentOverrideRequest,
) -> Result<(Command, NewConsent), Refusal> {
    let said = Said {
        request_id: &sent.request_id,
        referral_id: &sent.referral_id,
        agency_id: &sent.agency_id,
        field_classes: &sent.field_classes,
        withheld: &[],
        lifetime: sent.lifetime.as_ref(),
    };
    read(ctx, caller, ("AskConsentOverride", sent, &said), |fields| {
        let why = fields.choice("ground", sent.ground, GroundMessage::as_str_name).and_then(ground_from);
        Some((Basis::Override(why?), None))
    })
}

/// A command about what was agreed, which says no more than its id.
pub(crate) fn plain<M: prost::Message>(
    ctx: &Ctx,
    caller: &Caller,
    (method, request): (&'static str, &M),
    (request_id, consent_id): (&str, &str),
) -> Result<(Command, DisclosureId), Refusal> {
    let mut fields = Fields::new();
    let (request_id, id) = (fields.request_id(request_id), fields.id("consent_id", consent_id));
    let (request_id, id) = fields.build(request_id.zip(id))?;
    Ok((command(ctx, caller, method, request_id, request), id))
}

pub(crate) fn list<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    sent: &proto::ListConsentsRequest,
) -> Result<(ReferralId, u32, PageTokens<'a>), Refusal> {
    let mut fields = Fields::new();
    let referral = fields.id("referral_id", &sent.referral_id);
    let size = fields.page_size(sent.page_size);
    let (referral, size): (ReferralId, u32) = fields.build(referral.zip(size))?;
    let question = proto::ListConsentsRequest {
        referral_id: referral.to_string(),
        ..proto::ListConsentsRequest::default()
    };
    Ok((referral, size, PageTokens::new(ctx.vault(), "ListConsents", caller, &question)))
}

/// What was agreed, as its message.
pub(crate) fn to_message(one: &Consent) -> proto::Consent {
    let (agrees, why) = match one.basis {
        Basis::Consent(agrees) => (Some(agrees), None),
        Basis::Plan(why) | Basis::Override(why) => (None, Some(why)),
    };
    let who = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    proto::Consent {
        consent_id: one.consent_id.to_string(),
        referral_id: one.referral_id.to_string(),
        agency_id: one.agency_id.to_string(),
        field_classes: one.field_classes.iter().map(|&class| field_class(class).into()).collect(),
        withheld: one.withheld.iter().map(|&class| field_class(class).into()).collect(),
        consent_by: agrees.map_or(0, |agrees| by(agrees).into()),
        assent: one.assent.map_or(0, |said| assent(said).into()),
        ground: why.map_or(0, |why| ground(why).into()),
        made_by: who(one.made_by),
        make_time: Some(timestamp(one.made_at)),
        approved_by: who(one.approved_by),
        approve_time: one.approved_at.map(timestamp),
        expire_time: Some(timestamp(one.expires_at)),
        withdraw_time: one.revoked_at.map(timestamp),
        withdrawn_by: who(one.revoked_by),
        in_force: one.in_force,
        revision: one.revision,
    }
}
