//! Adds somebody who answers.

use helpline_domain::caller::Caller;
use helpline_domain::counsellor::Abilities;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::counsellor::Counsellor;

use crate::get_counsellor::get_counsellor;
use crate::skills;

/// A counsellor to add.
#[derive(Clone, Debug)]
pub struct CreateCounsellor {
    /// The command.
    pub command: Command,
    /// Name shown to colleagues.
    pub display_name: String,
    /// What they can take.
    pub abilities: Abilities,
}

/// Adds a counsellor, off shift. Errors: INVALID_FIELD for a skill that the centre does not have.
pub async fn create_counsellor(
    ctx: &Ctx,
    caller: &Caller,
    creation: CreateCounsellor,
) -> Result<Counsellor, Refusal> {
    let CreateCounsellor { command, display_name, abilities } = creation;
    skills::known(ctx, caller.centre_id, &abilities.skills).await?;
    let id = ctx.ids.v7().into();
    let change = ctx.store.create_counsellor(&command, id, &display_name, &abilities).await?;
    let counsellor = outcome(change, |id| get_counsellor(ctx, caller, id.into()), async {
        Ok(Refusal::bug("nothing could have refused a new counsellor"))
    })
    .await?;
    ctx.mirror.roster_changed(caller.centre_id);
    Ok(counsellor)
}
