//! What every step of help to return has in common: read how it stands, decide, commit if nothing has changed since, or decide again.

use helpline_domain::caller::Caller;
use helpline_domain::id::ReturnId;
use helpline_domain::shelter::ReturnState;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::shelter::Calls;
use helpline_store::shelter::assistance::{ReturnAct, ReturnStep};
use helpline_store::shelter::read::ReturnAssistance;
use helpline_store::{Change, Command};

/// How often a step is decided anew because another came between: each time somebody else has made theirs.
pub(crate) const TRIES: usize = 20;

/// Help to return that the caller may know of. Error: NOT_FOUND for every other.
pub(crate) async fn read(
    ctx: &Ctx,
    caller: &Caller,
    id: ReturnId,
    shown: bool,
) -> Result<ReturnAssistance, Refusal> {
    let found = ctx.store.return_assistance(caller, id, shown).await?;
    found.ok_or_else(|| Refusal::not_found("return"))
}

/// Makes a step. Errors: NOT_FOUND, REVISION_STALE, REQUEST_ID_REUSED, and those of `decide`.
pub(crate) async fn act(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, &ReturnAct),
    decide: impl Fn(&ReturnAssistance) -> Result<ReturnStep, Refusal>,
) -> Result<ReturnAssistance, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let (rules, cases) = (&settings.settings.shelter, &settings.settings.cases);
    let calls = Calls::new(&rules.follow_ups_abroad(), cases.due_soon_s, || ctx.ids.v7());
    for _ in 0..TRIES {
        let decided = match read(ctx, caller, act.return_id, false).await {
            Ok(now) => expected(act, &now)
                .and_then(|()| decide(&now))
                .map(|step| ((now.revision, now.case_revision), step)),
            Err(refusal) => Err(refusal),
        };
        let change = match &decided {
            Ok((on, step)) => {
                ctx.store.step_return(command, act, *on, (step, rules.grace_warning_s, &calls)).await?
            }
            // What is refused now may have happened before: a repeat is recognised.
            Err(_) => ctx.store.recall_change(command).await?,
        };
        match (committed(change), decided) {
            (Change::Done(_) | Change::Replayed { .. }, _) => {
                return read(ctx, caller, act.return_id, false).await;
            }
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Err(refusal)) => return Err(refusal),
            (Change::Refused, Ok(_)) => {}
        }
    }
    Err(Refusal::race_lost())
}

/// What was committed, told of.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("shelter.after_commit");
    }
    change
}

/// Whoever answers what they saw does not answer what has become of it since.
fn expected(act: &ReturnAct, now: &ReturnAssistance) -> Result<(), Refusal> {
    match act.expected {
        Some(revision) if revision != now.revision => Err(Refusal::stale(now.revision)),
        _ => Ok(()),
    }
}

/// STATE_REFUSED with the state.
fn refused(state: ReturnState) -> Refusal {
    Refusal::state("return", state.key())
}

/// A step that leaves the state as it is, before they have left.
pub(crate) fn before_departure(now: &ReturnAssistance, event: &'static str) -> Result<ReturnStep, Refusal> {
    if now.state.is_before_departure() {
        Ok(ReturnStep::of(now, event, now.state))
    } else {
        Err(refused(now.state))
    }
}

/// A step to a state, if the table allows it.
pub(crate) fn to(
    now: &ReturnAssistance,
    event: &'static str,
    next: ReturnState,
) -> Result<ReturnStep, Refusal> {
    if now.state.may_become(next) { Ok(ReturnStep::of(now, event, next)) } else { Err(refused(now.state)) }
}
