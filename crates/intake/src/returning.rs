//! Who comes back after a cut has the place they had; who has been here before meets the same counsellor if they are free.

use helpline_domain::contact::ContactState;
use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::receiving::NewContact;
use helpline_store::returning::Traces;

/// Puts a contact in line that has just been taken in, at the place that an earlier one left it. A repeat of a call that
/// did not come to its end does what is still to do; a cut is used once, whoever asks.
pub(crate) async fn put_in_line(
    ctx: &Ctx,
    centre: CentreId,
    contact: Contact,
    new: &NewContact,
) -> Result<Contact, Refusal> {
    if contact.state != ContactState::Waiting {
        return Ok(contact);
    }
    let traces =
        Traces { channel: new.channel, sender: new.sender.as_ref(), continues: new.continues.as_ref() };
    let mut back = None;
    if traces.sender.is_some() || traces.continues.is_some() {
        let current = ctx.settings.current(centre).await?;
        back = ctx.store.take_place(centre, contact.contact_id, traces, &current.settings.resumption).await?;
    }
    let Some(back) = back else {
        ctx.mirror.contact_waits(centre, &contact).await;
        return Ok(contact);
    };
    // Put in line before by a call that did not come to its end, perhaps, or found by the matcher meanwhile.
    ctx.mirror.contact_left(centre, &contact).await;
    if let Some(room) = &back.room {
        ctx.mirror.contact_comes_back(centre, &back.contact, room).await;
        ctx.mirror.counsellor_changed(centre, room.counsellor_id);
    } else {
        ctx.mirror.contact_waits_again(centre, &back.contact).await;
    }
    Ok(back.contact)
}
