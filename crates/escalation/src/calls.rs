//! Numbers that steps ask somebody to ring.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::escalation::Act;
use helpline_store::escalation::calls::{Call, CallResult, Rung};
use helpline_store::escalation::read::Escalation;
use helpline_store::{Change, Command};
use uuid::Uuid;

use crate::access;
use crate::answer::{accept_s, answered_if_seen};
use crate::climb::Ladder;
use crate::get::Page;

/// Where a page of calls begins: behind this gravity, time and id.
pub(crate) type Place = (i16, DateTime<Utc>, Uuid);

/// Lists numbers to ring, the gravest first.
pub(crate) async fn list_calls(
    ctx: &Ctx,
    caller: &Caller,
    (size, after): (u32, Option<Place>),
) -> Result<Page<Call, Place>, Refusal> {
    let found = ctx.store.calls_to_ring(caller, size.saturating_add(1), after).await?;
    Ok(cut(found, size, |call| (call.gravity, call.made_at, call.delivery_id.as_uuid())))
}

/// What somebody has said who rang.
#[derive(Clone, Debug)]
pub(crate) struct RecordCall {
    /// The entry that it makes.
    pub(crate) act: Act,
    /// What became of it.
    pub(crate) rung: Rung,
}

/// Records what became of ringing. Gives nothing when all that the caller had to do with it was to ring. Errors: NOT_FOUND,
/// STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn record_call(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    command: &Command,
    mut request: RecordCall,
) -> Result<Option<Escalation>, Refusal> {
    let not_found = || Refusal::not_found("call");
    let Some(id) = ctx.store.escalation_of_call(caller, request.rung.delivery_id).await? else {
        let known = ctx.store.recall_change::<()>(command).await?;
        return Err(if matches!(known, Change::Reused) { Refusal::request_id_reused() } else { not_found() });
    };
    request.act.escalation_id = id;
    let change = match accept_s(ctx, ladder, caller, id).await {
        Ok(accept_s) => {
            request.rung.accept_s = accept_s;
            ctx.store.record_call(command, &request.act, &request.rung).await?
        }
        // No longer theirs to see: a repeat is recognised.
        Err(_) => ctx.store.recall_change(command).await?,
    };
    if matches!(change, Change::Refused) {
        access::seen(ctx, caller, id).await.map_err(|_| not_found())?;
    }
    if matches!(change, Change::Done(_)) && request.rung.result == CallResult::Accepted {
        ladder.measures().count("accepted", 1);
    }
    answered_if_seen(ctx, ladder, caller, id, change).await
}
