//! A counsellor invites somebody into a contact they have.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CounsellorId, ParticipationId};
use helpline_domain::presence::PresenceState;
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::participation::{Guest, Invitation, PartChanged};
use helpline_store::{Change, Command, StoreError};

use super::choose::choose;
use super::wire::{Invite, Whom};
use super::{seen, tell};
use crate::release_contact::{own_contact, refusal};

/// How often somebody else is chosen when the one chosen was gone a moment later.
const TRIES: usize = 3;

/// Invites somebody. The counsellor is ready with room at this instant and held from now on, or nobody is invited. Errors:
/// NOT_FOUND, STATE_REFUSED, PRESENCE_REFUSED, CAPACITY_EXCEEDED, NOBODY_FREE, ALREADY_EXISTS, REQUEST_ID_REUSED.
pub async fn invite_participant(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    invite: Invite,
) -> Result<proto::Participation, Refusal> {
    let change = change(ctx, caller, command, &invite).await?;
    fail_point!("invite.after_commit");
    let id = match change {
        Change::Done(invited) => {
            let people = [invited.owner_id, invited.participant_id];
            tell(ctx, caller.centre_id, invited.contact_id, people, &invited.rooms).await;
            invited.participation_id
        }
        Change::Replayed { resource_id } => ParticipationId::from(resource_id),
        Change::Reused => return Err(Refusal::request_id_reused()),
        Change::Refused => return Err(why(ctx, caller, &invite).await?),
    };
    seen(ctx, caller, id).await
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    invite: &Invite,
) -> Result<Change<PartChanged>, Refusal> {
    // A repeat is known before anything is asked of the floor, which may look different by now.
    let known = ctx.store.recall_change(command).await?;
    let contact = match known {
        Change::Refused => own_contact(ctx, caller, invite.contact_id).await?,
        known => return Ok(known),
    };
    if contact.state != ContactState::InProgress {
        return Ok(Change::Refused);
    }
    let settings = ctx.settings.current(caller.centre_id).await?;
    let timeout_s = settings.settings.offer_timeout_for(contact.class);
    let (search, mut tries) = match &invite.whom {
        Whom::Outside(role, address) => {
            let guest = Guest::Outside(*role, address.clone());
            return attempt(ctx, command, invite, guest).await;
        }
        Whom::Counsellor(id) => {
            return attempt(ctx, command, invite, Guest::Counsellor(*id, timeout_s)).await;
        }
        Whom::Best(search) => (search, TRIES),
    };
    loop {
        let Some(best) = choose(ctx, caller.centre_id, &contact, search).await? else {
            return or_repeat(ctx, command, Refusal::nobody_free()).await;
        };
        let change = attempt(ctx, command, invite, Guest::Counsellor(best, timeout_s)).await?;
        tries -= 1;
        if tries == 0 || !matches!(change, Change::Refused) {
            return Ok(change);
        }
        // Gone a moment later, or the contact is.
    }
}

async fn attempt(
    ctx: &Ctx,
    command: &Command,
    invite: &Invite,
    guest: Guest,
) -> Result<Change<PartChanged>, Refusal> {
    let invitation = Invitation {
        participation_id: ParticipationId::from(ctx.ids.v4()),
        contact_id: invite.contact_id,
        kind: invite.kind,
        guest,
        briefing: invite.briefing.clone(),
    };
    match ctx.store.invite_participant(command, &invitation).await {
        // They take part already, or somebody else is about to take it over; or this is the same command, a moment later.
        Err(StoreError::Constraint { name })
            if matches!(name.as_str(), "participations_once" | "participations_one_transfer") =>
        {
            or_repeat(ctx, command, Refusal::already_exists("participation")).await
        }
        change => Ok(change?),
    }
}

/// What the command did before, or else the refusal.
async fn or_repeat(ctx: &Ctx, command: &Command, refusal: Refusal) -> Result<Change<PartChanged>, Refusal> {
    match ctx.store.recall_change(command).await? {
        Change::Refused => Err(refusal),
        known => Ok(known),
    }
}

/// Why nobody was invited.
async fn why(ctx: &Ctx, caller: &Caller, invite: &Invite) -> Result<Refusal, Refusal> {
    let contact = own_contact(ctx, caller, invite.contact_id).await?;
    if contact.state != ContactState::InProgress {
        return refusal(ctx, caller, invite.contact_id).await;
    }
    match &invite.whom {
        Whom::Counsellor(id) => why_not(ctx, caller, &contact, *id).await,
        Whom::Best(_) => Ok(Refusal::nobody_free()),
        Whom::Outside(..) => Ok(Refusal::race_lost()),
    }
}

/// Why this counsellor was not invited.
async fn why_not(
    ctx: &Ctx,
    caller: &Caller,
    contact: &Contact,
    id: CounsellorId,
) -> Result<Refusal, Refusal> {
    let centre = caller.centre_id;
    let counsellor = ctx.store.counsellor(centre, id).await?;
    if counsellor.is_none_or(|counsellor| counsellor.disabled_at.is_some()) {
        return Ok(Refusal::not_found("counsellor"));
    }
    if ctx.store.has_conflict(centre, contact.contact_id, id).await? {
        return Ok(Refusal::state("counsellor", "conflict"));
    }
    let presence = ctx.store.presence(centre, id).await?.ok_or_else(|| Refusal::not_found("counsellor"))?;
    Ok(if presence.state != PresenceState::Ready {
        Refusal::presence(presence.state.key())
    } else if presence.capacity.allows(&presence.held, contact.channel.medium()) {
        // Free when this looked and not a moment before.
        Refusal::race_lost()
    } else {
        Refusal::capacity_exceeded()
    })
}
