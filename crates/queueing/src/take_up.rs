//! What was put aside for a critical contact is taken up again as soon as its counsellor is done with that one, ready, and has
//! room. What has become critical itself meanwhile does not wait for them.

use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::aside::TakenUp;
use helpline_store::resumption::Resumed;

use crate::resume_lost::{self, PREFER_S};

/// What became of a conversation that was put aside.
enum Done {
    TakenUp(TakenUp),
    GivenBack(Box<Resumed>),
}

/// Takes up what can be taken up. One by one and skipping what is locked, so any number of processes may do it.
pub(crate) async fn take_up(ctx: &Ctx, centre: CentreId) -> Result<(), Refusal> {
    while let Some(done) = next(ctx, centre).await? {
        fail_point!("take_up.after_commit");
        match done {
            Done::TakenUp(taken) => {
                if let Some(room) = &taken.room {
                    ctx.mirror.room_changed(centre, room).await;
                }
                ctx.mirror.contact_changed(centre, taken.contact_id);
                ctx.mirror.counsellor_changed(centre, taken.counsellor_id);
            }
            Done::GivenBack(resumed) => resume_lost::tell(ctx, centre, &resumed).await,
        }
    }
    Ok(())
}

/// Its own counsellor comes before the line.
async fn next(ctx: &Ctx, centre: CentreId) -> Result<Option<Done>, Refusal> {
    if let Some(taken) = ctx.store.take_up_one(centre).await? {
        return Ok(Some(Done::TakenUp(taken)));
    }
    Ok(ctx.store.give_back_one(centre, PREFER_S).await?.map(|resumed| Done::GivenBack(Box::new(resumed))))
}
