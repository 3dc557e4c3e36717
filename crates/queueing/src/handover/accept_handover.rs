//! Who comes accepts what who leaves has not finished.

use helpline_domain::caller::Caller;
use helpline_domain::id::HandoverId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::handover::{HandedOver, Handover};
use helpline_store::{Change, Command};

use super::{load, refusal};

/// Accepts a hand-over. Error: STATE_REFUSED when it is over or the caller's own.
pub(crate) async fn accept_handover(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: HandoverId,
) -> Result<Handover, Refusal> {
    let change = ctx.store.accept_handover(command, id).await?;
    if let Change::Done(HandedOver { handover, room }) = &change {
        if let Some(room) = room {
            ctx.mirror.room_changed(caller.centre_id, room).await;
        }
        ctx.mirror.counsellor_changed(caller.centre_id, handover.from);
        if handover.moved_escalations > 0 {
            ctx.mirror.escalation_changed(caller.centre_id);
        }
        if handover.moved_referrals > 0 {
            ctx.mirror.referral_changed(caller.centre_id);
        }
    }
    let load = async |id: uuid::Uuid| {
        load(ctx, caller, id.into()).await.map(|handover| HandedOver { handover, room: None })
    };
    Ok(outcome(change, load, refusal(ctx, caller, id)).await?.handover)
}
