//! Who comes together, when, and who may know of it.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CohortId, CounsellorId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::reintegration::cohort::Cohort;
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;

use crate::act::{TRIES, cohort, committed, in_time, late_since, near};

/// Creates one. Errors: INVALID_FIELD for a time far off, REQUEST_ID_REUSED.
pub(crate) async fn create(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, name, at): (CohortId, &Sensitive<String>, DateTime<Utc>),
) -> Result<Cohort, Refusal> {
    near(ctx, "expected_time", at).await?;
    let change = ctx.store.create_cohort(command, id, (name, at)).await?;
    let lost = async { Ok(Refusal::race_lost()) };
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), lost).await?;
    cohort(ctx, caller, id.into()).await
}

/// Lets a counsellor know of it, or no more; no more also one who is disabled. Errors: NOT_FOUND for both, STATE_REFUSED as `granted` or
/// `not_granted` when nothing would change, REQUEST_ID_REUSED.
pub(crate) async fn grant(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, whose, granted): (CohortId, CounsellorId, bool),
) -> Result<Cohort, Refusal> {
    let change = ctx.store.grant_cohort(command, id, (whose, granted)).await?;
    let why = async {
        let now = cohort(ctx, caller, id).await?;
        let has = now.granted_ids.contains(&whose.as_uuid());
        let known = ctx.store.counsellor(caller.centre_id, whose).await?;
        let known = known.is_some_and(|one| !granted || one.disabled_at.is_none());
        Ok(match (known, granted) {
            (false, _) => Refusal::not_found("counsellor"),
            (true, true) if has => Refusal::state("cohort", "granted"),
            (true, false) if !has => Refusal::state("cohort", "not_granted"),
            (true, _) => Refusal::race_lost(),
        })
    };
    outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    cohort(ctx, caller, id).await
}

/// Expects all who are announced, and of whom no other day was said, at another time. Errors: INVALID_FIELD for a time far off, NOT_FOUND,
/// STATE_REFUSED as `overdue` to a counsellor once it alarms, REQUEST_ID_REUSED.
pub(crate) async fn reschedule(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, at): (CohortId, DateTime<Utc>),
) -> Result<Cohort, Refusal> {
    near(ctx, "expected_time", at).await?;
    let late = late_since(ctx, caller).await?;
    for _ in 0..TRIES {
        let found = cohort(ctx, caller, id).await;
        let read = found.and_then(|read| in_time("cohort", read.expected_at, late).map(|()| read));
        let change = match read {
            Ok(read) => ctx.store.reschedule_cohort(command, &read, at).await?,
            // What is refused now may have happened before: a repeat is recognised.
            Err(refusal) => match ctx.store.recall_change(command).await? {
                Change::Refused => return Err(refusal),
                other => other,
            },
        };
        match committed(change) {
            Change::Done(_) | Change::Replayed { .. } => return cohort(ctx, caller, id).await,
            Change::Reused => return Err(Refusal::request_id_reused()),
            Change::Refused => {}
        }
    }
    Err(Refusal::race_lost())
}
