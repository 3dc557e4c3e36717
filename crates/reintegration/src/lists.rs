//! What is shown.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CohortId, ReturneeId};
use helpline_domain::reintegration::ReturneeState;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::reintegration::cohort::Cohort;
use helpline_store::reintegration::read::Returnee;

use crate::act::cohort;

/// A page and where the next begins.
type Page<T, P> = (Vec<T>, Option<P>);

/// Lists cohorts that the caller may know of, newest first.
pub(crate) async fn cohorts(
    ctx: &Ctx,
    caller: &Caller,
    (size, before): (u32, Option<CohortId>),
) -> Result<Page<Cohort, CohortId>, Refusal> {
    let found = ctx.store.cohorts(caller, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.cohort_id))
}

/// Lists the children of a cohort, in the order in which they were announced. Error: NOT_FOUND.
pub(crate) async fn returnees(
    ctx: &Ctx,
    caller: &Caller,
    which: (CohortId, Option<ReturneeState>),
    (size, after): (u32, Option<ReturneeId>),
) -> Result<Page<Returnee, ReturneeId>, Refusal> {
    cohort(ctx, caller, which.0).await?;
    let settings = ctx.settings.current(caller.centre_id).await?;
    let plan = settings.settings.reintegration.plan.as_str();
    let found = ctx.store.returnees(caller, plan, which, (size.saturating_add(1), after)).await?;
    Ok(cut(found, size, |one| one.returnee_id))
}
