//! A counsellor accepts an offer: the contact is theirs.

use helpline_domain::caller::Caller;
use helpline_domain::id::OfferId;
use helpline_domain::offer::OfferState;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::offer::Accepted;
use helpline_store::{Change, Command};

/// Accepts an offer. Who comes second learns how the offer ended; somebody else's offer is not there.
pub async fn accept_offer(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    offer: OfferId,
) -> Result<Contact, Refusal> {
    fail_point!("accept.before_commit");
    let change = ctx.store.accept_offer(command, offer).await?;
    fail_point!("accept.after_commit");
    if let Change::Done(accepted) = &change {
        measure(ctx, accepted);
        ctx.mirror.contact_changed(caller.centre_id, accepted.contact.contact_id);
        ctx.mirror.offer_accepted(caller.centre_id, caller.principal().into(), offer);
        ctx.mirror.offers_withdrawn(caller.centre_id, &accepted.others, "answered_by_another");
        for room in &accepted.rooms {
            ctx.mirror.room_changed(caller.centre_id, room).await;
        }
    }
    outcome(
        change.map(|accepted| accepted.contact),
        async |id| {
            let contact = ctx.store.contact(caller.centre_id, id.into()).await?;
            // Replayed under the access of this moment: it may be somebody else's by now.
            contact
                .filter(|contact| contact.counsellor_id.map(|id| id.as_uuid()) == Some(caller.principal()))
                .ok_or_else(|| Refusal::not_found("contact"))
        },
        offer_refusal(ctx, caller, offer),
    )
    .await
}

fn measure(ctx: &Ctx, accepted: &Accepted) {
    let measures = ctx.metrics.contacts();
    measures.offer_ended("accepted");
    for _ in &accepted.others {
        measures.offer_ended("withdrawn");
    }
    let contact = &accepted.contact;
    // The epoch grows with each change of custody: from 1 to 2 with the first answer.
    if let (Some(answered), 2) = (contact.answered_at, contact.epoch) {
        let times = [contact.received_at, contact.deadline_at, answered];
        measures.answered(contact.class, contact.channel, times, contact.offer_count);
    }
}

/// Why an offer cannot be accepted or declined.
pub(crate) async fn offer_refusal(ctx: &Ctx, caller: &Caller, offer: OfferId) -> Result<Refusal, Refusal> {
    let state = ctx.store.offer_state(caller.centre_id, caller.principal().into(), offer).await?;
    Ok(match state {
        None => Refusal::not_found("offer"),
        // Past its end, only not swept yet.
        Some(OfferState::Open) => Refusal::offer_over("expired"),
        Some(state) => Refusal::offer_over(state.key()),
    })
}
