//! What every step of a case has in common: read how it stands, decide, commit if nothing has changed since, or decide again.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CaseId, CounsellorId};
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::casework::case::{Case, ONE_OPEN};
use helpline_store::casework::step::{Act, EACH_REVISION, Step};
use helpline_store::{Change, Command};
use uuid::Uuid;

/// How often a step is decided anew because another came between: each time somebody else has made theirs.
pub(crate) const TRIES: usize = 20;

/// A case that the caller may read. Error: NOT_FOUND for every other.
pub(crate) async fn seen(ctx: &Ctx, caller: &Caller, id: CaseId) -> Result<Case, Refusal> {
    ctx.store.case(caller, id).await?.ok_or_else(|| Refusal::not_found("case"))
}

/// Makes a step. Errors: NOT_FOUND, REQUEST_ID_REUSED, and those of `decide`.
pub(crate) async fn act(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    decide: impl Fn(&Case) -> Result<Step, Refusal>,
) -> Result<Case, Refusal> {
    make(ctx, caller, (command, act), act.case_id.as_uuid(), decide).await?;
    seen(ctx, caller, act.case_id).await
}

/// The same of a command that is about something else than the case: gives its id.
pub(crate) async fn make(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    about: Uuid,
    decide: impl Fn(&Case) -> Result<Step, Refusal>,
) -> Result<Uuid, Refusal> {
    for _ in 0..TRIES {
        let now = ctx.store.case(caller, act.case_id).await?;
        let decided = match &now {
            Some(now) => decide(now).map(|step| (now.revision, step)),
            None => Err(Refusal::not_found("case")),
        };
        if let Some(id) = settle(ctx, (command, act), about, decided).await? {
            return Ok(id);
        }
    }
    Err(Refusal::race_lost())
}

/// What was committed, told of.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("case.after_commit");
    }
    change
}

/// Commits what was decided; `None` when another step came between.
pub(crate) async fn settle(
    ctx: &Ctx,
    (command, act): (&Command, &Act),
    about: Uuid,
    decided: Result<(i64, Step), Refusal>,
) -> Result<Option<Uuid>, Refusal> {
    let (change, decided) = match decided {
        Ok((revision, step)) => match ctx.store.step_case(command, act, revision, &step, about).await {
            // Another of its kind is open.
            Err(error) if error.constraint() == Some(ONE_OPEN) => {
                (ctx.store.recall_change(command).await?, Err(Refusal::already_exists("case")))
            }
            // Somebody has corrected the same revision of a section at the same instant.
            Err(error) if error.constraint() == Some(EACH_REVISION) => {
                (ctx.store.recall_change(command).await?, Err(Refusal::race_lost()))
            }
            change => (change?, Ok(())),
        },
        // What is refused now may have happened before: a repeat is recognised.
        Err(refusal) => (ctx.store.recall_change(command).await?, Err(refusal)),
    };
    match (committed(change), decided) {
        (Change::Done(about) | Change::Replayed { resource_id: about }, _) => Ok(Some(about)),
        (Change::Reused, _) => Err(Refusal::request_id_reused()),
        (Change::Refused, Err(refusal)) => Err(refusal),
        (Change::Refused, Ok(())) => Ok(None),
    }
}

/// What belongs to the owner and to supervisors. Error: STATE_REFUSED as `not_owner`.
pub(crate) fn leads(caller: &Caller, now: &Case) -> Result<(), Refusal> {
    if caller.role == Role::Supervisor || now.owner_id == caller.principal() {
        Ok(())
    } else {
        Err(Refusal::state("case", "not_owner"))
    }
}

/// Error: STATE_REFUSED as `closed`.
pub(crate) fn is_open(now: &Case) -> Result<(), Refusal> {
    if now.closed_at.is_none() { Ok(()) } else { Err(Refusal::state("case", "closed")) }
}

/// Whether a counsellor can be chosen: `None` when there is no such, or they are disabled.
pub(crate) async fn choosable(
    ctx: &Ctx,
    caller: &Caller,
    id: CounsellorId,
) -> Result<Option<CounsellorId>, Refusal> {
    let found = ctx.store.counsellor(caller.centre_id, id).await?;
    Ok(found.filter(|one| one.disabled_at.is_none()).map(|one| one.counsellor_id))
}
