//! What is done about a report.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::EscalationId;
use helpline_domain::risk::Risk;
use helpline_domain::school_report::{
    FeedbackOutcome, NoFeedbackReason, NotReportableReason, SchoolReportState as State,
};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::school_report::read::SchoolReport;
use helpline_store::school_report::step::{Due, Step};

use crate::act::{Act, Standing, act};

type Asked<'a> = (&'a Command, Act);

/// Says how grave it is, and why nothing is to be reported, if so. Errors: NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn assess(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    (risk, reason): (Risk, Option<NotReportableReason>),
) -> Result<SchoolReport, Refusal> {
    let decide = |standing: &Standing| {
        // Whoever assesses again and again does not put it off.
        let due = match (standing.now.state, standing.within(standing.rules().report_s), standing.now.due_at)
        {
            (State::Assessed, ..) => Due::Keep,
            (State::Received, due, _) => due,
            (_, Due::At(new), Some(old)) => Due::At(old.min(new)),
            (_, due, _) => due,
        };
        let step = standing.to("assessed", State::Assessed, due)?;
        Ok(Step { risk: Some(risk), not_reportable: reason, ..step })
    };
    act(ctx, caller, asked, decide, |_| None).await
}

/// Agrees that nothing is reported. Errors as of [`assess`], and STATE_REFUSED (`approval`, `own`) of whoever assessed or filed it.
pub(crate) async fn approve(ctx: &Ctx, caller: &Caller, asked: Asked<'_>) -> Result<SchoolReport, Refusal> {
    let principal = caller.principal();
    let decide = |standing: &Standing| {
        let due = Due::At(standing.rules().feedback_due(standing.now.filed_at));
        let step = standing.to("not_reportable", State::NotReportable, due)?;
        if standing.now.report_demanded != Some(false) {
            return Err(Refusal::state("school_report", "report_demanded"));
        }
        if standing.now.assessed_by == Some(principal) || standing.now.filed_by == principal {
            return Err(Refusal::state("approval", "own"));
        }
        Ok(step)
    };
    act(ctx, caller, asked, decide, |_| None).await
}

/// Names the report to the authority. Errors as of [`assess`], and NOT_FOUND for an escalation that is no mandatory report about the
/// incident, or about another too; STATE_REFUSED (`approval`, `own`) of whoever assessed or filed it for that about another contact.
pub(crate) async fn report(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    escalation: EscalationId,
) -> Result<SchoolReport, Refusal> {
    let decide = |standing: &Standing| {
        let due = Due::At(standing.rules().feedback_due(standing.now.filed_at));
        let step = standing.to("reported", State::Reported, due)?;
        if standing.now.report_demanded != Some(true) {
            return Err(Refusal::state("school_report", "not_demanded"));
        }
        Ok(Step { escalation: Some(escalation), ..step })
    };
    let why = |standing: &Standing| {
        let now = &standing.now;
        let own = now.assessed_by == Some(caller.principal()) || now.filed_by == caller.principal();
        let lent = caller.role == Role::Supervisor && own && !now.linked.is_empty();
        Some(if lent { Refusal::state("approval", "own") } else { Refusal::not_found("escalation") })
    };
    act(ctx, caller, asked, decide, why).await
}

/// Says what the reporter was told. Errors as of [`assess`], and STATE_REFUSED (`school_report`, `not_reported`) for what is true only of
/// what was reported.
pub(crate) async fn tell(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    outcome: FeedbackOutcome,
) -> Result<SchoolReport, Refusal> {
    let decide = |standing: &Standing| {
        let step = answered(standing, "feedback_given", State::FeedbackGiven)?;
        let is_reported = standing.now.escalation_id.is_some() && !standing.now.came_to_nothing;
        if outcome.is_of_a_report() && !is_reported {
            return Err(Refusal::state("school_report", "not_reported"));
        }
        Ok(Step { feedback: Some(outcome.key()), ..step })
    };
    act(ctx, caller, asked, decide, |_| None).await
}

/// Says why the reporter cannot be told. Errors as of [`assess`].
pub(crate) async fn tell_nothing(
    ctx: &Ctx,
    caller: &Caller,
    asked: Asked<'_>,
    reason: NoFeedbackReason,
) -> Result<SchoolReport, Refusal> {
    let decide = |standing: &Standing| {
        let step = answered(standing, "feedback_impossible", State::FeedbackImpossible)?;
        Ok(Step { feedback: Some(reason.key()), ..step })
    };
    act(ctx, caller, asked, decide, |_| None).await
}

/// The reporter has been answered, or cannot be. That it was done once begins the time to close it; done again it does not.
fn answered(standing: &Standing, event: &'static str, next: State) -> Result<Step, Refusal> {
    let due = match standing.now.state {
        State::FeedbackGiven | State::FeedbackImpossible => Due::Keep,
        _ => standing.within(standing.rules().close_s),
    };
    standing.to(event, next, due)
}

/// Ends it. Errors as of [`assess`], and MANDATORY_REPORT_OPEN, or STATE_REFUSED (`escalation`, `came_to_nothing`), when the authority does
/// not have it.
pub(crate) async fn close(ctx: &Ctx, caller: &Caller, asked: Asked<'_>) -> Result<SchoolReport, Refusal> {
    let open = |standing: &Standing| {
        let now = &standing.now;
        if now.came_to_nothing {
            return Some(Refusal::state("escalation", "came_to_nothing"));
        }
        let told = now.escalation_id.filter(|_| now.tells_escalation);
        now.is_open_outside.then(|| Refusal::mandatory_report_open(told.map(|id| id.as_uuid())))
    };
    let decide = |standing: &Standing| {
        let step = standing.to("closed", State::Closed, Due::None)?;
        open(standing).map_or(Ok(step), Err)
    };
    act(ctx, caller, asked, decide, open).await
}
