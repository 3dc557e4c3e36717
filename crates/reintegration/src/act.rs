//! What every step has in common: read how it stands, decide, commit if nothing has changed since, or decide again.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CohortId, ReturneeId};
use helpline_domain::reintegration::ReturneeState;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::reintegration::cohort::Cohort;
use helpline_store::reintegration::read::Returnee;
use helpline_store::reintegration::step::{Act, Step};
use helpline_store::{Change, Command};

/// How often a step is decided anew because another came between: each time somebody else has made theirs.
pub(crate) const TRIES: usize = 20;
/// Of a time that somebody means.
const BEHIND: TimeDelta = TimeDelta::days(30);
const AHEAD: TimeDelta = TimeDelta::days(2 * 365);

/// What was committed, told of.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("reintegration.after_commit");
    }
    change
}

/// Error: INVALID_FIELD for a time at which nobody expects a child.
pub(crate) async fn near(ctx: &Ctx, path: &str, at: DateTime<Utc>) -> Result<(), Refusal> {
    is_near(|| path.to_owned(), at, ctx.store.now().await?)
}

/// The same, of a time that is known.
pub(crate) fn is_near(
    path: impl FnOnce() -> String,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if (-BEHIND..=AHEAD).contains(&(at - now)) {
        Ok(())
    } else {
        Err(Refusal::invalid_field(path(), "from 30 days ago to two years from now"))
    }
}

/// Of whoever was expected until then it alarms, and the caller does not end that: who let a child go missing says no other day and no
/// reason; a supervisor does. `None` for supervisors.
pub(crate) async fn late_since(ctx: &Ctx, caller: &Caller) -> Result<Option<DateTime<Utc>>, Refusal> {
    if caller.role == Role::Supervisor {
        return Ok(None);
    }
    let settings = ctx.settings.current(caller.centre_id).await?;
    let grace = TimeDelta::seconds(settings.settings.reintegration.not_arrived_after_s.into());
    Ok(Some(ctx.store.now().await? - grace))
}

/// Error: STATE_REFUSED as `overdue` for who was expected so long ago.
pub(crate) fn in_time(
    what: &'static str,
    expected_at: DateTime<Utc>,
    late: Option<DateTime<Utc>>,
) -> Result<(), Refusal> {
    match late {
        Some(late) if expected_at <= late => Err(Refusal::state(what, "overdue")),
        _ => Ok(()),
    }
}

/// A cohort that the caller may know of. Error: NOT_FOUND for every other.
pub(crate) async fn cohort(ctx: &Ctx, caller: &Caller, id: CohortId) -> Result<Cohort, Refusal> {
    ctx.store.cohort(caller, id).await?.ok_or_else(|| Refusal::not_found("cohort"))
}

/// How a child stands, for who may know of the cohort; the journal says that it was read, if it is `shown`. Error: NOT_FOUND for every
/// other.
pub(crate) async fn returnee(
    ctx: &Ctx,
    caller: &Caller,
    id: ReturneeId,
    shown: bool,
) -> Result<Returnee, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let plan = settings.settings.reintegration.plan.as_str();
    let found = ctx.store.returnee(caller, (plan, shown), id).await?;
    found.ok_or_else(|| Refusal::not_found("returnee"))
}

/// Makes a step. Errors: NOT_FOUND, REVISION_STALE, REQUEST_ID_REUSED, and those of `decide`.
pub(crate) async fn act(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &Act),
    decide: impl Fn(&Returnee) -> Result<Step, Refusal>,
) -> Result<Returnee, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let plan = settings.settings.reintegration.plan.as_str();
    for _ in 0..TRIES {
        let decided = match ctx.store.returnee(caller, (plan, false), act.returnee_id).await? {
            Some(now) => expected(act, &now).and_then(|()| decide(&now)).map(|step| (now.revision, step)),
            None => Err(Refusal::not_found("returnee")),
        };
        let change = match &decided {
            Ok((revision, step)) => ctx.store.step_returnee(command, act, (*revision, plan), step).await?,
            // What is refused now may have happened before: a repeat is recognised.
            Err(_) => ctx.store.recall_change(command).await?,
        };
        match (committed(change), decided) {
            (Change::Done(_) | Change::Replayed { .. }, _) => {
                return returnee(ctx, caller, act.returnee_id, false).await;
            }
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Err(refusal)) => return Err(refusal),
            (Change::Refused, Ok(_)) => {}
        }
    }
    Err(Refusal::race_lost())
}

/// Whoever answers what they saw does not answer what has become of it since.
fn expected(act: &Act, now: &Returnee) -> Result<(), Refusal> {
    match act.expected {
        Some(revision) if revision != now.revision => Err(Refusal::stale(now.revision)),
        _ => Ok(()),
    }
}

/// A step to a state, if the table allows it.
pub(crate) fn to(now: &Returnee, event: &'static str, next: ReturneeState) -> Result<Step, Refusal> {
    if now.state.may_become(next) {
        Ok(Step { event, state: next, region: None, reason: None, expected_at: None })
    } else {
        Err(Refusal::state("returnee", now.state.key()))
    }
}
