//! A supervisor sets the switch of a queue.

use helpline_domain::caller::Caller;
use helpline_domain::presence::PresenceState;
use helpline_proto::queueing::v1::DivertQueueRequest;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::diversion::{Diversion, NewDiversion, Target};
use helpline_store::{Change, Command};

use super::{load, wire};

/// A diversion to make.
#[derive(Clone, Debug)]
pub(crate) struct DivertQueue {
    pub(super) command: Command,
    pub(super) new: NewDiversion,
}

/// Diverts a queue. Errors: INVALID_FIELD for a queue that the centre does not have or a time that is over, NOT_FOUND
/// and PRESENCE_REFUSED for a counsellor who is not there, SWITCH_OWNED when the queue is diverted.
pub(crate) async fn divert_queue(
    ctx: &Ctx,
    caller: &Caller,
    sent: &DivertQueueRequest,
) -> Result<Diversion, Refusal> {
    let DivertQueue { command, new } = wire::divert(ctx, caller, sent)?;
    let change = match check(ctx, caller, &new).await {
        Ok(()) => ctx.store.divert_queue(&command, &new).await?,
        // What held when it was first asked need not hold when it is repeated.
        Err(refusal) => match ctx.store.recall_change(&command).await? {
            Change::Refused => return Err(refusal),
            known => known,
        },
    };
    if let Change::Done(_) = &change {
        ctx.mirror.roster_changed(caller.centre_id);
    }
    outcome(change, async |id| load(ctx, caller, id.into()).await, refusal(ctx, caller, &new)).await
}

async fn check(ctx: &Ctx, caller: &Caller, new: &NewDiversion) -> Result<(), Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let known = |key: &str| settings.settings.queues.iter().any(|queue| queue.queue == key);
    if !known(&new.queue) {
        return Err(Refusal::invalid_field("queue", "the key of a queue in the centre's settings"));
    }
    match &new.target {
        Target::Queue(to) if !known(to) => {
            Err(Refusal::invalid_field("to_queue", "the key of a queue in the centre's settings"))
        }
        Target::Queue(_) => Ok(()),
        Target::Counsellor(to) => {
            let presence = ctx.store.presence(caller.centre_id, *to).await?;
            match presence.ok_or_else(|| Refusal::not_found("counsellor"))?.state {
                PresenceState::Ready | PresenceState::NotReady => Ok(()),
                away => Err(Refusal::presence(away.key())),
            }
        }
    }
}

/// Why it was not diverted: it is already, or its end is over or too far away.
async fn refusal(ctx: &Ctx, caller: &Caller, new: &NewDiversion) -> Result<Refusal, Refusal> {
    let open = ctx.store.open_diversions(caller.centre_id).await?;
    Ok(match open.iter().find(|open| open.queue == new.queue) {
        Some(open) => Refusal::switch_owned(open.owner_id),
        None => Refusal::invalid_field("end_time", "a time in the future, at most a week from now"),
    })
}
