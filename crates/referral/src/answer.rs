//! A referral is sent, and agencies answer: accept, or reject and the next is asked at once.

use helpline_domain::caller::Caller;
use helpline_domain::referral::choices::{self, ChoiceState};
use helpline_domain::referral::{ReferralState, RejectReason, Side};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::read::Referral;
use helpline_store::referral::standing::Standing;
use helpline_store::referral::step::{Act, Due, Step};
use helpline_vault::Sensitive;

use crate::act::{act, refused, to};

/// Sends a draft. Errors: NOT_FOUND, STATE_REFUSED, CONSENT_MISSING, NOBODY_FITS, REQUEST_ID_REUSED.
pub(crate) async fn send(ctx: &Ctx, caller: &Caller, asked: (&Command, &Act)) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "sent", ReferralState::Requested)?;
        if let Some(one) = now.choices.iter().find(|one| !one.consented) {
            return Err(Refusal::consent_missing(one.agency_id.as_uuid()));
        }
        let moves = choices::ask(&now.choices(), now.open_offer);
        if !choices::asks_somebody(&moves) {
            return Err(Refusal::nobody_fits());
        }
        Ok(Step { moves, due: answer_due(now), ..step })
    })
    .await
}

fn answer_due(now: &Standing) -> Due {
    Due::In(f64::from(now.answer_s))
}

/// The place of the caller's choice that is asked. Error: STATE_REFUSED.
fn asked_place(caller: &Caller, now: &Standing) -> Result<i32, Refusal> {
    let place = caller.agency_id.and_then(|agency| now.place_of(agency, ChoiceState::Offered));
    place.ok_or_else(|| refused(now.state))
}

/// Takes it on for the caller's agency. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn accept(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    their_reference: Option<Sensitive<String>>,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "accepted", ReferralState::Accepted)?;
        let moves = choices::accepted(&now.choices(), asked_place(caller, now)?);
        let their_reference = their_reference.clone();
        Ok(Step { moves, their_reference, tells: Some("referral.withdrawn"), ..step })
    })
    .await
}

/// Says no for the caller's agency. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn reject(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    reason: RejectReason,
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "rejected", ReferralState::Rejected)?;
        let place = asked_place(caller, now)?;
        Ok(Step { reason: Some(reason.key()), ..ended(now, &[place], ChoiceState::Rejected, step) })
    })
    .await
}

/// What follows when these choices have ended: somebody else is still asked, the next is asked, or nobody is left and it is
/// over as `last` says.
fn ended(now: &Standing, places: &[i32], end: ChoiceState, last: Step) -> Step {
    let all = now.choices();
    let (moves, left) = choices::after(&all, places, end);
    if left {
        return Step { moves, unmet: true, ..last };
    }
    let due = if choices::asks_somebody(&moves) { answer_due(now) } else { Due::Keep };
    Step { moves, state: ReferralState::Requested, due, ..last }
}

/// Nobody who is asked has answered in time: `None` when that is not so.
pub(crate) fn expired(now: &Standing) -> Option<Step> {
    if !now.state.may_become(ReferralState::Expired, Side::Clock) {
        return None;
    }
    let asked = now.choices.iter().filter(|asked| asked.choice.state == ChoiceState::Offered);
    let places: Vec<i32> = asked.map(|asked| asked.choice.position).collect();
    let last = Step {
        tells: Some("referral.withdrawn"),
        shared: false,
        ..Step::to("expired", ReferralState::Expired, now.urgency)
    };
    Some(ended(now, &places, ChoiceState::Expired, last))
}
