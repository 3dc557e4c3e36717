//! Messages on the wire.

use helpline_domain::caller::Caller;
use helpline_proto::intake::v1 as api;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::message::{Author, Message};
use helpline_vault::Sensitive;

use crate::{SendMessage, WatchMessages, Watched};

/// Longest message, in characters.
const TEXT: usize = 20_000;

/// Reads [`api::SendMessageRequest`].
pub fn read_send(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::SendMessageRequest,
) -> Result<SendMessage, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    let message_id = fields.id("message_id", &request.message_id);
    let text = fields.text("text", &request.text, 1..=TEXT);
    fields.build((|| {
        Some(SendMessage {
            command: command(ctx, caller, "SendMessage", request_id?, request),
            contact_id: contact_id?,
            message_id: message_id?,
            text: Sensitive::new("narrative", text?),
        })
    })())
}

/// Reads [`api::WatchMessagesRequest`].
pub fn read_watch(request: &api::WatchMessagesRequest) -> Result<WatchMessages, Refusal> {
    let mut fields = Fields::new();
    let contact_id = fields.id("contact_id", &request.contact_id);
    let after_sequence = fields.int("after_sequence", request.after_sequence, 0..=i64::MAX);
    fields.build((|| Some(WatchMessages { contact_id: contact_id?, after_sequence: after_sequence? }))())
}

/// A message.
pub fn message(message: &Message) -> api::Message {
    let author = match message.author {
        Author::Child => api::Author::Child,
        Author::Counsellor => api::Author::Counsellor,
    };
    api::Message {
        message_id: message.message_id.to_string(),
        contact_id: message.contact_id.to_string(),
        sequence: message.sequence,
        author: author.into(),
        text: message.text.expose().clone(),
        send_time: Some(timestamp(message.sent_at)),
    }
}

/// What a watcher gets.
pub fn watched(watched: &Watched) -> api::WatchMessagesResponse {
    match watched {
        Watched::Message(written) => {
            api::WatchMessagesResponse { message: Some(message(written)), sequence: written.sequence }
        }
        Watched::Checkpoint(sequence) => api::WatchMessagesResponse { message: None, sequence: *sequence },
    }
}
