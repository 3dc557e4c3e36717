//! Takes the steps between two centres until there is nothing to do.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, OverflowId};
use helpline_domain::overflow::{Move, OverflowState, next};
use helpline_service_kit::partners::{Agreement, Asked};
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::intake::{Moved, Rescue};
use helpline_store::overflow::Overflow;
use helpline_store::overflow::custody::{Linked, Released};
use helpline_store::{Change, Command};

/// Steps taken at most: more than any course has. What does not come to rest is looked at again later.
const MOST: usize = 10;

/// An overflow between two centres.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Between {
    pub(crate) origin: CentreId,
    pub(crate) receiver: CentreId,
    pub(crate) id: OverflowId,
}

/// Takes every step that is to be taken now. Any number of replicas may: a step that somebody else took changes nothing.
pub(crate) async fn carry(ctx: &Ctx, between: Between) -> Result<(), Refusal> {
    for _ in 0..MOST {
        let Some(origin) = ctx.store.overflow(between.origin, between.id).await? else { return Ok(()) };
        let receiver = ctx.store.overflow(between.receiver, between.id).await?;
        let step = next(origin.origin(), receiver.as_ref().map(Overflow::receiver));
        let Some(step) = step else {
            match &receiver {
                Some(asked) if accepts_by_itself(ctx, between, &origin, asked).await? => continue,
                _ => return Ok(()),
            }
        };
        take(ctx, between, step, &origin, receiver.as_ref()).await?;
        fail_point!("overflow.between_centres");
    }
    Ok(())
}

async fn take(
    ctx: &Ctx,
    between: Between,
    step: Move,
    origin: &Overflow,
    receiver: Option<&Overflow>,
) -> Result<(), Refusal> {
    let Between { origin: home, receiver: partner, id } = between;
    match step {
        Move::Ask => match agreement(ctx, between, origin).await? {
            Some(_) => {
                ctx.store.ask_for_overflow(partner, home, origin).await?;
            }
            None => {
                ctx.store.end_overflow(home, origin, OverflowState::Declined).await?;
            }
        },
        Move::Release => {
            let Some(agreed) = agreement(ctx, between, origin).await? else {
                ctx.store.end_overflow(home, origin, OverflowState::Withdrawn).await?;
                return Ok(());
            };
            let answer_within_s = ctx.settings.current(home).await?.settings.overflow.answer_within_s;
            let connect_to = &agreed.from.connect_to;
            if let Some(released) =
                ctx.store.release_to_partner(home, id, answer_within_s, connect_to).await?
            {
                tell(ctx, home, &released).await;
            }
        }
        Move::Place => place(ctx, between, origin, receiver).await?,
        Move::Answer => {
            ctx.store.note_overflow_answered(partner, id, None).await?;
        }
        Move::NoteAnswer => {
            let at = receiver.and_then(|receiver| receiver.answered_at);
            ctx.store.note_overflow_answered(home, id, at).await?;
        }
        Move::Leave => {
            if let Some(contact) = receiver.and_then(|receiver| receiver.contact_id) {
                leave(ctx, partner, id, contact).await?;
            }
        }
        Move::LeaveOrigin => {
            if let Some(contact) = origin.contact_id {
                leave(ctx, home, id, contact).await?;
            }
        }
        Move::GiveBack => {
            if let Some(released) = ctx.store.give_back(partner, id).await? {
                tell(ctx, partner, &released).await;
            }
        }
        Move::EndReceiver(to) => {
            if let Some(receiver) = receiver {
                ctx.store.end_overflow(partner, receiver, to).await?;
            }
        }
        Move::EndOrigin(to) => {
            let ended = ctx.store.end_overflow(home, origin, to).await?;
            let contact =
                origin.contact_id.filter(|_| ended && origin.contact_state == Some(ContactState::Overflowed));
            if let Some(contact) = contact
                && let Some(contact) = ctx.store.contact(home, contact).await?
            {
                if contact.state == ContactState::Waiting {
                    ctx.mirror.contact_waits_again(home, &contact).await;
                } else {
                    ctx.mirror.contact_changed(home, contact.contact_id);
                }
            }
        }
    }
    Ok(())
}

/// What both centres have agreed, as far as it covers this contact; `None` once one of them has taken it back.
async fn agreement(ctx: &Ctx, between: Between, asked: &Overflow) -> Result<Option<Agreement>, Refusal> {
    let settings = ctx.settings.current(between.origin).await?;
    let asked = Asked { queue: None, language: asked.language.as_deref() };
    Agreement::between(ctx, &settings.settings, between.origin, between.receiver, &asked).await
}

