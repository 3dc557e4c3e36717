//! How it goes with the agency that has it, and what came of it.

use helpline_domain::caller::Caller;
use helpline_domain::referral::{ReferralOutcome, ReferralState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::read::Referral;
use helpline_store::referral::step::{Act, Step};

use crate::act::{act, to};

/// Reports that the agency serves the child, or pauses for a reason. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn report(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    state: ReferralState,
    reason: Option<&'static str>,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| Ok(Step { reason, ..to(caller, now, state.key(), state)? })).await
}

/// Ends it with what came of it. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn record_outcome(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    completed: bool,
    outcome: ReferralOutcome,
) -> Result<Referral, Refusal> {
    let state = if completed { ReferralState::Completed } else { ReferralState::Failed };
    act(ctx, caller, asked, |now| {
        Ok(Step { outcome: Some(outcome.key()), ..to(caller, now, state.key(), state)? })
    })
    .await
}
