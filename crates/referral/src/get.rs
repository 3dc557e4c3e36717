//! Referrals are looked at.

use helpline_domain::caller::Caller;
use helpline_domain::id::ReferralId;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::escalation::timeline::Entry;
use helpline_store::referral::list::ReferralFilter;
use helpline_store::referral::read::Referral;

use crate::access;

/// A page and where the next begins.
pub(crate) type Page<T, P> = (Vec<T>, Option<P>);

/// Lists referrals that the caller may see, newest first, without what was said.
pub(crate) async fn list_referrals(
    ctx: &Ctx,
    caller: &Caller,
    filter: ReferralFilter,
    (size, before): (u32, Option<ReferralId>),
) -> Result<Page<Referral, ReferralId>, Refusal> {
    let found = ctx.store.referrals(caller, filter, (size.saturating_add(1), before)).await?;
    Ok(cut(found, size, |one| one.referral_id))
}

/// Lists the timeline of a referral, oldest first. Error: NOT_FOUND.
pub(crate) async fn list_timeline(
    ctx: &Ctx,
    caller: &Caller,
    id: ReferralId,
    (size, after): (u32, Option<i32>),
) -> Result<Page<Entry, i32>, Refusal> {
    let seen = access::seen(ctx, caller, id).await?;
    let page = (size.saturating_add(1), after.unwrap_or_default());
    let found = ctx.store.referral_timeline(caller, &seen, page, None).await?;
    Ok(cut(found, size, |entry| entry.sequence))
}
