//! Which reports are of one incident.

use helpline_domain::caller::Caller;
use helpline_domain::id::SchoolReportId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::school_report::link::MOST_LINKED;
use helpline_store::school_report::read::SchoolReport;

use crate::act::{Act, TRIES, committed, expected, read, seen};

/// Links two reports. Errors: NOT_FOUND for either; STATE_REFUSED (`incident`) when they are linked (`same`) or would be too many (`full`);
/// REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn link(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, Act),
    other: SchoolReportId,
) -> Result<SchoolReport, Refusal> {
    for _ in 0..TRIES {
        let change = ctx.store.link_school_reports(command, (act.id, other), act.expected).await?;
        let why = async {
            let one = read(ctx, caller, act.id, false).await?;
            let two = read(ctx, caller, other, false).await?;
            expected(act, &one)?;
            let full = |one: &[SchoolReportId], two: &[SchoolReportId]| {
                i64::try_from(one.len().saturating_add(two.len()).saturating_add(2))
                    .is_ok_and(|all| all > MOST_LINKED)
            };
            Ok(if other == act.id || one.now.linked.contains(&other) {
                Refusal::state("incident", "same")
            } else if full(&one.now.linked, &two.now.linked) {
                Refusal::state("incident", "full")
            } else {
                Refusal::race_lost()
            })
        };
        let done = outcome(committed(change), |id| std::future::ready(Ok(id)), why).await;
        // Others have changed who is linked meanwhile.
        if done != Err(Refusal::race_lost()) {
            return seen(ctx, caller, done?.into()).await;
        }
    }
    Err(Refusal::race_lost())
}

/// Takes a report from those it is linked with. Errors: NOT_FOUND; STATE_REFUSED (`incident`, `alone`); REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn unlink(
    ctx: &Ctx,
    caller: &Caller,
    (command, act): (&Command, Act),
) -> Result<SchoolReport, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let anew = (ctx.ids.v7(), settings.settings.school.report_s);
    for _ in 0..TRIES {
        let change = ctx.store.unlink_school_report(command, (act.id, act.expected), anew).await?;
        let why = async {
            let now = read(ctx, caller, act.id, false).await?;
            expected(act, &now)?;
            let alone = now.now.linked.is_empty();
            Ok(if alone { Refusal::state("incident", "alone") } else { Refusal::race_lost() })
        };
        let done = outcome(committed(change), |id| std::future::ready(Ok(id)), why).await;
        // Others have changed who is linked meanwhile.
        if done != Err(Refusal::race_lost()) {
            return seen(ctx, caller, done?.into()).await;
        }
    }
    Err(Refusal::race_lost())
}
