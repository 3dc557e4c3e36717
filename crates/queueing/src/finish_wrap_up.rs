//! A counsellor ends the wrap-up and is free; the record may be signed off later.

use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::handling::Freed;
use helpline_store::{Change, Command};

use crate::release_contact::{own_contact, refusal};

/// Ends the wrap-up of a contact of the caller.
pub async fn finish_wrap_up(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    contact: ContactId,
) -> Result<Contact, Refusal> {
    let change = ctx.store.finish_wrap_up(command, contact).await?;
    fail_point!("finish.after_commit");
    if let Change::Done(freed) = &change {
        ctx.mirror.rooms_changed(caller.centre_id, &freed.rooms, caller.counsellor_id).await;
        ctx.mirror.contact_changed(caller.centre_id, freed.contact.contact_id);
    }
    let load = async |id: uuid::Uuid| {
        own_contact(ctx, caller, id.into()).await.map(|contact| Freed { contact, rooms: Vec::new() })
    };
    Ok(outcome(change, load, refusal(ctx, caller, contact)).await?.contact)
}
