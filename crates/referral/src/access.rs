//! Who may know of what.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::ReferralId;
use helpline_domain::referral::Side;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::referral::read::Referral;

/// A referral as far as the caller may see it. Error: NOT_FOUND for every other.
pub(crate) async fn seen(ctx: &Ctx, caller: &Caller, id: ReferralId) -> Result<Referral, Refusal> {
    let found = ctx.store.referrals_by_id(caller, &[id]).await?.pop();
    found.ok_or_else(|| Refusal::not_found("referral"))
}

/// On which side the caller stands.
pub(crate) const fn side(caller: &Caller) -> Side {
    match caller.role {
        Role::AgencyResponder => Side::Agency,
        _ => Side::Centre,
    }
}
