//! A callback is moved to another time, or taken back.

use chrono::{DateTime, Utc};
use helpline_domain::callback::{CallbackState, CancelReason};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::CallbackId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::callback::Callback;
use helpline_store::callback::plan::NewTime;
use helpline_store::{Change, Command};

use super::measures::CallbackMeasures;
use super::promise::check_window;
use super::{Shown, is_keeper, plain, told, unless_reused, visible};

/// What is asked: [`RescheduleCallbackRequest`](helpline_proto::queueing::v1::RescheduleCallbackRequest), read.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Reschedule {
    pub command: Command,
    pub callback_id: CallbackId,
    pub due_at: DateTime<Utc>,
    pub until_at: Option<DateTime<Utc>>,
    /// 0 to skip the check.
    pub expected_revision: i64,
}

/// A callback that the caller may plan: whoever promised it, adapters for their contacts, supervisors.
async fn plannable(ctx: &Ctx, caller: &Caller, id: CallbackId) -> Result<Callback, Refusal> {
    let callback = visible(ctx, caller, id).await?;
    if caller.role == Role::Counsellor && !is_keeper(caller, &callback) {
        return Err(Refusal::not_found("callback"));
    }
    Ok(callback)
}

/// Moves a callback that is not due. Errors: NOT_FOUND, INVALID_FIELD, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub async fn reschedule(ctx: &Ctx, caller: &Caller, request: Reschedule) -> Result<Shown, Refusal> {
    let Reschedule { command, callback_id, due_at, until_at, expected_revision } = request;
    if let Err(refusal) = plannable(ctx, caller, callback_id).await {
        return Err(unless_reused(ctx, &command, refusal).await?);
    }
    let change = match ctx.store.recall_change(&command).await? {
        Change::Refused => {
            check_window(ctx, Some(due_at), until_at).await?;
            let current = ctx.settings.current(caller.centre_id).await?;
            let callbacks = &current.settings.callbacks;
            let (window_s, overdue_after_s) = (callbacks.window_s, callbacks.overdue_after_s);
            let to = NewTime { due_at, until_at, window_s, overdue_after_s };
            ctx.store.reschedule_callback(&command, callback_id, &to, expected_revision).await?
        }
        known => known,
    };
    let explain = async {
        let now = plannable(ctx, caller, callback_id).await?;
        Ok(if now.state != CallbackState::Promised || now.called_contact_id.is_some() {
            Refusal::state("callback", now.state.key())
        } else if expected_revision != 0 && now.revision != expected_revision {
            Refusal::stale(now.revision)
        } else {
            Refusal::race_lost()
        })
    };
    outcome(change, async |id| Ok(CallbackId::from(id)), explain).await?;
    plain(ctx, caller, plannable(ctx, caller, callback_id).await?).await
}

/// Takes a callback back whose work nobody has in hand. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn cancel(
    ctx: &Ctx,
    caller: &Caller,
    measures: &CallbackMeasures,
    command: &Command,
    (id, reason): (CallbackId, CancelReason),
) -> Result<Shown, Refusal> {
    let seen = match plannable(ctx, caller, id).await {
        Ok(seen) => seen,
        Err(refusal) => return Err(unless_reused(ctx, command, refusal).await?),
    };
    let change = ctx.store.cancel_callback(command, &seen, reason).await?;
    if let Change::Done(moved) = &change {
        measures.count(seen.kind, "cancelled");
        told::tell(ctx, caller.centre_id, moved, "callback_cancelled").await?;
    }
    let explain = async {
        let now = plannable(ctx, caller, id).await?;
        let state = if now.is_attempting() { "attempting" } else { now.state.key() };
        let stands = !now.state.is_final() && !now.is_attempting();
        Ok(if stands { Refusal::race_lost() } else { Refusal::state("callback", state) })
    };
    let change = change.map(|moved| moved.callback_id);
    outcome(change, async |id| Ok(CallbackId::from(id)), explain).await?;
    plain(ctx, caller, plannable(ctx, caller, id).await?).await
}
