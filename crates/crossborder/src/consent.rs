//! What the child and the guardian agree to, and what is shared without: asked when the child is to leave, and whenever a focal point reads.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CrossBorderId, DisclosureId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal, consulate};
use helpline_store::Command;
use helpline_store::casework::migrant::gate::About;
use helpline_store::crossborder::consent::{Consent, NewConsent};
use uuid::Uuid;

use crate::act::{committed, find, read, refused};

/// Records consent, or asks to do without. Errors: NOT_FOUND for the hand-over and the agency; STATE_REFUSED when it is over; INVALID_FIELD
/// for an agency that is no focal point of the country, or when it would be told more than it may ever be; CONSULATE_REFUSED; REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewConsent,
) -> Result<Consent, Refusal> {
    let standing = find(ctx, caller, new.crossborder_id, false).await?;
    let goes_to = standing.as_ref().is_some_and(|standing| {
        let country = standing.rules().country(&standing.now.country);
        standing.now.offers.iter().any(|one| one.agency_id == new.agency_id)
            || country
                .is_some_and(|one| one.focal_points.iter().any(|point| point.agency_id == new.agency_id))
    });
    let change = if goes_to {
        ctx.store.record_crossborder_consent(command, new).await?
    } else {
        ctx.store.recall_change(command).await?
    };
    outcome(committed(change), async |id| load(ctx, caller, id.into()).await, async {
        let standing = standing.ok_or_else(|| Refusal::not_found("crossborder"))?;
        if standing.now.state.is_over() {
            return Ok(refused(standing.now.state));
        }
        if !goes_to {
            return Ok(Refusal::invalid_field("agency_id", "a focal point of the country"));
        }
        let agency = ctx.store.agency(caller.centre_id, new.agency_id).await?;
        let agency = agency.filter(|agency| agency.disabled_at.is_none());
        let agency = agency.ok_or_else(|| Refusal::not_found("agency"))?;
        let about = About { crossborder: Some(new.crossborder_id.as_uuid()), ..About::default() };
        consulate::passes(ctx, caller, (&[new.agency_id], about), Refusal::not_found("agency")).await?;
        Ok(if new.field_classes.is_subset(&agency.profile.field_classes) {
            Refusal::race_lost()
        } else {
            Refusal::invalid_field("field_classes", "within what the agency may ever be told")
        })
    })
    .await
}

/// Approves sharing without consent. Errors: NOT_FOUND, STATE_REFUSED with its state, or `own` for what the caller asked for.
pub(crate) async fn approve(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, entry_id): (DisclosureId, Uuid),
) -> Result<Consent, Refusal> {
    let change = ctx.store.approve_crossborder_override(command, (id, entry_id)).await?;
    outcome(committed(change), async |id| load(ctx, caller, id.into()).await, async {
        let found = load(ctx, caller, id).await?;
        let own = found.state() == "asked" && found.made_by == Some(caller.principal());
        Ok(Refusal::state("consent", if own { "own" } else { found.state() }))
    })
    .await
}

/// Withdraws what was agreed. Errors: NOT_FOUND, STATE_REFUSED when it is withdrawn, or is a child's no.
pub(crate) async fn withdraw(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, entry_id): (DisclosureId, Uuid),
) -> Result<Consent, Refusal> {
    let change = ctx.store.withdraw_crossborder_consent(command, (id, entry_id)).await?;
    outcome(committed(change), async |id| load(ctx, caller, id.into()).await, async {
        Ok(Refusal::state("consent", load(ctx, caller, id).await?.state()))
    })
    .await
}

/// A page of what was agreed about a hand-over. Error: NOT_FOUND.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    id: CrossBorderId,
    (size, after): (u32, Option<DisclosureId>),
) -> Result<(Vec<Consent>, Option<DisclosureId>), Refusal> {
    read(ctx, caller, id, false).await?;
    let found = ctx.store.crossborder_consents(caller, id, (size.saturating_add(1), after)).await?;
    Ok(cut(found, size, |one| one.consent_id))
}

async fn load(ctx: &Ctx, caller: &Caller, id: DisclosureId) -> Result<Consent, Refusal> {
    let found = ctx.store.crossborder_consent(caller, id).await?;
    found.ok_or_else(|| Refusal::not_found("consent"))
}
