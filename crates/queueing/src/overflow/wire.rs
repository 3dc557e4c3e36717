//! Overflows on the wire.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, ContactId, OverflowId, RequestId};
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::overflow::OverflowFilter;

pub(crate) use helpline_service_kit::wire::overflow;

use super::get_overflow::Listed;

/// Which contact, and which partner is named.
pub(super) fn request(
    sent: &proto::RequestOverflowRequest,
) -> Result<(RequestId, ContactId, Option<CentreId>), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let contact = fields.id("contact_id", &sent.contact_id);
    let partner = fields.optional_id("partner_id", &sent.partner_id);
    fields.build((|| Some((request_id?, contact?, partner?)))())
}

/// Reads a request about one overflow.
pub(crate) fn on_overflow(request: &str, overflow: &str) -> Result<(RequestId, OverflowId), Refusal> {
    let mut fields = Fields::new();
    let (request, overflow) = (fields.request_id(request), fields.id("overflow_id", overflow));
    fields.build(request.zip(overflow))
}

/// The page tokens of a list with this filter.
pub(crate) fn pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListOverflowsRequest,
) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListOverflows", caller, &request.filter.unwrap_or_default())
}

/// Which overflows, and which page of them.
pub(crate) fn list(
    pages: &PageTokens<'_>,
    request: &proto::ListOverflowsRequest,
) -> Result<(OverflowFilter, (u32, Option<OverflowId>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let asked = request.filter.unwrap_or_default();
    let direction = fields.within("filter", |fields| {
        fields.optional_choice("direction", asked.direction, proto::OverflowDirection::as_str_name)
    });
    let (size, direction) = fields.build(size.zip(direction))?;
    let out = direction.map(|direction| direction == proto::OverflowDirection::Out);
    let filter = OverflowFilter { out, open_only: asked.open_only };
    Ok((filter, (size, pages.open(&request.page_token)?)))
}

/// A page of overflows.
pub(crate) fn listed(
    pages: &PageTokens<'_>,
    listed: &Listed,
) -> Result<proto::ListOverflowsResponse, Refusal> {
    Ok(proto::ListOverflowsResponse {
        overflows: listed.overflows.iter().map(overflow).collect(),
        next_page_token: pages.seal(listed.next.as_ref())?,
    })
}
