//! What is not finished, for who leaves, for who comes, and for who watches over the floor.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_proto::queueing::v1::{
    Callback, ListHandoverRequest, ListHandoverResponse, OpenWork, OwnedEscalation, OwnedReferral,
};
use helpline_service_kit::{Ctx, Refusal};

use super::{concerns, wire};
use crate::callback::plain;
use crate::callback::wire::callback;

/// Contacts, callbacks, escalations and referrals listed at most, of each.
const MOST: i64 = 500;

/// Lists unfinished work and open hand-overs. Error: NOT_FOUND for the work of somebody that the caller is not offered.
pub(crate) async fn list_handover(
    ctx: &Ctx,
    caller: &Caller,
    sent: &ListHandoverRequest,
) -> Result<ListHandoverResponse, Refusal> {
    let asked = wire::list(sent)?;
    let mut handovers = ctx.store.open_handovers(caller.centre_id).await?;
    handovers.retain(|handover| concerns(caller, handover));
    let leaving = match (caller.counsellor_id, asked) {
        (Some(me), None) => Some(me),
        (Some(me), Some(other)) if me != other && handovers.iter().all(|offered| offered.from != other) => {
            return Err(Refusal::not_found("counsellor"));
        }
        (_, asked) => asked,
    };
    let Unfinished { work, callbacks, escalations, referrals } = unfinished(ctx, caller, leaving).await?;
    let handovers = handovers.iter().map(wire::handover).collect();
    Ok(ListHandoverResponse { work, handovers, callbacks, escalations, referrals })
}

/// What is not finished, as it is shown.
pub(crate) struct Unfinished {
    pub(crate) work: Vec<OpenWork>,
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) escalations: Vec<OwnedEscalation>,
    pub(crate) referrals: Vec<OwnedReferral>,
}

/// What a counsellor has not finished, or everybody who is not on shift.
pub(crate) async fn unfinished(
    ctx: &Ctx,
    caller: &Caller,
    leaving: Option<CounsellorId>,
) -> Result<Unfinished, Refusal> {
    let work = ctx.store.open_work(caller.centre_id, leaving, MOST).await?;
    let escalations = ctx.store.owned_escalations(caller.centre_id, leaving, MOST).await?;
    let referrals = ctx.store.owned_referrals(caller.centre_id, leaving, MOST).await?;
    Ok(Unfinished {
        work: work.iter().map(wire::open_work).collect(),
        callbacks: promises(ctx, caller, leaving).await?,
        escalations: escalations.iter().map(wire::owned_escalation).collect(),
        referrals: referrals.iter().map(wire::owned_referral).collect(),
    })
}

async fn promises(
    ctx: &Ctx,
    caller: &Caller,
    leaving: Option<CounsellorId>,
) -> Result<Vec<Callback>, Refusal> {
    let mut callbacks = Vec::new();
    for promise in ctx.store.open_promises(caller.centre_id, leaving, MOST).await? {
        callbacks.push(callback(&plain(ctx, caller, promise).await?));
    }
    Ok(callbacks)
}
