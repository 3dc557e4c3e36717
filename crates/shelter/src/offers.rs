//! What every resident is offered. Nothing of it keeps anybody from leaving.

use helpline_domain::caller::Caller;
use helpline_domain::id::AdmissionId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::shelter::offer::{OfferAnswer, ServiceOffer};
use helpline_store::{Change, Command};

use crate::act::{TRIES, committed};

/// What a resident is offered, in order. Error: NOT_FOUND, whether somebody lives there or not.
pub(crate) async fn list(ctx: &Ctx, caller: &Caller, id: AdmissionId) -> Result<Vec<ServiceOffer>, Refusal> {
    if ctx.store.admission(caller, id).await?.is_none() {
        return Err(Refusal::not_found("admission"));
    }
    Ok(ctx.store.service_offers(caller, id).await?)
}

/// Offers again for as long as the settings say. Errors as of [`answer`].
pub(crate) async fn repeat(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, service): (AdmissionId, &str),
) -> Result<ServiceOffer, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let again = OfferAnswer::Again(settings.settings.shelter.within_s(service));
    answer(ctx, caller, command, (id, service, again)).await
}

/// Says what became of an offer. Errors: NOT_FOUND for the stay, for a service that is not offered, and for a referral that is not of the
/// resident or over; STATE_REFUSED with where the offer stands; REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, service, answer): (AdmissionId, &str, OfferAnswer),
) -> Result<ServiceOffer, Refusal> {
    for _ in 0..TRIES {
        let change = committed(ctx.store.answer_service_offer(command, (id, service), answer).await?);
        if matches!(change, Change::Reused) {
            return Err(Refusal::request_id_reused());
        }
        let offers = list(ctx, caller, id).await?;
        let now = offers.into_iter().find(|one| one.service == service);
        let now = now.ok_or_else(|| Refusal::not_found("service"))?;
        if !matches!(change, Change::Refused) {
            return Ok(now);
        }
        if !now.state.may_become(answer.state()) {
            return Err(Refusal::state("service_offer", now.state.key()));
        }
        if let OfferAnswer::Accepted(referral) = answer
            && !ctx.store.carries_out_offer(caller, (id, referral)).await?
        {
            return Err(Refusal::not_found("referral"));
        }
        let stay = ctx.store.admission(caller, id).await?.ok_or_else(|| Refusal::not_found("admission"))?;
        if !stay.state.lives_there() {
            return Err(Refusal::state("admission", stay.state.key()));
        }
    }
    Err(Refusal::race_lost())
}
