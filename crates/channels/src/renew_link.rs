//! Sends another link to where one went.

use helpline_domain::caller::{Caller, Subject};
use helpline_domain::id::DeliveryId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::link::Spent;
use helpline_store::{Change, Command};

use crate::open_link::{spent, tell, wait};

/// Renews the link that is the caller. Errors: STATE_REFUSED with what stands against it, TOO_MANY.
pub(crate) async fn renew_link(ctx: &Ctx, caller: &Caller, command: &Command) -> Result<DeliveryId, Refusal> {
    let delivery = DeliveryId::from(ctx.ids.v7());
    let change = ctx.store.renew_link(command, delivery).await?;
    if matches!(change, Change::Done(_)) {
        tell(ctx, caller);
    }
    outcome(change, |id| std::future::ready(Ok(id.into())), async {
        let spent = spent(ctx, caller).await?;
        Ok(match (&spent, wait(&spent)) {
            (Spent { seen: false, .. }, _) => Refusal::state("link", "withdrawn"),
            (Spent { ended: true, state, .. }, _) => {
                Refusal::state(caller.only.map_or("link", Subject::key), state)
            }
            (Spent { worn: true, .. }, _) => Refusal::state("link", "renewed"),
            (_, Some(wait)) => Refusal::too_many(wait),
            (_, None) => Refusal::race_lost(),
        })
    })
    .await
}
