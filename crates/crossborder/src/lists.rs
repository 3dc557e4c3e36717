//! What is shown.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, CrossBorderId};
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::escalation::timeline::Entry;

use crate::act::read;

/// Lists hand-overs, newest first, without who the child is.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    which: (bool, Option<CaseId>),
    (size, before): (u32, Option<CrossBorderId>),
) -> Result<(Vec<CrossBorder>, Option<CrossBorderId>), Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let rules = &settings.settings.cross_border;
    let found = ctx.store.crossborders(caller, rules, which, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.crossborder_id))
}

/// Lists what happened. Error: NOT_FOUND.
pub(crate) async fn timeline(
    ctx: &Ctx,
    caller: &Caller,
    id: CrossBorderId,
    (size, after): (u32, Option<i32>),
) -> Result<(Vec<Entry>, Option<i32>), Refusal> {
    // What others remarked is read here: that is on record too.
    let seen = read(ctx, caller, id, true).await?.now;
    let page = (size.saturating_add(1), after.unwrap_or_default());
    let found = ctx.store.crossborder_timeline(caller, &seen, page).await?;
    Ok(cut(found, size, |one| one.sequence))
}
