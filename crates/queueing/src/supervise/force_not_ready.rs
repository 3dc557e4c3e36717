//! A supervisor sets a counsellor not ready.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_domain::presence::ForceReason;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::presence::Presence;
use helpline_store::{Change, Command};

use crate::set_presence::{presence_of, tell};

/// Sets a counsellor on shift not ready and takes their open offers back. Errors: NOT_FOUND, PRESENCE_REFUSED for who is
/// off shift, REQUEST_ID_REUSED.
pub async fn force_not_ready(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    counsellor: CounsellorId,
    (reason, hold): (ForceReason, bool),
) -> Result<Presence, Refusal> {
    let change = ctx.store.force_not_ready(command, counsellor, reason, hold).await?;
    if let Change::Done(presence) = &change {
        tell(ctx, caller.centre_id, presence).await?;
    }
    outcome(change, async |id| presence_of(ctx, caller, id.into()).await, async {
        let presence = presence_of(ctx, caller, counsellor).await?;
        Ok(Refusal::presence(presence.state.key()))
    })
    .await
}
