//! Who was asked declines, or who offered takes it back. The work stays where it is.

use helpline_domain::caller::Caller;
use helpline_domain::id::HandoverId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::handover::Handover;
use helpline_store::{Change, Command};

use super::{load, refusal};

/// Declines a hand-over, or withdraws the caller's own. Error: STATE_REFUSED when it is over, or offered to the whole
/// shift, which nobody can decline for all.
pub(crate) async fn decline_handover(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: HandoverId,
) -> Result<Handover, Refusal> {
    let change = ctx.store.decline_handover(command, id).await?;
    if let Change::Done(handover) = &change {
        ctx.mirror.counsellor_changed(caller.centre_id, handover.from);
    }
    outcome(change, async |id| load(ctx, caller, id.into()).await, refusal(ctx, caller, id)).await
}
