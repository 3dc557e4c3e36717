//! Tells who visits, and what, and in which time zone the centre is.

use helpline_domain::caller::Caller;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::link::Visit;

/// The visit that the caller is on, and the name of the zone. Error: NOT_FOUND.
pub(crate) async fn get_visit(ctx: &Ctx, caller: &Caller) -> Result<(Visit, String), Refusal> {
    let visit = ctx.store.visit(caller).await?.ok_or_else(|| Refusal::not_found("visit"))?;
    let current = ctx.settings.current(caller.centre_id).await?;
    Ok((visit, current.settings.hours.time_zone.clone()))
}
