//! Somebody leaves for good.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::counsellor::Counsellor;

use crate::get_counsellor::get_counsellor;

/// A counsellor who leaves.
#[derive(Clone, Copy, Debug)]
pub struct DisableCounsellor {
    /// The command.
    pub command: Command,
    /// Who.
    pub counsellor_id: CounsellorId,
}

/// Marks a counsellor as left: off shift and without tokens at once; then open offers go back to the line. If the last
/// step is cut short, the sweep that takes back offers of who is not ready finishes it. Errors: NOT_FOUND,
/// STATE_REFUSED for who has left already.
pub async fn disable_counsellor(
    ctx: &Ctx,
    authenticator: &Authenticator,
    caller: &Caller,
    departure: DisableCounsellor,
) -> Result<Counsellor, Refusal> {
    let DisableCounsellor { command, counsellor_id } = departure;
    let change = ctx.store.disable_counsellor(&command, counsellor_id).await?;
    let counsellor = outcome(change, |id| get_counsellor(ctx, caller, id.into()), async {
        get_counsellor(ctx, caller, counsellor_id).await?;
        Ok(Refusal::state("counsellor", "disabled"))
    })
    .await?;
    authenticator.invalidate_counsellor(counsellor_id);
    give_back_offers(ctx, caller.centre_id, counsellor_id).await;
    ctx.mirror.counsellor_changed(caller.centre_id, counsellor_id);
    ctx.mirror.roster_changed(caller.centre_id);
    Ok(counsellor)
}

/// Ends the open offers of who has left. The departure is committed, so an error here is no error of the call.
async fn give_back_offers(ctx: &Ctx, centre: CentreId, counsellor_id: CounsellorId) {
    loop {
        match ctx.store.withdraw_one_offer(centre, Some(counsellor_id)).await {
            Ok(Some(returned)) => {
                // The whole contact is read for the line's view, which orders it by more than its id. It may be offered
                // to somebody else still.
                if let Ok(Some(contact)) = ctx.store.contact(centre, returned.contact_id).await
                    && contact.state == ContactState::Waiting
                {
                    ctx.mirror.contact_waits_again(centre, &contact).await;
                }
                if let Some(room) = &returned.room {
                    ctx.mirror.room_changed(centre, room).await;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "offers of a counsellor who left are taken back later");
                return;
            }
        }
    }
}
