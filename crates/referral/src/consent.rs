//! What the child and the guardian agree to, and what is shared without: asked when a referral is sent, and whenever an agency reads.

pub(crate) mod wire;

use helpline_domain::caller::Caller;
use helpline_domain::id::{DisclosureId, ReferralId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, consulate, page};
use helpline_store::Command;
use helpline_store::casework::migrant::gate::About;
use helpline_store::referral::consent::{Consent, NewConsent};

use crate::access;
use crate::act::committed;

/// Records consent, or asks to do without. Errors: NOT_FOUND for the referral, or an agency that it does not go to; STATE_REFUSED when
/// it is over; INVALID_FIELD when the agency would be told more than it may ever be; CONSULATE_REFUSED; REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewConsent,
) -> Result<Consent, Refusal> {
    let change = committed(ctx, caller, ctx.store.record_consent(command, new).await?);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        let referral = access::seen(ctx, caller, new.referral_id).await?;
        if referral.state.is_over() {
            return Ok(Refusal::state("referral", referral.state.key()));
        }
        let agency = ctx.store.agency(caller.centre_id, new.agency_id).await?;
        let goes_to = referral.choices.iter().any(|choice| choice.agency_id == new.agency_id);
        let agency = agency.filter(|agency| goes_to && agency.disabled_at.is_none());
        let agency = agency.ok_or_else(|| Refusal::not_found("agency"))?;
        let about = About { referral: Some(new.referral_id.as_uuid()), ..About::default() };
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
pub(crate) async fn approve_override(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: DisclosureId,
) -> Result<Consent, Refusal> {
    let change = committed(ctx, caller, ctx.store.approve_consent_override(command, id).await?);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
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
    id: DisclosureId,
) -> Result<Consent, Refusal> {
    let change = committed(ctx, caller, ctx.store.withdraw_consent(command, id).await?);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        Ok(Refusal::state("consent", load(ctx, caller, id).await?.state()))
    })
    .await
}

/// A page of what was agreed about a referral. Error: NOT_FOUND.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    referral: ReferralId,
    after: Option<DisclosureId>,
    size: u32,
) -> Result<(Vec<Consent>, Option<DisclosureId>), Refusal> {
    access::seen(ctx, caller, referral).await?;
    let read = ctx.store.consents(caller, referral, after, size + 1).await?;
    Ok(page::cut(read, size, |one| one.consent_id))
}

async fn load(ctx: &Ctx, caller: &Caller, id: DisclosureId) -> Result<Consent, Refusal> {
    let found = ctx.store.consent(caller, id).await?;
    found.ok_or_else(|| Refusal::not_found("consent"))
}
