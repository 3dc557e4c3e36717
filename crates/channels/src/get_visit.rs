//! Tells who visits, and what.

use helpline_domain::caller::Caller;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::link::Visit;

/// The visit that the caller is on. Error: NOT_FOUND.
pub(crate) async fn get_visit(ctx: &Ctx, caller: &Caller) -> Result<Visit, Refusal> {
    ctx.store.visit(caller).await?.ok_or_else(|| Refusal::not_found("visit"))
}
