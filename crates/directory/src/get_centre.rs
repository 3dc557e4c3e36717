//! The caller's centre.

use helpline_domain::caller::Caller;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::settings::Centre;

/// The caller's centre.
pub async fn get_centre(ctx: &Ctx, caller: &Caller) -> Result<Centre, Refusal> {
    ctx.store.centre(caller.centre_id).await?.ok_or_else(|| Refusal::not_found("centre"))
}
