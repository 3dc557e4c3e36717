//! A refusal never repeats what was sent: it may end in the log of a client, a proxy, a ticket.

use helpline_proto::intake::v1::{ReceiveContactRequest, SendMessageRequest};
use helpline_proto::terms::v1::Channel;
use helpline_proto::{METHODS, Method};
use helpline_tests::request_id;
use prost::Message as _;
use prost_reflect::{Kind, Value};
use tonic::Status;

use crate::cast::{Cast, ROLES};
use crate::raw;
use crate::requests::well_formed;
use crate::schema::{self, Place};
use crate::stage::Stage;

/// A child's secret that occurs nowhere else.
const MARKER: &str = "zwilling7473";

/// Everything that a refusal says.
fn said(status: &Status) -> String {
    let details = String::from_utf8_lossy(status.details()).into_owned();
    format!("{}\n{details}\n{:?}", status.message(), status.metadata()).to_lowercase()
}

fn assert_silent(status: &Status, when: &str) {
    let said = said(status);
    assert!(!said.contains(MARKER), "{when}: {said}");
}

fn texts(method: &Method) -> impl Iterator<Item = Place> {
    schema::places(method).into_iter().filter(|place| place.kind() == Kind::String)
}

/// Texts with the marker that are refused for their form, for their characters, or for their length.
fn markers() -> [String; 4] {
    [
        MARKER.to_owned(),
        format!("{}\0", MARKER.to_uppercase()),
        format!("hlp_{MARKER}"),
        format!("{MARKER} {}", "x".repeat(25_000)),
    ]
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent_in_a_field() {
    let cast = Cast::new().await;
    let mut refusals = 0;
    for method in METHODS {
        let mut requests = Vec::new();
        for marker in markers() {
            let mut everywhere = well_formed(method);
            for place in texts(method) {
                place.put(&mut everywhere, Value::String(marker.clone()));
            }
            requests.push(everywhere);
        }
        // In each field alone too, with the others as they should be.
        for marker in &markers()[..2] {
            for place in texts(method) {
                let mut alone = well_formed(method);
                place.put(&mut alone, Value::String(marker.clone()));
                requests.push(alone);
            }
        }
        for request in requests {
            if let Err(status) = cast.call(method, &request).await {
                refusals += 1;
                assert_silent(&status, method.name);
            }
        }
    }
    assert!(refusals > 150, "only {refusals} refusals");
}

#[tokio::test]
async fn no_refusal_at_the_door_repeats_what_was_sent() {
    let cast = Cast::new().await;
    for method in METHODS {
        let mut request = well_formed(method);
        for place in texts(method) {
            place.put(&mut request, Value::String(MARKER.to_owned()));
        }
        let bytes = request.encode_to_vec();
        let mut broken = bytes.clone();
        broken.extend_from_slice(b"\xff\xff");
        let mut not_text = bytes.clone();
        for at in 0..not_text.len().saturating_sub(MARKER.len()) {
            if not_text[at..].starts_with(MARKER.as_bytes()) {
                not_text[at] = 0xff;
            }
        }
        let stranger = format!("hlp_{MARKER}{}", "a".repeat(36));
        for bearer in [None, Some(MARKER), Some(stranger.as_str())] {
            let status = cast.call_with(method, bearer, bytes.clone()).await.unwrap_err();
            assert_silent(&status, method.name);
        }
        for role in ROLES {
            for body in [&bytes, &broken, &not_text] {
                let mut request = raw::request(Some(cast.of(role).secret()), body.clone());
                request.metadata_mut().insert("x-request-id", MARKER.parse().unwrap());
                request.metadata_mut().insert("x-child", MARKER.parse().unwrap());
                let answer = raw::call(&cast.channel, method.path, method.streaming, request).await;
                if let Err(status) = answer {
                    assert_silent(&status, method.name);
                }
            }
        }
        // The secret of a token is nobody's business either.
        let good = cast.administrator.secret();
        let status = cast.call_with(method, Some(&format!("{good}x")), Vec::new()).await.unwrap_err();
        assert!(!said(&status).contains(&good.to_lowercase()));
    }
    let path = format!("/helpline.intake.v1.ContactService/{MARKER}");
    let status = raw::call(&cast.channel, &path, false, raw::request(None, Vec::new())).await.unwrap_err();
    assert_silent(&status, "an unknown method");
}

#[tokio::test]
async fn no_refusal_repeats_what_is_stored() {
    let stage = Stage::new().await;
    let arrival = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Sms.into(),
        external_id: MARKER.to_owned(),
        sender: MARKER.to_owned(),
        display_name: MARKER.to_owned(),
        ..ReceiveContactRequest::default()
    };
    let answer = stage.adapter.contacts().receive_contact(arrival.clone()).await.unwrap().into_inner();
    let contact_id = answer.contact.unwrap().contact_id;
    let message = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact_id.clone(),
        message_id: request_id(),
        text: MARKER.to_owned(),
    };
    stage.adapter.messages().send_message(message.clone()).await.unwrap();

    // The same keys with other content, by the same caller and by another.
    let other_arrival = ReceiveContactRequest { display_name: "else".to_owned(), ..arrival };
    let reused = stage.adapter.contacts().receive_contact(other_arrival).await.unwrap_err();
    let other_text =
        SendMessageRequest { request_id: request_id(), text: "something else".to_owned(), ..message.clone() };
    let taken = stage.adapter.messages().send_message(other_text).await.unwrap_err();
    let colleague = stage.world.adapter().await;
    let foreign = SendMessageRequest { request_id: request_id(), ..message };
    let not_theirs = colleague.messages().send_message(foreign).await.unwrap_err();
    for status in [reused, taken, not_theirs] {
        assert_silent(&status, "a conflict");
    }
}
