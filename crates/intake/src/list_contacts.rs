//! Contacts are listed, newest first, without anything personal.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::ContactId;
use helpline_service_kit::caller::counsellor_of;
use helpline_service_kit::{Ctx, Refusal, page};
use helpline_store::contact::{Contact, ContactFilter, ContactPage};

/// What is asked: [`ListContactsRequest`](helpline_proto::intake::v1::ListContactsRequest), read.
#[derive(Clone, Debug)]
pub struct ListContacts {
    /// Which contacts.
    pub filter: ContactFilter,
    /// How many at most.
    pub size: u32,
    /// Only contacts with smaller ids: where the page before ended.
    pub before: Option<ContactId>,
}

/// A page of contacts.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The contacts, newest first.
    pub contacts: Vec<Contact>,
    /// Where the next page begins, if there is one.
    pub next: Option<ContactId>,
}

/// A page of contacts: a counsellor gets their own, a supervisor those of everybody.
pub async fn list_contacts(ctx: &Ctx, caller: &Caller, request: ListContacts) -> Result<Listed, Refusal> {
    let ListContacts { mut filter, size, before } = request;
    if caller.role != Role::Supervisor {
        let own = counsellor_of(caller)?;
        if filter.counsellor_id.is_some_and(|wanted| wanted != own) {
            return Ok(Listed { contacts: Vec::new(), next: None });
        }
        filter.counsellor_id = Some(own);
    }
    // One more than a page tells whether another follows.
    let page = ContactPage { size: size.saturating_add(1), before };
    let found = ctx.store.contacts(caller.centre_id, &filter, page).await?;
    let (contacts, next) = page::cut(found, size, |last| last.contact_id);
    Ok(Listed { contacts, next })
}
