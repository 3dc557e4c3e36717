//! A supervisor makes somebody stand in on a schedule, or takes it back.

use helpline_domain::caller::Caller;
use helpline_domain::id::StandInId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::stand_in::{NewStandIn, StandIn};
use helpline_store::{Change, Command};

/// Makes somebody stand in. Errors: NOT_FOUND for a schedule that the plan does not have and for a counsellor who is not
/// there, STATE_REFUSED for one who has left, INVALID_FIELD for a time that has begun or is too far away.
pub(crate) async fn make_stand_in(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewStandIn,
) -> Result<StandIn, Refusal> {
    let plan = ctx.store.plan_in_force(caller.centre_id).await?.plan;
    let change = if plan.schedule(&new.schedule).is_some() {
        ctx.store.make_stand_in(command, new).await?
    } else {
        // The plan that had it may have been replaced before the repeat.
        match ctx.store.recall_change(command).await? {
            Change::Refused => return Err(Refusal::not_found("schedule")),
            known => known,
        }
    };
    outcome(change, async |id| load(ctx, caller, id.into()).await, refusal(ctx, caller, new)).await
}

async fn refusal(ctx: &Ctx, caller: &Caller, new: &NewStandIn) -> Result<Refusal, Refusal> {
    let counsellor = ctx.store.counsellor(caller.centre_id, new.counsellor_id).await?;
    let counsellor = counsellor.ok_or_else(|| Refusal::not_found("counsellor"))?;
    if counsellor.disabled_at.is_some() {
        return Ok(Refusal::state("counsellor", "disabled"));
    }
    Ok(match new.from_at {
        Some(from) if from < ctx.store.now().await? => {
            Refusal::invalid_field("begin_time", "a time that is not in the past")
        }
        _ => Refusal::invalid_field("end_time", "a time after the beginning, at most 90 days from now"),
    })
}

/// Takes it back. Errors: NOT_FOUND, STATE_REFUSED when it is over or taken back already.
pub(crate) async fn revoke_stand_in(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: StandInId,
) -> Result<StandIn, Refusal> {
    let change = ctx.store.revoke_stand_in(command, id).await?;
    outcome(change, async |id| load(ctx, caller, id.into()).await, async {
        let found = load(ctx, caller, id).await?;
        let state = if found.revoked_at.is_some() { "revoked" } else { "over" };
        Ok(Refusal::state("stand_in", state))
    })
    .await
}

/// A page of those who stand in, oldest first, and where the next one begins.
pub(crate) async fn list_stand_ins(
    ctx: &Ctx,
    caller: &Caller,
    include_past: bool,
    after: Option<StandInId>,
    size: u32,
) -> Result<(Vec<StandIn>, Option<StandInId>), Refusal> {
    let read = ctx.store.stand_ins(caller.centre_id, include_past, after, size + 1).await?;
    Ok(page::cut(read, size, |one| one.stand_in_id))
}

async fn load(ctx: &Ctx, caller: &Caller, id: StandInId) -> Result<StandIn, Refusal> {
    let found = ctx.store.stand_in(caller.centre_id, id).await?;
    found.ok_or_else(|| Refusal::not_found("stand_in"))
}
