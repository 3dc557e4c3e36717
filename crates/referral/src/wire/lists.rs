//! Lists, read.

use helpline_domain::caller::Caller;
use helpline_domain::id::ReferralId;
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::referral::list::ReferralFilter;

/// The page tokens of a list of referrals with this filter.
pub(crate) fn list_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListReferralsRequest,
) -> PageTokens<'a> {
    let filter = proto::ListReferralsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListReferrals", caller, &filter)
}

pub(crate) fn list(
    pages: &PageTokens<'_>,
    request: &proto::ListReferralsRequest,
) -> Result<(ReferralFilter, (u32, Option<ReferralId>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let contact_id = fields.optional_id("contact_id", &request.contact_id);
    let case_id = fields.optional_id("case_id", &request.case_id);
    let ((size, contact_id), case_id) = fields.build(size.zip(contact_id).zip(case_id))?;
    let filter = ReferralFilter { open: request.open, unmet: request.unmet, contact_id, case_id };
    Ok((filter, (size, pages.open(&request.page_token)?)))
}

/// The page tokens of the timeline of a referral.
pub(crate) fn timeline_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListReferralTimelineRequest,
) -> PageTokens<'a> {
    let filter =
        proto::ListReferralTimelineRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListReferralTimeline", caller, &filter)
}

pub(crate) fn timeline(
    pages: &PageTokens<'_>,
    request: &proto::ListReferralTimelineRequest,
) -> Result<(ReferralId, (u32, Option<i32>)), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let id = fields.id("referral_id", &request.referral_id);
    let (size, id) = fields.build(size.zip(id))?;
    Ok((id, (size, pages.open(&request.page_token)?)))
}
