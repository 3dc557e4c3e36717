//! A partner centre takes contacts on.
//!
//! Each centre has a row of its own, and every step is one statement in one of them ([`carry`]); what comes next is told
//! by [`helpline_domain::overflow::next`] from both. Whoever asks or answers takes the steps that follow at once, and the
//! worker whatever is left: the order of the steps is such that at no point two centres may offer the same child.

pub(crate) mod accept_overflow;
pub(crate) mod carry;
pub(crate) mod decline_overflow;
pub(crate) mod get_overflow;
pub(crate) mod request_overflow;
pub(crate) mod return_contact;
mod wire;

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, OverflowId};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::overflow::Overflow;

use self::carry::{Between, carry};

pub(crate) use wire::{list, listed, on_overflow, overflow, pages};

/// One overflow as the caller's centre knows it.
async fn load(ctx: &Ctx, caller: &Caller, id: OverflowId) -> Result<Overflow, Refusal> {
    let found = ctx.store.overflow(caller.centre_id, id).await?;
    found.ok_or_else(|| Refusal::not_found("overflow"))
}

/// Why an answer is refused: of the state it stands in.
async fn refusal(ctx: &Ctx, caller: &Caller, id: OverflowId) -> Result<Refusal, Refusal> {
    let found = load(ctx, caller, id).await?;
    Ok(Refusal::state("overflow", found.state.key()))
}

/// Takes the steps that follow what somebody said, and shows how it stands then. That they fail is no refusal: what was
/// said is written, and the worker goes on.
async fn follow(ctx: &Ctx, caller: &Caller, seen: Overflow) -> Result<Overflow, Refusal> {
    let between = between(caller.centre_id, &seen);
    if let Err(error) = carry(ctx, between).await {
        tracing::warn!(%error, overflow = %seen.overflow_id, "a step between two centres is left to the worker");
    }
    load(ctx, caller, seen.overflow_id).await
}

fn between(centre: CentreId, seen: &Overflow) -> Between {
    let id = seen.overflow_id;
    if seen.out {
        Between { origin: centre, receiver: seen.partner_id, id }
    } else {
        Between { origin: seen.partner_id, receiver: centre, id }
    }
}
