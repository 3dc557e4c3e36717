//! Child and counsellor write to each other.

use std::time::Duration;

use futures_util::StreamExt as _;
use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_intake::{MessageStream, Watched, send_message, watch_messages, wire};
use helpline_proto::intake::v1 as api;
use helpline_proto::terms::v1::Channel;
use helpline_service_kit::Refusal;
use helpline_store::message::{Author, Message};

use crate::desk::{Desk, completion, id};

fn text(contact: ContactId, text: &str) -> api::SendMessageRequest {
    api::SendMessageRequest {
        request_id: id(),
        contact_id: contact.to_string(),
        message_id: id(),
        text: text.to_owned(),
    }
}

async fn send(desk: &Desk, caller: &Caller, request: &api::SendMessageRequest) -> Result<Message, Refusal> {
    let command = wire::read_send(&desk.ctx, caller, request)?;
    send_message(&desk.ctx, caller, command).await
}

async fn watch(
    desk: &Desk,
    caller: &Caller,
    contact: ContactId,
    after: i64,
) -> Result<MessageStream, Refusal> {
    let request = api::WatchMessagesRequest { contact_id: contact.to_string(), after_sequence: after };
    watch_messages(&desk.ctx, caller, wire::read_watch(&request)?).await
}

/// The next thing a watcher gets, within a time in which it must come.
async fn next(stream: &mut MessageStream) -> Option<Result<Watched, Refusal>> {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("nothing came")
}

/// The next message a watcher gets: its sequence and text.
async fn next_message(stream: &mut MessageStream) -> (i64, String) {
    loop {
        if let Watched::Message(message) = next(stream).await.unwrap().unwrap() {
            return (message.sequence, message.text.expose().clone());
        }
    }
}

/// A contact in conversation.
async fn conversation(desk: &Desk) -> (ContactId, Caller, Caller) {
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::WebChat, "noor-7").await.contact.contact_id;
    desk.answer(contact, &counsellor).await;
    (contact, adapter, counsellor)
}

#[tokio::test]
async fn messages_of_both_sides_at_once_are_numbered_without_gaps_and_sealed() {
    let desk = Desk::open().await;
    let (contact, adapter, counsellor) = conversation(&desk).await;
    let requests: Vec<_> = (0..40).map(|number| text(contact, &format!("MARKER {number}"))).collect();
    let sends = requests
        .iter()
        .enumerate()
        .map(|(index, request)| send(&desk, if index % 2 == 0 { &adapter } else { &counsellor }, request));
    let mut sequences: Vec<_> =
        futures_util::future::join_all(sends).await.into_iter().map(|sent| sent.unwrap().sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=40).collect::<Vec<_>>());
    assert_eq!(desk.number("SELECT message_count FROM helpline.contacts"), 40);
    let readable =
        "SELECT count(*) FROM helpline.messages m WHERE m::text ILIKE '%' || encode('MARKER', 'hex') || '%'
        OR m::text ILIKE '%marker%'";
    assert_eq!(desk.number(readable), 0);
    let stored = desk.ctx.store.messages_after(desk.centre, contact, 0, 100).await.unwrap();
    assert!(stored.iter().zip(1..).all(|(message, sequence)| message.sequence == sequence));
    assert_eq!(stored.iter().filter(|message| message.author == Author::Child).count(), 20);
}

#[tokio::test]
async fn the_same_message_is_stored_once_by_request_or_by_message_id() {
    let desk = Desk::open().await;
    let (contact, adapter, counsellor) = conversation(&desk).await;
    let request = text(contact, "Hello?");
    let first = send(&desk, &adapter, &request).await.unwrap();
    let repeated = send(&desk, &adapter, &request).await.unwrap();
    let resent = api::SendMessageRequest { request_id: id(), ..request.clone() };
    let resent = send(&desk, &adapter, &resent).await.unwrap();
    assert!([repeated, resent].iter().all(|again| again.sequence == first.sequence));
    assert_eq!(desk.number("SELECT count(*) FROM helpline.messages"), 1);

    let other = api::SendMessageRequest { text: "Else".to_owned(), ..request.clone() };
    let new_id = api::SendMessageRequest { request_id: id(), ..other.clone() };
    assert_eq!(send(&desk, &adapter, &new_id).await.unwrap_err().reason_name(), "ALREADY_EXISTS");
    assert!(send(&desk, &adapter, &other).await.is_err(), "the same request id with another text");
    let moved = api::SendMessageRequest { message_id: id(), ..request.clone() };
    assert_eq!(send(&desk, &adapter, &moved).await.unwrap_err().reason_name(), "REQUEST_ID_REUSED");
    let as_counsellor = api::SendMessageRequest { request_id: id(), ..request.clone() };
    let refusal = send(&desk, &counsellor, &as_counsellor).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "ALREADY_EXISTS", "the child's words are not the counsellor's");
    assert_eq!(desk.number("SELECT message_count FROM helpline.contacts"), 1);

    desk.complete(&counsellor, &completion(contact, "Talked.")).await.unwrap();
    let late = api::SendMessageRequest { request_id: id(), ..request };
    let late = send(&desk, &adapter, &late).await.unwrap();
    assert_eq!(late.sequence, first.sequence, "it had arrived before the end");
}

