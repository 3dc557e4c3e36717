//! A callback is promised.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::callback::{CallbackKind, can_call_back};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::channel::Channel;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CallbackId, ContactId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::callback::promise::NewCallback;
use helpline_store::contact::Contact;
use helpline_store::{Change, Command, StoreError};
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::measures::CallbackMeasures;
use super::{Shown, plain, target_s, told, visible};

/// How often another reference is drawn when one is taken.
const TRIES: usize = 4;
/// How far ahead may be promised.
const FARTHEST: TimeDelta = TimeDelta::days(366);

/// What is asked: [`PromiseCallbackRequest`](helpline_proto::queueing::v1::PromiseCallbackRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Promise {
    pub command: Command,
    pub contact_id: ContactId,
    pub kind: CallbackKind,
    pub due_at: Option<DateTime<Utc>>,
    pub until_at: Option<DateTime<Utc>>,
    pub channel: Option<Channel>,
    pub number: Option<Sensitive<String>>,
    pub safe_words: Option<Sensitive<String>>,
}

/// Promises a callback: from the line by the adapter that brought the contact, else by its counsellor. Errors: NOT_FOUND,
/// INVALID_FIELD, STATE_REFUSED, REQUEST_ID_REUSED.
pub async fn promise_callback(
    ctx: &Ctx,
    caller: &Caller,
    measures: &CallbackMeasures,
    promise: Promise,
) -> Result<Shown, Refusal> {
    let contact = own_contact(ctx, caller, promise.contact_id).await?;
    let change = match ctx.store.recall_change(&promise.command).await? {
        // Asked anew: what was good when it was promised is not judged again when it is repeated.
        Change::Refused => change(ctx, caller, &contact, &promise).await?,
        known => known,
    };
    if matches!(change, Change::Done(_)) {
        measures.count(promise.kind, "promised");
    }
    let id = outcome(change, async |id| Ok(CallbackId::from(id)), why_refused(ctx, caller, &promise)).await?;
    plain(ctx, caller, visible(ctx, caller, id).await?).await
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    contact: &Contact,
    promise: &Promise,
) -> Result<Change<CallbackId>, Refusal> {
    check_window(ctx, promise.due_at, promise.until_at).await?;
    let mut new = place(ctx, caller, contact, promise).await?;
    for _ in 0..TRIES {
        new.reference = reference(ctx.ids.v4());
        match store(ctx, caller, contact, promise, &new).await {
            Err(StoreError::Constraint { name }) if name == "callbacks_reference_unique" => {}
            Err(error) => return Err(error.into()),
            Ok((change, moved)) => {
                if let Some(moved) = moved {
                    told::tell(ctx, caller.centre_id, &moved, "callback_promised").await?;
                }
                return Ok(change);
            }
        }
    }
    Err(Refusal::bug("no reference is free"))
}

type Stored = (Change<CallbackId>, Option<helpline_store::callback::Moved>);

async fn store(
    ctx: &Ctx,
    caller: &Caller,
    contact: &Contact,
    promise: &Promise,
    new: &NewCallback,
) -> Result<Stored, StoreError> {
    if caller.role != Role::ChannelAdapter {
        return Ok((ctx.store.promise_by_counsellor(&promise.command, contact, new).await?, None));
    }
    fail_point!("promise.before_commit");
    let change = ctx.store.promise_from_line(&promise.command, contact, new).await?;
    fail_point!("promise.after_commit");
    let moved = if let Change::Done(moved) = &change { Some(moved.clone()) } else { None };
    Ok((change.map(|moved| moved.callback_id), moved))
}

/// A contact on which the caller may promise: an adapter's, or a counsellor's.
async fn own_contact(ctx: &Ctx, caller: &Caller, id: ContactId) -> Result<Contact, Refusal> {
    let contact = ctx.store.contact(caller.centre_id, id).await?;
    let own = |contact: &Contact| match caller.role {
        Role::ChannelAdapter => contact.brought_by == Some(caller.token_id),
        _ => contact.counsellor_id.is_some() && contact.counsellor_id == caller.counsellor_id,
    };
    contact.filter(own).ok_or_else(|| Refusal::not_found("contact"))
}

/// A window that has begun may be used; one that is over, or ends before it begins, may not.
pub(super) async fn check_window(
    ctx: &Ctx,
    due: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<(), Refusal> {
    if due.is_none() && until.is_none() {
        return Ok(());
    }
    let now = ctx.store.now().await?;
    if due.is_some_and(|due| due > now + FARTHEST) {
        return Err(Refusal::invalid_field("due_time", "within a year"));
    }
    let begins = due.unwrap_or(now).max(now);
    if until.is_some_and(|until| until <= begins || until > now + FARTHEST) {
        return Err(Refusal::invalid_field("until_time", "after due_time, not over, and within a year"));
    }
    Ok(())
}

async fn place(
    ctx: &Ctx,
    caller: &Caller,
    contact: &Contact,
    promise: &Promise,
) -> Result<NewCallback, Refusal> {
    let from_line = caller.role == Role::ChannelAdapter;
    let channel = promise.channel.unwrap_or(contact.channel);
    if !can_call_back(channel) || (from_line && channel != contact.channel) {
        let expected = "a channel on which somebody can be called back; from the line, that of the contact";
        return Err(Refusal::invalid_field("channel", expected));
    }
    if from_line && promise.kind != CallbackKind::Callback {
        return Err(Refusal::invalid_field("kind", "from the line, a callback"));
    }
    if promise.number.is_none() && contact.sender.is_none() {
        return Err(Refusal::invalid_field("number", "required: the sender of the contact is not known"));
    }
    let current = ctx.settings.current(caller.centre_id).await?;
    let callbacks = &current.settings.callbacks;
    let class = contact.risk.class(channel);
    Ok(NewCallback {
        callback_id: ctx.ids.v7().into(),
        reference: String::new(),
        kind: promise.kind,
        due_at: promise.due_at,
        until_at: promise.until_at,
        window_s: callbacks.window_s,
        overdue_after_s: callbacks.overdue_after_s,
        most_attempts: callbacks.most_attempts,
        channel,
        class,
        target_s: target_s(&current.settings, &contact.queue, channel, class),
        settings_version: current.version,
        number: promise.number.clone(),
        safe_words: promise.safe_words.clone(),
    })
}

/// Eight digits out of a random id.
fn reference(random: Uuid) -> String {
    format!("{:08}", random.as_u128() % 100_000_000)
}

async fn why_refused(ctx: &Ctx, caller: &Caller, promise: &Promise) -> Result<Refusal, Refusal> {
    let contact = own_contact(ctx, caller, promise.contact_id).await?;
    let allowed = match caller.role {
        Role::ChannelAdapter => {
            matches!(contact.state, ContactState::Waiting | ContactState::Offered)
                && contact.callback_id.is_none()
        }
        _ => matches!(contact.state, ContactState::InProgress | ContactState::WrapUp | ContactState::Closed),
    };
    Ok(if allowed { Refusal::race_lost() } else { Refusal::state("contact", contact.state.key()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_eight_digits_whatever_was_drawn() {
        for (drawn, said) in [(0, "00000000"), (7, "00000007"), (1_234_567_890_123, "67890123")] {
            assert_eq!(reference(Uuid::from_u128(drawn)), said);
        }
    }
}
