//! A supervisor takes note of an alert.

use helpline_domain::caller::Caller;
use helpline_service_kit::command::outcome;
use helpline_service_kit::hub::Topic;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::alert::AlertRow;
use helpline_store::{Change, Command};
use uuid::Uuid;

/// Takes note of an open alert. Errors: NOT_FOUND, STATE_REFUSED with `closed` or `acknowledged`, REQUEST_ID_REUSED.
pub async fn acknowledge_alert(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    alert: Uuid,
) -> Result<AlertRow, Refusal> {
    let change = ctx.store.acknowledge_alert(command, alert).await?;
    if let Change::Done(_) = &change {
        ctx.mirror.hub().wake(Topic::Floor(caller.centre_id));
    }
    outcome(change, async |id| alert_of(ctx, caller, id).await, async {
        let alert = alert_of(ctx, caller, alert).await?;
        Ok(Refusal::state("alert", if alert.closed_at.is_some() { "closed" } else { "acknowledged" }))
    })
    .await
}

async fn alert_of(ctx: &Ctx, caller: &Caller, alert: Uuid) -> Result<AlertRow, Refusal> {
    ctx.store.alert(caller.centre_id, alert).await?.ok_or_else(|| Refusal::not_found("alert"))
}
