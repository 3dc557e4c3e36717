//! Overflows are looked at.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{ContactId, OverflowId};
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::overflow::{Overflow, OverflowFilter};

/// The latest overflow of a contact. Error: NOT_FOUND, also for a contact that another adapter brought.
pub(crate) async fn get_overflow(ctx: &Ctx, caller: &Caller, id: ContactId) -> Result<Overflow, Refusal> {
    if caller.role == Role::ChannelAdapter {
        let contact = ctx.store.contact(caller.centre_id, id).await?;
        if contact.is_none_or(|contact| contact.brought_by != Some(caller.token_id)) {
            return Err(Refusal::not_found("overflow"));
        }
    }
    ctx.store.overflow_of(caller.centre_id, id).await?.ok_or_else(|| Refusal::not_found("overflow"))
}

/// A page of overflows.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// The overflows.
    pub(crate) overflows: Vec<Overflow>,
    /// Where the next page begins.
    pub(crate) next: Option<OverflowId>,
}

/// Lists what the centre asks and is asked.
pub(crate) async fn list_overflows(
    ctx: &Ctx,
    caller: &Caller,
    filter: OverflowFilter,
    (size, before): (u32, Option<OverflowId>),
) -> Result<Listed, Refusal> {
    let found = ctx.store.overflows(caller.centre_id, filter, (size.saturating_add(1), before)).await?;
    let (overflows, next) = cut(found, size, |overflow| overflow.overflow_id);
    Ok(Listed { overflows, next })
}
