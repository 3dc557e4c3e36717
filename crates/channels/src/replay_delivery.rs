//! Sends a delivery again, because somebody says so.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::DeliveryId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::delivery::{Delivery, NotSent};
use helpline_store::{Change, Command};

/// A delivery to send again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplayDelivery {
    pub(crate) command: Command,
    pub(crate) delivery_id: DeliveryId,
}

/// Sends it at once, under the same id. Errors: NOT_FOUND, STATE_REFUSED when it is on its way or not needed, goes to screens
/// only, belongs to an exercise, or its endpoint is disabled.
pub(crate) async fn replay_delivery(
    ctx: &Ctx,
    caller: &Caller,
    replay: ReplayDelivery,
) -> Result<Delivery, Refusal> {
    let ReplayDelivery { command, delivery_id } = replay;
    let known =
        ctx.store.delivery(caller.centre_id, delivery_id).await?.filter(|known| may_know(caller, known));
    let change = match &known {
        Some(delivery) => ctx.store.replay_delivery(&command, delivery_id, delivery.escalation_id).await?,
        None => ctx.store.recall_change(&command).await?,
    };
    if matches!(change, Change::Done(_)) {
        ctx.mirror.escalation_changed(caller.centre_id);
    }
    outcome(change, |id| get_delivery(ctx, caller, id.into()), async {
        let delivery = known.as_ref().ok_or_else(|| Refusal::not_found("delivery"))?;
        Ok(match ctx.store.why_not_replayed(caller.centre_id, delivery).await? {
            Some(NotSent::State(state)) => Refusal::state("delivery", state.key()),
            Some(NotSent::Shown) => Refusal::state("delivery", delivery.kind.key()),
            Some(NotSent::Exercise) => Refusal::state("escalation", "exercise"),
            Some(NotSent::Disabled) => Refusal::state("endpoint", "disabled"),
            None => Refusal::race_lost(),
        })
    })
    .await
}

/// To whom a child was referred or handed over is told to supervisors alone.
fn may_know(caller: &Caller, delivery: &Delivery) -> bool {
    caller.role == Role::Supervisor || delivery.escalation_id.is_some() || delivery.child_alert_id.is_some()
}

async fn get_delivery(ctx: &Ctx, caller: &Caller, id: DeliveryId) -> Result<Delivery, Refusal> {
    ctx.store.delivery(caller.centre_id, id).await?.ok_or_else(|| Refusal::not_found("delivery"))
}
