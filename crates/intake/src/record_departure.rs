//! The person left.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::contact::Contact;
use helpline_store::intake::{Moved, Rescue};
use helpline_store::{Change, Command};

use crate::access;
use crate::get_contact::{Seen, get_contact};

/// What is asked: [`RecordDepartureRequest`](helpline_proto::intake::v1::RecordDepartureRequest), read.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct RecordDeparture {
    pub command: Command,
    pub contact_id: ContactId,
    pub cut: bool,
    pub lost: bool,
}

/// Records that the person left: in line the contact ends, with a counsellor the wrap-up begins. Who was cut off and
/// comes back soon has the place they had. Errors: NOT_FOUND,
/// STATE_REFUSED when the conversation is over already or the contact is not the caller's, REQUEST_ID_REUSED.
pub async fn record_departure(ctx: &Ctx, caller: &Caller, request: RecordDeparture) -> Result<Seen, Refusal> {
    let RecordDeparture { command, contact_id, cut, lost } = request;
    let (_, sight) = access::may_change(ctx, caller, contact_id, |_| false).await?;
    let current = ctx.settings.current(caller.centre_id).await?;
    let callbacks = &current.settings.callbacks;
    let rescue = Rescue {
        callback_id: ctx.ids.v7().into(),
        most_attempts: callbacks.most_attempts,
        overdue_after_s: callbacks.overdue_after_s,
        window_s: callbacks.window_s,
    };
    let short_abandon_s = current.settings.short_abandon_s;
    let change = ctx.store.depart(&command, contact_id, short_abandon_s, &rescue, (cut, lost), false).await?;
    let change = match change {
        // A partner has them: what becomes of it is known when the partner was told.
        Change::Refused => ctx.store.note_left(&command, contact_id).await?.map(Moved::nothing_else),
        change => change,
    };
    fail_point!("departure.after_commit");
    if let Change::Done(moved) = &change {
        tell(ctx, caller, moved).await;
    }
    let change = change.map(|moved| Seen { contact: moved.contact, sight });
    let explain = access::why_refused(ctx, caller, contact_id, 0, may_leave);
    outcome(change, |id| get_contact(ctx, caller, id.into()), explain).await
}

/// Whether there is somebody who could leave: where a callback waits, nobody is there.
fn may_leave(contact: &Contact) -> bool {
    match contact.state {
        ContactState::Received | ContactState::Waiting | ContactState::Offered => {
            contact.callback_id.is_none()
        }
        ContactState::Overflowed => true,
        state => state == ContactState::InProgress,
    }
}

async fn tell(ctx: &Ctx, caller: &Caller, moved: &Moved) {
    let centre = caller.centre_id;
    if let (true, Some(ended)) = (moved.contact.state.is_final(), moved.contact.ended_at) {
        let contact = &moved.contact;
        let short = contact.state == ContactState::ShortAbandoned;
        ctx.metrics.contacts().left(contact.class, contact.channel, ended - contact.received_at, short);
        ctx.mirror.contact_left(centre, &moved.contact).await;
    } else {
        ctx.mirror.contact_changed(centre, moved.contact.contact_id);
    }
    ctx.mirror.offers_withdrawn(centre, &moved.ended, "person_left");
    // Whose caller just hung up.
    if let Some(counsellor) = moved.held_before {
        ctx.mirror.counsellor_changed(centre, counsellor);
    }
    ctx.mirror.rooms_changed(centre, &moved.rooms, moved.held_before).await;
}
