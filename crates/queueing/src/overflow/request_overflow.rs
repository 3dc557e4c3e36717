//! A supervisor asks a partner to take a contact on.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, ContactId};
use helpline_proto::queueing::v1::RequestOverflowRequest;
use helpline_service_kit::command::{command, outcome};
use helpline_service_kit::partners::{Agreement, Asked};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Change;
use helpline_store::overflow::{NewOverflow, Overflow};

use super::{follow, load, wire};

/// Asks a partner. Errors: NOT_FOUND for a contact that is not there, STATE_REFUSED for one that does not wait, is with a
/// partner or came from one, PARTNER_REFUSED when nothing is agreed that covers it.
pub(crate) async fn request_overflow(
    ctx: &Ctx,
    caller: &Caller,
    sent: &RequestOverflowRequest,
) -> Result<Overflow, Refusal> {
    let (request_id, contact, partner) = wire::request(sent)?;
    let command = command(ctx, caller, "RequestOverflow", request_id, sent);
    let change = match agreed_with(ctx, caller, contact, partner).await {
        Ok(partner_id) => {
            let settings = ctx.settings.current(caller.centre_id).await?;
            let accept_within_s = settings.settings.overflow.accept_within_s;
            let new = NewOverflow { overflow_id: ctx.ids.v7().into(), partner_id, accept_within_s };
            ctx.store.request_overflow(&command, contact, &new).await?
        }
        // What held when it was first asked need not hold when it is repeated.
        Err(refusal) => match ctx.store.recall_change(&command).await? {
            Change::Refused => return Err(refusal),
            known => known,
        },
    };
    let id = outcome(change, async |id| Ok(id.into()), refusal(ctx, caller, contact)).await?;
    let asked = load(ctx, caller, id).await?;
    follow(ctx, caller, asked).await
}

/// The partner that is asked: the one that is named, or the first with whom it is agreed and whose queue is open.
async fn agreed_with(
    ctx: &Ctx,
    caller: &Caller,
    contact: ContactId,
    named: Option<CentreId>,
) -> Result<CentreId, Refusal> {
    let found = ctx.store.contact(caller.centre_id, contact).await?;
    let contact = found.ok_or_else(|| Refusal::not_found("contact"))?;
    let settings = ctx.settings.current(caller.centre_id).await?;
    let settings = &settings.settings;
    let asked = Asked { queue: Some(&contact.queue), language: contact.language.as_deref() };
    let now = ctx.store.now().await?;
    for to in settings.overflow.to.iter().filter(|to| named.is_none_or(|named| to.partner_id == named)) {
        let agreed = Agreement::between(ctx, settings, caller.centre_id, to.partner_id, &asked).await?;
        if agreed.is_some_and(|agreed| agreed.is_open(ctx, now)) {
            return Ok(to.partner_id);
        }
    }
    Err(Refusal::partner_refused())
}

/// Why nobody was asked: somebody is already, or the contact does not wait.
async fn refusal(ctx: &Ctx, caller: &Caller, contact: ContactId) -> Result<Refusal, Refusal> {
    if let Some(known) = ctx.store.overflow_of(caller.centre_id, contact).await?
        && (!known.out || !known.state.is_final())
    {
        return Ok(Refusal::state("overflow", known.state.key()));
    }
    let found = ctx.store.contact(caller.centre_id, contact).await?;
    let contact = found.ok_or_else(|| Refusal::not_found("contact"))?;
    Ok(Refusal::state("contact", contact.state.key()))
}
