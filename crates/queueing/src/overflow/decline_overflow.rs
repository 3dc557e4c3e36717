//! A supervisor declines what a partner asks, or takes back what they asked.

use helpline_domain::caller::Caller;
use helpline_domain::id::OverflowId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::overflow::Overflow;

use super::{follow, load, refusal};

/// Declines or takes back. Errors: NOT_FOUND, STATE_REFUSED when it is over or the partner has the contact.
pub(crate) async fn decline_overflow(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: OverflowId,
) -> Result<Overflow, Refusal> {
    let change = ctx.store.decline_overflow(command, id).await?;
    let id = outcome(change, async |id| Ok(id.into()), refusal(ctx, caller, id)).await?;
    let over = load(ctx, caller, id).await?;
    follow(ctx, caller, over).await
}
