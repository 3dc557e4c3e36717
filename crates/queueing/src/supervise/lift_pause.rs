//! A supervisor lifts a hold, or a pause after severe contacts.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::presence::Presence;
use helpline_store::{Change, Command};

use crate::set_presence::{presence_of, tell};

/// Lifts what keeps a counsellor from going ready. Errors: NOT_FOUND, PRESENCE_REFUSED when nothing does,
/// REQUEST_ID_REUSED.
pub async fn lift_pause(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    counsellor: CounsellorId,
) -> Result<Presence, Refusal> {
    let change = ctx.store.lift_pause(command, counsellor).await?;
    if let Change::Done(presence) = &change {
        tell(ctx, caller.centre_id, presence).await?;
    }
    outcome(change, async |id| presence_of(ctx, caller, id.into()).await, async {
        let presence = presence_of(ctx, caller, counsellor).await?;
        Ok(Refusal::presence(presence.state.key()))
    })
    .await
}
