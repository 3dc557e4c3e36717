//! What children write comes back as they wrote it, in every script.

use helpline_proto::intake::v1::{
    CompleteContactRequest, GetContactRequest, ReceiveContactRequest, SendMessageRequest,
    WatchMessagesRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_tests::request_id;

use crate::requests::closing;
use crate::stage::{Stage, accept, healthy, next_offer, watch};

/// Text that careless programs alter: Arabic with marks of direction, joined emoji, combining marks that a normal form
/// would compose, what a database or a template could take for its own, what looks like nothing.
const TEXTS: [&str; 12] = [
    "مرحبا، أنا خائفة \u{200f}(جداً)\u{200e} — اتصل بي ٠١٢٣٤٥",
    "\u{202b}من اليمين\u{202c} إلى اليسار\u{2067}abc\u{2069}",
    "👩🏽‍👧‍👦🏳️‍🌈🇶🇦 ❤️‍🩹",
    "e\u{301} is not \u{e9}, ﷺ is one letter, \u{1f4a9} are two in UTF-16",
    "Қазақстан, қорқамын, Ё и е\u{308}",
    "'; DROP TABLE contacts; --  \\' \\\\ $1 %s {{x}} ${x}",
    "<script>alert(1)</script>&amp;&#0;",
    "first line\nsecond line\n\n\tindented",
    "\u{200b}zero width\u{feff}and a mark of order",
    "=1+1 @SUM(A1) +7 -7",
    "\u{fdd0}\u{10ffff} are no characters but are valid",
    "  spaces at both ends are words of a child too  ",
];

#[tokio::test]
async fn every_script_comes_back_unchanged_from_messages() {
    let stage = Stage::new().await;
    let contact = stage.accepted().await;
    for text in TEXTS {
        let request = SendMessageRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            message_id: request_id(),
            text: text.to_owned(),
        };
        let sent =
            stage.adapter.messages().send_message(request).await.unwrap().into_inner().message.unwrap();
        assert_eq!(sent.text, text);
    }
    let request = WatchMessagesRequest { contact_id: contact.contact_id, after_sequence: 0 };
    let mut stream = stage.counsellor.messages().watch_messages(request).await.unwrap().into_inner();
    for text in TEXTS {
        assert_eq!(stream.message().await.unwrap().unwrap().message.unwrap().text, text);
    }
}

#[tokio::test]
async fn every_script_comes_back_unchanged_from_names_and_summaries() {
    let stage = Stage::new().await;
    crate::stage::go_ready(&stage.counsellor).await;
    let mut stream = watch(&stage.counsellor).await;
    for text in TEXTS {
        // A name has no line breaks and no blanks around it.
        let name = text.trim().replace(['\n', '\t'], " ");
        let request = ReceiveContactRequest {
            request_id: request_id(),
            channel: Channel::WebChat.into(),
            external_id: name.clone(),
            sender: name.clone(),
            display_name: name.clone(),
            language: stage.language.clone(),
            ..ReceiveContactRequest::default()
        };
        let received = stage.adapter.contacts().receive_contact(request.clone()).await.unwrap().into_inner();
        let again = ReceiveContactRequest { request_id: request_id(), ..request };
        let again = stage.adapter.contacts().receive_contact(again).await.unwrap().into_inner();
        assert!(!received.existing && again.existing);
        let contact_id = received.contact.unwrap().contact_id;
        assert_eq!(again.contact.unwrap().contact_id, contact_id, "{name} is the same sender");
        let offer = next_offer(&mut stream).await;
        let contact = accept(&stage.counsellor, &offer).await;
        assert_eq!(
            (contact.contact_id.as_str(), &contact.sender, &contact.display_name),
            (contact_id.as_str(), &name, &name)
        );
        let mut record = closing();
        record.summary = text.to_owned();
        let request = CompleteContactRequest {
            request_id: request_id(),
            contact_id: contact_id.clone(),
            closing: Some(record.clone()),
            expected_revision: contact.revision,
        };
        stage.counsellor.contacts().complete_contact(request).await.unwrap();
        let read = stage.counsellor.contacts().get_contact(GetContactRequest { contact_id }).await.unwrap();
        assert_eq!(read.into_inner().contact.unwrap().closing, Some(record));
    }
    healthy(&stage.world).await;
}
