//! Whoever reaches the helpline gets a contact, and the same call gets the same one.

use helpline_domain::arrangement::Outlook;
use helpline_domain::contact::ContactState;
use helpline_domain::risk::Class;
use helpline_proto::intake::v1 as api;
use helpline_proto::terms::v1::{Channel, Risk, SkillLevel};

use crate::desk::{Desk, completion, id, request};

const NUMBER: &str = "+974 0000 0001";

#[tokio::test]
async fn a_repeat_of_the_same_command_gets_the_same_contact() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let call = request(Channel::Voice, NUMBER);
    let first = desk.receive(&adapter, &call).await.unwrap();
    let again = desk.receive(&adapter, &call).await.unwrap();
    assert_eq!(first.contact.contact_id, again.contact.contact_id);
    assert!(!first.existing && again.existing);
    assert_eq!(desk.number("SELECT count(*) FROM helpline.contacts"), 1);
    assert_eq!(desk.number("SELECT count(*) FROM helpline.journal WHERE event = 'contact_received'"), 1);
}

#[tokio::test]
async fn a_hundred_repeats_at_once_make_one_contact() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let call = request(Channel::Voice, NUMBER);
    let calls = (0..100).map(|_| desk.receive(&adapter, &call));
    let received = futures_util::future::join_all(calls).await;
    let first = received[0].as_ref().unwrap().contact.contact_id;
    assert!(received.iter().all(|received| received.as_ref().unwrap().contact.contact_id == first));
    assert_eq!(desk.number("SELECT count(*) FROM helpline.contacts"), 1);
}

#[tokio::test]
async fn the_same_request_id_with_other_content_is_refused() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let call = request(Channel::Voice, NUMBER);
    desk.receive(&adapter, &call).await.unwrap();
    let other = api::ReceiveContactRequest { sender: "+97400000002".to_owned(), ..call };
    let refusal = desk.receive(&adapter, &other).await.unwrap_err();
    assert_eq!(refusal.reason_name(), "REQUEST_ID_REUSED");
    assert_eq!(desk.number("SELECT count(*) FROM helpline.contacts"), 1);
}

#[tokio::test]
async fn the_same_request_id_of_another_adapter_is_another_command() {
    let desk = Desk::open().await;
    let call = request(Channel::Voice, NUMBER);
    let first = desk.receive(&desk.adapter(), &call).await.unwrap();
    let other = desk.receive(&desk.adapter(), &call).await.unwrap();
    assert_ne!(first.contact.contact_id, other.contact.contact_id);
}

#[tokio::test]
async fn the_same_external_id_gets_the_same_contact_even_when_it_has_ended() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let call = |channel: Channel| api::ReceiveContactRequest {
        external_id: "Call-42".to_owned(),
        ..request(channel, "")
    };
    let first = desk.receive(&adapter, &call(Channel::Voice)).await.unwrap();
    desk.leave(&adapter, first.contact.contact_id).await.unwrap();
    let again = desk.receive(&adapter, &call(Channel::Voice)).await.unwrap();
    assert_eq!(first.contact.contact_id, again.contact.contact_id);
    assert!(again.existing);
    assert_eq!(again.contact.state, ContactState::ShortAbandoned);
    let chat = desk.receive(&adapter, &call(Channel::WebChat)).await.unwrap();
    assert_ne!(first.contact.contact_id, chat.contact.contact_id, "ids are those of one channel");
}

#[tokio::test]
async fn two_calls_from_the_same_number_are_two_contacts() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let one = desk.from(&adapter, Channel::Voice, NUMBER).await;
    let two = desk.from(&adapter, Channel::Voice, NUMBER).await;
    assert_ne!(one.contact.contact_id, two.contact.contact_id);
    assert!(!two.existing);
}

#[tokio::test]
async fn a_sender_of_messages_has_one_open_contact_however_the_number_is_written() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let spellings = [NUMBER, "+97400000001", "+٩٧٤٠٠٠٠٠٠٠١", "\u{202a}+974-0000-0001\u{202c}"];
    let first = desk.from(&adapter, Channel::Sms, NUMBER).await;
    for spelling in spellings {
        let again = desk.from(&adapter, Channel::Sms, spelling).await;
        assert_eq!(again.contact.contact_id, first.contact.contact_id);
        assert!(again.existing);
    }
    let elsewhere = desk.from(&adapter, Channel::Whatsapp, NUMBER).await;
    assert_ne!(elsewhere.contact.contact_id, first.contact.contact_id);
}

#[tokio::test]
async fn blank_senders_are_not_one_person() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let one = desk.from(&adapter, Channel::Sms, " \u{200e} ").await;
    let two = desk.from(&adapter, Channel::Sms, " \u{200e} ").await;
    assert_ne!(one.contact.contact_id, two.contact.contact_id);
}

