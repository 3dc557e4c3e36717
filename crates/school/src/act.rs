//! What every step has in common: read how it stands, decide, commit if nothing has changed since, or decide again.

use std::sync::Arc;

use helpline_domain::caller::Caller;
use helpline_domain::id::SchoolReportId;
use helpline_domain::school_report::SchoolReportState;
use helpline_domain::settings::school::School as Rules;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::school_report::read::SchoolReport;
use helpline_store::school_report::step::{Due, Step};
use helpline_store::settings::VersionedSettings;
use helpline_store::{Change, Command};

/// How often a step is decided anew because another came between.
pub(crate) const TRIES: usize = 20;

/// What is asked of a report, whatever it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    /// The report.
    pub(crate) id: SchoolReportId,
    /// The revision that it answers; `None` for whichever there is.
    pub(crate) expected: Option<i64>,
}

/// What a step is decided on.
pub(crate) struct Standing {
    /// The report.
    pub(crate) now: SchoolReport,
    settings: Arc<VersionedSettings>,
}

impl Standing {
    /// The rules in force.
    pub(crate) fn rules(&self) -> &Rules {
        &self.settings.settings.school
    }

    /// So many seconds from now.
    pub(crate) fn within(&self, seconds: u32) -> Due {
        Due::At(self.now.clock + chrono::Duration::seconds(seconds.into()))
    }

    /// A step to a state, if the table allows it, and what became of the report to the authority.
    pub(crate) fn to(&self, event: &'static str, next: SchoolReportState, due: Due) -> Result<Step, Refusal> {
        let state = self.now.state;
        let may = state.may_become(next) && (self.now.came_to_nothing || !state.is_undone_by(next));
        if may { Ok(Step::to(event, next, due)) } else { Err(refused(&self.now)) }
    }
}

/// STATE_REFUSED with the state.
pub(crate) fn refused(now: &SchoolReport) -> Refusal {
    Refusal::state("school_report", now.state.key())
}

/// A report that the caller may know of, shown to them. Error: NOT_FOUND for every other.
pub(crate) async fn seen(ctx: &Ctx, caller: &Caller, id: SchoolReportId) -> Result<SchoolReport, Refusal> {
    Ok(read(ctx, caller, id, true).await?.now)
}

/// A report on which something is decided. Error: NOT_FOUND.
pub(crate) async fn read(
    ctx: &Ctx,
    caller: &Caller,
    id: SchoolReportId,
    shown: bool,
) -> Result<Standing, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let days = settings.settings.school.same_incident_days;
    let now = ctx.store.school_report(caller, id, (days, shown)).await?;
    Ok(Standing { now: now.ok_or_else(|| Refusal::not_found("school_report"))?, settings })
}

/// Makes a step. Errors: NOT_FOUND, REVISION_STALE, REQUEST_ID_REUSED, and those of `decide`. `why` is what else the statement compares.
pub(crate) async fn act(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, Act),
    decide: impl Fn(&Standing) -> Result<Step, Refusal>,
    why: impl Fn(&Standing) -> Option<Refusal>,
) -> Result<SchoolReport, Refusal> {
    for _ in 0..TRIES {
        let standing = read(ctx, caller, act.id, false).await;
        let decided = standing.as_ref().map_err(Refusal::clone).and_then(|standing| {
            expected(act, standing)?;
            Ok((standing.now.revision, decide(standing)?))
        });
        let change = match &decided {
            Ok((revision, step)) => ctx.store.step_school_report(command, (act.id, *revision), step).await?,
            // What is refused now may have happened before: a repeat is recognised.
            Err(_) => ctx.store.recall_change(command).await?,
        };
        match (committed(change), decided) {
            (Change::Done(_) | Change::Replayed { .. }, _) => return seen(ctx, caller, act.id).await,
            (Change::Reused, _) => return Err(Refusal::request_id_reused()),
            (Change::Refused, Err(refusal)) => return Err(refusal),
            // It may be another by now, or something beside it is in the way.
            (Change::Refused, Ok((revision, _))) => {
                let again = read(ctx, caller, act.id, false).await?;
                if again.now.revision == revision
                    && let Some(refusal) = why(&again)
                {
                    return Err(refusal);
                }
            }
        }
    }
    Err(Refusal::race_lost())
}

/// What was committed, told of.
pub(crate) fn committed<T>(change: Change<T>) -> Change<T> {
    if matches!(change, Change::Done(_)) {
        fail_point!("school_report.after_commit");
    }
    change
}

/// Whoever answers what they saw does not answer what has become of it since.
pub(crate) fn expected(act: Act, standing: &Standing) -> Result<(), Refusal> {
    match act.expected {
        Some(revision) if revision != standing.now.revision => Err(Refusal::stale(standing.now.revision)),
        _ => Ok(()),
    }
}
