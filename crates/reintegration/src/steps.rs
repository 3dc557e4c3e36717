//! What happens to a child, from expecting them until they are at home.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::reintegration::{NotArrivedReason, ReturneeState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::reintegration::read::Returnee;
use helpline_store::reintegration::step::{Act, Step};

use crate::act::{act, in_time, late_since, near, to};

/// Who asks for which step.
pub(crate) type Asked<'a> = (&'a Command, &'a Act);

/// Expects a child at another time, also one of whom it was said wrongly that they came or do not come. Errors: INVALID_FIELD for a time
/// far off, NOT_FOUND, STATE_REFUSED, also as `overdue` to a counsellor once it alarms; REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn reschedule(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    at: DateTime<Utc>,
) -> Result<Returnee, Refusal> {
    near(ctx, "expected_time", at).await?;
    let late = late_since(ctx, caller).await?;
    act(ctx, caller, asked, |now| {
        let step = to(now, "rescheduled", ReturneeState::Announced)?;
        in_time("returnee", now.expected_at, late)?;
        Ok(Step { expected_at: Some(at), ..step })
    })
    .await
}

/// Goes on to a state about which nothing else is to be said. Errors: NOT_FOUND, STATE_REFUSED, also as `case_open` for an end while a
/// case of the child is open; REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn go_on(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    (event, next): (&'static str, ReturneeState),
) -> Result<Returnee, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(now, event, next)?;
        if next == ReturneeState::Closed && now.has_open_case {
            return Err(Refusal::state("returnee", "case_open"));
        }
        Ok(step)
    })
    .await
}

/// Says why a child does not come; of one who is here only that they are one too many. Errors: NOT_FOUND, STATE_REFUSED, also as `overdue`
/// to a counsellor once it alarms; REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn not_arrived(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    reason: NotArrivedReason,
) -> Result<Returnee, Refusal> {
    let late = late_since(ctx, caller).await?;
    act(ctx, caller, asked, |now| {
        let step = to(now, "not_arrived", ReturneeState::NotArrived)?;
        if now.state != ReturneeState::Announced && !reason.is_one_too_many() {
            return Err(Refusal::state("returnee", now.state.key()));
        }
        in_time("returnee", now.expected_at, late)?;
        Ok(Step { reason: Some(reason), ..step })
    })
    .await
}

/// Says where a child lives. Errors: NOT_FOUND, STATE_REFUSED, also as `no_plan` without a plan that goes on in an open case;
/// REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn settle(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    region: &str,
) -> Result<Returnee, Refusal> {
    act(ctx, caller, asked, |now| {
        let step = to(now, "settled", ReturneeState::Settled)?;
        if !now.has_plan {
            return Err(Refusal::state("returnee", "no_plan"));
        }
        Ok(Step { region: Some(region.to_owned()), ..step })
    })
    .await
}
