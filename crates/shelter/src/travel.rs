//! They go, and arrive; or they do not.

use helpline_domain::caller::Caller;
use helpline_domain::shelter::{ReturnCancelReason, ReturnState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::shelter::assistance::{ReturnAct, ReturnStep};
use helpline_store::shelter::read::ReturnAssistance;

use crate::act::{act, to};

/// Says that they have left. The statement asks again whether something is in the way. Errors: NOT_FOUND, STATE_REFUSED, RETURN_REFUSED,
/// REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn depart(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let step = to(now, "departed", ReturnState::Departed)?;
        if now.obstacles.is_empty() { Ok(step) } else { Err(Refusal::return_refused(&now.obstacles)) }
    })
    .await
}

/// Says that they are there. Errors: NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn arrive(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| to(now, "arrived", ReturnState::Arrived)).await
}

/// Says that they do not go, or not by this. Errors: NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn cancel(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
    reason: ReturnCancelReason,
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let step = to(now, "cancelled", ReturnState::Cancelled)?;
        Ok(ReturnStep { cancelled: Some(reason), ..step })
    })
    .await
}
