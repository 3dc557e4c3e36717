//! Contacts are counted, and those behind a number are listed.

use chrono::NaiveDate;
use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_domain::statistics::Dimension;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::statistics::{Counted, Days, MOST_CELLS};

/// The first and the last day.
pub(crate) type Period = (NaiveDate, NaiveDate);

/// A period in the time zone of the centre as it is now.
pub(crate) async fn days(ctx: &Ctx, caller: &Caller, (first, last): Period) -> Result<Days, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    Ok(Days { first, last, time_zone: settings.settings.hours.time_zone.clone() })
}

/// Counts. Error: INVALID_FIELD for more cells than anybody reads.
pub(crate) async fn contacts(
    ctx: &Ctx,
    caller: &Caller,
    period: Period,
    dimensions: &[Dimension],
) -> Result<(Vec<Counted>, i64), Refusal> {
    let days = days(ctx, caller, period).await?;
    let (counts, total) = ctx.store.count_contacts(caller.centre_id, &days, dimensions).await?;
    if counts.len() > MOST_CELLS {
        return Err(Refusal::invalid_field("dimensions", "fewer, or fewer days: there are too many cells"));
    }
    Ok((counts, total))
}

/// Lists the contacts of a cell, newest first.
pub(crate) async fn list(
    ctx: &Ctx,
    caller: &Caller,
    period: Period,
    of: (&[Dimension], &[String]),
    (size, before): (u32, Option<ContactId>),
) -> Result<(Vec<ContactId>, Option<ContactId>), Refusal> {
    let days = days(ctx, caller, period).await?;
    let found = ctx.store.counted_contacts(caller, &days, of, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |id| *id))
}
