//! What is not finished, for who leaves, for who comes, and for who watches over the floor.

use helpline_domain::caller::Caller;
use helpline_proto::queueing::v1::{ListHandoverRequest, ListHandoverResponse};
use helpline_service_kit::{Ctx, Refusal};

use super::{concerns, wire};

/// Contacts listed at most.
pub(crate) const MOST: i64 = 500;

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
    let work = ctx.store.open_work(caller.centre_id, leaving, MOST).await?;
    Ok(ListHandoverResponse {
        work: work.iter().map(wire::open_work).collect(),
        handovers: handovers.iter().map(wire::handover).collect(),
    })
}
