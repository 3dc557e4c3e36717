//! The report of a year, fit to leave the centre.

use helpline_domain::caller::Caller;
use helpline_domain::statistics::{Dimension, Table, suppress};
use helpline_service_kit::{Ctx, Refusal};

use crate::count::{Period, days};

/// By what a report counts, in its order. Not by risk: it says more of single children than of a year.
const DIMENSIONS: [Dimension; 10] = [
    Dimension::Month,
    Dimension::Channel,
    Dimension::State,
    Dimension::ContactKind,
    Dimension::MainCategory,
    Dimension::Category,
    Dimension::Gender,
    Dimension::AgeBand,
    Dimension::Region,
    Dimension::ActionTaken,
];

/// A table of the report and its whole.
pub(crate) type Told = (Dimension, Table, i64);

/// Its tables, and how many contacts there are: nothing where these are too few to be told at all.
pub(crate) async fn report(
    ctx: &Ctx,
    caller: &Caller,
    period: Period,
    least: i64,
) -> Result<(Vec<Told>, i64), Refusal> {
    let days = days(ctx, caller, period).await?;
    let mut found = ctx.store.report_tables(caller.centre_id, &days).await?;
    let mut tables = Vec::new();
    for dimension in DIMENSIONS {
        let parts: Vec<_> =
            found.extract_if(.., |(of, ..)| *of == dimension).map(|(_, key, count)| (key, count)).collect();
        let whole = parts.iter().map(|(_, count)| count).sum();
        tables.push((dimension, suppress(parts, least), whole));
    }
    // Each contact came in one way.
    let total = tables.iter().find(|(of, ..)| *of == Dimension::Channel).map_or(0, |(.., whole)| *whole);
    if total < least {
        return Ok((Vec::new(), 0));
    }
    tables.retain(|(.., whole)| *whole >= least);
    Ok((tables, total))
}
