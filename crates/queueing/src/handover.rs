//! Shift hand-over: who leaves offers what they have not finished, who comes accepts it, and only then it is theirs.
//!
//! A live talk never changes its owner this way, and nobody is kept from going home: work whose owner has left is shown
//! to the supervisor until somebody accepts it.

pub(crate) mod accept_handover;
pub(crate) mod decline_handover;
pub(crate) mod list_handover;
pub(crate) mod offer_handover;
mod wire;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::HandoverId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::handover::Handover;

pub(crate) use list_handover::{Unfinished, unfinished};
pub(crate) use wire::{handover, on_handover};

/// Whether the caller may know of a hand-over.
fn concerns(caller: &Caller, handover: &Handover) -> bool {
    let Some(me) = caller.counsellor_id else { return caller.role == Role::Supervisor };
    handover.from == me || handover.to.is_none_or(|to| to == me) || handover.accepted_by == Some(me)
}

/// One hand-over that the caller may know of.
async fn load(ctx: &Ctx, caller: &Caller, id: HandoverId) -> Result<Handover, Refusal> {
    let found = ctx.store.handover(caller.centre_id, id).await?;
    found.filter(|found| concerns(caller, found)).ok_or_else(|| Refusal::not_found("handover"))
}

/// Why an answer to a hand-over is refused: it is over, or not the caller's to answer so.
async fn refusal(ctx: &Ctx, caller: &Caller, id: HandoverId) -> Result<Refusal, Refusal> {
    let found = load(ctx, caller, id).await?;
    Ok(Refusal::state("handover", found.state.key()))
}
