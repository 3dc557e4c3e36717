//! What supervisors ask for.

use helpline_domain::id::{ContactId, CounsellorId, RequestId};
use helpline_domain::presence::ForceReason;
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::Refusal;
use helpline_service_kit::fields::Fields;

pub(crate) fn on_counsellor(request: &str, counsellor: &str) -> Result<(RequestId, CounsellorId), Refusal> {
    let mut fields = Fields::new();
    let (request, counsellor) = (fields.request_id(request), fields.id("counsellor_id", counsellor));
    fields.build(request.zip(counsellor))
}

pub(crate) fn force(
    sent: &proto::ForceNotReadyRequest,
) -> Result<(RequestId, CounsellorId, ForceReason), Refusal> {
    let mut fields = Fields::new();
    let request = fields.request_id(&sent.request_id);
    let counsellor = fields.id("counsellor_id", &sent.counsellor_id);
    let reason = fields.choice("reason", sent.reason, proto::ForceReason::as_str_name).and_then(|reason| {
        Some(match reason {
            proto::ForceReason::Rest => ForceReason::Rest,
            proto::ForceReason::Technical => ForceReason::Technical,
            proto::ForceReason::Conversation => ForceReason::Conversation,
            proto::ForceReason::Planning => ForceReason::Planning,
            proto::ForceReason::Other => ForceReason::Other,
            proto::ForceReason::Unspecified => return None,
        })
    });
    fields.build((|| Some((request?, counsellor?, reason?)))())
}

/// How many counsellors more, or fewer.
pub(crate) fn staffing(sent: proto::ForecastStaffingRequest) -> Result<i32, Refusal> {
    let mut fields = Fields::new();
    let more = fields.int("more", sent.more, 0..=100);
    let fewer = fields.int("fewer", sent.fewer, 0..=100);
    if more.is_some_and(|more| more > 0) && fewer.is_some_and(|fewer| fewer > 0) {
        fields.refuse("fewer", "0, as more is asked for");
    }
    fields.build(more.zip(fewer).map(|(more, fewer)| more - fewer))
}

pub(crate) fn force_reason(reason: Option<ForceReason>) -> proto::ForceReason {
    reason.map_or(proto::ForceReason::Unspecified, |reason| match reason {
        ForceReason::Rest => proto::ForceReason::Rest,
        ForceReason::Technical => proto::ForceReason::Technical,
        ForceReason::Conversation => proto::ForceReason::Conversation,
        ForceReason::Planning => proto::ForceReason::Planning,
        ForceReason::Other => proto::ForceReason::Other,
    })
}

pub(crate) fn assign(
    sent: &proto::AssignContactRequest,
) -> Result<(RequestId, ContactId, CounsellorId), Refusal> {
    let mut fields = Fields::new();
    let request = fields.request_id(&sent.request_id);
    let contact = fields.id("contact_id", &sent.contact_id);
    let counsellor = fields.id("counsellor_id", &sent.counsellor_id);
    fields.build((|| Some((request?, contact?, counsellor?)))())
}

/// The reason as its stable key.
pub(crate) fn pull(
    sent: &proto::PullContactRequest,
) -> Result<(RequestId, ContactId, &'static str), Refusal> {
    let mut fields = Fields::new();
    let request = fields.request_id(&sent.request_id);
    let contact = fields.id("contact_id", &sent.contact_id);
    let reason = fields.choice("reason", sent.reason, proto::PullReason::as_str_name).and_then(|reason| {
        Some(match reason {
            proto::PullReason::CounsellorUnreachable => "counsellor_unreachable",
            proto::PullReason::Relief => "relief",
            proto::PullReason::WrongPlace => "wrong_place",
            proto::PullReason::Technical => "technical",
            proto::PullReason::Unspecified => return None,
        })
    });
    fields.build((|| Some((request?, contact?, reason?)))())
}
