//! A counsellor comes on shift, pauses, leaves.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_domain::presence::{NotReadyReason, PresenceState};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::presence::{Presence, Room};
use helpline_store::{Change, Command};

use crate::returned;

/// Sets the calling counsellor's presence. Who is no longer ready gives their open offers back to the line.
pub async fn set_presence(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    state: PresenceState,
    reason: Option<NotReadyReason>,
) -> Result<Presence, Refusal> {
    let change = ctx.store.set_presence(command, state, reason).await?;
    fail_point!("presence.after_commit");
    if let Change::Done(presence) = &change {
        tell(ctx, caller, presence).await?;
    }
    outcome(
        change,
        async |id| presence_of(ctx, caller, id.into()).await,
        // The change asks nothing of the state before, so only a counsellor who has left is refused.
        async { Ok(Refusal::not_found("counsellor")) },
    )
    .await
}

async fn tell(ctx: &Ctx, caller: &Caller, presence: &Presence) -> Result<(), Refusal> {
    let centre = caller.centre_id;
    ctx.mirror.roster_changed(centre);
    ctx.mirror.room_changed(centre, &Room::from(presence)).await;
    if presence.state != PresenceState::Ready {
        returned::withdraw(ctx, centre, Some(presence.counsellor_id)).await?;
    }
    ctx.mirror.counsellor_changed(centre, presence.counsellor_id);
    Ok(())
}

/// A counsellor's presence.
pub async fn presence_of(ctx: &Ctx, caller: &Caller, counsellor: CounsellorId) -> Result<Presence, Refusal> {
    ctx.store.presence(caller.centre_id, counsellor).await?.ok_or_else(|| Refusal::not_found("counsellor"))
}
