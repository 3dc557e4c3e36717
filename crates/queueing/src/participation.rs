//! Warm transfer, consultation, conference: others take part in a contact, and one of them may take it over.
//!
//! One file per step somebody takes: [`invite_participant`], [`join_contact`], [`take_over`]; [`end_part`] is declining,
//! leaving and removing; [`list_participations`] tells who takes or took part. What happens by itself is in [`due`]: nobody
//! answers, a client is lost, a contact is inherited by who is with the child. [`shown`] is what a stream has told.
//!
//! Invariants:
//! - a contact has one counsellor at every instant; custody moves in one statement, to somebody who is there;
//! - whoever is invited or has joined is held, and freed by the same statement that ends their part;
//! - whatever becomes of an invitation, the contact stays with its counsellor;
//! - when the conversation ends, everybody's part in it does, in the same statement.

mod choose;
pub(crate) mod due;
pub mod end_part;
pub mod invite_participant;
pub mod join_contact;
pub mod list_participations;
pub(crate) mod shown;
pub mod take_over;
pub(crate) mod wire;

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, CounsellorId, ParticipationId};
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::wire::{participation, shown_to};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::participation::Participation;
use helpline_store::presence::Room;

/// A participation the caller may know of, as it is shown to them. Error: NOT_FOUND.
pub(crate) async fn seen(
    ctx: &Ctx,
    caller: &Caller,
    id: ParticipationId,
) -> Result<proto::Participation, Refusal> {
    let found = known(ctx, caller, id).await?;
    let shown = shown_to(caller, &found).unwrap_or_default();
    Ok(participation(&found, shown))
}

/// A participation the caller may know of. Error: NOT_FOUND.
pub(crate) async fn known(ctx: &Ctx, caller: &Caller, id: ParticipationId) -> Result<Participation, Refusal> {
    let found = ctx.store.participation(caller.centre_id, id).await?;
    found.filter(|found| shown_to(caller, found).is_some()).ok_or_else(|| Refusal::not_found("participation"))
}

/// Why a step of a participation was refused that is its participant's own. For somebody outside, the contact's counsellor
/// and its adapter speak.
pub(crate) async fn own_refusal(ctx: &Ctx, caller: &Caller, id: ParticipationId) -> Result<Refusal, Refusal> {
    let found = known(ctx, caller, id).await?;
    if found.counsellor_id.is_some() && found.counsellor_id != caller.counsellor_id {
        return Ok(Refusal::not_found("participation"));
    }
    let now = ctx.store.now().await?;
    // Past its end, only not swept yet.
    let expired = found.joined_at.is_none()
        && found.ended_at.is_none()
        && found.expires_at.is_some_and(|expires| expires <= now);
    Ok(Refusal::state("participation", if expired { "expired" } else { found.state.key() }))
}

/// Tells everybody whom a change of a participation concerns.
pub(crate) async fn tell(
    ctx: &Ctx,
    centre: CentreId,
    contact: helpline_domain::id::ContactId,
    people: [Option<CounsellorId>; 2],
    rooms: &[Room],
) {
    for room in rooms {
        ctx.mirror.room_changed(centre, room).await;
    }
    for counsellor in people.into_iter().flatten() {
        ctx.mirror.counsellor_changed(centre, counsellor);
    }
    // Streams of messages look whether their reader still may; those of other processes too.
    ctx.mirror.contact_changed(centre, contact);
    ctx.mirror.message_sent(centre, contact);
}
