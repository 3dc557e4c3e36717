//! A supervisor accepts what a partner asks.

use helpline_domain::caller::Caller;
use helpline_domain::id::OverflowId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::overflow::Overflow;

use super::{follow, load, refusal};

/// Accepts. Errors: NOT_FOUND, STATE_REFUSED when it is over or this centre's own, TOO_MANY when as many of the partner's
/// contacts are taken on as was agreed.
pub(crate) async fn accept_overflow(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: OverflowId,
) -> Result<Overflow, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let partner = ctx.store.overflow(caller.centre_id, id).await?.map(|asked| asked.partner_id);
    let agreed = settings.settings.overflow.from.iter().find(|from| Some(from.partner_id) == partner);
    let most = agreed.map_or(0, |agreed| agreed.most);
    let change = ctx.store.accept_overflow(command, id, most).await?;
    let explain = async {
        let asked = load(ctx, caller, id).await?;
        if asked.out || asked.state.is_final() || asked.overdue || asked.accepted_at.is_some() {
            return refusal(ctx, caller, id).await;
        }
        Ok(if agreed.is_some() {
            Refusal::too_many(std::time::Duration::from_secs(10))
        } else {
            Refusal::partner_refused()
        })
    };
    let id = outcome(change, async |id| Ok(id.into()), explain).await?;
    let accepted = load(ctx, caller, id).await?;
    follow(ctx, caller, accepted).await
}
