//! Whether skills are those of the centre.

use std::collections::BTreeMap;

use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};

/// Refuses skills that the settings in force do not have. Asked of the store, not of the cache: who publishes a skill
/// and gives it to somebody right away must not be refused by a replica that has not heard yet.
pub(crate) async fn known(ctx: &Ctx, centre: CentreId, skills: &BTreeMap<String, u8>) -> Result<(), Refusal> {
    if skills.is_empty() {
        return Ok(());
    }
    let current =
        ctx.store.settings(centre, 0).await?.ok_or_else(|| Refusal::bug("a centre has no settings"))?;
    if skills.keys().all(|skill| current.settings.skills.contains(skill)) {
        Ok(())
    } else {
        Err(Refusal::invalid_field("counsellor.skills", "only skills of the centre's settings"))
    }
}
