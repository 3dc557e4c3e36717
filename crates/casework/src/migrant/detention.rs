//! A child is held.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, DetentionId};
use helpline_domain::migrant::{DetentionOutcome, DetentionPlace};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::migrant::detention::{Detention, DueBy};
use helpline_store::casework::step::Act;

use crate::act::{committed, is_open, seen};

/// How long ago it may have begun.
const LONGEST: TimeDelta = TimeDelta::days(10 * 365);

/// Notes it. Errors: INVALID_FIELD for a time in the future or long ago, NOT_FOUND for the case, STATE_REFUSED when it is closed,
/// ALREADY_EXISTS while the child is held by an earlier note, REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    (id, since, place): (DetentionId, DateTime<Utc>, DetentionPlace),
) -> Result<Detention, Refusal> {
    let ago = ctx.store.now().await? - since;
    if !(TimeDelta::zero()..=LONGEST).contains(&ago) {
        return Err(Refusal::invalid_field("since_time", "within the last ten years"));
    }
    let settings = ctx.settings.current(caller.centre_id).await?;
    let (rules, cases) = (&settings.settings.migrant_children, &settings.settings.cases);
    let by = DueBy { rules, cases, version: settings.version };
    let change = ctx.store.record_detention(command, act, (id, ctx.ids.v7(), since, place), by).await?;
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), async {
        is_open(&seen(ctx, caller, act.case_id).await?)?;
        Ok(Refusal::already_exists("detention"))
    })
    .await?;
    find(ctx, caller, id.into()).await
}

/// Notes its end. Errors: NOT_FOUND, STATE_REFUSED as `ended`, REQUEST_ID_REUSED.
pub(crate) async fn end(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, act, how): (DetentionId, &Act, DetentionOutcome),
) -> Result<Detention, Refusal> {
    let change = ctx.store.end_detention(command, (id, act), how).await?;
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), async {
        let now = find(ctx, caller, id).await?;
        Ok(if now.ended_at.is_some() { Refusal::state("detention", "ended") } else { Refusal::race_lost() })
    })
    .await?;
    find(ctx, caller, id.into()).await
}

/// The last of a case. Error: NOT_FOUND.
pub(crate) async fn of_case(ctx: &Ctx, caller: &Caller, case: CaseId) -> Result<Detention, Refusal> {
    ctx.store.detention_of(caller, case).await?.ok_or_else(|| Refusal::not_found("detention"))
}

async fn find(ctx: &Ctx, caller: &Caller, id: DetentionId) -> Result<Detention, Refusal> {
    ctx.store.detention(caller, id).await?.ok_or_else(|| Refusal::not_found("detention"))
}
