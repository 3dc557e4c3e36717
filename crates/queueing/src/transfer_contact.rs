//! A counsellor gives a contact back to the line or hands it to a colleague, with its arrival and deadline unchanged.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::CounsellorId;
use helpline_domain::requirement::Requirement;
use helpline_service_kit::command::outcome;
use helpline_service_kit::wire::Sight;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::handling::Destination;
use helpline_store::{Change, Command};

use crate::named;
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
    if transfer.to == caller.counsellor_id && transfer.to.is_some() {
        return Err(Refusal::invalid_field("to_counsellor_id", "a colleague"));
    }
    let change = change(ctx, caller, command, &transfer).await?;
    let load = async |id: uuid::Uuid| {
        let contact = ctx.store.contact(centre, id.into()).await?;
        contact.ok_or_else(|| Refusal::not_found("contact"))
    };
    let contact = outcome(change, load, refusal(ctx, caller, transfer.contact_id)).await?;
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
) -> Result<Change<Contact>, Refusal> {
    for _ in 0..TRIES {
        let change = match ctx.store.contact(caller.centre_id, transfer.contact_id).await? {
            Some(seen) if holds(caller, &seen) => {
                let destination = destination(ctx, caller, &seen, transfer).await?;
                match transfer.to {
                    None => to_line(ctx, command, &seen, &destination).await?,
                    Some(colleague) => to_colleague(ctx, command, &seen, &destination, colleague).await?,
                }
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

async fn to_line(
    ctx: &Ctx,
    command: &Command,
    seen: &Contact,
    destination: &Destination,
) -> Result<Change<Contact>, Refusal> {
    let change = ctx.store.transfer_contact(command, seen, destination).await?;
    fail_point!("transfer.after_commit");
    if let Change::Done(freed) = &change {
        // In line before the counsellor is free, or whoever came later would be offered first.
        ctx.mirror.contact_waits_again(command.centre(), &freed.contact).await;
        ctx.mirror.rooms_changed(command.centre(), &freed.rooms, command.caller.counsellor_id).await;
    }
    Ok(change.map(|freed| freed.contact))
}

async fn to_colleague(
    ctx: &Ctx,
    command: &Command,
    seen: &Contact,
    destination: &Destination,
    colleague: CounsellorId,
) -> Result<Change<Contact>, Refusal> {
    let centre = command.centre();
    let requirement = Requirement {
        medium: seen.channel.medium(),
        language: destination.language.clone(),
        skills: destination.skills.clone(),
    };
    named::check_language(ctx, centre, &requirement, colleague).await?;
    let draft = named::draft(ctx, centre, seen, colleague, "handed_on").await?;
    let change = ctx.store.hand_contact_to(command, seen, destination, &draft).await?;
    if let Change::Done(moved) = &change {
        named::tell(ctx, centre, moved, None, Some(&draft)).await;
    } else if matches!(change, Change::Refused)
        && let Some(refusal) = named::why_not(ctx, centre, &requirement, seen.contact_id, colleague).await?
    {
        return Err(refusal);
    }
    Ok(change.map(|moved| moved.contact))
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
