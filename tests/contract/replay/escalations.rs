//! Commands about escalations that can be carried out.

use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, AddLocationRequest, AddRemarkRequest,
    AskToEndRequest, CallResult, DecideEndRequest, DeclineEscalationRequest, EscalationDeclineReason,
    EscalationState, ForceNextStepRequest, HandOverEscalationRequest, JoinEscalationRequest, Location,
    LocationSource, Outcome, RecordCallRequest, ReportProgressRequest, ResolveEscalationRequest,
    TakeOverEscalationRequest,
};
use helpline_tests::plan::report;
use helpline_tests::{Actor, request_id};
use prost::Message as _;

use crate::cast::Cast;
use crate::stage::{new_language, receive};

/// One that somebody has taken on, and whose child was reached if it says so.
async fn taken_on(by: &Actor, reached: bool) -> String {
    let escalation_id = by.raises().await;
    let accept = AcceptEscalationRequest { request_id: request_id(), escalation_id: escalation_id.clone() };
    by.escalations().accept_escalation(accept).await.unwrap();
    if reached {
        let report = ReportProgressRequest {
            request_id: request_id(),
            escalation_id: escalation_id.clone(),
            state: EscalationState::ChildReached.into(),
            remark: String::new(),
        };
        by.escalations().report_progress(report).await.unwrap();
    }
    escalation_id
}

fn end(escalation_id: String) -> AskToEndRequest {
    AskToEndRequest {
        request_id: request_id(),
        escalation_id,
        state: EscalationState::StoodDown.into(),
        reason: "false_alarm".to_owned(),
        remark: String::new(),
    }
}

/// A number that somebody is to ring.
async fn call(cast: &Cast, by: &Actor) -> String {
    let (escalation_id, delivery_id) = (by.raises().await, request_id());
    let sql = format!(
        r#"INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, call, state, made_at)
           SELECT centre_id, '{delivery_id}', escalation_id, 'escalation.notified', 'call', '{{"label": "Duty", "number": "112"}}',
               'pending', helpline.now() FROM helpline.escalations WHERE escalation_id = '{escalation_id}'"#
    );
    cast.world.database.query(&sql).unwrap();
    delivery_id
}

/// Somebody who may give the command, and its bytes, if the method is about these.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let by = cast.world.supervisor().await;
    let request_id = request_id();
    let bytes = match method {
        "RaiseEscalation" => report().encode_to_vec(),
        "JoinEscalation" => {
            let contact_id = receive(&cast.adapter, &new_language()).await.contact_id;
            JoinEscalationRequest { request_id, escalation_id: by.raises().await, contact_id }.encode_to_vec()
        }
        "AcknowledgeEscalation" => {
            AcknowledgeEscalationRequest { request_id, escalation_id: by.raises().await }.encode_to_vec()
        }
        "AcceptEscalation" => {
            AcceptEscalationRequest { request_id, escalation_id: by.raises().await }.encode_to_vec()
        }
        "DeclineEscalation" => DeclineEscalationRequest {
            request_id,
            escalation_id: taken_on(&by, false).await,
            reason: EscalationDeclineReason::NoCapacity.into(),
            remark: String::new(),
        }
        .encode_to_vec(),
        "ReportProgress" => ReportProgressRequest {
            request_id,
            escalation_id: taken_on(&by, false).await,
            state: EscalationState::OnScene.into(),
            remark: "At the door".to_owned(),
        }
        .encode_to_vec(),
        "ResolveEscalation" => ResolveEscalationRequest {
            request_id,
            escalation_id: taken_on(&by, true).await,
            outcome: Outcome::TakenToSafety.into(),
            ..ResolveEscalationRequest::default()
        }
        .encode_to_vec(),
        "AskToEnd" => AskToEndRequest { request_id, ..end(by.raises().await) }.encode_to_vec(),
        "DecideEnd" => {
            let escalation_id = cast.supervisor.raises().await;
            cast.supervisor.escalations().ask_to_end(end(escalation_id.clone())).await.unwrap();
            DecideEndRequest { request_id, escalation_id, approve: true, remark: String::new() }
                .encode_to_vec()
        }
        "HandOverEscalation" => HandOverEscalationRequest {
            request_id,
            escalation_id: by.raises().await,
            agency_id: cast.world.agency().await.to_string(),
            their_incident: "77-12".to_owned(),
        }
        .encode_to_vec(),
        "ForceNextStep" => {
            ForceNextStepRequest { request_id, escalation_id: by.raises().await }.encode_to_vec()
        }
        "AddRemark" => AddRemarkRequest {
            request_id,
            escalation_id: by.raises().await,
            remark: "The gate is open".to_owned(),
            shared: true,
        }
        .encode_to_vec(),
        "AddLocation" => {
            let location = Location {
                place: "At the bridge".to_owned(),
                source: LocationSource::Said.into(),
                ..Location::default()
            };
            let escalation_id = by.raises().await;
            AddLocationRequest { request_id, escalation_id, location: Some(location) }.encode_to_vec()
        }
        "TakeOverEscalation" => {
            TakeOverEscalationRequest { request_id, escalation_id: cast.supervisor.raises().await }
                .encode_to_vec()
        }
        "RecordCall" => RecordCallRequest {
            request_id,
            delivery_id: call(cast, &by).await,
            result: CallResult::Acknowledged.into(),
            ..RecordCallRequest::default()
        }
        .encode_to_vec(),
        _ => return None,
    };
    Some((by, bytes))
}
