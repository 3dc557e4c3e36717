//! A case goes on, is closed, and is opened again.

use helpline_domain::caller::Caller;
use helpline_domain::case::{Approval, REDIRECTED};
use helpline_domain::settings::cases::Cases;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::Case;
use helpline_store::casework::step::{Act, Step};
use serde_json::json;

use crate::act::{act, leads};

/// Moves a case. Errors: NOT_FOUND, INVALID_FIELD for what the settings do not have, STATE_REFUSED where the graph does not lead there or
/// the case is another's, CASE_OPEN_WORK, REDIRECT_MISSING, ALREADY_EXISTS when another of its kind is open, REQUEST_ID_REUSED.
pub(crate) async fn change(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    (status, reason): (&str, Option<&str>),
) -> Result<Case, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let (rules, version) = (&settings.settings.cases, settings.version);
    act(ctx, caller, asked, |now| {
        leads(caller, now)?;
        let closed = closes(rules, status, reason)?;
        if !rules.may_become(&now.status, status) {
            return Err(Refusal::state("case", &now.status));
        }
        let allowed = now.approval == Some(Approval::Close) && now.approved_by.is_some() && !now.grown;
        let mut open = now.open;
        if closed.as_deref() == Some(REDIRECTED) {
            open = open.handed_on(now.taken_on.ok_or_else(Refusal::redirect_missing)?);
        }
        if closed.is_some() && !open.is_none() && !allowed {
            return Err(Refusal::case_open_work(open));
        }
        let step = Step::of(now, "status_changed");
        Ok(Step {
            status: (status.to_owned(), version),
            detail: Some(json!({ "from": now.status, "status": status, "close_reason": closed })),
            // What was allowed was allowed once; and a closed case is offered to nobody.
            approval: step.approval.filter(|_| closed.is_none()),
            transfer: step.transfer.filter(|_| closed.is_none()),
            closed,
            ..step
        })
    })
    .await
}

/// Why a case is closed in a status, if it is. Error: INVALID_FIELD.
fn closes(rules: &Cases, status: &str, reason: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(next) = rules.status(status) else {
        return Err(Refusal::invalid_field("status", "a status of the settings"));
    };
    match (next.closes, reason) {
        (false, None) => Ok(None),
        (true, Some(reason)) if rules.close_reasons.contains(reason) => Ok(Some(reason.to_owned())),
        (true, _) => Err(Refusal::invalid_field("close_reason", "a reason of the settings")),
        (false, Some(_)) => Err(Refusal::invalid_field("close_reason", "empty where the case stays open")),
    }
}
