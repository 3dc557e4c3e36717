//! What every end of an offer in favour of the line means for the others.

use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::offer::Returned;

/// Tells the line and the counsellor that an offer ended and its contact waits again.
pub(crate) async fn tell(ctx: &Ctx, centre: CentreId, returned: &Returned) -> Result<(), Refusal> {
    if let Some(room) = &returned.room {
        ctx.mirror.room_changed(centre, room).await;
    }
    ctx.mirror.counsellor_changed(centre, returned.counsellor_id);
    if let Some(contact) = ctx.store.contact(centre, returned.contact_id).await?
        && contact.state == helpline_domain::contact::ContactState::Waiting
    {
        ctx.mirror.contact_waits(centre, &contact).await;
    }
    Ok(())
}
