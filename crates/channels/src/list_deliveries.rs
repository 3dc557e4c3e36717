//! Who was told of an escalation or a referral, page by page.

use helpline_domain::caller::{Caller, Role, Subject};
use helpline_domain::id::DeliveryId;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::delivery::Delivery;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListDeliveries {
    pub(crate) about: Subject,
    /// The last delivery of the page before.
    pub(crate) after: Option<DeliveryId>,
    /// How many at most.
    pub(crate) size: u32,
}

/// A page of deliveries, oldest first, and the last of them if more follow. Error: NOT_FOUND for the escalation or the referral; there is
/// no referral for who does not supervise.
pub(crate) async fn list_deliveries(
    ctx: &Ctx,
    caller: &Caller,
    wish: ListDeliveries,
) -> Result<(Vec<Delivery>, Option<DeliveryId>), Refusal> {
    if matches!(wish.about, Subject::Referral(_)) && caller.role != Role::Supervisor {
        return Err(Refusal::not_found(wish.about.key()));
    }
    let read = ctx.store.deliveries(caller.centre_id, wish.about, wish.after, wish.size + 1).await?;
    let read = read.ok_or_else(|| Refusal::not_found(wish.about.key()))?;
    Ok(page::cut(read, wish.size, |delivery| delivery.delivery_id))
}
