//! A counsellor ends the conversation: the wrap-up begins.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::{Change, Command};

/// Releases a contact the caller holds.
pub async fn release_contact(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    contact: ContactId,
) -> Result<Contact, Refusal> {
    let change = ctx.store.release_contact(command, contact).await?;
    fail_point!("release.after_commit");
    if let Change::Done(freed) = &change {
        ctx.mirror.rooms_changed(caller.centre_id, &freed.rooms, caller.counsellor_id).await;
        ctx.mirror.contact_changed(caller.centre_id, freed.contact.contact_id);
    }
    let change = change.map(|freed| freed.contact);
    outcome(change, async |id| own_contact(ctx, caller, id.into()).await, refusal(ctx, caller, contact)).await
}

/// A contact of the calling counsellor.
pub(crate) async fn own_contact(ctx: &Ctx, caller: &Caller, contact: ContactId) -> Result<Contact, Refusal> {
    let contact = ctx.store.contact(caller.centre_id, contact).await?;
    contact
        .filter(|contact| contact.counsellor_id.map(|id| id.as_uuid()) == Some(caller.principal()))
        .ok_or_else(|| Refusal::not_found("contact"))
}

/// Why a step of a contact of the calling counsellor was refused.
pub(crate) async fn refusal(ctx: &Ctx, caller: &Caller, contact: ContactId) -> Result<Refusal, Refusal> {
    let contact = own_contact(ctx, caller, contact).await?;
    if contact.state == ContactState::InProgress
        && let Some(callback) = contact.callback_id
        && let Some(callback) = ctx.store.callback(caller.centre_id, callback).await?
        && callback.is_attempting()
    {
        return Ok(Refusal::attempt_unrecorded());
    }
    Ok(Refusal::state("contact", contact.state.key()))
}
