//! A referral is sent, and agencies answer: accept, or reject and the next is asked at once.

use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, ServiceId};
use helpline_domain::referral::choices::{self, ChoiceState};
use helpline_domain::referral::{ReferralState, RejectReason, Side};
use helpline_service_kit::{Ctx, Refusal, consulate};
use helpline_store::Command;
use helpline_store::casework::migrant::gate::About;
use helpline_store::referral::read::Referral;
use helpline_store::referral::standing::{Asked, Standing};
use helpline_store::referral::step::{Act, Due, Step};
use helpline_vault::Sensitive;

use crate::act::{act, refused, to};

/// Sends a draft. Errors: NOT_FOUND, STATE_REFUSED, CONSULATE_REFUSED when the child is afraid of all whom it names (NOBODY_FITS to who may not know that), CONSENT_MISSING, NOBODY_FITS, REQUEST_ID_REUSED.
pub(crate) async fn send(ctx: &Ctx, caller: &Caller, asked: (&Command, &Act)) -> Result<Referral, Refusal> {
    let about = About { referral: Some(asked.1.referral_id.as_uuid()), ..About::default() };
    let drafted = ctx.store.referrals_by_id(caller, &[asked.1.referral_id]).await?.pop();
    let choices = drafted.map(|one| one.choices).unwrap_or_default();
    let agencies: Vec<AgencyId> = choices.iter().map(|one| one.agency_id).collect();
    // That there is a case, and a fear, is told to who may read it.
    let nobody = match consulate::passes(ctx, caller, (&agencies, about), Refusal::nobody_fits()).await {
        Ok(()) => Refusal::nobody_fits(),
        Err(refusal) => refusal,
    };
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "sent", ReferralState::Requested)?;
        if let Some(one) = now.choices.iter().find(|one| !one.consented && !one.feared) {
            return Err(Refusal::consent_missing(one.agency_id.as_uuid()));
        }
        // Whom the child is afraid of is passed over: that must not keep the others from being asked.
        let moves = choices::ask(&now.choices(), now.open_offer);
        if !choices::asks_somebody(&moves) {
            let all = now.choices.iter().all(|one| one.feared);
            return Err(if all { nobody.clone() } else { Refusal::nobody_fits() });
        }
        Ok(Step { moves, due: answer_due(now), ..step })
    })
    .await
}

fn answer_due(now: &Standing) -> Due {
    Due::In(f64::from(now.answer_s))
}

/// The place of the caller's choice that is asked, for one of their services if that is said. Error: STATE_REFUSED.
fn asked_place(caller: &Caller, now: &Standing, service: Option<ServiceId>) -> Result<i32, Refusal> {
    let place = caller.agency_id.and_then(|agency| now.place_of(agency, service, ChoiceState::Offered));
    place.ok_or_else(|| refused(now.state))
}

/// Takes it on for the caller's agency. Errors: NOT_FOUND, STATE_REFUSED, CONSENT_MISSING when it has gone, REQUEST_ID_REUSED.
pub(crate) async fn accept(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    (service, their_reference): (Option<ServiceId>, Option<Sensitive<String>>),
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "accepted", ReferralState::Accepted)?;
        let place = asked_place(caller, now, service)?;
        if let Some(one) = now.choices.iter().find(|one| one.choice.position == place && !one.consented) {
            return Err(Refusal::consent_missing(one.agency_id.as_uuid()));
        }
        let moves = choices::accepted(&now.choices(), place);
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
    (service, reason): (Option<ServiceId>, RejectReason),
) -> Result<Referral, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(caller, now, "rejected", ReferralState::Rejected)?;
        let place = asked_place(caller, now, service)?;
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

/// Who is asked has not answered in time, or must not be asked any more: consent has gone, or the agency has, or the child is afraid of
/// it; or could not be told,
/// and somebody else can be. `None` when that is
/// not so.
pub(crate) fn expired(now: &Standing) -> Option<Step> {
    if !now.state.may_become(ReferralState::Expired, Side::Clock) {
        return None;
    }
    let asked = now.choices.iter().filter(|asked| asked.choice.state == ChoiceState::Offered);
    let next = now.choices.iter().any(|one| one.choice.state == ChoiceState::Waiting && one.choice.fits);
    let over =
        |one: &&Asked| now.late || !one.answers || !one.consented || one.feared || one.unreachable && next;
    let over = asked.filter(over);
    let places: Vec<i32> = over.map(|asked| asked.choice.position).collect();
    if places.is_empty() {
        return None;
    }
    let last = Step {
        tells: Some("referral.withdrawn"),
        shared: false,
        ..Step::to(if now.late { "expired" } else { "misdirected" }, ReferralState::Expired, now.urgency)
    };
    Some(ended(now, &places, ChoiceState::Expired, last))
}
