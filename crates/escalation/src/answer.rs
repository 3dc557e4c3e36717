//! What those do who are told: acknowledge, accept, decline, say how far the help is.

use helpline_domain::caller::Caller;
use helpline_domain::escalation::{EscalationKind, EscalationState};
use helpline_domain::id::EscalationId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::escalation::Act;
use helpline_store::escalation::read::Escalation;
use helpline_store::{Change, Command};

use crate::access;
use crate::climb::Ladder;

/// Ends a command: tells others, takes what is due because of it, and gives the escalation as it stands then.
pub(crate) async fn answered(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    id: EscalationId,
    change: Change<EscalationId>,
) -> Result<Escalation, Refusal> {
    let seen = answered_if_seen(ctx, ladder, caller, id, change).await?;
    seen.ok_or_else(|| Refusal::not_found("escalation"))
}

/// The same for a command after which the caller may have nothing to do with it any more. That it was carried out is the
/// answer then.
pub(crate) async fn answered_if_seen(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    id: EscalationId,
    change: Change<EscalationId>,
) -> Result<Option<Escalation>, Refusal> {
    let id = ended(ctx, caller, id, change).await?;
    ladder.settle(ctx, caller.centre_id, id).await?;
    access::still_seen(ctx, caller, id).await
}

/// The same for a command whose answer is not the escalation: gives the id of what it made or changed.
pub(crate) async fn ended<T>(
    ctx: &Ctx,
    caller: &Caller,
    id: EscalationId,
    change: Change<T>,
) -> Result<T, Refusal>
where
    T: From<uuid::Uuid>,
{
    fail_point!("escalation.after_commit");
    if matches!(change, Change::Done(_)) {
        ctx.mirror.escalation_changed(caller.centre_id);
    }
    outcome(change, |id| std::future::ready(Ok(T::from(id))), why_refused(ctx, caller, id)).await
}

/// Why a change was refused: the caller may not know of it, or its state does not allow it.
async fn why_refused(ctx: &Ctx, caller: &Caller, id: EscalationId) -> Result<Refusal, Refusal> {
    let now = access::seen(ctx, caller, id).await?;
    let by = now.accepted.filter(|_| now.state.is_under_way());
    Ok(match by {
        Some(by) => {
            Refusal::escalation_taken(now.state.key(), by.agency_id.map_or(by.by, |agency| agency.as_uuid()))
        }
        None => Refusal::state("escalation", now.state.key()),
    })
}

/// Notes that the caller has seen it. It must be taken on in time, or the ladder climbs on. Errors: NOT_FOUND,
/// STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn acknowledge(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
) -> Result<Escalation, Refusal> {
    let change = match accept_s(ctx, ladder, caller, act.escalation_id).await {
        Ok(accept_s) => ctx.store.acknowledge_escalation(command, act, accept_s).await?,
        // Not theirs to see: a repeat is recognised, anything else explained below.
        Err(_) => ctx.store.recall_change(command).await?,
    };
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Seconds in which somebody who has seen an escalation must take it on.
pub(crate) async fn accept_s(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    id: EscalationId,
) -> Result<u32, Refusal> {
    let seen = access::seen(ctx, caller, id).await?;
    let plan = ladder.plans().version(&ctx.store, caller.centre_id, seen.plan_version).await?;
    Ok(match plan.policy(&seen.policy).or_else(|| plan.policies.last()) {
        Some(policy) if policy.working_hours.is_some() => {
            policy.put_off(ctx.store.now().await?, policy.accept_s)
        }
        Some(policy) => policy.accept_s,
        None => 0,
    })
}

/// Makes it the caller's. Whoever comes second is told who has it. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn accept(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
) -> Result<Escalation, Refusal> {
    let change = ctx.store.accept_escalation(command, act).await?;
    if matches!(change, Change::Done(_)) {
        ladder.measures().count("accepted", 1);
    }
    answered(ctx, ladder, caller, act.escalation_id, change).await
}

/// Notes that the caller cannot. When they had it, the ladder climbs on at once. Errors: NOT_FOUND, STATE_REFUSED,
/// REQUEST_ID_REUSED.
pub(crate) async fn decline(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    reason: &'static str,
) -> Result<Option<Escalation>, Refusal> {
    let change = ctx.store.decline_escalation(command, act, reason).await?;
    answered_if_seen(ctx, ladder, caller, act.escalation_id, change).await
}

/// Notes how far the help is. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED, INVALID_FIELD for a report, which reaches
/// an authority and no child.
pub(crate) async fn report_progress(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    state: EscalationState,
) -> Result<Escalation, Refusal> {
    let change = ctx.store.report_progress(command, act, state).await?;
    if state == EscalationState::ChildReached {
        match change {
            Change::Done(_) => ladder.measures().count("child_reached", 1),
            Change::Refused => {
                let now = access::seen(ctx, caller, act.escalation_id).await?;
                if now.kind == EscalationKind::MandatoryReport && now.state.is_under_way() {
                    return Err(Refusal::invalid_field("state", "RESPONDING or ON_SCENE for a report"));
                }
            }
            Change::Replayed { .. } | Change::Reused => {}
        }
    }
    answered(ctx, ladder, caller, act.escalation_id, change).await
}
