//! Until when a child stays somewhere.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::AdmissionId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::migrant::detention::DueBy;
use helpline_store::casework::migrant::stay::StayLimit;
use helpline_vault::Sensitive;

use crate::act::committed;

/// How far off the end of a stay may be.
const LONGEST: TimeDelta = TimeDelta::days(2 * 365);

/// Lets it last longer. Errors: NOT_FOUND; INVALID_FIELD for a time that is not later than now and than before, or far off; STATE_REFUSED
/// for a stay that is over; REQUEST_ID_REUSED.
pub(crate) async fn extend(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, until, reason): (AdmissionId, DateTime<Utc>, &Sensitive<String>),
) -> Result<StayLimit, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let (rules, cases) = (&settings.settings.migrant_children, &settings.settings.cases);
    let by = DueBy { rules, cases, version: settings.version };
    let far = until > ctx.store.now().await? + LONGEST;
    let change = if far {
        ctx.store.recall_change(command).await?
    } else {
        ctx.store.extend_stay(command, (id, until), reason, by).await?
    };
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), async {
        limit(ctx, caller, id).await?;
        let stay = ctx.store.admission(caller, id).await?.ok_or_else(|| Refusal::not_found("stay"))?;
        Ok(if stay.exited_at.is_some() {
            Refusal::state("stay", stay.state.key())
        } else {
            Refusal::invalid_field("until_time", "later than now and than before, within two years")
        })
    })
    .await?;
    limit(ctx, caller, id.into()).await
}

/// Until when a stay lasts that the caller may know of. Error: NOT_FOUND.
pub(crate) async fn limit(ctx: &Ctx, caller: &Caller, id: AdmissionId) -> Result<StayLimit, Refusal> {
    let seen = ctx.store.admission(caller, id).await?.is_some();
    let limit = if seen { ctx.store.stay_limit(caller.centre_id, id).await? } else { None };
    limit.ok_or_else(|| Refusal::not_found("stay"))
}
