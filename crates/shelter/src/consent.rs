//! What is agreed to, and what is overridden. Consent is not: nobody is sent.

use helpline_domain::caller::Caller;
use helpline_domain::id::PersonId;
use helpline_domain::shelter::{MAY_BE_LIFTED, ReturnState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::shelter::assistance::{ReturnAct, ReturnStep};
use helpline_store::shelter::read::ReturnAssistance;
use helpline_vault::Sensitive;

use crate::act::{act, before_departure};

/// Who consents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    /// Who goes.
    Person,
    /// A guardian of theirs.
    Guardian(PersonId),
}

/// Records consent, and whether they are afraid, which ends an override that was asked for before. Errors: NOT_FOUND, for who is no guardian of the child too; STATE_REFUSED,
/// REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
    (who, afraid): (Who, bool),
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let mut step = before_departure(now, "consented")?;
        match who {
            Who::Person => step.consented = true,
            Who::Guardian(id) if now.guardians.contains(&id.as_uuid()) => step.guardian_id = Some(id),
            Who::Guardian(_) => return Err(Refusal::not_found("person")),
        }
        if afraid {
            // What was agreed on before it was said does not hold for it.
            (step.fear_recorded, step.says_fear) = (true, true);
            step.asked = None;
        }
        Ok(step)
    })
    .await
}

/// Says that somebody does not consent any more: nobody is ready then. Errors: NOT_FOUND, STATE_REFUSED, of consent that there is not too;
/// REQUEST_ID_REUSED.
pub(crate) async fn withdraw(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
    of_person: bool,
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let mut step = before_departure(now, "consent_withdrawn")?;
        let there = if of_person { step.consented } else { step.guardian_id.is_some() };
        if !there {
            return Err(Refusal::state("consent", "missing"));
        }
        if of_person {
            step.consented = false;
        } else {
            step.guardian_id = None;
        }
        step.state = ReturnState::Preparing;
        Ok(step)
    })
    .await
}

/// Asks to let them go in spite of what stands in the way now and may be overridden. What was asked before is asked no more. Errors:
/// NOT_FOUND, STATE_REFUSED, `nothing_to_lift` when nothing of that kind is in the way; REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn ask_override(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
    reason: &Sensitive<String>,
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let step = before_departure(now, "override_asked")?;
        let mut lifts = now.obstacles.clone();
        // What was lifted before is asked for again with the rest.
        lifts.extend(
            now.asked.iter().filter(|one| one.approved_by.is_some()).flat_map(|one| one.lifts.clone()),
        );
        lifts.sort_unstable();
        lifts.dedup();
        lifts.retain(|one| MAY_BE_LIFTED.contains(&one.as_str()));
        if lifts.is_empty() {
            return Err(Refusal::state("override", "nothing_to_lift"));
        }
        let asks = Some((lifts, caller.principal(), None));
        Ok(ReturnStep { asked: asks, reason: Some(reason.clone()), ..step })
    })
    .await
}

/// Approves it. Errors: NOT_FOUND; STATE_REFUSED, `not_asked`, `approved`, or `own` for what the caller asked for; REVISION_STALE,
/// REQUEST_ID_REUSED.
pub(crate) async fn approve_override(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let step = before_departure(now, "override_approved")?;
        let refused = |state| Err(Refusal::state("override", state));
        match step.asked.clone() {
            None => refused("not_asked"),
            Some((.., Some(_))) => refused("approved"),
            Some((_, by, None)) if by == caller.principal() => refused("own"),
            Some((lifts, by, None)) => {
                Ok(ReturnStep { asked: Some((lifts, by, Some(caller.principal()))), ..step })
            }
        }
    })
    .await
}
