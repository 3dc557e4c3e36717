//! Child and counsellor write to each other.

use std::collections::BTreeMap;

use helpline_domain::caller::{Caller, Role};
use helpline_domain::contact::ContactState;
use helpline_domain::id::{ContactId, MessageId};
use helpline_domain::participation::ParticipationKind;
use helpline_domain::risk;
use helpline_proto::errors::v1::ErrorReason;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::message::{Author, Message};
use helpline_store::raising::Raising;
use helpline_store::{Change, Command, StoreError};
use helpline_vault::Sensitive;

use crate::{access, change_risk, raise};

/// What is asked: [`SendMessageRequest`](helpline_proto::intake::v1::SendMessageRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct SendMessage {
    pub command: Command,
    pub contact_id: ContactId,
    pub message_id: MessageId,
    pub text: Sensitive<String>,
}

/// How often a message is sent whose contact could not take it at one moment and can at the next, as when a promised
/// callback comes back to the line.
const TRIES: usize = 3;
/// The constraint by which a message of a contact is stored once.
const ONCE: &str = "messages_id_unique";

/// Adds a message to an open conversation; the same message is stored once and answered with as it was stored. Errors:
/// NOT_FOUND, STATE_REFUSED when the caller may not write (any longer), ALREADY_EXISTS when the message id has another
/// text or author, REQUEST_ID_REUSED.
pub async fn send_message(ctx: &Ctx, caller: &Caller, request: SendMessage) -> Result<Message, Refusal> {
    for _ in 1..TRIES {
        match send_once(ctx, caller, &request).await {
            Err(refusal) if refusal.reason() == ErrorReason::RaceLost => {}
            answer => return answer,
        }
    }
    send_once(ctx, caller, &request).await
}

async fn send_once(ctx: &Ctx, caller: &Caller, request: &SendMessage) -> Result<Message, Refusal> {
    let SendMessage { contact_id, text, .. } = request;
    let author = match caller.role {
        Role::Counsellor => Author::Counsellor,
        _ => Author::Child,
    };
    let raising = match author {
        Author::Child => raising(ctx, caller, request).await?,
        Author::Counsellor => None,
    };
    let change = match send(ctx, caller, request, author, raising).await {
        // Stored before under another request id: the access of the sender was checked before its id collided.
        Err(error) if error.constraint() == Some(ONCE) => {
            let stored = stored(ctx, caller, request).await?;
            return the_same(stored, author, text);
        }
        change => change?,
    };
    fail_point!("message.after_commit");
    match change {
        Change::Done(message) => {
            ctx.mirror.message_sent(caller.centre_id, *contact_id);
            Ok(message)
        }
        Change::Replayed { .. } => {
            access::visible(ctx, caller, *contact_id).await?;
            stored(ctx, caller, request).await?.ok_or_else(|| Refusal::not_found("message"))
        }
        Change::Reused => Err(Refusal::request_id_reused()),
        Change::Refused => {
            let why =
                access::why_refused(ctx, caller, *contact_id, 0, |contact| may_write(author, contact.state));
            let why = why.await?;
            // Who was asked for advice reads and does not write, whatever the state.
            let why = match caller.counsellor_id {
                Some(id)
                    if ctx.store.joined_as(caller.centre_id, *contact_id, id).await?
                        == Some(ParticipationKind::Consult) =>
                {
                    Refusal::state("participation", ParticipationKind::Consult.key())
                }
                _ => why,
            };
            // Sent again because the answer got lost, and meanwhile the conversation has ended: it did arrive.
            let stored = stored(ctx, caller, request).await?;
            if stored.is_none() { Err(why) } else { the_same(stored, author, text) }
        }
    }
}

/// Writes the message; what raises the risk does so in the same statement.
async fn send(
    ctx: &Ctx,
    caller: &Caller,
    request: &SendMessage,
    author: Author,
    raising: Option<Raising>,
) -> Result<Change<Message>, StoreError> {
    let SendMessage { command, contact_id, message_id, text } = request;
    let Some(raising) = raising else {
        return ctx.store.send_message(command, *contact_id, *message_id, author, text).await;
    };
    let change = ctx.store.send_and_raise(command, *contact_id, *message_id, text, &raising).await?;
    if let Change::Done(sent) = &change {
        change_risk::tell(ctx, caller, &sent.assessed).await;
    }
    Ok(change.map(|sent| sent.message))
}

/// What the rules find in a child's message. Only when one finds something the contact is read.
async fn raising(ctx: &Ctx, caller: &Caller, request: &SendMessage) -> Result<Option<Raising>, Refusal> {
    let text = Some(request.text.expose().as_str());
    let current = ctx.settings.current(caller.centre_id).await?;
    if risk::found(&current.settings.risk_rules, text, &BTreeMap::new()).is_empty() {
        return Ok(None);
    }
    let found = ctx.store.contact(caller.centre_id, request.contact_id).await?;
    Ok(found.and_then(|found| raise::raising(&current.settings, &found, text, &BTreeMap::new())))
}

/// Whether the author may write: the child from the first moment on, the counsellor when they have accepted, or have joined
/// to write.
const fn may_write(author: Author, state: ContactState) -> bool {
    match state {
        ContactState::InProgress => true,
        ContactState::Received | ContactState::Waiting | ContactState::Offered => {
            matches!(author, Author::Child)
        }
        _ => false,
    }
}

/// The message that has this id already.
async fn stored(ctx: &Ctx, caller: &Caller, request: &SendMessage) -> Result<Option<Message>, Refusal> {
    Ok(ctx.store.message(caller.centre_id, request.contact_id, request.message_id).await?)
}

/// What is stored, if it is what was sent.
fn the_same(stored: Option<Message>, author: Author, text: &Sensitive<String>) -> Result<Message, Refusal> {
    stored
        .filter(|message| message.author == author && message.text.expose() == text.expose())
        .ok_or_else(|| Refusal::already_exists("message"))
}
