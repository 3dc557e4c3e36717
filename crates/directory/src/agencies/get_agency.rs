//! One agency.

use helpline_domain::caller::Caller;
use helpline_domain::id::AgencyId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::agency::Agency;

/// One agency of the caller's centre. Error: NOT_FOUND.
pub async fn get_agency(ctx: &Ctx, caller: &Caller, id: AgencyId) -> Result<Agency, Refusal> {
    ctx.store.agency(caller.centre_id, id).await?.ok_or_else(|| Refusal::not_found("agency"))
}
