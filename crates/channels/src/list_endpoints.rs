//! The endpoints of an agency, page by page.

use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, EndpointId};
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::endpoint::Endpoint;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListEndpoints {
    pub(crate) agency_id: AgencyId,
    /// The last endpoint of the page before.
    pub(crate) after: Option<EndpointId>,
    /// How many at most.
    pub(crate) size: u32,
}

/// A page of endpoints by time of creation, and the last of them if more follow. Error: NOT_FOUND for the agency.
pub(crate) async fn list_endpoints(
    ctx: &Ctx,
    caller: &Caller,
    wish: ListEndpoints,
) -> Result<(Vec<Endpoint>, Option<EndpointId>), Refusal> {
    let read = ctx.store.endpoints(caller.centre_id, wish.agency_id, wish.after, wish.size + 1).await?;
    let read = read.ok_or_else(|| Refusal::not_found("agency"))?;
    Ok(page::cut(read, wish.size, |endpoint| endpoint.endpoint_id))
}
