//! A contact from arrival to the closing record.

use helpline_proto::intake::v1::{Author, Contact, ContactState, SendMessageRequest, WatchMessagesRequest};
use helpline_proto::intake::v1::{Message, WatchMessagesResponse};
use helpline_proto::queueing::v1::Explanation;
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::Streaming;

use crate::stage::{Stage, about, at, by, call, chat, closing, from, seconds};

#[tokio::test]
async fn a_call_finds_a_counsellor_and_is_closed_with_its_record() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(from("+974 5555 0101", call("ar"))).await;
    assert_eq!(contact.state(), ContactState::Waiting);
    assert_eq!(contact.priority_class(), PriorityClass::High);
    assert!(about(seconds(contact.deadline_time) - seconds(contact.receive_time), 60.0));

    let offer = amina.offered(&contact).await;
    assert_eq!(offer.receive_time, contact.receive_time);
    assert!((seconds(offer.expire_time) - seconds(offer.offer_time) - 20.0).abs() < 0.001);
    let why = Explanation {
        contact_rule: "earliest_deadline".to_owned(),
        counsellor_rule: "only_one".to_owned(),
        notes: Vec::new(),
        text: offer.explanation.clone().unwrap().text,
    };
    assert!(!why.text.is_empty(), "and in words");
    assert_eq!(offer.explanation, Some(why));
    let offered = stage.contact(&contact.contact_id).await;
    assert_eq!((offered.state(), offered.offer_count), (ContactState::Offered, 1));
    assert_eq!(offered.counsellor_id, "", "an offer gives nobody the contact");

    let accepted = amina.accept(&offer).await;
    assert_eq!((accepted.state(), accepted.counsellor_id.as_str()), (ContactState::InProgress, amina.id()));
    assert_eq!((accepted.sender.as_str(), accepted.display_name.as_str()), ("+974 5555 0101", "Somebody"));
    assert!(accepted.epoch > contact.epoch, "custody changed");
    assert!(about(seconds(accepted.answer_time), seconds(contact.receive_time)));
    assert_eq!(amina.held().await, (1, 0, 0));

    stage.world.advance(600.0);
    let released = amina.release(&accepted).await;
    assert_eq!((released.state(), released.end_time), (ContactState::WrapUp, None));
    assert_eq!(amina.held().await, (1, 0, 0), "the wrap-up occupies the counsellor");
    let waiting = stage.receive(call("ar")).await;
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);

    let finished = amina.finish(&released).await;
    assert_eq!(finished.state(), ContactState::WrapUp);
    let offer = amina.offered(&waiting).await;
    amina.accept(&offer).await;
    stage.world.advance(60.0);
    let closed = amina.complete(&finished).await;
    assert_eq!((closed.state(), closed.closing.as_ref()), (ContactState::Closed, Some(&closing())));
    assert_eq!(closed.counsellor_id, amina.id());
    assert!(about(seconds(closed.end_time) - seconds(contact.receive_time), 660.0));
    assert_eq!(closed.receive_time, contact.receive_time);
    assert_eq!(closed.deadline_time, contact.deadline_time);
    assert_eq!(closed.answer_time, accepted.answer_time);
    // Signing off later freed nobody a second time.
    assert_eq!(amina.held().await, (1, 0, 0));

    let steps = stage.journal(&contact);
    let steps: Vec<_> = steps.iter().map(|(event, role)| (event.as_str(), role.as_str())).collect();
    assert_eq!(
        steps,
        [
            ("contact_received", "channel_adapter"),
            ("contact_offered", "system"),
            ("offer_accepted", "counsellor"),
            ("contact_released", "counsellor"),
            ("wrap_up_finished", "counsellor"),
            ("contact_completed", "counsellor"),
        ]
    );
    let actors = format!(
        "SELECT count(*) FROM helpline.journal WHERE contact_id = '{}' AND actor_id = '{}'",
        contact.contact_id,
        amina.id()
    );
    assert_eq!(stage.value(&actors), "4", "the journal names who did it");
}

