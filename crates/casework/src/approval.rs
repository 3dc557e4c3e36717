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
        if now.approval.is_some() {
            return Err(Refusal::state(
                "approval",
                if now.approved_by.is_some() { "approved" } else { "asked" },
            ));
        }
        Ok(Step { approval: Some((what, caller.principal(), None)), ..Step::of(now, "approval_asked") })
    })
    .await
}

/// Allows it, or does not. Errors: NOT_FOUND, STATE_REFUSED when nothing is asked for, or as `own` for what the caller asked for,
/// REQUEST_ID_REUSED.
pub(crate) async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    approve: bool,
) -> Result<Case, Refusal> {
    act(ctx, caller, asked, |now| {
        let (what, by) = match now.approval.zip(now.approval_asked_by) {
            Some(_) if now.approved_by.is_some() => return Err(Refusal::state("approval", "approved")),
            Some((_, by)) if by == caller.principal() => return Err(Refusal::state("approval", "own")),
            Some(asked) => asked,
            None => return Err(Refusal::state("approval", "not_asked")),
        };
        let event = if approve { "approved" } else { "approval_refused" };
        let approval = approve.then_some((what, by, Some(caller.principal())));
        Ok(Step { approval, ..Step::of(now, event) })
    })
    .await
}
