//! Missions of countries that a child is afraid of: whoever asks to tell them something of the child is refused.
//!
//! This is what somebody is told who asks. What keeps a mission out is asked of the rows with everything that it reads.

use helpline_domain::caller::Caller;
use helpline_domain::id::AgencyId;
use helpline_store::casework::migrant::gate::About;

use crate::Refusal;
use crate::ctx::Ctx;

/// Error when one of these agencies must learn nothing of this: CONSULATE_REFUSED for who may read a case of the child, `otherwise` for
/// everybody else. That is what is said of an agency that cannot answer: the reason would tell that there is a case, and what the child
/// is afraid of.
pub async fn passes(
    ctx: &Ctx,
    caller: &Caller,
    (agencies, about): (&[AgencyId], About),
    otherwise: Refusal,
) -> Result<(), Refusal> {
    match ctx.store.feared_by(caller, agencies, about).await? {
        Some((agency, true)) => Err(Refusal::consulate_refused(agency.as_uuid())),
        Some((_, false)) => Err(otherwise),
        None => Ok(()),
    }
}
