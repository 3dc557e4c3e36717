//! Bytes that are no request of this API, and requests that are too long.

use helpline_proto::METHODS;
use helpline_proto::intake::v1::SendMessageRequest;
use helpline_tests::{Refused, refused, request_id};
use prost::Message as _;
use tonic::Code;

use crate::cast::{Cast, method};
use crate::raw;
use crate::requests::well_formed;
use crate::stage::{Stage, healthy};

/// Bytes that no message of this API is.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a tag without an end", vec![0xff; 64]),
        ("field number zero", vec![0x02, 0x01, 0x00]),
        ("a wire type that does not exist", vec![0x0f, 0x01]),
        ("a length beyond the end", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, b'x']),
        ("an end of a group that never began", vec![0x0c]),
        // A field that nobody knows, groups within groups.
        ("a thousand groups", [0xfb, 0x7f].repeat(1000)),
    ]
}

fn is_malformed(refused: &Refused) -> bool {
    (refused.code, refused.reason.as_str()) == (Code::InvalidArgument, "REQUEST_MALFORMED")
}

#[tokio::test]
async fn garbage_is_refused_as_such_by_every_method() {
    let cast = Cast::new().await;
    for method in METHODS {
        let secret = cast.caller(method).secret();
        for (what, bytes) in garbage() {
            let refused = Refused::from(&cast.call_with(method, Some(secret), bytes).await.expect_err(what));
            assert!(is_malformed(&refused), "{}, {what}: {refused:?}", method.name);
        }
        let nothing = Refused::from(&raw::call_with_nothing(&cast.channel, method.path, secret).await);
        assert!(is_malformed(&nothing), "{} without a message: {nothing:?}", method.name);

        // Cut anywhere, a request is either refused or a shorter request, which may ask for what is not there, or use the
        // id of one that was cut later; it never
        // breaks the server.
        let whole = well_formed(method).encode_to_vec();
        for end in (0..whole.len()).step_by(7) {
            if let Err(status) = cast.call_with(method, Some(secret), whole[..end].to_vec()).await {
                let bearable =
                    matches!(status.code(), Code::InvalidArgument | Code::NotFound | Code::AlreadyExists);
                assert!(bearable, "{}: {status:?}", method.name);
            }
        }
    }
    healthy(&cast.world).await;
}

#[tokio::test]
async fn a_body_that_is_no_frame_of_grpc_is_refused_as_such() {
    let cast = Cast::new().await;
    let method = method("SendMessage");
    let bodies = [
        ("nothing", Vec::new()),
        ("half a head", vec![0, 0, 0]),
        ("an unknown compression", vec![7, 0, 0, 0, 1, 0]),
        ("compressed without saying how", vec![1, 0, 0, 0, 1, 0]),
        ("less than it says", vec![0, 0, 0, 0, 9, 0x0a]),
        ("JSON", b"{\"request_id\":\"\"}".to_vec()),
    ];
    for (what, body) in bodies {
        let status = raw::post(&cast.channel, method.path, cast.adapter.secret(), body).await.expect(what);
        let code = status.code();
        assert!(matches!(code, Code::InvalidArgument | Code::ResourceExhausted), "{what}: {status:?}");
        assert!(!status.details().is_empty(), "{what} has a reason");
    }
    healthy(&cast.world).await;
}

#[tokio::test]
async fn a_text_of_five_megabytes_is_refused_before_it_is_read() {
    let stage = Stage::new().await;
    let contact = stage.contact().await;
    let message = |text: String| SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text,
    };
    // Longer than any request may be: the reader stops at its head. It is no field that is wrong, so none is named.
    let answer = stage.adapter.messages().send_message(message("x".repeat(5_000_000))).await;
    let too_long = refused(answer);
    assert_eq!((too_long.code, too_long.reason.as_str()), (Code::ResourceExhausted, "REQUEST_TOO_LONG"));
    assert!(too_long.fields.is_empty());
    // Short enough to be read, too long for its field.
    let text = refused(stage.adapter.messages().send_message(message("x".repeat(100_000))).await);
    assert_eq!((text.code, text.fields.as_slice()), (Code::InvalidArgument, ["text".to_owned()].as_slice()));
    // As long as a message may be, in characters of four bytes each.
    let longest = "🧒".repeat(20_000);
    let sent = stage.adapter.messages().send_message(message(longest.clone())).await.unwrap();
    assert_eq!(sent.into_inner().message.unwrap().text, longest);
    healthy(&stage.world).await;
}
