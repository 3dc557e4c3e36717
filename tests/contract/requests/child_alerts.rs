//! Well-formed requests about missing-child alerts.

use helpline_proto::escalation::v1::{
    AcknowledgeChildAlertRequest, ApproveChildAlertRequest, AskChildAlertRequest, AskChildAlertUpdateRequest,
    CancelChildAlertRequest, ChildAlertCancelReason, ChildAlertContent, ChildAlertScope,
    DeclineChildAlertRequest, GetChildAlertDocumentRequest, GetChildAlertRequest, ListChildAlertsRequest,
};
use prost::Message as _;

use super::id;

/// What an alert says, with every field set that can be.
fn content() -> ChildAlertContent {
    let mut content = helpline_tests::child_alert::content(&[&id()]);
    content.scope = ChildAlertScope::Restricted.into();
    "To hospitals".clone_into(&mut content.restriction);
    content
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    Some(match method {
        "AskChildAlert" => {
            AskChildAlertRequest { request_id: id(), escalation_id: id(), content: Some(content()) }
                .encode_to_vec()
        }
        "AskChildAlertUpdate" => {
            AskChildAlertUpdateRequest { request_id: id(), alert_id: id(), content: Some(content()) }
                .encode_to_vec()
        }
        "ApproveChildAlert" => ApproveChildAlertRequest { request_id: id(), alert_id: id() }.encode_to_vec(),
        "DeclineChildAlert" => DeclineChildAlertRequest { request_id: id(), alert_id: id() }.encode_to_vec(),
        "CancelChildAlert" => CancelChildAlertRequest {
            request_id: id(),
            alert_id: id(),
            reason: ChildAlertCancelReason::NotNeeded.into(),
        }
        .encode_to_vec(),
        "AcknowledgeChildAlert" => {
            AcknowledgeChildAlertRequest { request_id: id(), alert_id: id() }.encode_to_vec()
        }
        "GetChildAlert" => GetChildAlertRequest { alert_id: id() }.encode_to_vec(),
        "GetChildAlertDocument" => {
            GetChildAlertDocumentRequest { alert_id: id(), acknowledged_by_agency_id: id() }.encode_to_vec()
        }
        "ListChildAlerts" => {
            ListChildAlertsRequest { escalation_id: id(), ..ListChildAlertsRequest::default() }
                .encode_to_vec()
        }
        _ => return None,
    })
}