#[tokio::test]
async fn only_the_adapter_and_the_counsellor_of_an_open_conversation_write() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let contact = desk.from(&adapter, Channel::Sms, "").await.contact.contact_id;
    send(&desk, &adapter, &text(contact, "Is anybody there?")).await.unwrap();
    for stranger in [desk.adapter(), counsellor] {
        let refusal = send(&desk, &stranger, &text(contact, "x")).await.unwrap_err();
        assert_eq!(refusal.reason_name(), "NOT_FOUND");
    }
    desk.answer(contact, &counsellor).await;
    send(&desk, &counsellor, &text(contact, "Yes.")).await.unwrap();
    desk.leave(&adapter, contact).await.unwrap();
    for writer in [adapter, counsellor] {
        let refusal = send(&desk, &writer, &text(contact, "x")).await.unwrap_err();
        assert_eq!((refusal.reason_name(), refusal.metadata("state")), ("STATE_REFUSED", Some("wrap_up")));
    }
}

#[tokio::test]
async fn a_watcher_gets_what_is_there_then_a_checkpoint_then_what_comes_until_the_end() {
    let desk = Desk::open().await;
    let (contact, adapter, counsellor) = conversation(&desk).await;
    for number in 1..=40 {
        send(&desk, &adapter, &text(contact, &number.to_string())).await.unwrap();
    }
    let mut stream = watch(&desk, &counsellor, contact, 2).await.unwrap();
    for number in 3..=40 {
        assert_eq!(next_message(&mut stream).await, (number, number.to_string()));
    }
    assert!(matches!(next(&mut stream).await, Some(Ok(Watched::Checkpoint(40)))));
    send(&desk, &adapter, &text(contact, "new")).await.unwrap();
    assert_eq!(next_message(&mut stream).await, (41, "new".to_owned()));
    send(&desk, &counsellor, &text(contact, "last")).await.unwrap();
    desk.leave(&adapter, contact).await.unwrap();
    assert_eq!(next_message(&mut stream).await, (42, "last".to_owned()));
    assert!(next(&mut stream).await.is_none(), "the conversation is over");
}

#[tokio::test]
async fn what_another_process_wrote_comes_without_a_signal() {
    let desk = Desk::open().await;
    let (contact, adapter, counsellor) = conversation(&desk).await;
    let mut stream = watch(&desk, &counsellor, contact, 0).await.unwrap();
    assert!(matches!(next(&mut stream).await, Some(Ok(Watched::Checkpoint(0)))));
    let command = wire::read_send(&desk.ctx, &adapter, &text(contact, "quiet")).unwrap();
    let (message, words) = (command.message_id, command.text);
    desk.ctx.store.send_message(&command.command, contact, message, Author::Child, &words).await.unwrap();
    assert_eq!(next_message(&mut stream).await, (1, "quiet".to_owned()));
}

#[tokio::test]
async fn a_watcher_who_loses_the_contact_is_told_that_there_is_none() {
    let desk = Desk::open().await;
    let (contact, _, counsellor) = conversation(&desk).await;
    let stranger = desk.counsellor().await;
    assert_eq!(watch(&desk, &stranger, contact, 0).await.unwrap_err().reason_name(), "NOT_FOUND");
    let mut stream = watch(&desk, &counsellor, contact, 0).await.unwrap();
    assert!(matches!(next(&mut stream).await, Some(Ok(Watched::Checkpoint(0)))));
    let other = stranger.counsellor_id.unwrap();
    let sql = format!("UPDATE helpline.contacts SET counsellor_id = '{other}', holder_id = '{other}'");
    desk.database.query(&sql).unwrap();
    desk.ctx.mirror.contact_changed(desk.centre, contact);
    let refusal = next(&mut stream).await.unwrap().unwrap_err();
    assert_eq!(refusal.reason_name(), "NOT_FOUND");
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test]
async fn watchers_who_never_read_hold_no_connection() {
    let desk = Desk::open().await;
    let (contact, adapter, counsellor) = conversation(&desk).await;
    for number in 1..=60 {
        send(&desk, &adapter, &text(contact, &number.to_string())).await.unwrap();
    }
    let mut asleep = Vec::new();
    for _ in 0..30 {
        asleep.push(watch(&desk, &counsellor, contact, 0).await.unwrap());
    }
    // The pool has eight connections: every one of them would be gone.
    for _ in 0..20 {
        desk.get(&counsellor, contact).await.unwrap();
    }
    assert_eq!(next_message(&mut asleep[7]).await, (1, "1".to_owned()));
    drop(asleep);
}
