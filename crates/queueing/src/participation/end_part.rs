//! Somebody's part ends: who was invited declines, who has joined leaves, or the contact's counsellor removes them. The
//! contact stays with its counsellor.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ParticipationId};
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::participation::{PartChanged, PartEnd};
use helpline_store::{Change, Command};

use super::{known, own_refusal, seen, tell};

/// Ends a part. Errors: NOT_FOUND, STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn end_part(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    id: ParticipationId,
    end: PartEnd,
) -> Result<proto::Participation, Refusal> {
    let change = ctx.store.end_participation(command, id, end).await?;
    if let Change::Done(ended) = &change {
        tell_ended(ctx, caller.centre_id, ended).await;
    }
    let change = change.map(|ended| ended.participation_id.as_uuid());
    let explain = async {
        match end {
            PartEnd::Decline(_) | PartEnd::Leave => own_refusal(ctx, caller, id).await,
            PartEnd::Remove => owner_refusal(ctx, caller, id).await,
        }
    };
    let id = outcome(change, async |id| Ok(id), explain).await?;
    seen(ctx, caller, id.into()).await
}

/// Why the contact's counsellor could not remove somebody.
async fn owner_refusal(ctx: &Ctx, caller: &Caller, id: ParticipationId) -> Result<Refusal, Refusal> {
    let found = known(ctx, caller, id).await?;
    Ok(if found.owner_id != caller.counsellor_id {
        Refusal::not_found("participation")
    } else if found.state.is_live() && found.contact_state != ContactState::InProgress {
        Refusal::state("contact", found.contact_state.key())
    } else if found.state.is_live() {
        Refusal::race_lost()
    } else {
        Refusal::state("participation", found.state.key())
    })
}

/// Tells who took part and the contact's counsellor that it is over.
pub(super) async fn tell_ended(ctx: &Ctx, centre: CentreId, ended: &PartChanged) {
    let people = [ended.owner_id, ended.participant_id];
    tell(ctx, centre, ended.contact_id, people, &ended.rooms).await;
}
