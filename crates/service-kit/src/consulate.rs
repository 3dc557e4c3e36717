//! Missions of countries that a child is afraid of: whoever asks to tell them something of the child is refused.
//!
//! This is what somebody is told who asks. What keeps a mission out is asked of the rows with everything that it reads.

use helpline_domain::id::{AgencyId, CentreId};
use helpline_store::casework::migrant::gate::About;

use crate::Refusal;
use crate::ctx::Ctx;

/// Error: CONSULATE_REFUSED when one of these agencies must learn nothing of this.
pub async fn passes(ctx: &Ctx, centre: CentreId, agencies: &[AgencyId], about: About) -> Result<(), Refusal> {
    match ctx.store.feared_among(centre, agencies, about).await? {
        Some(agency) => Err(Refusal::consulate_refused(agency.as_uuid())),
        None => Ok(()),
    }
}
