//! Escalations are looked at.

use helpline_domain::caller::Caller;
use helpline_domain::id::EscalationId;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::escalation::list::EscalationFilter;
use helpline_store::escalation::read::Escalation;
use helpline_store::escalation::timeline::Entry;

use crate::access;

/// One escalation. Error: NOT_FOUND, also for what the caller may not know of.
pub(crate) async fn get_escalation(
    ctx: &Ctx,
    caller: &Caller,
    id: EscalationId,
) -> Result<Escalation, Refusal> {
    access::seen(ctx, caller, id).await
}

/// A page and where the next begins.
pub(crate) type Page<T, P> = (Vec<T>, Option<P>);

/// Lists escalations that the caller may see, newest first, without what was said.
pub(crate) async fn list_escalations(
    ctx: &Ctx,
    caller: &Caller,
    filter: EscalationFilter,
    (size, before): (u32, Option<EscalationId>),
) -> Result<Page<Escalation, EscalationId>, Refusal> {
    let found = ctx.store.escalations(caller, filter, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |escalation| escalation.escalation_id))
}

/// Where a page of reports begins: behind this deadline, in seconds since 1970, and id.
pub(crate) type Deadline = (i64, EscalationId);

/// Lists mandatory reports that are open and that the caller may see, the nearest deadline first.
pub(crate) async fn list_reports(
    ctx: &Ctx,
    caller: &Caller,
    (size, after): (u32, Option<Deadline>),
) -> Result<Page<Escalation, Deadline>, Refusal> {
    let found = ctx.store.open_reports(caller, (size.saturating_add(1), after)).await?;
    Ok(cut(found, size, |report| (report.deadline_s().unwrap_or_default(), report.escalation_id)))
}

/// Lists the timeline of an escalation, oldest first. Error: NOT_FOUND.
pub(crate) async fn list_timeline(
    ctx: &Ctx,
    caller: &Caller,
    id: EscalationId,
    (size, after): (u32, Option<i32>),
) -> Result<Page<Entry, i32>, Refusal> {
    let seen = access::seen(ctx, caller, id).await?;
    let page = (size.saturating_add(1), after.unwrap_or_default());
    let found = ctx.store.timeline(caller, &seen, page, None).await?;
    Ok(cut(found, size, |entry| entry.sequence))
}
