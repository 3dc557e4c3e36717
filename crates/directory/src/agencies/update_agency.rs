//! Replaces what an agency is and what it may be told.

use helpline_domain::agency::AgencyKind;
use helpline_domain::caller::Caller;
use helpline_domain::id::AgencyId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::agency::{Agency, Profile};

use super::get_agency;

/// What an agency is to be.
#[derive(Clone, Debug)]
pub struct UpdateAgency {
    /// The command.
    pub command: Command,
    /// Which.
    pub agency_id: AgencyId,
    /// What it is from now on.
    pub profile: Profile,
    /// The revision it was made from, if that is to be compared.
    pub expected_revision: Option<i64>,
}

/// Replaces name, kind and what it may be told at most. Errors: NOT_FOUND, STATE_REFUSED for one that is disabled, INVALID_FIELD for an
/// embassy that is to be something else or of another country, REVISION_STALE.
pub async fn update_agency(ctx: &Ctx, caller: &Caller, update: UpdateAgency) -> Result<Agency, Refusal> {
    let UpdateAgency { command, agency_id, profile, expected_revision } = update;
    let (kind, country) = (profile.kind, profile.country.clone());
    let change =
        ctx.store.update_agency(&command, agency_id, &profile, expected_revision.unwrap_or(0)).await?;
    outcome(change, |id| get_agency(ctx, caller, id.into()), async {
        let agency = get_agency(ctx, caller, agency_id).await?;
        Ok(match (agency.disabled_at, expected_revision) {
            (Some(_), _) => Refusal::state("agency", "disabled"),
            _ if agency.profile.kind == AgencyKind::Embassy && kind != AgencyKind::Embassy => {
                Refusal::invalid_field("agency.kind", "an embassy stays one")
            }
            _ if agency.profile.country.is_some() && agency.profile.country != country => {
                Refusal::invalid_field("agency.country", "an embassy stays one of its country")
            }
            (None, Some(_)) => Refusal::stale(agency.revision),
            (None, None) => Refusal::race_lost(),
        })
    })
    .await
}
