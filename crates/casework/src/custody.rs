//! Whose a case is: offered, taken over or not, assigned.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::Case;
use helpline_store::casework::step::{Act, Step};
use serde_json::json;

use crate::act::{act, choosable, is_open, leads, make};

/// Offers a case. Errors: NOT_FOUND for the case and the counsellor, STATE_REFUSED for a closed one, another's, one that is offered, or to
/// its owner, REQUEST_ID_REUSED.
pub(crate) async fn transfer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    to: CounsellorId,
) -> Result<Case, Refusal> {
    let known = choosable(ctx, caller, to).await?;
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        let to = is_open(now).and_then(|()| another(now, known))?;
        if now.transfer_to.is_some() {
            return Err(Refusal::state("case", "offered"));
        }
        Ok(Step {
            transfer: Some((to.as_uuid(), caller.principal())),
            detail: Some(json!({ "counsellor_id": to })),
            ..Step::of(now, "transfer_offered")
        })
    })
    .await
}

/// Somebody who is there and does not own the case.
fn another(now: &Case, known: Option<CounsellorId>) -> Result<CounsellorId, Refusal> {
    let to = known.ok_or_else(|| Refusal::not_found("counsellor"))?;
    if to.as_uuid() == now.owner_id { Err(Refusal::state("case", "owner")) } else { Ok(to) }
}

/// Takes a case over, or does not: `None` for who may not know of it any more. Errors: NOT_FOUND, STATE_REFUSED for whom it is not offered
/// to, REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    accept: bool,
) -> Result<Option<Case>, Refusal> {
    let id = asked.1.case_id;
    make(ctx, caller, asked, id.as_uuid(), |now| {
        if now.transfer_to != Some(caller.principal()) {
            return Err(Refusal::state("case", "not_offered"));
        }
        let event = if accept { "transfer_accepted" } else { "transfer_rejected" };
        let step = Step { transfer: None, ..Step::of(now, event) };
        // What was allowed was allowed to its owner.
        Ok(if accept { Step { owner_id: caller.principal(), approval: None, ..step } } else { step })
    })
    .await?;
    Ok(ctx.store.case(caller, id).await?)
}

/// Takes an offer back. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn revoke(ctx: &Ctx, caller: &Caller, asked: (&Command, &Act)) -> Result<Case, Refusal> {
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        if now.transfer_to.is_none() {
            return Err(Refusal::state("case", "not_offered"));
        }
        Ok(Step { transfer: None, ..Step::of(now, "transfer_revoked") })
    })
    .await
}

/// Gives a case to a counsellor at once; an offer that is open ends. Errors: NOT_FOUND for the case and the counsellor, STATE_REFUSED,
/// REQUEST_ID_REUSED.
pub(crate) async fn assign(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    to: CounsellorId,
) -> Result<Case, Refusal> {
    let known = choosable(ctx, caller, to).await?;
    act(ctx, caller, asked, |now| {
        let to = is_open(now).and_then(|()| another(now, known))?;
        Ok(Step {
            owner_id: to.as_uuid(),
            transfer: None,
            approval: None,
            detail: Some(json!({ "counsellor_id": to })),
            ..Step::of(now, "assigned")
        })
    })
    .await
}
