//! Replaces what a counsellor can do.

use helpline_domain::caller::Caller;
use helpline_domain::counsellor::Abilities;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::counsellor::Counsellor;
use helpline_store::presence::Room;

use crate::get_counsellor::get_counsellor;
use crate::skills;

/// What a counsellor is to be.
#[derive(Clone, Debug)]
pub struct UpdateCounsellor {
    /// The command.
    pub command: Command,
    /// Who.
    pub counsellor_id: CounsellorId,
    /// Name shown to colleagues.
    pub display_name: String,
    /// What they can take.
    pub abilities: Abilities,
    /// The revision it was made from, if that is to be compared.
    pub expected_revision: Option<i64>,
}

/// Replaces name and abilities. What the counsellor holds stays with them. Errors: INVALID_FIELD for a skill that the
/// centre does not have, NOT_FOUND, STATE_REFUSED for who has left, REVISION_STALE.
pub async fn update_counsellor(
    ctx: &Ctx,
    caller: &Caller,
    update: UpdateCounsellor,
) -> Result<Counsellor, Refusal> {
    let UpdateCounsellor { command, counsellor_id, display_name, abilities, expected_revision } = update;
    skills::known(ctx, caller.centre_id, &abilities.skills).await?;
    let expected = expected_revision.unwrap_or(0);
    let change =
        ctx.store.update_counsellor(&command, counsellor_id, &display_name, &abilities, expected).await?;
    let counsellor = outcome(change, |id| get_counsellor(ctx, caller, id.into()), async {
        let counsellor = get_counsellor(ctx, caller, counsellor_id).await?;
        Ok(match (counsellor.disabled_at, expected_revision) {
            (Some(_), _) => Refusal::state("counsellor", "disabled"),
            (None, Some(_)) => Refusal::stale(counsellor.revision),
            (None, None) => Refusal::race_lost(),
        })
    })
    .await?;
    ctx.mirror.roster_changed(caller.centre_id);
    ctx.mirror.counsellor_changed(caller.centre_id, counsellor_id);
    // Who can hold more now is free for the next at once.
    if let Some(presence) = ctx.store.presence(caller.centre_id, counsellor_id).await? {
        ctx.mirror.room_changed(caller.centre_id, &Room::from(&presence)).await;
    }
    Ok(counsellor)
}
