//! Who is on shift and what each does.

use std::collections::HashMap;

use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::risk::Class;
use helpline_proto::intake::v1::ContactState as StateMessage;
use helpline_proto::queueing::v1::{AsideContact, CounsellorOnFloor, HeldContact};
use helpline_service_kit::wire::{class, contact_state, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::alert::Held;
use uuid::Uuid;

use crate::wire;

/// Everybody on shift, and who went home with something in hand.
pub(crate) async fn read(ctx: &Ctx, centre: CentreId) -> Result<Vec<CounsellorOnFloor>, Refusal> {
    let mut held: HashMap<Uuid, Vec<HeldContact>> = HashMap::new();
    for contact in ctx.store.held_contacts(centre).await? {
        held.entry(contact.holder_id).or_default().extend(message(&contact));
    }
    let mut aside: HashMap<CounsellorId, Vec<AsideContact>> = HashMap::new();
    for one in ctx.store.put_aside(centre, None).await? {
        aside.entry(one.counsellor_id).or_default().push(wire::aside(one.contact_id, Some(one.since_at)));
    }
    let people = ctx.store.people(centre).await?.into_iter().map(|presence| CounsellorOnFloor {
        contacts: held.remove(&presence.counsellor_id.as_uuid()).unwrap_or_default(),
        aside: aside.remove(&presence.counsellor_id).unwrap_or_default(),
        presence: Some(wire::presence(&presence)),
    });
    Ok(people.collect())
}

fn message(contact: &Held) -> Option<HeldContact> {
    let state = ContactState::from_key(&contact.state).map_or(StateMessage::Unspecified, contact_state);
    Some(HeldContact {
        contact_id: contact.contact_id.to_string(),
        state: state.into(),
        priority_class: class(Class::from_number(contact.class)?).into(),
        queue: contact.queue.clone(),
        receive_time: Some(timestamp(contact.received_at)),
        answer_time: contact.answered_at.map(timestamp),
    })
}
