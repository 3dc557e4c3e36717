//! The switchboard: a supervisor diverts what newly comes for a queue, to another queue or to one person.
//!
//! The switch of a queue is a row with one owner, so no restart and no second supervisor changes it by accident. It ends
//! by its owner, by its time, or because the person it went to has gone; whoever waits under it then is let go on, one
//! by one, by whichever process sees it first.

pub(crate) mod divert_queue;
pub(crate) mod end_diversion;
pub(crate) mod settle;
pub(crate) mod take_over_diversion;
mod wire;

use helpline_domain::caller::Caller;
use helpline_domain::id::DiversionId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::diversion::Diversion;

pub(crate) use wire::{diversion, on_diversion};

/// One diversion of the caller's centre.
async fn load(ctx: &Ctx, caller: &Caller, id: DiversionId) -> Result<Diversion, Refusal> {
    let found = ctx.store.diversion(caller.centre_id, id).await?;
    found.ok_or_else(|| Refusal::not_found("diversion"))
}

/// Why a change of a diversion is refused: it is over, or the switch is somebody else's, or the caller's own already.
async fn refusal(ctx: &Ctx, caller: &Caller, id: DiversionId) -> Result<Refusal, Refusal> {
    let found = load(ctx, caller, id).await?;
    Ok(if found.ended.is_some() {
        Refusal::state("diversion", "ended")
    } else if found.owner_id == caller.principal() {
        Refusal::state("diversion", "owned")
    } else {
        Refusal::switch_owned(found.owner_id)
    })
}
