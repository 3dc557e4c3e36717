//! What becomes of participations by itself: nobody answers, a client is lost, and who is with the child inherits a contact
//! whose counsellor is gone.

use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::participation::Due;

use super::end_part::tell_ended;
use super::take_over::tell_handed;

/// Does what is due. Any number of processes may: each step compares again.
pub(crate) async fn settle(ctx: &Ctx, centre: CentreId, missed_limit: u32) -> Result<(), Refusal> {
    for (id, due) in ctx.store.due_participations(centre).await? {
        if due == Due::OwnerLost {
            if let Some(handed) = ctx.store.inherit_contact(centre, id).await? {
                tell_handed(ctx, centre, &handed).await;
            }
        } else if let Some(ended) = ctx.store.end_due_participation(centre, id, due, missed_limit).await? {
            tell_ended(ctx, centre, &ended).await;
        }
    }
    Ok(())
}
