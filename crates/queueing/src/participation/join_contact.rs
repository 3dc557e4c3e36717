//! Who was invited joins: both are present now.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::ParticipationId;
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::command::outcome;
use helpline_service_kit::wire::{Sight, contact, joined_sight, participation, shown_to};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::{Change, Command};

use super::{known, own_refusal, tell};

/// Joins a contact. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn join_contact(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ParticipationId,
) -> Result<proto::JoinContactResponse, Refusal> {
    let change = ctx.store.join_contact(command, id).await?;
    if let Change::Done(joined) = &change {
        let people = [joined.owner_id, joined.participant_id];
        tell(ctx, caller.centre_id, joined.contact_id, people, &joined.rooms).await;
    }
    let change = change.map(|joined| joined.participation_id.as_uuid());
    let id = outcome(change, async |id| Ok(id), own_refusal(ctx, caller, id)).await?;
    answer(ctx, caller, id.into()).await
}

/// The contact as far as who joined may see it, under the access of this moment.
async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    id: ParticipationId,
) -> Result<proto::JoinContactResponse, Refusal> {
    let part = known(ctx, caller, id).await?;
    let own = caller.counsellor_id.is_some() && part.owner_id == caller.counsellor_id;
    let sight = match caller.role {
        Role::Counsellor if own => Sight::Full,
        // Who has left no longer needs to know who it is.
        Role::Counsellor if part.state.is_live() => joined_sight(part.kind),
        _ => Sight::Coded,
    };
    let found = ctx.store.contact(caller.centre_id, part.contact_id).await?;
    let found = found.ok_or_else(|| Refusal::not_found("contact"))?;
    Ok(proto::JoinContactResponse {
        participation: Some(participation(&part, shown_to(caller, &part).unwrap_or_default())),
        contact: Some(contact(&found, sight)),
    })
}