#[tokio::test]
async fn who_writes_again_after_the_end_is_a_new_contact() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let first = desk.from(&adapter, Channel::Sms, NUMBER).await.contact.contact_id;
    desk.answer(first, &counsellor).await;
    let during = desk.from(&adapter, Channel::Sms, NUMBER).await;
    assert_eq!(during.contact.contact_id, first);
    desk.complete(&counsellor, &completion(first, "Talked.")).await.unwrap();
    let after = desk.from(&adapter, Channel::Sms, NUMBER).await;
    assert_ne!(after.contact.contact_id, first);
    assert!(!after.existing);
}

#[tokio::test]
async fn fifty_messages_of_one_sender_at_once_open_one_contact() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let received =
        futures_util::future::join_all((0..50).map(|_| desk.from(&adapter, Channel::Whatsapp, NUMBER))).await;
    assert_eq!(received.iter().filter(|received| !received.existing).count(), 1);
    assert_eq!(desk.number("SELECT count(*) FROM helpline.contacts"), 1);
}

#[tokio::test]
async fn a_contact_waits_where_risk_and_settings_put_it() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let call = desk.from(&adapter, Channel::Voice, "").await.contact;
    assert_eq!((call.class, call.queue.as_str()), (Class::High, "general"));
    assert_eq!((call.deadline_at - call.received_at).num_seconds(), 60);
    assert_eq!(desk.from(&adapter, Channel::Sms, "").await.contact.class, Class::Medium);
    let urgent = api::ReceiveContactRequest { risk: Risk::HarmNow.into(), ..request(Channel::Sms, NUMBER) };
    let urgent = desk.receive(&adapter, &urgent).await.unwrap().contact;
    assert_eq!(urgent.class, Class::Critical);
    assert_eq!((urgent.deadline_at - urgent.received_at).num_seconds(), 15);
    assert_eq!(urgent.state, ContactState::Waiting);
}

#[tokio::test]
async fn a_queue_or_a_skill_that_the_centre_does_not_have_is_refused() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let queue = api::ReceiveContactRequest { queue: "night".to_owned(), ..request(Channel::Sms, "") };
    let refusal = desk.receive(&adapter, &queue).await.unwrap_err();
    assert_eq!(refusal.violations()[0].field, "queue");
    let skill = api::ReceiveContactRequest {
        request_id: id(),
        required_skills: vec![SkillLevel { skill: "diving".to_owned(), level: 1 }],
        ..request(Channel::Sms, "")
    };
    let refusal = desk.receive(&adapter, &skill).await.unwrap_err();
    assert_eq!(refusal.violations()[0].field, "required_skills");
}

#[tokio::test]
async fn the_caller_is_told_when_nobody_on_shift_could_ever_answer() {
    let desk = Desk::open().await;
    let adapter = desk.adapter();
    let russian = || api::ReceiveContactRequest { language: "ru".to_owned(), ..request(Channel::Sms, "") };
    assert_eq!(desk.from(&adapter, Channel::Sms, "").await.outlook, Outlook::NobodyOnShift);
    desk.counsellor().await;
    assert!(
        desk.from(&adapter, Channel::Sms, "").await.outlook == Outlook::Served,
        "the roster is read again when it has changed"
    );
    let asked = russian();
    assert_eq!(desk.receive(&adapter, &asked).await.unwrap().outlook, Outlook::NobodyOnShift);
    let repeat = desk.receive(&adapter, &asked).await.unwrap();
    assert_eq!(repeat.outlook, Outlook::NobodyOnShift, "a repeat tells the same");
    let dialect = api::ReceiveContactRequest { language: "ar-QA".to_owned(), ..request(Channel::Sms, "") };
    assert!(desk.receive(&adapter, &dialect).await.unwrap().outlook == Outlook::Served);
}

#[tokio::test]
async fn what_is_personal_is_sealed_in_the_rows() {
    let desk = Desk::open().await;
    let (adapter, counsellor) = (desk.adapter(), desk.counsellor().await);
    let chat = api::ReceiveContactRequest {
        external_id: "MARKER-external".to_owned(),
        display_name: "MARKER-name".to_owned(),
        ..request(Channel::WebChat, "MARKER-sender")
    };
    let contact = desk.receive(&adapter, &chat).await.unwrap().contact.contact_id;
    desk.answer(contact, &counsellor).await;
    desk.complete(&counsellor, &completion(contact, "MARKER-summary")).await.unwrap();
    for table in ["contacts", "journal", "requests", "offers"] {
        let sql = format!(
            "SELECT count(*) FROM helpline.{table} t WHERE t::text ILIKE '%marker%'
             OR t::text ILIKE '%' || encode('MARKER', 'hex') || '%' OR t::text ILIKE '%' || encode('marker', 'hex') || '%'"
        );
        assert_eq!(desk.number(&sql), 0, "{table}");
    }
    let sealed = "SELECT count(external_sealed) + count(sender_sealed) + count(display_name_sealed)
        + count(summary_sealed) FROM helpline.contacts";
    assert_eq!(desk.number(sealed), 4);
    let contact = desk.get(&counsellor, contact).await.unwrap().contact;
    assert_eq!(contact.sender.unwrap().expose(), "MARKER-sender");
    assert_eq!(contact.display_name.unwrap().expose(), "MARKER-name");
    assert_eq!(contact.summary.unwrap().expose(), "MARKER-summary");
}
