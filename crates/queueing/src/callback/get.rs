//! Callbacks are looked at.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::CallbackId;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::callback::CallbackFilter;

use super::{Shown, is_worker, plain, visible};

/// One callback. The counsellor who has its work in hand sees the number and the words; the look is journalled.
pub async fn get_callback(ctx: &Ctx, caller: &Caller, id: CallbackId) -> Result<Shown, Refusal> {
    let callback = visible(ctx, caller, id).await?;
    let in_hand = is_worker(caller, &callback) && callback.work_is_in_hand();
    let mut shown = plain(ctx, caller, callback).await?;
    if in_hand {
        shown.secrets = ctx.store.reveal_callback(caller, id).await?;
    }
    Ok(shown)
}

/// A page of callbacks, without anything personal.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The callbacks.
    pub callbacks: Vec<Shown>,
    /// Where the next page begins.
    pub next: Option<CallbackId>,
}

/// Lists callbacks: a counsellor's own, or all.
pub async fn list_callbacks(
    ctx: &Ctx,
    caller: &Caller,
    filter: CallbackFilter,
    (size, before): (u32, Option<CallbackId>),
) -> Result<Listed, Refusal> {
    let kept_by = if caller.role == Role::Counsellor { caller.counsellor_id } else { None };
    let filter = CallbackFilter { kept_by, ..filter };
    let found = ctx.store.callbacks(caller.centre_id, &filter, (size.saturating_add(1), before)).await?;
    let (page, next) = cut(found, size, |callback| callback.callback_id);
    let mut callbacks = Vec::with_capacity(page.len());
    for callback in page {
        callbacks.push(plain(ctx, caller, callback).await?);
    }
    Ok(Listed { callbacks, next })
}
