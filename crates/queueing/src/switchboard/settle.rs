//! What follows when diversions end: by their time, or because the person they went to has gone.

use helpline_domain::id::CentreId;
use helpline_domain::settings::Queue;
use helpline_service_kit::{Ctx, Refusal};

/// Contacts let go at a time.
const MOST: i64 = 200;

/// Ends what is due, and lets everybody go on who waits under what has ended.
pub(crate) async fn settle(ctx: &Ctx, centre: CentreId) -> Result<(), Refusal> {
    let ended = ctx.store.end_due_diversions(centre).await?;
    for diversion in &ended {
        tracing::info!(%centre, queue = diversion.queue, how = ?diversion.ended, "a diversion ended");
    }
    if !ended.is_empty() {
        ctx.mirror.roster_changed(centre);
    }
    let_go(ctx, centre).await
}

/// Lets everybody go on who waits under a diversion that has ended.
pub(super) async fn let_go(ctx: &Ctx, centre: CentreId) -> Result<(), Refusal> {
    let current = ctx.settings.current(centre).await?;
    loop {
        let left = ctx.store.left_by_diversions(centre, MOST).await?;
        let mut moved = false;
        for contact in &left {
            let own = contact.original_queue.as_deref().and_then(|queue| current.settings.queue(queue));
            let relax_after_s = own.and_then(Queue::relax_after_s);
            if let Some(now) = ctx.store.undivert(centre, contact, relax_after_s).await? {
                moved = true;
                ctx.mirror.contact_left(centre, contact).await;
                ctx.mirror.contact_waits_again(centre, &now).await;
            }
        }
        if !moved {
            return Ok(());
        }
    }
}
