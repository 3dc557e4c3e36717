//! Commands about missing-child alerts that can be carried out.

use helpline_proto::escalation::v1::{
    AcknowledgeChildAlertRequest, ApproveChildAlertRequest, AskChildAlertRequest, AskChildAlertUpdateRequest,
    CancelChildAlertRequest, ChildAlertCancelReason, DeclineChildAlertRequest, GetChildAlertDocumentRequest,
};
use helpline_tests::child_alert::{a_child_is_missing, approve, ask, content, disclose_to, lets_send_alerts};
use helpline_tests::{Actor, request_id};
use prost::Message as _;

use crate::cast::Cast;

/// Somebody who may give the command, and its bytes, if the method is about these.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    if !method.contains("ChildAlert") {
        return None;
    }
    let (by, request_id) = (cast.world.supervisor().await, request_id());
    lets_send_alerts(&cast.world).await;
    let agency = cast.world.agency().await;
    let agency_id = agency.to_string();
    let escalation_id = a_child_is_missing(&by).await;
    disclose_to(&by, &escalation_id, &agency_id).await;
    let content = content(&[&agency_id]);
    if method == "AskChildAlert" {
        let ask = AskChildAlertRequest { request_id, escalation_id, content: Some(content) };
        return Some((by, ask.encode_to_vec()));
    }
    let asked = ask(&cast.supervisor, &escalation_id, content.clone()).await.unwrap();
    let alert_id = asked.alert_id.clone();
    let command = match method {
        "ApproveChildAlert" => ApproveChildAlertRequest { request_id, alert_id }.encode_to_vec(),
        "DeclineChildAlert" => DeclineChildAlertRequest { request_id, alert_id }.encode_to_vec(),
        _ => {
            approve(&by, &asked).await.unwrap();
            return issued(cast, method, by, (alert_id, content), agency).await;
        }
    };
    Some((by, command))
}

/// The same of what needs an alert that was issued.
async fn issued(
    cast: &Cast,
    method: &str,
    by: Actor,
    (alert_id, content): (String, helpline_proto::escalation::v1::ChildAlertContent),
    agency: helpline_domain::id::AgencyId,
) -> Option<(Actor, Vec<u8>)> {
    let request_id = request_id();
    Some(match method {
        "AskChildAlertUpdate" => {
            let update = AskChildAlertUpdateRequest { request_id, alert_id, content: Some(content) };
            (by, update.encode_to_vec())
        }
        "CancelChildAlert" => {
            let reason = ChildAlertCancelReason::ChildFound.into();
            (by, CancelChildAlertRequest { request_id, alert_id, reason }.encode_to_vec())
        }
        "AcknowledgeChildAlert" => {
            let responder = cast.world.responder(agency).await;
            let fetch = GetChildAlertDocumentRequest {
                alert_id: alert_id.clone(),
                ..GetChildAlertDocumentRequest::default()
            };
            responder.child_alerts().get_child_alert_document(fetch).await.unwrap();
            (responder, AcknowledgeChildAlertRequest { request_id, alert_id }.encode_to_vec())
        }
        _ => return None,
    })
}
