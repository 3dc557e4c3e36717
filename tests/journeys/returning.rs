//! Somebody comes back.

use helpline_proto::intake::v1::{ContactState, Outlook, ReceiveContactRequest};
use helpline_proto::terms::v1::Channel;
use helpline_tests::Abilities;

use crate::stage::{Stage, by, call, chat, from};

#[tokio::test]
async fn who_writes_again_while_the_contact_is_open_is_in_the_same_contact() {
    let stage = Stage::set().await;
    let first = stage.received(from("+974 5555 0102", by(Channel::Sms, "ar"))).await;
    assert!(!first.existing);
    let contact = first.contact.unwrap();
    // Written in another way, and in whatever state.
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let again = async || {
        let again = stage.received(from("+٩٧٤ 5555-0102", by(Channel::Sms, ""))).await;
        assert!(again.existing);
        assert_eq!(again.contact.as_ref().unwrap().contact_id, contact.contact_id);
        (again.contact.as_ref().unwrap().state(), again.outlook())
    };
    assert_eq!(again().await, (ContactState::Waiting, Outlook::NobodyOnShift));
    amina.ready().await;
    let offer = amina.offered(&contact).await;
    assert_eq!(again().await, (ContactState::Offered, Outlook::Served));
    amina.accept(&offer).await;
    assert_eq!(again().await, (ContactState::InProgress, Outlook::Served));
    // On another channel it is somebody else until somebody says otherwise.
    let other = stage.received(from("+974 5555 0102", by(Channel::Whatsapp, "ar"))).await;
    assert!(!other.existing);
}

#[tokio::test]
async fn who_comes_back_after_the_conversation_begins_a_new_contact() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let request = || from("laila", chat("ar"));
    let first = stage.receive(request()).await;
    let offer = amina.offered(&first).await;
    amina.accept(&offer).await;
    let released = amina.release(&first).await;
    // The record is still being written.
    let second = stage.received(request()).await;
    assert!(!second.existing);
    let second = second.contact.unwrap();
    assert_ne!(second.contact_id, first.contact_id);
    amina.complete(&released).await;
    amina.offered(&second).await;
    stage.leave(&second).await;
    let third = stage.received(request()).await;
    assert!(!third.existing, "who left the line may come back to it");
}

#[tokio::test]
async fn two_calls_from_one_number_are_two_contacts() {
    let stage = Stage::set().await;
    let one = stage.received(from("+974 5555 0103", call("ar"))).await;
    let two = stage.received(from("+974 5555 0103", call("ar"))).await;
    assert!(!one.existing && !two.existing);
    assert_ne!(one.contact.unwrap().contact_id, two.contact.unwrap().contact_id);
}

#[tokio::test]
async fn the_channels_own_id_makes_a_contact_once_however_often_and_by_whom_it_is_brought() {
    let stage = Stage::set().await;
    let request = || ReceiveContactRequest { external_id: "call-77".to_owned(), ..call("ar") };
    let first = stage.receive(request()).await;
    let mut repeats = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let adapter = stage.adapter.clone();
        let request = request();
        repeats.spawn(async move { adapter.contacts().receive_contact(request).await.unwrap().into_inner() });
    }
    for repeat in repeats.join_all().await {
        assert!(repeat.existing);
        assert_eq!(repeat.contact.unwrap().contact_id, first.contact_id);
    }
    // Even after it is over: the channel knows no second call by that id.
    let left = stage.leave(&first).await;
    let late = stage.received(request()).await;
    assert_eq!((late.existing, late.contact.unwrap().state()), (true, left.state()));
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts"), "1");
}

#[tokio::test]
async fn a_hundred_messages_of_one_sender_at_once_open_one_contact() {
    let stage = Stage::set().await;
    let mut messages = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let adapter = stage.adapter.clone();
        messages.spawn(async move {
            let request = from("+974 5555 0104", by(Channel::Sms, "ar"));
            adapter.contacts().receive_contact(request).await.unwrap().into_inner()
        });
    }
    let answers = messages.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.existing).count(), 1);
    assert_eq!(stage.value("SELECT count(*) FROM helpline.contacts"), "1");
}
