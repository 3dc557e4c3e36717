//! Requests that read.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, CrossBorderId, DisclosureId};
use helpline_proto::crossborder::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};

pub(crate) fn handover_id(sent: &str) -> Result<CrossBorderId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("crossborder_id", sent);
    fields.build(id)
}

/// The page tokens of a list: good for the same question alone.
macro_rules! pages {
    ($($name:ident: $method:literal, $request:ident;)+) => {
        $(pub(crate) fn $name<'a>(
            ctx: &'a Ctx,
            caller: &Caller,
            request: &proto::$request,
        ) -> PageTokens<'a> {
            let filter = proto::$request { page_size: 0, page_token: String::new(), ..request.clone() };
            PageTokens::new(ctx.vault(), $method, caller, &filter)
        })+
    };
}

pages!(
    list_pages: "ListCrossBorderHandovers", ListCrossBorderHandoversRequest;
    timeline_pages: "ListCrossBorderTimeline", ListCrossBorderTimelineRequest;
    consents_pages: "ListCrossBorderConsents", ListCrossBorderConsentsRequest;
);

/// What is asked, and a page of it.
pub(crate) type List<T, P> = (T, (u32, Option<P>));

pub(crate) fn list(
    pages: &PageTokens<'_>,
    request: &proto::ListCrossBorderHandoversRequest,
) -> Result<List<(bool, Option<CaseId>), CrossBorderId>, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let case = fields.optional_id("case_id", &request.case_id);
    let (size, case) = fields.build(size.zip(case))?;
    Ok(((request.open, case), (size, pages.open(&request.page_token)?)))
}

/// A page about a hand-over.
fn of(crossborder_id: &str, page_size: i32) -> Result<(CrossBorderId, u32), Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("crossborder_id", crossborder_id);
    let size = fields.page_size(page_size);
    fields.build(id.zip(size))
}

pub(crate) fn timeline(
    pages: &PageTokens<'_>,
    request: &proto::ListCrossBorderTimelineRequest,
) -> Result<List<CrossBorderId, i32>, Refusal> {
    let (id, size) = of(&request.crossborder_id, request.page_size)?;
    Ok((id, (size, pages.open(&request.page_token)?)))
}

pub(crate) fn consents(
    pages: &PageTokens<'_>,
    request: &proto::ListCrossBorderConsentsRequest,
) -> Result<List<CrossBorderId, DisclosureId>, Refusal> {
    let (id, size) = of(&request.crossborder_id, request.page_size)?;
    Ok((id, (size, pages.open(&request.page_token)?)))
}
