//! A supervisor chooses who is offered a contact, out of turn.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{ContactId, CounsellorId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::offer::Moved;
use helpline_store::{Change, Command};

use crate::named;

/// How often a contact is read and assigned that others keep changing in between.
const TRIES: usize = 3;

/// Offers a contact that waits or is being offered to this counsellor at once. Where it rang before, it stops. Errors:
/// NOT_FOUND, STATE_REFUSED, COUNSELLOR_NOT_AVAILABLE, RACE_LOST, REQUEST_ID_REUSED.
pub async fn assign_contact(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    contact: ContactId,
    to: CounsellorId,
) -> Result<Contact, Refusal> {
    let change = change(ctx, caller, command, contact, to).await?;
    let load = async |id: uuid::Uuid| known(ctx, caller, id.into()).await;
    outcome(change.map(|moved| moved.contact), load, async {
        Ok(Refusal::state("contact", known(ctx, caller, contact).await?.state.key()))
    })
    .await
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    contact: ContactId,
    to: CounsellorId,
) -> Result<Change<Moved>, Refusal> {
    let centre = caller.centre_id;
    for _ in 0..TRIES {
        let seen = known(ctx, caller, contact).await?;
        let requirement = seen.requirement();
        let can = if matches!(seen.state, ContactState::Waiting | ContactState::Offered) {
            named::check_language(ctx, centre, &requirement, to).await
        } else {
            Err(Refusal::state("contact", seen.state.key()))
        };
        if let Err(refusal) = can {
            // A repeat is recognised before it is found impossible by now.
            return match ctx.store.recall_change(command).await? {
                Change::Refused => Err(refusal),
                known => Ok(known),
            };
        }
        let draft = named::draft(ctx, centre, &seen, to, "assigned_by_supervisor").await?;
        let change = ctx.store.assign_contact(command, &seen, &draft).await?;
        match &change {
            Change::Done(moved) => named::tell(ctx, centre, moved, Some(&seen), Some(&draft)).await,
            Change::Refused => {
                if let Some(refusal) = named::why_not(ctx, centre, &requirement, contact, to).await? {
                    return Err(refusal);
                }
                // It was offered or assessed since it was read, perhaps.
                continue;
            }
            Change::Replayed { .. } | Change::Reused => {}
        }
        return Ok(change);
    }
    Err(Refusal::race_lost())
}

/// A contact of the supervisor's centre.
pub(super) async fn known(ctx: &Ctx, caller: &Caller, contact: ContactId) -> Result<Contact, Refusal> {
    ctx.store.contact(caller.centre_id, contact).await?.ok_or_else(|| Refusal::not_found("contact"))
}
