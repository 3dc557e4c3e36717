//! A counsellor says what an attempt came to.

use helpline_domain::callback::{AttemptOutcome, CallbackState};
use helpline_domain::caller::Caller;
use helpline_domain::id::CallbackId;
use helpline_domain::risk::Class;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::callback::Callback;
use helpline_store::callback::attempt::Attempt;
use helpline_store::{Change, Command};

use super::measures::CallbackMeasures;
use super::{Shown, is_keeper, is_worker, plain, target_s, told, unless_reused, visible};

/// Records an attempt of the caller. Reached: the contact goes on. Else they are free, and the child is called again
/// later, or the callback has failed. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn record_attempt(
    ctx: &Ctx,
    caller: &Caller,
    measures: &CallbackMeasures,
    command: &Command,
    (id, outcome_of): (CallbackId, AttemptOutcome),
) -> Result<Shown, Refusal> {
    let Some(seen) = ctx.store.callback(caller.centre_id, id).await? else {
        return Err(unless_reused(ctx, command, Refusal::not_found("callback")).await?);
    };
    let change = match seen.work_contact_id.filter(|_| is_worker(caller, &seen)) {
        Some(contact_id) => {
            let current = ctx.settings.current(caller.centre_id).await?;
            let callbacks = &current.settings.callbacks;
            let attempt = Attempt {
                callback_id: id,
                contact_id,
                outcome: outcome_of,
                retry_after_s: callbacks.retry_after_s,
                overdue_after_s: callbacks.overdue_after_s,
                critical_target_s: target_s(&current.settings, &seen.queue, seen.channel, Class::Critical),
            };
            let change = ctx.store.record_attempt(command, &attempt).await?;
            fail_point!("attempt.after_commit");
            change
        }
        // No longer theirs: a repeat is recognised, anything else explained below.
        None => ctx.store.recall_change(command).await?,
    };
    if let Change::Done(recorded) = &change {
        measures.count(seen.kind, event(recorded.now));
        // In line before anybody is free, or whoever came later would be offered first.
        told::tell(ctx, caller.centre_id, &recorded.moved, "").await?;
        ctx.mirror.rooms_changed(caller.centre_id, &recorded.rooms, caller.counsellor_id).await;
    }
    let change = change.map(|recorded| recorded.moved.callback_id);
    let id = outcome(change, async |id| Ok(CallbackId::from(id)), why_refused(ctx, caller, &seen)).await?;
    // Whoever recorded it may know what became of it, though its work is not theirs any more.
    let callback = ctx.store.callback(caller.centre_id, id).await?;
    plain(ctx, caller, callback.ok_or_else(|| Refusal::not_found("callback"))?).await
}

const fn event(now: CallbackState) -> &'static str {
    match now {
        CallbackState::Reached => "reached",
        CallbackState::Failed => "failed",
        CallbackState::Promised | CallbackState::Due | CallbackState::Cancelled => "not_reached",
    }
}

async fn why_refused(ctx: &Ctx, caller: &Caller, seen: &Callback) -> Result<Refusal, Refusal> {
    let now = visible(ctx, caller, seen.callback_id).await?;
    // Nobody's to record but theirs who have the work in hand.
    if is_keeper(caller, &now) || is_worker(caller, &now) {
        return Ok(Refusal::state("callback", now.state.key()));
    }
    Ok(Refusal::not_found("callback"))
}
