//! The messages of a contact as they come.
//!
//! A task of its own reads and sends; between the two lies a short channel. A client that does not read stops the task at
//! the channel, where it holds a few messages and no connection; one that goes away ends it. Nothing is ever cut short in
//! the middle of a query, which would cost a connection.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::Stream;
use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_service_kit::hub::{Subscription, Topic};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::message::{Conversation, Message};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tracing::Instrument as _;

use crate::access;

/// Messages read at once.
const PAGE: u32 = 16;
/// What lies between the task and the client.
const CHANNEL: usize = 16;
/// How long until it looks without having been woken.
const POLL: Duration = Duration::from_secs(2);
/// How long a stream is silent at most, with time left for the way.
const CHECKPOINT: Duration = Duration::from_secs(13);

/// What is asked: [`WatchMessagesRequest`](helpline_proto::intake::v1::WatchMessagesRequest), read.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct WatchMessages {
    pub contact_id: ContactId,
    pub after_sequence: i64,
}

/// What a watcher gets.
#[derive(Clone, Debug)]
pub enum Watched {
    /// A message; messages come in order, without gaps.
    Message(Message),
    /// Everything up to this sequence has been sent.
    Checkpoint(i64),
}

/// The stream of a watcher. Dropping it ends the work behind it.
#[derive(Debug)]
pub struct MessageStream(ReceiverStream<Result<Watched, Refusal>>);

impl Stream for MessageStream {
    type Item = Result<Watched, Refusal>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// Streams the messages behind a sequence, then a checkpoint, then new ones as they come. Ends when the conversation
/// does, after its last message; with NOT_FOUND when the caller may not know of the contact any longer; with
/// STORE_UNAVAILABLE when the store does not answer. Error: NOT_FOUND.
pub async fn watch_messages(
    ctx: &Ctx,
    caller: &Caller,
    request: WatchMessages,
) -> Result<MessageStream, Refusal> {
    // Begun before the first look, so that nothing falls between.
    let signals = ctx.mirror.hub().subscribe(Topic::Contact(caller.centre_id, request.contact_id));
    look(ctx, caller, request.contact_id).await?;
    let (sender, receiver) = mpsc::channel(CHANNEL);
    let watch = Watch {
        ctx: ctx.clone(),
        caller: *caller,
        contact_id: request.contact_id,
        sequence: request.after_sequence,
        spoke: ctx.clock.instant(),
        sender,
    };
    tokio::spawn(watch.run(signals).in_current_span());
    Ok(MessageStream(ReceiverStream::new(receiver)))
}

/// How the conversation stands, for a caller who may know. Error: NOT_FOUND.
async fn look(ctx: &Ctx, caller: &Caller, contact: ContactId) -> Result<Conversation, Refusal> {
    let not_found = || Refusal::not_found("contact");
    let found = ctx.store.conversation(caller.centre_id, contact).await?.ok_or_else(not_found)?;
    let known = access::sight(caller, found.counsellor_id, found.brought_by).is_some()
        || access::sight_of_guest(ctx, caller, contact).await?.is_some();
    if known { Ok(found) } else { Err(not_found()) }
}

/// Whether nothing can be written any more.
const fn is_over(state: ContactState) -> bool {
    !matches!(
        state,
        ContactState::Received | ContactState::Waiting | ContactState::Offered | ContactState::InProgress
    )
}

/// Why a watch ends.
enum End {
    /// The client went away.
    Gone,
    /// It is told why.
    Refused(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

struct Watch {
    ctx: Ctx,
    caller: Caller,
    contact_id: ContactId,
    /// Everything up to here has been sent.
    sequence: i64,
    /// When something was last sent.
    spoke: Instant,
    sender: mpsc::Sender<Result<Watched, Refusal>>,
}

impl Watch {
    async fn run(mut self, signals: Subscription) {
        if let Err(End::Refused(refusal)) = self.follow(signals).await {
            let _ = self.sender.send(Err(refusal)).await;
        }
    }

    async fn follow(&mut self, mut signals: Subscription) -> Result<(), End> {
        let mut caught_up = false;
        loop {
            signals.clear();
            // The state is read before the messages: in a conversation that is over, none can come after them.
            let conversation = look(&self.ctx, &self.caller, self.contact_id).await?;
            self.catch_up(conversation.message_count).await?;
            if is_over(conversation.state) {
                return Ok(());
            }
            let silent = self.ctx.clock.instant().saturating_duration_since(self.spoke);
            if !caught_up || silent >= CHECKPOINT {
                self.say(Watched::Checkpoint(self.sequence)).await?;
                caught_up = true;
            }
            tokio::select! {
                () = self.sender.closed() => return Err(End::Gone),
                _ = signals.next() => {}
                () = self.ctx.clock.sleep(POLL) => {}
            }
        }
    }

    /// Sends what is there, up to this sequence at least.
    async fn catch_up(&mut self, until: i64) -> Result<(), End> {
        while self.sequence < until {
            let (centre, contact) = (self.caller.centre_id, self.contact_id);
            let page = self.ctx.store.messages_after(centre, contact, self.sequence, PAGE).await;
            let page = page.map_err(Refusal::from)?;
            if page.is_empty() {
                break;
            }
            for message in page {
                let sequence = message.sequence;
                self.say(Watched::Message(message)).await?;
                self.sequence = sequence;
            }
        }
        Ok(())
    }

    async fn say(&mut self, what: Watched) -> Result<(), End> {
        self.sender.send(Ok(what)).await.map_err(|_| End::Gone)?;
        self.spoke = self.ctx.clock.instant();
        Ok(())
    }
}
