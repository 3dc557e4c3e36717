//! What agencies may know of an escalation: on consent at once, against it only when another has approved.

pub(crate) mod wire;

use helpline_domain::caller::Caller;
use helpline_domain::id::{DisclosureId, EscalationId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, consulate, fail_point, page};
use helpline_store::casework::migrant::gate::About;
use helpline_store::disclosure::{Disclosure, NewDisclosure};
use helpline_store::{Change, Command};

/// Discloses on consent, or asks for an override. Errors: NOT_FOUND for an escalation that the caller may not know of and
/// for an agency that is not there or disabled, STATE_REFUSED when the escalation is over, INVALID_FIELD for classes that
/// the agency may never be told, CONSULATE_REFUSED.
pub(crate) async fn disclose(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewDisclosure,
) -> Result<Disclosure, Refusal> {
    let change = ctx.store.disclose(command, new).await?;
    decided(ctx, caller, &change);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        let state = seen(ctx, caller, new.escalation_id).await?;
        if let Some(ended) = state {
            return Ok(Refusal::state("escalation", &ended));
        }
        let agency = ctx.store.agency(caller.centre_id, new.agency_id).await?;
        let agency = agency.filter(|agency| agency.disabled_at.is_none());
        let agency = agency.ok_or_else(|| Refusal::not_found("agency"))?;
        let about = About { escalation: Some(new.escalation_id.as_uuid()), ..About::default() };
        consulate::passes(ctx, caller, (&[new.agency_id], about), Refusal::not_found("agency")).await?;
        Ok(if new.field_classes.is_subset(&agency.profile.field_classes) {
            Refusal::race_lost()
        } else {
            Refusal::invalid_field("field_classes", "within what the agency may ever be told")
        })
    })
    .await
}

/// Approves an override. Errors: NOT_FOUND, STATE_REFUSED with its state, or `own` for what the caller asked for.
pub(crate) async fn approve_disclosure(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: DisclosureId,
) -> Result<Disclosure, Refusal> {
    let change = ctx.store.approve_disclosure(command, id).await?;
    decided(ctx, caller, &change);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        let found = load(ctx, caller, id).await?;
        let own = found.state() == "asked" && found.made_by == Some(caller.principal());
        Ok(Refusal::state("disclosure", if own { "own" } else { found.state() }))
    })
    .await
}

/// Revokes a disclosure. Errors: NOT_FOUND, STATE_REFUSED when it is revoked.
pub(crate) async fn revoke_disclosure(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: DisclosureId,
) -> Result<Disclosure, Refusal> {
    let change = ctx.store.revoke_disclosure(command, id).await?;
    decided(ctx, caller, &change);
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        Ok(Refusal::state("disclosure", load(ctx, caller, id).await?.state()))
    })
    .await
}

/// A page of what was disclosed of an escalation. Error: NOT_FOUND.
pub(crate) async fn list_disclosures(
    ctx: &Ctx,
    caller: &Caller,
    escalation: EscalationId,
    after: Option<DisclosureId>,
    size: u32,
) -> Result<(Vec<Disclosure>, Option<DisclosureId>), Refusal> {
    seen(ctx, caller, escalation).await?;
    let read = ctx.store.disclosures(caller.centre_id, escalation, after, size + 1).await?;
    Ok(page::cut(read, size, |one| one.disclosure_id))
}

/// Streams that are open show or lose it at once.
fn decided(ctx: &Ctx, caller: &Caller, change: &Change<Disclosure>) {
    fail_point!("disclosure.after_commit");
    if matches!(change, Change::Done(_)) {
        ctx.mirror.escalation_changed(caller.centre_id);
    }
}

async fn load(ctx: &Ctx, caller: &Caller, id: DisclosureId) -> Result<Disclosure, Refusal> {
    let found = ctx.store.disclosure(caller.centre_id, id).await?;
    let found = found.ok_or_else(|| Refusal::not_found("disclosure"))?;
    let seen = ctx.store.seen_escalation(caller, found.escalation_id).await?;
    seen.map(|_| found).ok_or_else(|| Refusal::not_found("disclosure"))
}

/// The state of an escalation that the caller may see, if it is over. Error: NOT_FOUND.
async fn seen(ctx: &Ctx, caller: &Caller, id: EscalationId) -> Result<Option<String>, Refusal> {
    let seen = ctx.store.seen_escalation(caller, id).await?;
    let (state, over) = seen.ok_or_else(|| Refusal::not_found("escalation"))?;
    Ok(over.then_some(state))
}
