//! What is added to an escalation: remarks, locations, another owner, a step that somebody asks for.

use helpline_domain::caller::Caller;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::escalation::Act;
use helpline_store::escalation::notes::NewLocation;
use helpline_store::escalation::read::Escalation;
use helpline_store::escalation::timeline::Entry;
use uuid::Uuid;

use crate::access;
use crate::answer::{answered, ended};
use crate::climb::Ladder;

/// Writes a remark on the timeline. Errors: NOT_FOUND, REQUEST_ID_REUSED.
pub(crate) async fn add_remark(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    shared: bool,
) -> Result<Entry, Refusal> {
    let change = ctx.store.remark_on_escalation(command, act, shared).await?;
    let remark: Uuid = ended(ctx, caller, act.escalation_id, change).await?;
    let seen = access::seen(ctx, caller, act.escalation_id).await?;
    let entry = ctx.store.timeline(caller, &seen, (1, 0), Some(remark)).await?.pop();
    entry.ok_or_else(|| Refusal::not_found("remark"))
}

/// Adds where the child may be. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn add_location(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    location: &NewLocation,
) -> Result<Escalation, Refusal> {
    let change = ctx.store.locate_child(command, act, location).await?;
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Makes the caller its owner inside the centre. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn take_over(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
) -> Result<Escalation, Refusal> {
    let change = ctx.store.take_over_escalation(command, act).await?;
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Takes the next step now; who has it keeps it. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn force_next_step(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
) -> Result<Escalation, Refusal> {
    let change = ctx.store.force_next_step(command, act).await?;
    answered(ctx, ladder, caller, act.escalation_id, change).await
}
