//! Lists, read.

use helpline_domain::caller::Caller;
use helpline_domain::id::EscalationId;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::escalation::list::EscalationFilter;

use crate::calls::Place;
use crate::get::Deadline;

/// The page tokens of a list of escalations with this filter.
pub(crate) fn list_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListEscalationsRequest,
) -> PageTokens<'a> {
    let filter = proto::ListEscalationsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListEscalations", caller, &filter)
}

pub(crate) fn list(
    pages: &PageTokens<'_>,
    request: &proto::ListEscalationsRequest,
) -> Result<(EscalationFilter, (u32, Option<EscalationId>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let contact_id = fields.optional_id("contact_id", &request.contact_id);
    let (size, contact_id) = fields.build(size.zip(contact_id))?;
    let filter = EscalationFilter { open: request.open, contact_id };
    Ok((filter, (size, pages.open(&request.page_token)?)))
}

/// The page tokens of the reports that are open.
pub(crate) fn report_pages<'a>(ctx: &'a Ctx, caller: &Caller) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListReports", caller, &proto::ListReportsRequest::default())
}

pub(crate) fn reports(
    pages: &PageTokens<'_>,
    request: &proto::ListReportsRequest,
) -> Result<(u32, Option<Deadline>), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    Ok((size, pages.open(&request.page_token)?))
}

/// The page tokens of the timeline of an escalation.
pub(crate) fn timeline_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListTimelineRequest,
) -> PageTokens<'a> {
    let filter = proto::ListTimelineRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListTimeline", caller, &filter)
}

pub(crate) fn timeline(
    pages: &PageTokens<'_>,
    request: &proto::ListTimelineRequest,
) -> Result<(EscalationId, (u32, Option<i32>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let id = fields.id("escalation_id", &request.escalation_id);
    let (size, id) = fields.build(size.zip(id))?;
    Ok((id, (size, pages.open(&request.page_token)?)))
}

/// The page tokens of the numbers to ring.
pub(crate) fn call_pages<'a>(ctx: &'a Ctx, caller: &Caller) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListCalls", caller, &proto::ListCallsRequest::default())
}

pub(crate) fn calls(
    pages: &PageTokens<'_>,
    request: &proto::ListCallsRequest,
) -> Result<(u32, Option<Place>), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    Ok((size, pages.open(&request.page_token)?))
}
