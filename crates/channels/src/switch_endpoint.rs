//! Tells an endpoint nothing any more, or uses it again.

use helpline_domain::caller::Caller;
use helpline_domain::id::EndpointId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::endpoint::Endpoint;

use crate::create_endpoint::get_endpoint;

/// An endpoint to disable or to enable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SwitchEndpoint {
    pub(crate) command: Command,
    pub(crate) endpoint_id: EndpointId,
    /// Whether it is used from now on.
    pub(crate) on: bool,
}

/// Disables or enables an endpoint; what is on its way there fails, or goes on. Error: NOT_FOUND.
pub(crate) async fn switch_endpoint(
    ctx: &Ctx,
    caller: &Caller,
    switch: SwitchEndpoint,
) -> Result<Endpoint, Refusal> {
    let SwitchEndpoint { command, endpoint_id, on } = switch;
    let change = if on {
        ctx.store.enable_endpoint(&command, endpoint_id).await?
    } else {
        ctx.store.disable_endpoint(&command, endpoint_id).await?
    };
    let load = |id: uuid::Uuid| get_endpoint(ctx, caller, id.into());
    outcome(change, load, async { Ok(Refusal::not_found("endpoint")) }).await
}
