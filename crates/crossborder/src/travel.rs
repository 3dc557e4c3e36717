//! The way there: planned, begun, and ended by who receives the child.

use helpline_domain::caller::Caller;
use helpline_domain::crossborder::{CrossBorderSide, CrossBorderState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::read::{CrossBorder, Travel};
use helpline_store::crossborder::step::{Act, Due, Step};

use crate::act::{act, refused, side, to};
use crate::certificate;
use crate::rule::allowed;

/// How long after the planned departure somebody must have said that the child has left.
const LEAVE_WITHIN: chrono::Duration = chrono::Duration::days(1);

/// Says when and how. Errors: NOT_FOUND, STATE_REFUSED, INVALID_FIELD for an arrival that is over, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn plan(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    travel: &Travel,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let due = Due::At(travel.departs_at + LEAVE_WITHIN);
        let step = to(caller, &standing.now, ("travel_planned", CrossBorderState::TravelPlanned, due))?;
        if travel.arrives_at <= standing.now.clock {
            return Err(Refusal::invalid_field("travel.arrive_time", "in the future"));
        }
        Ok(Step { travel: Some(travel.clone()), ..step })
    })
    .await
}

/// Says that the child has left: nobody does without consent for who receives them. From then on the clock of a missing child runs. Errors:
/// NOT_FOUND, STATE_REFUSED, TRANSFER_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn depart(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        let arrives_at = now.travel.as_ref().map_or(now.clock, |travel| travel.arrives_at);
        let missing_after = chrono::Duration::seconds(standing.rules().missing_after_s.into());
        let due = Due::At(arrives_at + missing_after);
        let step = to(caller, now, ("departed", CrossBorderState::Departed, due))?;
        let decision = allowed(standing)?;
        Ok(Step { decision: Some(decision), ..step })
    })
    .await
}

/// Says that the child is there. What the sending side says is a note. A child who was missing is there too late, and all the same. Errors:
/// NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn arrive(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        if side(caller) == CrossBorderSide::Sending {
            return match now.state {
                CrossBorderState::Departed | CrossBorderState::Missing => {
                    Ok(Step::to("arrival_noted", now.state, Due::Keep))
                }
                other => Err(refused(other)),
            };
        }
        let due = standing.within(standing.rules().sign_s);
        let step = to(caller, now, ("arrived_confirmed", CrossBorderState::ArrivedConfirmed, due))?;
        let late = now.state == CrossBorderState::Missing;
        let detail = late.then(|| serde_json::json!({ "late": true }));
        let document = certificate::document(caller.centre_id, now);
        Ok(Step { certificate: Some((document, now.clock)), detail, ..step })
    })
    .await
}
