//! The way there: planned, begun, and ended by who receives the child.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::crossborder::{CrossBorderSide, CrossBorderState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::read::{CrossBorder, Travel};
use helpline_store::crossborder::step::{Act, Due, Step};

use crate::act::{Standing, act, refused, side, to};
use crate::certificate;
use crate::rule::allowed;

/// How long after the planned departure somebody must have said that the child has left.
const LEAVE_WITHIN: chrono::Duration = chrono::Duration::days(1);
/// How far ahead a journey is planned: whose year is mistyped would never be missed.
const PLANNED_AHEAD: chrono::Duration = chrono::Duration::days(180);

/// When a child who is to arrive then is missing.
pub(crate) fn missing_at(standing: &Standing, arrives_at: DateTime<Utc>) -> DateTime<Utc> {
    arrives_at + chrono::Duration::seconds(standing.rules().missing_after_s.into())
}

/// Says when and how; of a child on the way when they arrive now, and of one who was missing and was found how they go on, by all rules.
/// That they arrive later than was planned when they had left is for a supervisor to say. Errors: NOT_FOUND, STATE_REFUSED, INVALID_FIELD for an arrival that is over and for times too far away, TRANSFER_REFUSED, REVISION_STALE,
/// REQUEST_ID_REUSED.
pub(crate) async fn plan(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    travel: &Travel,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        let missing_at = missing_at(standing, travel.arrives_at);
        let (next, due) = match now.state {
            CrossBorderState::Departed | CrossBorderState::Missing => {
                (CrossBorderState::Departed, missing_at)
            }
            _ => (CrossBorderState::TravelPlanned, missing_at.min(travel.departs_at + LEAVE_WITHIN)),
        };
        let step = to(caller, now, ("travel_planned", next, Due::At(due)))?;
        if travel.arrives_at <= now.clock {
            return Err(Refusal::invalid_field("travel.arrive_time", "in the future"));
        }
        for (field, at) in
            [("travel.depart_time", travel.departs_at), ("travel.arrive_time", travel.arrives_at)]
        {
            if (at - now.clock).abs() > PLANNED_AHEAD {
                return Err(Refusal::invalid_field(field, "within 180 days"));
            }
        }
        // Who has left and does not come must be missed: one person alone does not put that off.
        let planned = now.travel.as_ref().map(|travel| travel.arrives_at);
        let later = planned.is_some_and(|planned| travel.arrives_at > planned);
        if now.state == CrossBorderState::Departed && later && caller.role != Role::Supervisor {
            return Err(Refusal::state("travel", "later"));
        }
        if now.state == CrossBorderState::Missing {
            allowed(standing)?;
        }
        Ok(Step { travel: Some(travel.clone()), ..step })
    })
    .await
}

/// Says that the child has left: nobody does without consent for who receives them. The clock of a missing child runs from the plan, said or
/// not. Errors: NOT_FOUND, STATE_REFUSED, TRANSFER_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn depart(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        // Whoever has left does not leave again: a new plan says how they go on.
        if now.state != CrossBorderState::TravelPlanned {
            return Err(refused(now.state));
        }
        let arrives_at = now.travel.as_ref().map_or(now.clock, |travel| travel.arrives_at);
        let due = Due::At(missing_at(standing, arrives_at));
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
