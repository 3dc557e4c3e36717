//! Who was told of an escalation, page by page.

use helpline_domain::caller::Caller;
use helpline_domain::id::{DeliveryId, EscalationId};
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::delivery::Delivery;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListDeliveries {
    pub(crate) escalation_id: EscalationId,
    /// The last delivery of the page before.
    pub(crate) after: Option<DeliveryId>,
    /// How many at most.
    pub(crate) size: u32,
}

/// A page of deliveries, oldest first, and the last of them if more follow. Error: NOT_FOUND for the escalation.
pub(crate) async fn list_deliveries(
    ctx: &Ctx,
    caller: &Caller,
    wish: ListDeliveries,
) -> Result<(Vec<Delivery>, Option<DeliveryId>), Refusal> {
    let read = ctx.store.deliveries(caller.centre_id, wish.escalation_id, wish.after, wish.size + 1).await?;
    let read = read.ok_or_else(|| Refusal::not_found("escalation"))?;
    Ok(page::cut(read, wish.size, |delivery| delivery.delivery_id))
}
