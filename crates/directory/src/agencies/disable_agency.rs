//! An agency is asked no longer.

use helpline_domain::caller::Caller;
use helpline_domain::id::AgencyId;
use helpline_service_kit::authenticator::Authenticator;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::agency::Agency;

use super::get_agency;

/// An agency to be asked no longer.
#[derive(Clone, Copy, Debug)]
pub struct DisableAgency {
    /// The command.
    pub command: Command,
    /// Which.
    pub agency_id: AgencyId,
}

/// Asks an agency no longer; the tokens of its responders are revoked with it. Disabling twice is allowed. Error: NOT_FOUND.
pub async fn disable_agency(
    ctx: &Ctx,
    authenticator: &Authenticator,
    caller: &Caller,
    disabling: DisableAgency,
) -> Result<Agency, Refusal> {
    let DisableAgency { command, agency_id } = disabling;
    let change = ctx.store.disable_agency(&command, agency_id).await?;
    let agency =
        outcome(change, |id| get_agency(ctx, caller, id.into()), async { Ok(Refusal::not_found("agency")) })
            .await?;
    authenticator.invalidate_agency(agency_id);
    ctx.mirror.roster_changed(caller.centre_id);
    Ok(agency)
}
