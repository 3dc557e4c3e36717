//! A focal point is asked, without learning who the child is, and answers.

use helpline_domain::caller::Caller;
use helpline_domain::crossborder::{
    CrossBorderDeclineReason, CrossBorderOfferState, CrossBorderState, CrossBorderWithdrawReason,
};
use helpline_domain::id::{AgencyId, CentreId, CrossBorderId};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::migrant::gate::About;
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::crossborder::step::{Act, Due, Step};
use helpline_vault::Sensitive;

use crate::act::{Standing, act, find, refused, to};
use crate::rule::allowed;

/// Asks a focal point. Who is asked, assesses or has accepted is not any more then, and must be another than who is named. Errors: NOT_FOUND for the hand-over and an agency that is disabled; INVALID_FIELD for one that is no focal point of
/// the country, or when all of them were asked and none is named; STATE_REFUSED, TRANSFER_REFUSED, CONSULATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn offer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    named: Option<AgencyId>,
) -> Result<CrossBorder, Refusal> {
    let id = asked.1.crossborder_id;
    let there = there(ctx, caller, id).await?;
    let about = About { crossborder: Some(id.as_uuid()), ..About::default() };
    let feared = ctx.store.feared_among(caller.centre_id, named.as_slice(), about).await?;
    act(ctx, caller, asked, |standing| {
        let step = to(caller, &standing.now, ("offered", CrossBorderState::Offered, Due::Keep))?;
        let open = standing.now.open_offer().map(|one| one.agency_id);
        // What is taken from somebody goes to whom somebody names.
        if open.is_some() && (named.is_none() || named == open) {
            return Err(refused(standing.now.state));
        }
        let decision = allowed(standing)?;
        let not_asked = || {
            let asked = |agency: &AgencyId| standing.now.offers.iter().any(|one| one.agency_id == *agency);
            there.iter().copied().find(|agency| !asked(agency))
        };
        let agency = named.or_else(not_asked).filter(|agency| is_focal_point(standing, *agency));
        let agency =
            agency.ok_or_else(|| Refusal::invalid_field("agency_id", "a focal point of the country"))?;
        if let Some(feared) = feared {
            return Err(Refusal::consulate_refused(feared.as_uuid()));
        }
        if !there.contains(&agency) {
            return Err(Refusal::not_found("agency"));
        }
        Ok(Step {
            due: standing.answer_due(agency),
            answer: open.map(|_| (CrossBorderOfferState::Withdrawn, None)),
            offer_to: Some(agency.as_uuid()),
            decision: Some(decision),
            tells: open.map(|_| "crossborder.withdrawn"),
            ..step
        })
    })
    .await
}

/// The focal points of the country that can answer, in their order.
async fn there(ctx: &Ctx, caller: &Caller, id: CrossBorderId) -> Result<Vec<AgencyId>, Refusal> {
    // What is not there is refused, or known as a repeat, by the step.
    let Some(standing) = find(ctx, caller, id, false).await? else { return Ok(Vec::new()) };
    let country = standing.rules().country(&standing.now.country);
    let mut there = Vec::new();
    for point in country.map(|country| country.focal_points.as_slice()).unwrap_or_default() {
        if is_there(ctx, caller.centre_id, (id, point.agency_id)).await? {
            there.push(point.agency_id);
        }
    }
    Ok(there)
}

fn is_focal_point(standing: &Standing, agency: AgencyId) -> bool {
    standing.focal_point(agency).is_some()
}

/// Whether an agency can answer, and is no mission of a country that the child is afraid of.
pub(crate) async fn is_there(
    ctx: &Ctx,
    centre: CentreId,
    (id, agency): (CrossBorderId, AgencyId),
) -> Result<bool, Refusal> {
    let about = About { crossborder: Some(id.as_uuid()), ..About::default() };
    let there = ctx.store.agency(centre, agency).await?.is_some_and(|agency| agency.disabled_at.is_none());
    Ok(there && ctx.store.feared_among(centre, &[agency], about).await?.is_none())
}

/// Begins the assessment. Errors: NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn assess(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let due = standing.within(standing.rules().assess_s);
        let step = to(caller, &standing.now, ("assessing", CrossBorderState::ReceivingAssessment, due))?;
        Ok(Step { answer: Some((CrossBorderOfferState::Assessing, None)), ..step })
    })
    .await
}

/// Receives the child, perhaps on conditions. Errors as of [`assess`].
pub(crate) async fn accept(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    conditions: Option<&Sensitive<String>>,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let due = standing.within(standing.rules().plan_s);
        let step = to(caller, &standing.now, ("accepted", CrossBorderState::Accepted, due))?;
        let answer = Some((CrossBorderOfferState::Accepted, None));
        let point = caller.agency_id.and_then(|agency| standing.focal_point(agency));
        let key = point.map(|point| point.public_key.clone()).filter(|key| !key.is_empty());
        Ok(Step { answer, key, conditions: conditions.cloned(), ..step })
    })
    .await
}

/// Does not. Errors as of [`assess`].
pub(crate) async fn decline(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    reason: CrossBorderDeclineReason,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let due = standing.within(standing.rules().prepare_s);
        let step = to(caller, &standing.now, ("declined", CrossBorderState::Declined, due))?;
        Ok(Step { answer: Some((CrossBorderOfferState::Declined, Some(reason.key()))), ..step })
    })
    .await
}

/// Takes it back. Errors: NOT_FOUND, STATE_REFUSED once the child has left, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn withdraw(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    reason: CrossBorderWithdrawReason,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let step = to(caller, &standing.now, ("withdrawn", CrossBorderState::Withdrawn, Due::None))?;
        let answer = Some((CrossBorderOfferState::Withdrawn, None));
        Ok(Step {
            answer,
            ended: Some(reason.key()),
            tells: Some("crossborder.withdrawn"),
            shared: false,
            ..step
        })
    })
    .await
}
