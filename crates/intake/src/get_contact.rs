//! One contact is looked at.

use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_service_kit::wire::Sight;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;

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
