//! A supervisor gives a partner's contact back that nobody here has answered.

use helpline_domain::caller::Caller;
use helpline_domain::id::{ContactId, OverflowId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::overflow::Overflow;
use helpline_store::{Change, Command};

use super::carry::tell;
use super::{follow, load};

/// Gives it back. Errors: NOT_FOUND for a contact that came from no partner, STATE_REFUSED for one that was answered.
pub(crate) async fn return_contact(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    contact: ContactId,
) -> Result<Overflow, Refusal> {
    let known = ctx.store.overflow_of(caller.centre_id, contact).await?.filter(|known| !known.out);
    let change = ctx.store.give_back_by_hand(command, contact).await?;
    if let Change::Done(released) = &change {
        tell(ctx, caller.centre_id, released).await;
    }
    let of_contact = known.as_ref().map(|known| known.overflow_id);
    let change = match (change, of_contact) {
        (Change::Done(_), Some(id)) => Change::Done(id),
        (Change::Done(_), None) => {
            return Err(Refusal::bug("a contact was given back that came from nobody"));
        }
        (Change::Replayed { resource_id }, _) => Change::Replayed { resource_id },
        (Change::Reused, _) => Change::Reused,
        (Change::Refused, _) => Change::Refused,
    };
    let explain = async {
        let known = known.ok_or_else(|| Refusal::not_found("contact"))?;
        let state = known.contact_state.map_or("received", |state| state.key());
        Ok(Refusal::state("contact", state))
    };
    let id: OverflowId = outcome(change, async |id| Ok(id.into()), explain).await?;
    let returned = load(ctx, caller, id).await?;
    follow(ctx, caller, returned).await
}
