//! Who joined for a warm transfer takes the contact over: from now on it is theirs alone.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, ParticipationId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::participation::HandedOver;
use helpline_store::{Change, Command};

use super::{own_refusal, tell};
use crate::release_contact::own_contact;

/// Takes a contact over. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn take_over(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ParticipationId,
) -> Result<Contact, Refusal> {
    let change = ctx.store.take_over(command, id).await?;
    fail_point!("take_over.after_commit");
    if let Change::Done(handed) = &change {
        tell_handed(ctx, caller.centre_id, handed).await;
    }
    let change = change.map(|handed| handed.contact);
    // Replayed under the access of this moment: it may be somebody else's by now.
    outcome(change, async |id| own_contact(ctx, caller, id.into()).await, own_refusal(ctx, caller, id)).await
}

/// Tells who gave a contact and who has it now.
pub(super) async fn tell_handed(ctx: &Ctx, centre: CentreId, handed: &HandedOver) {
    let people = [handed.from, handed.contact.counsellor_id];
    tell(ctx, centre, handed.contact.contact_id, people, &handed.rooms).await;
}
