//! What another must allow.

use helpline_domain::caller::Caller;
use helpline_domain::case::Approval;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::Case;
use helpline_store::casework::step::{Act, Step};

use crate::act::{act, is_open, leads};

/// Asks for it. Errors: NOT_FOUND, STATE_REFUSED for a closed case, another's, or when something is asked for already,
/// REQUEST_ID_REUSED.
pub(crate) async fn ask(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    what: Approval,
) -> Result<Case, Refusal> {
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        is_open(now)?;
        // What has grown since is asked for anew.
        match (now.approval, now.approved_by) {
            (Some(_), None) => return Err(Refusal::state("approval", "asked")),
            (Some(_), Some(_)) if !now.grown => return Err(Refusal::state("approval", "approved")),
            _ => {}
        }
        Ok(Step { approval: Some((what, caller.principal(), None)), ..Step::of(now, "approval_asked") })
    })
    .await
}

/// Allows it, or does not, or takes back what was allowed. Errors: NOT_FOUND, STATE_REFUSED when nothing is asked for, when it is allowed
/// and as it was, or as `own` for what the caller asked for, REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    approve: bool,
) -> Result<Case, Refusal> {
    act(ctx, caller, asked, |now| {
        let (what, by) = match now.approval.zip(now.approval_asked_by) {
            Some(_) if approve && now.approved_by.is_some() => {
                return Err(Refusal::state("approval", "approved"));
            }
            Some((_, by)) if by == caller.principal() => return Err(Refusal::state("approval", "own")),
            Some(asked) => asked,
            None => return Err(Refusal::state("approval", "not_asked")),
        };
        let event = match (approve, now.approved_by) {
            (true, _) => "approved",
            (false, None) => "approval_refused",
            (false, Some(_)) => "approval_withdrawn",
        };
        let approval = approve.then_some((what, by, Some(caller.principal())));
        Ok(Step { approval, ..Step::of(now, event) })
    })
    .await
}
