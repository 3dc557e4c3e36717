//! One counsellor, for those who may know them.

use helpline_domain::caller::Caller;
use helpline_domain::id::CounsellorId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::counsellor::Counsellor;

/// One counsellor. Error: NOT_FOUND, also for a counsellor who asks for somebody else.
pub async fn get_counsellor(ctx: &Ctx, caller: &Caller, id: CounsellorId) -> Result<Counsellor, Refusal> {
    let not_found = || Refusal::not_found("counsellor");
    if caller.counsellor_id.is_some_and(|own| own != id) {
        return Err(not_found());
    }
    ctx.store.counsellor(caller.centre_id, id).await?.ok_or_else(not_found)
}
