//! Adds an agency that can be asked for help.

use helpline_domain::caller::Caller;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::agency::{Agency, Profile};

use super::get_agency;

/// An agency to add.
#[derive(Clone, Debug)]
pub struct CreateAgency {
    /// The command.
    pub command: Command,
    /// What it is.
    pub profile: Profile,
}

/// Adds an agency.
pub async fn create_agency(ctx: &Ctx, caller: &Caller, creation: CreateAgency) -> Result<Agency, Refusal> {
    let CreateAgency { command, profile } = creation;
    let change = ctx.store.create_agency(&command, ctx.ids.v7().into(), &profile).await?;
    outcome(change, |id| get_agency(ctx, caller, id.into()), async {
        Ok(Refusal::bug("nothing could have refused a new agency"))
    })
    .await
}