#[tokio::test]
async fn a_critical_contact_rings_for_ten_seconds_and_says_why_it_was_first() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    assert_eq!(contact.priority_class(), PriorityClass::Critical);
    assert!(about(seconds(contact.deadline_time) - seconds(contact.receive_time), 15.0));
    let offer = amina.offered(&contact).await;
    assert!((seconds(offer.expire_time) - seconds(offer.offer_time) - 10.0).abs() < 0.001);
    assert_eq!(offer.explanation.as_ref().unwrap().contact_rule, "critical_first");
    assert_eq!((offer.risk(), offer.priority_class()), (Risk::HarmNow, PriorityClass::Critical));
}

async fn write(actor: &Actor, contact: &Contact, text: &str) -> Message {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: text.to_owned(),
    };
    actor.messages().send_message(request).await.unwrap().into_inner().message.unwrap()
}

async fn watch(actor: &Actor, contact: &Contact) -> Streaming<WatchMessagesResponse> {
    let request = WatchMessagesRequest { contact_id: contact.contact_id.clone(), after_sequence: 0 };
    actor.messages().watch_messages(request).await.unwrap().into_inner()
}

/// The next messages of a stream, until it has told so many.
async fn read(stream: &mut Streaming<WatchMessagesResponse>, count: usize) -> Vec<(Author, String)> {
    let mut told = Vec::new();
    while told.len() < count {
        let next = tokio::time::timeout(crate::stage::PATIENCE, stream.message()).await.expect("in time");
        if let Some(message) = next.unwrap().expect("the stream goes on").message {
            told.push((message.author(), message.text));
        }
    }
    told
}

#[tokio::test]
async fn child_and_counsellor_write_to_each_other_in_one_order() {
    let stage = Stage::set().await;
    let contact = stage.receive(chat("ru")).await;
    let mut child_sees = watch(&stage.adapter, &contact).await;
    // Nobody is there yet, and what is written now is not lost.
    write(&stage.adapter, &contact, "есть кто-нибудь?").await;
    let vera = stage.desk(Abilities::speaking(&["ru"])).await;
    let contact = vera.take().await;
    let mut counsellor_sees = watch(&vera.actor, &contact).await;
    write(&vera.actor, &contact, "я здесь").await;
    let last = write(&stage.adapter, &contact, "спасибо").await;
    assert_eq!(last.sequence, 3);
    let conversation = [
        (Author::Child, "есть кто-нибудь?".to_owned()),
        (Author::Counsellor, "я здесь".to_owned()),
        (Author::Child, "спасибо".to_owned()),
    ];
    assert_eq!(read(&mut child_sees, 3).await, conversation);
    assert_eq!(read(&mut counsellor_sees, 3).await, conversation);
    vera.complete(&contact).await;
    for mut stream in [child_sees, counsellor_sees] {
        let rest = async { while stream.message().await.unwrap().is_some() {} };
        tokio::time::timeout(crate::stage::PATIENCE, rest).await.expect("a conversation that is over ends");
    }
}

#[tokio::test]
async fn every_channel_takes_the_capacity_of_its_kind() {
    let stage = Stage::set().await;
    for channel in
        [Channel::Voice, Channel::WebChat, Channel::Sms, Channel::Whatsapp, Channel::Telegram, Channel::Email]
    {
        let desk = stage.desk(Abilities::speaking(&["en"])).await;
        let contact = stage.receive(by(channel, "en")).await;
        let offer = desk.offered(&contact).await;
        let held = match channel {
            Channel::Voice => (1, 0, 0),
            Channel::WebChat => (0, 1, 0),
            _ => (0, 0, 1),
        };
        assert_eq!(desk.held().await, held, "{channel:?} while offered");
        let contact = desk.accept(&offer).await;
        assert_eq!(desk.held().await, held, "{channel:?} in progress");
        desk.complete(&contact).await;
        assert_eq!(desk.held().await, (0, 0, 0), "{channel:?} closed");
        desk.offline().await;
    }
    stage.agrees().await;
}
