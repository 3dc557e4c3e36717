//! Who leaves, or a supervisor for them, offers what is not finished.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_proto::queueing::v1::OfferHandoverRequest;
use helpline_service_kit::command::{command, outcome};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Change;
use helpline_store::handover::Handover;

use super::{load, wire};

/// Offers unfinished work. Errors: NOT_FOUND for a counsellor who is not there or whose work is not the caller's,
/// STATE_REFUSED when it is offered already.
pub(crate) async fn offer_handover(
    ctx: &Ctx,
    caller: &Caller,
    sent: &OfferHandoverRequest,
) -> Result<Handover, Refusal> {
    let (request_id, leaving, to) = wire::offer(sent)?;
    let command = command(ctx, caller, "OfferHandover", request_id, sent);
    let change = match whose(caller, leaving) {
        Ok(from) => {
            let id = ctx.ids.v7().into();
            ctx.store.offer_handover(&command, id, from, to).await?
        }
        Err(refusal) => match ctx.store.recall_change(&command).await? {
            Change::Refused => return Err(refusal),
            known => known,
        },
    };
    if let Change::Done(handover) = &change
        && let Some(to) = handover.to
    {
        ctx.mirror.counsellor_changed(caller.centre_id, to);
    }
    let explain = async {
        let open = ctx.store.open_handovers(caller.centre_id).await?;
        let offered = open.iter().any(|open| Ok(open.from) == whose(caller, leaving));
        Ok(if offered { Refusal::state("handover", "open") } else { Refusal::not_found("counsellor") })
    };
    outcome(change, async |id| load(ctx, caller, id.into()).await, explain).await
}

/// Whose work the caller offers: a counsellor their own, a supervisor anybody's whom they name.
fn whose(caller: &Caller, leaving: Option<CounsellorId>) -> Result<CounsellorId, Refusal> {
    match (caller.counsellor_id, leaving) {
        (Some(me), None) => Ok(me),
        (Some(me), Some(other)) if me == other => Ok(me),
        (Some(_), Some(_)) => Err(Refusal::not_found("counsellor")),
        (None, Some(other)) => Ok(other),
        (None, None) => Err(Refusal::invalid_field("leaving_counsellor_id", "whose work it is")),
    }
}
