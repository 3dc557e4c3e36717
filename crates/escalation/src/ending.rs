//! How an escalation ends: resolved, or given up by two people; and how it is handed over.

use helpline_domain::caller::Caller;
use helpline_domain::escalation::{EscalationKind, EscalationState, Outcome};
use helpline_domain::id::AgencyId;
use helpline_service_kit::{Ctx, Refusal, consulate};
use helpline_store::casework::migrant::gate::About;
use helpline_store::escalation::Act;
use helpline_store::escalation::read::Escalation;
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;

use crate::access;
use crate::answer::answered;
use crate::climb::Ladder;

/// Ends it with what became of the child, who was reached; a report with the authority's number. Errors: NOT_FOUND, INVALID_FIELD for a mandatory report without
/// the authority's number, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn resolve(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    (outcome, reference_number): (Outcome, Option<&str>),
) -> Result<Escalation, Refusal> {
    let change = ctx.store.resolve_escalation(command, act, outcome, reference_number).await?;
    if matches!(change, Change::Refused) {
        let now = access::seen(ctx, caller, act.escalation_id).await?;
        let is_report = now.kind == EscalationKind::MandatoryReport;
        if is_report && now.state.may_be_resolved(now.kind) && reference_number.is_none() {
            return Err(Refusal::invalid_field(
                "reference_number",
                "the number the authority gave the report",
            ));
        }
    }
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Asks to end it without the child reached. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn ask_to_end(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    (state, reason): (EscalationState, &str),
) -> Result<Escalation, Refusal> {
    let change = ctx.store.ask_to_end(command, act, state, reason).await?;
    if matches!(change, Change::Refused) {
        let now = access::seen(ctx, caller, act.escalation_id).await?;
        if now.end_asked.is_some() && now.ended_at.is_none() {
            return Err(Refusal::state("escalation", "end_asked"));
        }
    }
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Approves or refuses an asked end. Errors: NOT_FOUND, STATE_REFUSED, also when nothing was asked or the caller asked it
/// themselves, REQUEST_ID_REUSED.
pub(crate) async fn decide_end(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    approve: bool,
) -> Result<Escalation, Refusal> {
    let change = ctx.store.decide_end(command, act, approve).await?;
    if matches!(change, Change::Refused) {
        let now = access::seen(ctx, caller, act.escalation_id).await?;
        if now.ended_at.is_none() && now.end_asked.as_ref().is_some_and(|end| end.by == caller.principal()) {
            return Err(Refusal::state("escalation", "own_request"));
        }
    }
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Notes that an agency has it under a number of its own. Errors: NOT_FOUND, also for an agency that is not there or
/// disabled, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn hand_over(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    (agency, their_incident): (AgencyId, &Sensitive<String>),
) -> Result<Escalation, Refusal> {
    let change = ctx.store.hand_over_escalation(command, act, agency, their_incident).await?;
    if matches!(change, Change::Refused) {
        let now = access::seen(ctx, caller, act.escalation_id).await?;
        if now.reach_due_at.is_some() {
            let about = About { escalation: Some(act.escalation_id.as_uuid()), ..About::default() };
            consulate::passes(ctx, caller, (&[agency], about), Refusal::not_found("agency")).await?;
            return Err(Refusal::not_found("agency"));
        }
    }
    answered(ctx, ladder, caller, act.escalation_id, change).await
}
