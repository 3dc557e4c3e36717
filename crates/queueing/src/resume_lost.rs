//! A conversation whose counsellor's client was lost goes back to the line, ahead of its class.
//!
//! The child sees a conversation in which nobody answers. It is flagged when the counsellor has been silent for one time
//! to live, and given back when they have not been seen for [`Resumption::resume_after_s`] after that: with the arrival and
//! deadline it had, to whoever is free, and to its counsellor first should they come back before. What was written is
//! the contact's and goes with it.
//!
//! A call is never given back for this: its sound may be up although the screen is gone. Only the channel knows.
//!
//! [`Resumption::resume_after_s`]: helpline_domain::settings::resumption::Resumption::resume_after_s

use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::resumption::Resumed;

/// How long the counsellor who was lost comes first, in seconds. Nobody waits for them, so it may be long.
pub(crate) const PREFER_S: u32 = 3600;

/// Flags the conversations of counsellors who have been silent for `ttl_s`, and gives back those whose time has come.
/// One by one and skipping what is locked, so any number of processes may do it.
pub async fn resume_lost(ctx: &Ctx, centre: CentreId, ttl_s: u32) -> Result<(), Refusal> {
    let after_s = ctx.settings.current(centre).await?.settings.resumption.resume_after_s;
    while let Some(contact) = ctx.store.flag_lost(centre, ttl_s).await? {
        ctx.mirror.contact_changed(centre, contact);
    }
    while let Some(resumed) = ctx.store.resume_one(centre, after_s, PREFER_S).await? {
        fail_point!("resume.after_commit");
        tell(ctx, centre, &resumed).await;
    }
    Ok(())
}

/// The contact is in line before the counsellor is free, or whoever came later would be offered first.
pub(crate) async fn tell(ctx: &Ctx, centre: CentreId, resumed: &Resumed) {
    ctx.mirror.contact_waits_again(centre, &resumed.contact).await;
    ctx.mirror.rooms_changed(centre, &resumed.rooms, Some(resumed.counsellor_id)).await;
    ctx.mirror.counsellor_changed(centre, resumed.counsellor_id);
}
