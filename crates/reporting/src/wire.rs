//! Reports on the wire.

use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_domain::statistics::Dimension;
use helpline_proto::reporting::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::statistics::Counted;
use helpline_store::survey::SurveyCount;

use crate::count::Period;
use crate::surveys::of_months;
use crate::year::{LEAST, Told};

/// Dimensions of one table at most.
const MOST_DIMENSIONS: usize = 3;
/// Days of one period at most: five years.
const LONGEST: i64 = 5 * 366;
/// Characters of a key at most.
const KEY: usize = 100;

const fn dimension(of: Dimension) -> proto::Dimension {
    match of {
        Dimension::Channel => proto::Dimension::Channel,
        Dimension::State => proto::Dimension::State,
        Dimension::ContactKind => proto::Dimension::ContactKind,
        Dimension::MainCategory => proto::Dimension::MainCategory,
        Dimension::Category => proto::Dimension::Category,
        Dimension::Gender => proto::Dimension::Gender,
        Dimension::AgeBand => proto::Dimension::AgeBand,
        Dimension::Region => proto::Dimension::Region,
        Dimension::ActionTaken => proto::Dimension::ActionTaken,
        Dimension::Risk => proto::Dimension::Risk,
        Dimension::Month => proto::Dimension::Month,
    }
}

fn dimensions(fields: &mut Fields, sent: &[i32]) -> Option<Vec<Dimension>> {
    if sent.is_empty() || sent.len() > MOST_DIMENSIONS {
        fields.refuse("dimensions", format!("from 1 to {MOST_DIMENSIONS}"));
        return None;
    }
    let mut read = Vec::new();
    for (place, value) in sent.iter().enumerate() {
        let path = format!("dimensions[{place}]");
        let found = fields.choice(&path, *value, proto::Dimension::as_str_name);
        let known =
            found.and_then(|found| Dimension::ALL.iter().copied().find(|one| dimension(*one) == found));
        if known.is_some_and(|known| read.contains(&Some(known))) {
            fields.refuse(&path, "each once");
        }
        read.push(known);
    }
    read.into_iter().collect()
}

fn period(fields: &mut Fields, (first, last): (&str, &str)) -> Option<Period> {
    let first = fields.date("first_date", first);
    let last = fields.date("last_date", last);
    let (first, last) = (first?, last?);
    let near = (0..LONGEST).contains(&last.signed_duration_since(first).num_days());
    if !near {
        fields.refuse("last_date", "not before the first, and at most five years later");
    }
    near.then_some((first, last))
}

pub(crate) fn count(sent: &proto::CountContactsRequest) -> Result<(Period, Vec<Dimension>), Refusal> {
    let mut fields = Fields::new();
    let period = period(&mut fields, (&sent.first_date, &sent.last_date));
    let dimensions = dimensions(&mut fields, &sent.dimensions);
    fields.build(period.zip(dimensions))
}

pub(crate) fn counted(one: Counted) -> proto::ContactCount {
    proto::ContactCount { cell: one.cell, contacts: one.contacts }
}

/// The page tokens of the contacts of a cell.
pub(crate) fn pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListCountedContactsRequest,
) -> PageTokens<'a> {
    let filter =
        proto::ListCountedContactsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListCountedContacts", caller, &filter)
}

/// Which contacts, and a page of them.
pub(crate) type List = (Period, (Vec<Dimension>, Vec<String>), (u32, Option<ContactId>));

pub(crate) fn list(
    pages: &PageTokens<'_>,
    sent: &proto::ListCountedContactsRequest,
) -> Result<List, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let period = period(&mut fields, (&sent.first_date, &sent.last_date));
    let dimensions = dimensions(&mut fields, &sent.dimensions);
    if dimensions.as_ref().is_some_and(|dimensions| dimensions.len() != sent.cell.len()) {
        fields.refuse("cell", "a key for each dimension");
    }
    for (place, key) in sent.cell.iter().enumerate().take(MOST_DIMENSIONS) {
        fields.line(&format!("cell[{place}]"), key, 0..=KEY);
    }
    let built = (|| Some((size?, period?, dimensions?)))();
    let (size, period, dimensions) = fields.build(built)?;
    Ok((period, (dimensions, sent.cell.clone()), (size, pages.open(&sent.page_token)?)))
}

pub(crate) fn year(sent: proto::GetYearlyReportRequest) -> Result<i32, Refusal> {
    let mut fields = Fields::new();
    let year = fields.int("year", sent.year, 2000..=2200);
    fields.build(year)
}

pub(crate) fn table((of, table, total): Told) -> proto::ReportTable {
    proto::ReportTable {
        dimension: dimension(of).into(),
        parts: table.parts.into_iter().map(|(key, contacts)| proto::ReportPart { key, contacts }).collect(),
        pooled: table.pooled,
        total,
    }
}

pub(crate) fn months(sent: &proto::CountSurveysRequest) -> Result<Period, Refusal> {
    let mut fields = Fields::new();
    let mut month = |path: &str, sent: &str| fields.date(path, &format!("{sent}-01"));
    let (first, last) = (month("first_month", &sent.first_month), month("last_month", &sent.last_month));
    let period = first.zip(last).and_then(|(first, last)| of_months(first, last)).filter(|(first, last)| {
        let near = (0..LONGEST).contains(&last.signed_duration_since(*first).num_days());
        if !near {
            fields.refuse("last_month", "not before the first, and at most five years later");
        }
        near
    });
    fields.build(period)
}

/// What was answered, as far as enough have.
pub(crate) fn surveys(one: &SurveyCount) -> proto::SurveyCount {
    #[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
    let mean = |sum: i64, of: i64| (of >= LEAST).then(|| sum as f64 / of as f64);
    proto::SurveyCount {
        month: one.month.clone(),
        channel: one.channel.clone(),
        contacts: one.contacts,
        surveys: if one.surveys < LEAST { 0 } else { one.surveys },
        felt_helped: mean(one.helped_sum, one.helped_answers),
        would_recommend: mean(one.recommend_yes, one.recommend_answers),
        told_about_rights: mean(one.rights_yes, one.rights_answers),
        feels_safe: mean(one.safe_yes, one.safe_answers),
    }
}
