//! What every end of an offer in favour of the line means for the others.

use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::offer::Returned;

/// Tells the line and the counsellor that an offer ended and its contact waits again, if that was the last. The contact is
/// in line before the counsellor is free, or whoever came later would be offered first.
pub(crate) async fn tell(ctx: &Ctx, centre: CentreId, returned: &Returned) -> Result<(), Refusal> {
    let contact = ctx.store.contact(centre, returned.contact_id).await;
    if let Ok(Some(contact)) = &contact
        && contact.state == ContactState::Waiting
    {
        ctx.mirror.contact_waits_again(centre, contact).await;
    }
    if let Some(room) = &returned.room {
        ctx.mirror.room_changed(centre, room).await;
    }
    ctx.mirror.counsellor_changed(centre, returned.counsellor_id);
    contact?;
    Ok(())
}

/// Takes back the open offers of counsellors who are not ready: of this one, or of all.
pub(crate) async fn withdraw(
    ctx: &Ctx,
    centre: CentreId,
    counsellor: Option<CounsellorId>,
) -> Result<(), Refusal> {
    while let Some(withdrawn) = ctx.store.withdraw_one_offer(centre, counsellor).await? {
        fail_point!("withdraw.after_commit");
        ctx.metrics.contacts().offer_ended("withdrawn");
        tell(ctx, centre, &withdrawn).await?;
    }
    Ok(())
}
