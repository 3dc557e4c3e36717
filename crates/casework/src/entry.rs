//! Who is let into a case beside its owner and supervisors.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::casework::case::{Case, CaseFilter};
use helpline_store::casework::glass::Behind;
use helpline_store::casework::step::{Act, Step};
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;
use serde_json::json;

use crate::act::{TRIES, act, choosable, committed, leads, seen};

/// Cases of one child that an answer shows at most.
const MOST: u32 = 500;

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

/// Lets the caller in, who says why. Errors: NOT_FOUND, STATE_REFUSED for who may read all of it already, REQUEST_ID_REUSED.
pub(crate) async fn break_glass(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (behind, reason): (Behind, &Sensitive<String>),
) -> Result<Vec<Case>, Refusal> {
    for _ in 0..TRIES {
        let found = ctx.store.behind_glass(caller, behind).await?;
        let there = !found.is_empty();
        let hidden: Vec<_> =
            found.into_iter().filter(|one| !one.sees).map(|one| (one, ctx.ids.v7())).collect();
        let change = if hidden.is_empty() {
            ctx.store.recall_change(command).await?
        } else {
            ctx.store.break_glass(command, behind, &hidden, reason).await?
        };
        match committed(change) {
            Change::Done(_) | Change::Replayed { .. } => return opened(ctx, caller, behind).await,
            Change::Reused => return Err(Refusal::request_id_reused()),
            Change::Refused if !there => return Err(Refusal::not_found("case")),
            Change::Refused if hidden.is_empty() => return Err(Refusal::state("access", "granted")),
            Change::Refused => {}
        }
    }
    Err(Refusal::race_lost())
}

/// What is open to the caller now.
async fn opened(ctx: &Ctx, caller: &Caller, behind: Behind) -> Result<Vec<Case>, Refusal> {
    match behind {
        Behind::Case(id) => Ok(vec![seen(ctx, caller, id).await?]),
        Behind::Child(child) => {
            let filter = CaseFilter { child_id: Some(child), ..CaseFilter::default() };
            Ok(ctx.store.cases(caller, filter, (MOST, None)).await?)
        }
    }
}

/// Says what a supervisor thinks of it. Errors: NOT_FOUND, STATE_REFUSED when nothing is to be reviewed, REQUEST_ID_REUSED.
pub(crate) async fn review_glass(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    about: (CounsellorId, bool),
) -> Result<Case, Refusal> {
    let change = ctx.store.review_glass(command, act, about).await?;
    let why = async {
        seen(ctx, caller, act.case_id).await?;
        Ok(Refusal::state("glass", "reviewed"))
    };
    outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    seen(ctx, caller, act.case_id).await
}
