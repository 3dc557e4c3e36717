//! Who is let into a case beside its owner and supervisors.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::Case;
use helpline_store::casework::step::{Act, Step};
use serde_json::json;

use crate::act::{TRIES, act, choosable, leads, seen, settle};

/// For how long who breaks the glass is let in, in seconds.
const GLASS_S: f64 = 3600.0;

/// Lets a counsellor in. Errors: NOT_FOUND for the case and the counsellor, STATE_REFUSED for another's case or its owner,
/// REQUEST_ID_REUSED.
pub(crate) async fn grant(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    (to, lifetime_s): (CounsellorId, f64),
) -> Result<Case, Refusal> {
    let known = choosable(ctx, caller, to).await?;
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        let to = known.ok_or_else(|| Refusal::not_found("counsellor"))?;
        if to.as_uuid() == now.owner_id {
            return Err(Refusal::state("case", "owner"));
        }
        Ok(Step {
            access: Some((to, Some(lifetime_s))),
            detail: Some(json!({ "counsellor_id": to })),
            ..Step::of(now, "access_granted")
        })
    })
    .await
}

/// Lets a counsellor in no more; also one who is disabled. Errors: NOT_FOUND, STATE_REFUSED for another's case or who was not let in,
/// REQUEST_ID_REUSED.
pub(crate) async fn revoke(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    whose: CounsellorId,
) -> Result<Case, Refusal> {
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        if !now.granted_ids.contains(&whose.as_uuid()) {
            return Err(Refusal::state("access", "not_granted"));
        }
        Ok(Step {
            access: Some((whose, None)),
            detail: Some(json!({ "counsellor_id": whose })),
            ..Step::of(now, "access_revoked")
        })
    })
    .await
}

/// Lets the caller in, who says why. Errors: NOT_FOUND, STATE_REFUSED for who may read it already, REQUEST_ID_REUSED.
pub(crate) async fn break_glass(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
) -> Result<Case, Refusal> {
    let id = asked.1.case_id;
    let counsellor = caller.counsellor_id.ok_or_else(|| Refusal::role_refused(caller.role))?;
    for _ in 0..TRIES {
        let now = ctx.store.case_behind_glass(caller.centre_id, id).await?;
        let decided = match &now {
            None => Err(Refusal::not_found("case")),
            Some(_) if ctx.store.case(caller, id).await?.is_some() => {
                Err(Refusal::state("access", "granted"))
            }
            Some(now) => Ok((
                now.revision,
                Step {
                    access: Some((counsellor, Some(GLASS_S))),
                    breaks_glass: true,
                    ..Step::of(now, "glass_broken")
                },
            )),
        };
        if settle(ctx, asked, id.as_uuid(), decided).await?.is_some() {
            return seen(ctx, caller, id).await;
        }
    }
    Err(Refusal::race_lost())
}
