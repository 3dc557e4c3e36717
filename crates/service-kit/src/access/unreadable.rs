//! Requests that could not be read at all: refused by the transport, whose words are not those of this API.

use tonic::{Code, Status};

use crate::error::Refusal;

/// What the transport says before it says where.
const UNDECODED: &str = "failed to decode Protobuf message: ";

/// The refusal of a request that the transport could not read; `None` for every other status.
///
/// A refusal of this API carries details; what carries none was said before a method was reached, and all that can go
/// wrong there is the request.
pub(super) fn explain(status: &Status) -> Option<Refusal> {
    if !status.details().is_empty() {
        return None;
    }
    match status.code() {
        Code::Internal => Some(Refusal::malformed(place(status.message()))),
        Code::OutOfRange | Code::ResourceExhausted => Some(Refusal::too_long()),
        _ => None,
    }
}

/// The path of the field that could not be decoded, of which the transport names the innermost first:
/// `Closing.summary: CompleteContactRequest.closing: invalid string value`.
fn place(message: &str) -> Option<String> {
    let mut rest = message.strip_prefix(UNDECODED)?;
    let mut path = Vec::new();
    while let Some((step, after)) = rest.split_once(": ") {
        let Some((message, field)) = step.split_once('.') else { break };
        if !is_name(message) || !is_name(field) {
            break;
        }
        path.insert(0, field);
        rest = after;
    }
    (!path.is_empty()).then(|| path.join("."))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use helpline_proto::intake::v1::{CompleteContactRequest, SendMessageRequest};
    use prost::Message as _;

    use super::*;

    fn field(error: &prost::DecodeError) -> Option<String> {
        place(&error.to_string())
    }

    #[test]
    fn the_field_that_is_no_text_is_named_with_its_path() {
        let error = SendMessageRequest::decode(&b"\x22\x01\xff"[..]).unwrap_err();
        assert_eq!(field(&error).as_deref(), Some("text"));
        let error = CompleteContactRequest::decode(&b"\x1a\x03\x3a\x01\xff"[..]).unwrap_err();
        assert_eq!(field(&error).as_deref(), Some("closing.summary"));
    }

    #[test]
    fn garbage_has_no_place() {
        let error = SendMessageRequest::decode(&[0xff; 20][..]).unwrap_err();
        assert_eq!(field(&error), None);
        assert_eq!(place("Missing request message."), None);
    }

    #[test]
    fn a_refusal_of_this_api_is_left_alone() {
        assert!(explain(&Refusal::bug("something").into()).is_none());
        assert!(explain(&Status::unimplemented("")).is_none());
        assert!(explain(&Status::internal("Missing request message.")).is_some());
    }
}
