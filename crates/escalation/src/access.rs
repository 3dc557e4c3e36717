//! Who may know of what.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{ContactId, EscalationId};
use helpline_domain::participation::ParticipationKind;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::escalation::read::Escalation;

/// An escalation as far as the caller may see it. Error: NOT_FOUND for every other.
pub(crate) async fn seen(ctx: &Ctx, caller: &Caller, id: EscalationId) -> Result<Escalation, Refusal> {
    still_seen(ctx, caller, id).await?.ok_or_else(|| Refusal::not_found("escalation"))
}

/// The same for whoever has changed it, and by that may have lost the sight of it.
pub(crate) async fn still_seen(
    ctx: &Ctx,
    caller: &Caller,
    id: EscalationId,
) -> Result<Option<Escalation>, Refusal> {
    Ok(ctx.store.escalations_by_id(caller, &[id]).await?.pop())
}

/// A contact that the caller may escalate: supervisors every one, a counsellor what is theirs or what they have joined,
/// unless they are only consulted. Error: NOT_FOUND for every other.
pub(crate) async fn contact(ctx: &Ctx, caller: &Caller, id: ContactId) -> Result<Contact, Refusal> {
    let not_found = || Refusal::not_found("contact");
    let contact = ctx.store.contact(caller.centre_id, id).await?.ok_or_else(not_found)?;
    let may = match (caller.role, caller.counsellor_id) {
        (Role::Supervisor, _) => true,
        (Role::Counsellor, Some(_)) if contact.counsellor_id == caller.counsellor_id => true,
        (Role::Counsellor, Some(own)) => {
            let joined = ctx.store.joined_as(caller.centre_id, id, own).await?;
            joined.is_some_and(|kind| kind != ParticipationKind::Consult)
        }
        _ => false,
    };
    if may { Ok(contact) } else { Err(not_found()) }
}
