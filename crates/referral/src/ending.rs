//! How a referral ends without an outcome: both sides agree, or the centre takes it back.

use helpline_domain::caller::Caller;
use helpline_domain::referral::choices;
use helpline_domain::referral::{ReferralState, after_cancel};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::read::Referral;
use helpline_store::referral::step::{Act, Step};

use crate::access::side;
use crate::act::{act, refused, tells, to};

/// Asks the other side to end it. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn ask_to_cancel(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    reason: &'static str,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "cancel_asked", ReferralState::CancelRequested)?;
        let cancel_asked_by = Some(side(caller));
        Ok(Step { reason: Some(reason), cancel_asked_by, tells: tells(caller, "referral.updated"), ..step })
    })
    .await
}

/// Agrees to end it, or does not, and it goes on as before. Errors: NOT_FOUND, STATE_REFUSED, also with `own` for what the caller's
/// own side has asked; REQUEST_ID_REUSED.
pub(crate) async fn answer_cancel(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    agree: bool,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let (Some(before), Some(by)) = (now.before, now.cancel_asked_by) else {
            return Err(refused(now.state));
        };
        let next = after_cancel(before, by, side(caller), agree);
        let next = next.ok_or_else(|| Refusal::state("referral", "own"))?;
        let event = if agree { "cancelled" } else { "cancel_refused" };
        Ok(Step { tells: tells(caller, "referral.updated"), ..Step::to(event, next, now.urgency) })
    })
    .await
}

/// Takes it back: nobody outside sees anything of it from this moment. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn revoke(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    reason: &'static str,
) -> Result<Referral, Refusal> {
    cut(ctx, caller, asked, ReferralState::Revoked, Some(reason)).await
}

/// Says that it should never have been. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn entered_in_error(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
) -> Result<Referral, Refusal> {
    cut(ctx, caller, asked, ReferralState::EnteredInError, None).await
}

async fn cut(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    next: ReferralState,
    reason: Option<&'static str>,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, next.key(), next)?;
        let moves = choices::ended(&now.choices());
        Ok(Step { moves, reason, shared: false, tells: Some("referral.withdrawn"), ..step })
    })
    .await
}
