//! A counsellor comes on shift, pauses, leaves.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::presence::{NotReadyReason, PresenceState};
use helpline_service_kit::command::outcome;
use helpline_service_kit::hub::Topic;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::presence::{Presence, Room};
use helpline_store::{Change, Command};

use crate::returned;
use crate::switchboard::settle::settle;

/// Sets the calling counsellor's presence. Who is no longer ready gives their open offers back to the line.
pub async fn set_presence(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    state: PresenceState,
    reason: Option<NotReadyReason>,
) -> Result<Presence, Refusal> {
    let care_pause_s = ctx.settings.current(caller.centre_id).await?.settings.care.pause_s;
    let change = ctx.store.set_presence(command, state, reason, care_pause_s).await?;
    fail_point!("presence.after_commit");
    if let Change::Done(presence) = &change {
        tell(ctx, caller.centre_id, presence).await?;
    }
    outcome(change, async |id| presence_of(ctx, caller, id.into()).await, kept_from_work(ctx, caller)).await
}

/// Why the calling counsellor may not go ready: a supervisor's hold, a pause after severe contacts, or they have left.
async fn kept_from_work(ctx: &Ctx, caller: &Caller) -> Result<Refusal, Refusal> {
    let presence = ctx.store.presence(caller.centre_id, caller.principal().into()).await?;
    Ok(match presence {
        Some(Presence { on_hold: true, forced_by: Some(by), .. }) => Refusal::held(&by.to_string()),
        Some(Presence { not_before: Some(until), .. }) => Refusal::paused(&until.to_rfc3339()),
        _ => Refusal::not_found("counsellor"),
    })
}

/// Tells the line, the streams and, when they are not ready, gives back what was open.
pub(crate) async fn tell(ctx: &Ctx, centre: CentreId, presence: &Presence) -> Result<(), Refusal> {
    ctx.mirror.roster_changed(centre);
    ctx.mirror.room_changed(centre, &Room::from(presence)).await;
    if presence.state == PresenceState::OnCall {
        // Who waits for nobody else may be theirs.
        ctx.mirror.hub().wake(Topic::Line(centre));
    }
    if presence.state != PresenceState::Ready {
        returned::withdraw(ctx, centre, Some(presence.counsellor_id)).await?;
    }
    ctx.mirror.counsellor_changed(centre, presence.counsellor_id);
    if matches!(presence.state, PresenceState::Offline | PresenceState::OnCall) {
        // What was diverted to them goes to the line again at once.
        settle(ctx, centre).await?;
    }
    Ok(())
}

/// A counsellor's presence.
pub async fn presence_of(ctx: &Ctx, caller: &Caller, counsellor: CounsellorId) -> Result<Presence, Refusal> {
    ctx.store.presence(caller.centre_id, counsellor).await?.ok_or_else(|| Refusal::not_found("counsellor"))
}
