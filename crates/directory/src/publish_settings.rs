//! Publishes how the centre works from now on.

use helpline_domain::caller::Caller;
use helpline_domain::settings::Settings;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::settings::VersionedSettings;

use crate::get_centre::get_centre;
use crate::get_settings::get_settings;

/// Settings to publish.
#[derive(Clone, Debug)]
pub struct PublishSettings {
    /// The command.
    pub command: Command,
    /// The settings, checked as a whole.
    pub settings: Settings,
    /// The version they were made from, if that is to be compared.
    pub expected_version: Option<i64>,
}

/// Publishes settings. Errors: REVISION_STALE. A repeat is answered with the settings in force, which may be newer.
pub async fn publish_settings(
    ctx: &Ctx,
    caller: &Caller,
    publication: PublishSettings,
) -> Result<VersionedSettings, Refusal> {
    let PublishSettings { command, settings, expected_version } = publication;
    let change = ctx.store.publish_settings(&command, &settings, expected_version.unwrap_or(0)).await?;
    let published = outcome(change, |_centre| get_settings(ctx, caller, 0), async {
        Ok(Refusal::stale(get_centre(ctx, caller).await?.settings_version))
    })
    .await?;
    ctx.mirror.roster_changed(caller.centre_id);
    Ok(published)
}
