//! One contact is looked at.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_service_kit::wire::Sight;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::participation::Participation;

use crate::access;

/// A contact, and how much of it the caller may see.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The contact.
    pub contact: Contact,
    /// How much to show of it.
    pub sight: Sight,
}

/// A contact the caller may know of. Error: NOT_FOUND for every other.
pub async fn get_contact(ctx: &Ctx, caller: &Caller, contact_id: ContactId) -> Result<Seen, Refusal> {
    let (contact, sight) = access::visible(ctx, caller, contact_id).await?;
    Ok(Seen { contact, sight })
}

/// Who else is invited to a contact or takes part in it now.
pub async fn guests(ctx: &Ctx, caller: &Caller, seen: &Seen) -> Result<Vec<Participation>, Refusal> {
    if seen.contact.state != ContactState::InProgress {
        return Ok(Vec::new());
    }
    let mut all = ctx.store.participations_of(caller.centre_id, seen.contact.contact_id).await?;
    all.retain(|one| one.state.is_live());
    Ok(all)
}
