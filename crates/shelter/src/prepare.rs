//! What is needed to go is collected.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::shelter::{ReturnItem, ReturnItemState, ReturnState};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::shelter::assistance::{ReturnAct, ReturnStep};
use helpline_store::shelter::read::ReturnAssistance;

use crate::act::{act, before_departure, to};

/// Says where something stands. What is open anew makes them not ready. Errors: NOT_FOUND, for what is no item too; STATE_REFUSED,
/// REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn set_item(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
    said: &ReturnItem,
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let mut step = before_departure(now, "item_set")?;
        let item = step.items.iter_mut().find(|one| one.item == said.item);
        *item.ok_or_else(|| Refusal::not_found("item"))? = said.clone();
        if said.state == ReturnItemState::Open {
            step.state = ReturnState::Preparing;
        }
        Ok(step)
    })
    .await
}

/// Says until when they may leave without a fine. Errors: NOT_FOUND, STATE_REFUSED, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn set_grace(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
    grace_ends_at: Option<DateTime<Utc>>,
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        Ok(ReturnStep { grace_ends_at, ..before_departure(now, "grace_set")? })
    })
    .await
}

/// Says that everything is there. Errors: NOT_FOUND, STATE_REFUSED, RETURN_ITEMS_OPEN, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn ready(
    ctx: &Ctx,
    caller: &Caller,
    (command, asked): (&Command, &ReturnAct),
) -> Result<ReturnAssistance, Refusal> {
    act(ctx, caller, (command, asked), |now| {
        let step = to(now, "ready", ReturnState::Ready)?;
        let open = step.items.iter().filter(|one| one.state == ReturnItemState::Open);
        let open: Vec<&str> = open.map(|one| one.item.as_str()).collect();
        if open.is_empty() { Ok(step) } else { Err(Refusal::return_items_open(&open)) }
    })
    .await
}
