//! Who takes or took part in a contact.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::ContactId;
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::wire::{participation, shown_to};
use helpline_service_kit::{Ctx, Refusal};

/// Everybody who takes or took part in a contact the caller may know of. Who has joined sees of the others what is coded.
/// Error: NOT_FOUND.
pub async fn list_participations(
    ctx: &Ctx,
    caller: &Caller,
    contact: ContactId,
) -> Result<Vec<proto::Participation>, Refusal> {
    let centre = caller.centre_id;
    let not_found = || Refusal::not_found("contact");
    let conversation = ctx.store.conversation(centre, contact).await?.ok_or_else(not_found)?;
    let knows = match (caller.role, caller.counsellor_id) {
        (Role::Supervisor, _) => true,
        (Role::ChannelAdapter, _) => conversation.brought_by == Some(caller.token_id),
        (Role::Counsellor, Some(id)) => {
            conversation.counsellor_id == Some(id)
                || ctx.store.joined_as(centre, contact, id).await?.is_some()
        }
        _ => false,
    };
    if !knows {
        return Err(not_found());
    }
    let all = ctx.store.participations_of(centre, contact).await?;
    Ok(all.iter().map(|one| participation(one, shown_to(caller, one).unwrap_or_default())).collect())
}
