//! A counsellor gives a contact back to the line, with its arrival and deadline unchanged.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_service_kit::command::outcome;
use helpline_service_kit::wire::Sight;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::handling::{Destination, Freed};
use helpline_store::{Change, Command};

use crate::release_contact::{own_contact, refusal};
use crate::wire::Transfer;

/// How often a contact is read and given back that others keep changing in between.
const TRIES: usize = 3;

/// Transfers a contact that the caller holds. The answer shows what the caller may still see of it.
pub async fn transfer_contact(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    transfer: Transfer,
) -> Result<(Contact, Sight), Refusal> {
    let centre = caller.centre_id;
    let change = change(ctx, caller, command, &transfer).await?;
    fail_point!("transfer.after_commit");
    if let Change::Done(freed) = &change {
        // In line before the counsellor is free, or whoever came later would be offered first.
        ctx.mirror.contact_waits_again(centre, &freed.contact).await;
        ctx.mirror.rooms_changed(centre, &freed.rooms, caller.counsellor_id).await;
    }
    let load = async |id: uuid::Uuid| {
        let contact = ctx.store.contact(centre, id.into()).await?;
        contact
            .map(|contact| Freed { contact, rooms: Vec::new() })
            .ok_or_else(|| Refusal::not_found("contact"))
    };
    let contact = outcome(change, load, refusal(ctx, caller, transfer.contact_id)).await?.contact;
    // Whoever gave it away no longer needs to know who it is.
    let sight =
        if own_contact(ctx, caller, contact.contact_id).await.is_ok() { Sight::Full } else { Sight::Coded };
    Ok((contact, sight))
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    transfer: &Transfer,
) -> Result<Change<Freed>, Refusal> {
    for _ in 0..TRIES {
        let change = match ctx.store.contact(caller.centre_id, transfer.contact_id).await? {
            Some(seen) if holds(caller, &seen) => {
                let to = destination(ctx, caller, &seen, transfer).await?;
                ctx.store.transfer_contact(command, &seen, &to).await?
            }
            // Not the caller's any more: a repeat is recognised, anything else explained below.
            _ => return Ok(ctx.store.recall_change(command).await?),
        };
        if !matches!(change, Change::Refused) {
            return Ok(change);
        }
        // Assessed anew since it was read, perhaps.
    }
    Err(Refusal::race_lost())
}

fn holds(caller: &Caller, contact: &Contact) -> bool {
    contact.state == ContactState::InProgress
        && contact.counsellor_id.map(|id| id.as_uuid()) == Some(caller.principal())
}

/// Where it goes: what is not asked for stays as it was, and the queue's own skills are asked for in any case.
async fn destination(
    ctx: &Ctx,
    caller: &Caller,
    seen: &Contact,
    transfer: &Transfer,
) -> Result<Destination, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let key = transfer.queue.as_deref().unwrap_or(&seen.queue);
    let Some(queue) = settings.settings.queue(key) else {
        return Err(Refusal::invalid_field("queue", "the key of a queue in the centre's settings"));
    };
    for (index, skill) in transfer.skills.keys().enumerate() {
        if !settings.settings.skills.contains(skill) {
            return Err(Refusal::invalid_field(
                format!("required_skills[{index}].skill"),
                "a skill of the centre's settings",
            ));
        }
    }
    let mut skills = if transfer.skills.is_empty() { seen.skills.clone() } else { transfer.skills.clone() };
    for (skill, level) in &queue.required_skills {
        let wanted = skills.entry(skill.clone()).or_insert(*level);
        *wanted = (*wanted).max(*level);
    }
    Ok(Destination {
        queue: queue.queue.clone(),
        language: transfer.language.clone().or_else(|| seen.language.clone()),
        skills,
        relax_after_s: queue.relax_after_s(),
    })
}
