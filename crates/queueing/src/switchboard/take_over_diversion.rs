//! Another supervisor takes a switch over, which is recorded.

use helpline_domain::caller::Caller;
use helpline_domain::id::DiversionId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::diversion::Diversion;
use helpline_store::{Change, Command};

use super::{load, refusal};

/// Makes the caller the owner. Error: STATE_REFUSED when it is over, or the caller's own.
pub(crate) async fn take_over_diversion(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    diversion: DiversionId,
) -> Result<Diversion, Refusal> {
    let change = ctx.store.take_over_diversion(command, diversion).await?;
    if let Change::Done(_) = &change {
        ctx.mirror.roster_changed(caller.centre_id);
    }
    outcome(change, async |id| load(ctx, caller, id.into()).await, refusal(ctx, caller, diversion)).await
}
