//! A counsellor declines an offer: the contact keeps its place and goes to somebody else.

use helpline_domain::caller::Caller;
use helpline_domain::id::OfferId;
use helpline_domain::offer::DeclineReason;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::offer::OfferView;
use helpline_store::{Change, Command};

use crate::accept_offer::offer_refusal;
use crate::returned;

/// Declines an offer.
pub async fn decline_offer(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    offer: OfferId,
    reason: DeclineReason,
) -> Result<OfferView, Refusal> {
    let change = ctx.store.decline_offer(command, offer, reason).await?;
    fail_point!("decline.after_commit");
    if let Change::Done(returned) = &change {
        ctx.metrics.contacts().offer_ended("declined");
        returned::tell(ctx, caller.centre_id, returned).await?;
    }
    let load = async |id: uuid::Uuid| {
        let offer = ctx.store.offer(caller.centre_id, id.into()).await?;
        offer
            .filter(|offer| offer.counsellor_id.as_uuid() == caller.principal())
            .ok_or_else(|| Refusal::not_found("offer"))
    };
    let offer_id = outcome(
        match change {
            Change::Done(returned) => Change::Done(returned.offer_id.as_uuid()),
            Change::Replayed { resource_id } => Change::Replayed { resource_id },
            Change::Reused => Change::Reused,
            Change::Refused => Change::Refused,
        },
        async |id| Ok(id),
        offer_refusal(ctx, caller, offer),
    )
    .await?;
    load(offer_id).await
}
