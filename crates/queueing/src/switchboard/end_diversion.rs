//! The owner of a switch sets it back.

use helpline_domain::caller::Caller;
use helpline_domain::id::DiversionId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::diversion::Diversion;
use helpline_store::{Change, Command};

use super::{load, refusal, settle};

/// Ends a diversion. Errors: SWITCH_OWNED for somebody else's, STATE_REFUSED when it is over.
pub(crate) async fn end_diversion(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    diversion: DiversionId,
) -> Result<Diversion, Refusal> {
    let change = ctx.store.end_diversion(command, diversion).await?;
    if let Change::Done(_) = &change {
        ctx.mirror.roster_changed(caller.centre_id);
        settle::let_go(ctx, caller.centre_id).await?;
    }
    outcome(change, async |id| load(ctx, caller, id.into()).await, refusal(ctx, caller, diversion)).await
}
