//! How the child is from then on, and how it ends.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::crossborder::{CrossBorderOutcome, CrossBorderState, CrossBorderWellBeing};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::crossborder::step::{Act, Due, Step};
use serde_json::json;

use crate::act::{Standing, act, to};

/// When the next report is due. Of a child in danger it is due now: supervisors are alerted at once.
fn next_report(standing: &Standing, well_being: CrossBorderWellBeing) -> Due {
    match well_being {
        CrossBorderWellBeing::AtRisk => standing.within(0),
        _ => standing.within(standing.rules().report_every_s),
    }
}

/// Says that the child was visited. Errors: NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn visit(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    well_being: CrossBorderWellBeing,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let due = next_report(standing, well_being);
        let step = to(caller, &standing.now, ("first_visit_done", CrossBorderState::FirstVisitDone, due))?;
        let days = chrono::Duration::days(standing.rules().monitoring_days.into());
        let detail = Some(json!({ "well_being": well_being.key() }));
        Ok(Step { detail, monitor_until: Some(standing.now.clock + days), ..step })
    })
    .await
}

/// Reports how the child is. Errors as of [`visit`].
pub(crate) async fn report(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    well_being: CrossBorderWellBeing,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let due = next_report(standing, well_being);
        let step = to(caller, &standing.now, ("monitoring_reported", CrossBorderState::Monitoring, due))?;
        Ok(Step { detail: Some(json!({ "well_being": well_being.key() })), ..step })
    })
    .await
}

/// Ends it. That a child is lost, and what becomes of one who has left and was not handed over, a supervisor says. Errors: NOT_FOUND, ROLE_REFUSED, STATE_REFUSED,
/// or as `monitored_too_short`; REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn close(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    outcome: CrossBorderOutcome,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        let step = to(caller, now, ("closed", CrossBorderState::Closed, Due::None))?;
        let grave = now.state.is_ended_by_supervisor() || outcome == CrossBorderOutcome::Lost;
        if grave && caller.role != Role::Supervisor {
            return Err(Refusal::role_refused(caller.role));
        }
        let monitored = now.state == CrossBorderState::Monitoring
            && now.monitor_until.is_some_and(|until| until <= now.clock);
        if outcome == CrossBorderOutcome::Settled && !monitored {
            return Err(Refusal::state("crossborder", "monitored_too_short"));
        }
        Ok(Step { ended: Some(outcome.key()), ..step })
    })
    .await
}
