//! A contact is recorded after the fact: a letter, a walk-in, an outage.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::channel::Channel;
use helpline_domain::id::ContactId;
use helpline_domain::risk::Risk;
use helpline_service_kit::command::outcome;
use helpline_service_kit::wire::Sight;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::past::PastContact;
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;

use crate::complete_contact::ClosingRecord;
use crate::get_contact::{Seen, get_contact};
use crate::placing;

/// What is asked: [`RecordPastContactRequest`](helpline_proto::intake::v1::RecordPastContactRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct RecordPastContact {
    pub command: Command,
    pub channel: Channel,
    pub received_at: DateTime<Utc>,
    pub sender: Option<Sensitive<String>>,
    pub display_name: Option<Sensitive<String>>,
    /// Key of the queue; `None` for the default one.
    pub queue: Option<String>,
    pub language: Option<String>,
    pub risk: Risk,
    pub record: Option<ClosingRecord>,
}

/// Records a contact as the calling counsellor's; it is never routed. Errors: INVALID_FIELD, also for a time in the
/// future, REQUEST_ID_REUSED.
pub async fn record_past_contact(
    ctx: &Ctx,
    caller: &Caller,
    request: RecordPastContact,
) -> Result<Seen, Refusal> {
    let current = ctx.settings.current(caller.centre_id).await?;
    let queue = placing::queue(&current.settings, request.queue.as_deref())?;
    if let Some(record) = &request.record {
        record.check(&current.settings)?;
    }
    let past = PastContact {
        contact_id: ContactId::from(ctx.ids.v7()),
        channel: request.channel,
        risk: request.risk,
        queue: queue.queue.clone(),
        language: request.language,
        received_at: request.received_at,
        settings_version: current.version,
        sender: request.sender,
        display_name: request.display_name,
        closing: request.record.map(|record| (record.closing, record.summary)),
    };
    let change = ctx.store.record_past(&request.command, &past).await?;
    if let Change::Done(contact) = &change {
        ctx.mirror.contact_changed(caller.centre_id, contact.contact_id);
    }
    let change = change.map(|contact| Seen { contact, sight: Sight::Full });
    // By the database's clock, which is the one that counts.
    let in_future = async { Ok(Refusal::invalid_field("receive_time", "a time that is not in the future")) };
    outcome(change, |id| get_contact(ctx, caller, id.into()), in_future).await
}
