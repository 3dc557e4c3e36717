//! How the children of a cohort fare.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::CohortId;
use helpline_domain::reintegration::score::{Score, month_end, score};
use helpline_service_kit::{Ctx, Refusal};

use crate::act::cohort;

/// What may be told of how they fared at the end of the last month. Error: NOT_FOUND.
pub(crate) async fn get(ctx: &Ctx, caller: &Caller, id: CohortId) -> Result<(DateTime<Utc>, Score), Refusal> {
    cohort(ctx, caller, id).await?;
    let at = month_end(ctx.store.now().await?);
    let counts = ctx.store.returnee_counts(caller, id, at).await?;
    Ok((at, score(&counts)))
}
