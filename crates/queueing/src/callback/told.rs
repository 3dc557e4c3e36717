//! Tells the line and the counsellor what a change of a callback means for them.

use helpline_domain::contact::ContactState;
use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::callback::Moved;
use helpline_store::contact::Contact;

/// The contact has left the line or come back to it, an offer was withdrawn `because` of it, somebody is free. The contact
/// is in line before the counsellor is free, or whoever came later would be offered first.
pub(super) async fn tell(
    ctx: &Ctx,
    centre: CentreId,
    moved: &Moved,
    because: &'static str,
) -> Result<(), Refusal> {
    let contact = match moved.contact_id {
        Some(id) => ctx.store.contact(centre, id).await?,
        None => None,
    };
    if let Some(contact) = contact {
        if moved.state_before == Some(ContactState::Waiting) {
            let class = moved.class_before.unwrap_or(contact.class);
            ctx.mirror.contact_left(centre, &Contact { class, ..contact.clone() }).await;
        }
        if contact.state == ContactState::Waiting {
            ctx.mirror.contact_waits_again(centre, &contact).await;
        } else {
            ctx.mirror.contact_changed(centre, contact.contact_id);
        }
    }
    for _ in &moved.ended {
        ctx.metrics.contacts().offer_ended("withdrawn");
    }
    ctx.mirror.offers_withdrawn(centre, &moved.ended, because);
    ctx.mirror.rooms_changed(centre, &moved.rooms, None).await;
    Ok(())
}
