//! How the centre works, or worked.

use helpline_domain::caller::Caller;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::settings::VersionedSettings;

/// The settings of a version; 0 for those in force.
pub async fn get_settings(ctx: &Ctx, caller: &Caller, version: i64) -> Result<VersionedSettings, Refusal> {
    ctx.store.settings(caller.centre_id, version).await?.ok_or_else(|| Refusal::not_found("settings"))
}