/// Whether the partner has agreed to take it without anybody being asked, and did.
async fn accepts_by_itself(
    ctx: &Ctx,
    between: Between,
    origin: &Overflow,
    asked: &Overflow,
) -> Result<bool, Refusal> {
    if origin.state != OverflowState::Requested || asked.state != OverflowState::Requested {
        return Ok(false);
    }
    let Some(agreed) = agreement(ctx, between, origin).await?.filter(|agreed| agreed.from.automatic) else {
        return Ok(false);
    };
    let Some(queue) = agreed.queue() else { return Ok(false) };
    let requirement = helpline_domain::requirement::Requirement {
        medium: asked.channel.medium(),
        language: asked.language.clone(),
        skills: queue.required_skills.clone(),
    };
    if !agreed.could_serve(ctx, requirement, ctx.store.now().await?).await? {
        return Ok(false);
    }
    Ok(ctx.store.accept_overflow_by_itself(between.receiver, between.id, agreed.from.most).await?)
}

/// The partner gets a contact of its own, with what is agreed and no more.
async fn place(
    ctx: &Ctx,
    between: Between,
    origin: &Overflow,
    receiver: Option<&Overflow>,
) -> Result<(), Refusal> {
    let (Some(receiver), Some(contact)) = (receiver, origin.contact_id) else { return Ok(()) };
    let agreed = agreement(ctx, between, origin).await?;
    let Some((agreed, queue)) = agreed.as_ref().and_then(|agreed| Some((agreed, agreed.queue()?))) else {
        // The agreement was taken back in this moment: so is the contact.
        ctx.store.end_overflow(between.receiver, receiver, OverflowState::Returned).await?;
        return Ok(());
    };
    let shares = agreed.to.shares_identity || agreed.to.shares_contact;
    let theirs = if shares { ctx.store.contact(between.origin, contact).await? } else { None };
    let (sender, display_name) =
        theirs.map(|theirs| (theirs.sender, theirs.display_name)).unwrap_or_default();
    let linked = Linked {
        contact_id: ctx.ids.v7().into(),
        queue: queue.queue.clone(),
        skills: queue.required_skills.clone(),
        settings_version: agreed.settings.version,
        relax_after_s: queue.relax_after_s(),
        sender: sender.filter(|_| agreed.to.shares_contact),
        display_name: display_name.filter(|_| agreed.to.shares_identity),
    };
    if let Some(contact) = ctx.store.place_overflow(between.receiver, receiver, &linked).await? {
        ctx.mirror.contact_waits_again(between.receiver, &contact).await;
    }
    Ok(())
}

/// The person has left, as the origin's channel said: the same as if a channel of this centre said it, once per overflow.
async fn leave(ctx: &Ctx, centre: CentreId, id: OverflowId, contact: ContactId) -> Result<(), Refusal> {
    let caller = Caller {
        token_id: id.as_uuid().into(),
        centre_id: centre,
        role: Role::ChannelAdapter,
        counsellor_id: None,
        agency_id: None,
        only: None,
    };
    let command = Command {
        caller,
        method: "RecordDeparture",
        request_id: id.as_uuid().into(),
        hash: ctx.vault().command_digest(&[b"RecordDeparture", id.as_uuid().as_bytes()]),
    };
    let settings = ctx.settings.current(centre).await?;
    let callbacks = &settings.settings.callbacks;
    let rescue = Rescue {
        callback_id: ctx.ids.v7().into(),
        most_attempts: callbacks.most_attempts,
        overdue_after_s: callbacks.overdue_after_s,
        window_s: callbacks.window_s,
    };
    let short_s = settings.settings.short_abandon_s;
    let change = ctx.store.depart(&command, contact, short_s, &rescue, (false, false), true).await?;
    let Change::Done(Moved { contact, held_before, ended, rooms }) = change else { return Ok(()) };
    if contact.state.is_final() {
        ctx.mirror.contact_left(centre, &contact).await;
    } else {
        ctx.mirror.contact_changed(centre, contact.contact_id);
    }
    ctx.mirror.offers_withdrawn(centre, &ended, "person_left");
    if let Some(counsellor) = held_before {
        ctx.mirror.counsellor_changed(centre, counsellor);
    }
    ctx.mirror.rooms_changed(centre, &rooms, held_before).await;
    Ok(())
}

/// Tells the line and whoever it rang at that a contact is another centre's now.
pub(super) async fn tell(ctx: &Ctx, centre: CentreId, released: &Released) {
    let Released { contact, state_before, class_before, ended, rooms } = released;
    if *state_before == ContactState::Waiting {
        ctx.mirror.contact_left(centre, &Contact { class: *class_before, ..contact.clone() }).await;
    } else {
        ctx.mirror.contact_changed(centre, contact.contact_id);
    }
    for _ in ended {
        ctx.metrics.contacts().offer_ended("withdrawn");
    }
    ctx.mirror.offers_withdrawn(centre, ended, "overflow");
    ctx.mirror.rooms_changed(centre, rooms, None).await;
}
