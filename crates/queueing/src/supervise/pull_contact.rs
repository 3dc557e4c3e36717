//! A supervisor takes a contact out of its offers, or away from a counsellor, and back to the line.

use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::{Change, Command};

use crate::named;
use crate::supervise::assign_contact::known;

/// Puts a contact that is offered or in progress back at its place in line. Whoever had it is told. Errors: NOT_FOUND,
/// STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn pull_contact(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    contact: ContactId,
    reason: &'static str,
) -> Result<Contact, Refusal> {
    known(ctx, caller, contact).await?;
    let change = ctx.store.pull_contact(command, contact, reason).await?;
    if let Change::Done(moved) = &change {
        named::tell(ctx, caller.centre_id, moved, None, None).await;
    }
    let load = async |id: uuid::Uuid| known(ctx, caller, id.into()).await;
    outcome(change.map(|moved| moved.contact), load, async {
        Ok(Refusal::state("contact", known(ctx, caller, contact).await?.state.key()))
    })
    .await
}
