//! The report of a year, fit to leave the centre.

use chrono::NaiveDate;
use helpline_domain::caller::Caller;
use helpline_domain::statistics::{Dimension, Table, suppress};
use helpline_service_kit::{Ctx, Refusal};

use crate::count::days;

/// How large a part must be to be told by itself. Nobody may choose: two reports with two bounds tell more than each.
pub(crate) const LEAST: i64 = 5;

/// By what a report counts, in its order. Not by risk, which says more of single children than of a year, nor by all categories: one
/// child with several rare ones would make a pool alone.
const DIMENSIONS: [Dimension; 9] = [
    Dimension::Month,
    Dimension::Channel,
    Dimension::State,
    Dimension::ContactKind,
    Dimension::MainCategory,
    Dimension::Gender,
    Dimension::AgeBand,
    Dimension::Region,
    Dimension::ActionTaken,
];

/// A table of the report and its whole.
pub(crate) type Told = (Dimension, Table, i64);

/// Its tables, and how many contacts there are: nothing where these are too few to be told at all. Error: INVALID_FIELD for a year that
/// is not over: what is added to a report from one day to the next is a child's whole row.
pub(crate) async fn report(ctx: &Ctx, caller: &Caller, year: i32) -> Result<(Vec<Told>, i64), Refusal> {
    let day = |year, (month, day)| {
        NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| Refusal::invalid_field("year", "a year"))
    };
    let days = days(ctx, caller, (day(year, (1, 1))?, day(year, (12, 31))?)).await?;
    if !ctx.store.are_over(caller.centre_id, &days).await? {
        return Err(Refusal::invalid_field("year", "a year that is over"));
    }
    let mut found = ctx.store.report_tables(caller.centre_id, &days).await?;
    let mut tables = Vec::new();
    for dimension in DIMENSIONS {
        let parts: Vec<_> =
            found.extract_if(.., |(of, ..)| *of == dimension).map(|(_, key, count)| (key, count)).collect();
        let whole = parts.iter().map(|(_, count)| count).sum();
        tables.push((dimension, suppress(parts, LEAST), whole));
    }
    // Each contact came in one way.
    let total = tables.iter().find(|(of, ..)| *of == Dimension::Channel).map_or(0, |(.., whole)| *whole);
    Ok(if total < LEAST { (Vec::new(), 0) } else { (tables, total) })
}
