//! Consent on the wire.

use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::disclosure::{Assent, Basis, ConsentBy, Ground};
use helpline_domain::id::DisclosureId;
use helpline_proto::crossborder::v1 as proto;
use helpline_proto::escalation::v1::{ConsentBy as ByMessage, DisclosureGround as GroundMessage};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{read_field_classes, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::consent::{Consent, NewConsent};
use uuid::Uuid;

use super::{both_ways, classes, id};

/// How long consent lasts unless it says: a year.
const USUAL: Duration = Duration::from_hours(365 * 24);
/// The shortest and the longest: a minute, two years.
const BOUNDS: std::ops::RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(2 * 365 * 24);

both_ways!(assent, assent_from: Assent, proto::CrossBorderAssent { Given, Refused, NotAsked });
both_ways!(by, by_from: ConsentBy, ByMessage { Child, Guardian, Both });
both_ways!(ground, ground_from: Ground, GroundMessage { LifeInDanger, LegalDuty, BestInterests, CourtOrder });

/// By what: somebody agrees, or there is a ground to do without.
fn basis(
    fields: &mut Fields,
    sent: &proto::RecordCrossBorderConsentRequest,
) -> Option<(Basis, Option<Assent>)> {
    let by = fields.optional_choice("consent_by", sent.consent_by, ByMessage::as_str_name);
    let assent = fields.optional_choice("assent", sent.assent, proto::CrossBorderAssent::as_str_name);
    let ground = fields.optional_choice("ground", sent.ground, GroundMessage::as_str_name);
    let (by, assent) = (by?.and_then(by_from), assent?.and_then(assent_from));
    let basis = match (by, ground?.and_then(ground_from)) {
        (Some(by), None) => Basis::Consent(by),
        (None, Some(ground)) => Basis::Override(ground),
        _ => {
            fields.refuse("consent_by", "exactly one of consent_by and ground");
            return None;
        }
    };
    if (by == Some(ConsentBy::Guardian)) != assent.is_some() {
        fields.refuse("assent", "exactly when a guardian alone consents");
        return None;
    }
    Some((basis, assent))
}

pub(crate) fn record(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordCrossBorderConsentRequest,
) -> Result<(Command, NewConsent), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let crossborder_id = fields.id("crossborder_id", &sent.crossborder_id);
    let agency_id = fields.id("agency_id", &sent.agency_id);
    let field_classes = read_field_classes(&mut fields, "field_classes", &sent.field_classes);
    if sent.field_classes.is_empty() {
        fields.refuse("field_classes", "one at least");
    }
    let withheld = read_field_classes(&mut fields, "withheld", &sent.withheld);
    let basis = basis(&mut fields, sent);
    let lifetime = fields.optional_duration("lifetime", sent.lifetime.as_ref(), BOUNDS);
    fields.build((|| {
        let (basis, assent) = basis?;
        let new = NewConsent {
            consent_id: ctx.ids.v7().into(),
            crossborder_id: crossborder_id?,
            agency_id: agency_id?,
            field_classes: field_classes?,
            withheld: withheld?,
            basis,
            assent,
            lifetime_s: u32::try_from(lifetime?.unwrap_or(USUAL).as_secs()).ok()?,
            entry_id: ctx.ids.v7(),
        };
        Some((command(ctx, caller, "RecordCrossBorderConsent", request_id?, sent), new))
    })())
}

/// A command about a consent: its id, and a new one for the entry of the timeline.
type About = (Command, (DisclosureId, Uuid));

fn about<M: prost::Message>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    (request_id, consent_id): (&str, &str),
) -> Result<About, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let consent_id = fields.id("consent_id", consent_id);
    let (request_id, consent_id) = fields.build(request_id.zip(consent_id))?;
    Ok((command(ctx, caller, method, request_id, sent), (consent_id, ctx.ids.v7())))
}

pub(crate) fn approve(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ApproveCrossBorderOverrideRequest,
) -> Result<About, Refusal> {
    about((ctx, caller), ("ApproveCrossBorderOverride", sent), (&sent.request_id, &sent.consent_id))
}

pub(crate) fn withdraw(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::WithdrawCrossBorderConsentRequest,
) -> Result<About, Refusal> {
    about((ctx, caller), ("WithdrawCrossBorderConsent", sent), (&sent.request_id, &sent.consent_id))
}

/// What was agreed.
pub(crate) fn consent(one: &Consent) -> proto::CrossBorderConsent {
    let (consent_by, ground) = match one.basis {
        Basis::Consent(who) => (by(who).into(), 0),
        Basis::Override(why) | Basis::Plan(why) => (0, ground(why).into()),
    };
    proto::CrossBorderConsent {
        consent_id: one.consent_id.to_string(),
        crossborder_id: one.crossborder_id.to_string(),
        agency_id: one.agency_id.to_string(),
        field_classes: classes(&one.field_classes),
        withheld: classes(&one.withheld),
        consent_by,
        assent: one.assent.map_or(0, |value| assent(value).into()),
        ground,
        made_by: id(one.made_by),
        make_time: Some(timestamp(one.made_at)),
        approved_by: id(one.approved_by),
        approve_time: one.approved_at.map(timestamp),
        expire_time: Some(timestamp(one.expires_at)),
        withdraw_time: one.revoked_at.map(timestamp),
        in_force: one.in_force,
        revision: one.revision,
    }
}
