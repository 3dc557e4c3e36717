//! Well-formed requests about escalations.

use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, AddLocationRequest, AddRemarkRequest,
    AskToEndRequest, CallResult, Danger, DecideEndRequest, DeclineEscalationRequest, EscalationDeclineReason,
    EscalationKind, EscalationState, ForceNextStepRequest, GetEscalationRequest, HandOverEscalationRequest,
    JoinEscalationRequest, ListCallsRequest, ListEscalationsRequest, ListReportsRequest, ListTimelineRequest,
    Location, LocationSource, Outcome, Particulars, RaiseEscalationRequest, RecordCallRequest, Report,
    ReportProgressRequest, ResolveEscalationRequest, TakeOverEscalationRequest, WatchEscalationsRequest,
};
use helpline_proto::terms::v1::Risk;
use prost::Message as _;
use prost_types::Timestamp;

use super::id;

fn location() -> Location {
    Location {
        place: "Behind the school".to_owned(),
        source: LocationSource::Said.into(),
        observe_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..Location::default()
    }
}

/// A report in which every field is set that can be.
fn raise() -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        case_id: String::new(),
        request_id: id(),
        kind: EscalationKind::MandatoryReport.into(),
        contact_id: id(),
        risk: Risk::High.into(),
        danger: Danger::Violence.into(),
        region: "north".to_owned(),
        particulars: Some(Particulars {
            identity: "Salma, about nine".to_owned(),
            contact: "a neighbour".to_owned(),
            narrative: "Somebody is hitting her.".to_owned(),
            health: "asthma".to_owned(),
            perpetrator: "an uncle".to_owned(),
        }),
        location: Some(location()),
        exercise: false,
        report: Some(Report {
            legal_basis: "child_act".to_owned(),
            deadline: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            reference_number: "2026/1".to_owned(),
            child_informed: false,
            not_informed_reason: "danger".to_owned(),
            authority_id: id(),
        }),
    }
}

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let remark = || "She is alone.".to_owned();
    let (request_id, escalation_id) = (id(), id());
    Some(match method {
        "RaiseEscalation" => raise().encode_to_vec(),
        "JoinEscalation" => {
            JoinEscalationRequest { request_id, escalation_id, contact_id: id() }.encode_to_vec()
        }
        "AcknowledgeEscalation" => AcknowledgeEscalationRequest { request_id, escalation_id }.encode_to_vec(),
        "AcceptEscalation" => AcceptEscalationRequest { request_id, escalation_id }.encode_to_vec(),
        "DeclineEscalation" => {
            let reason = EscalationDeclineReason::OutOfArea.into();
            DeclineEscalationRequest { request_id, escalation_id, reason, remark: remark() }.encode_to_vec()
        }
        "ReportProgress" => {
            let state = EscalationState::Responding.into();
            ReportProgressRequest { request_id, escalation_id, state, remark: remark() }.encode_to_vec()
        }
        "ResolveEscalation" => ResolveEscalationRequest {
            request_id,
            escalation_id,
            outcome: Outcome::SafeInPlace.into(),
            remark: remark(),
            reference_number: "2026/1".to_owned(),
        }
        .encode_to_vec(),
        "AskToEnd" => AskToEndRequest {
            request_id,
            escalation_id,
            state: EscalationState::StoodDown.into(),
            reason: "duplicate".to_owned(),
            remark: remark(),
        }
        .encode_to_vec(),
        "DecideEnd" => {
            DecideEndRequest { request_id, escalation_id, approve: true, remark: remark() }.encode_to_vec()
        }
        "HandOverEscalation" => {
            let their_incident = "77-12".to_owned();
            HandOverEscalationRequest { request_id, escalation_id, agency_id: id(), their_incident }
                .encode_to_vec()
        }
        "ForceNextStep" => ForceNextStepRequest { request_id, escalation_id }.encode_to_vec(),
        "AddRemark" => {
            AddRemarkRequest { request_id, escalation_id, remark: remark(), shared: true }.encode_to_vec()
        }
        "AddLocation" => {
            AddLocationRequest { request_id, escalation_id, location: Some(location()) }.encode_to_vec()
        }
        "TakeOverEscalation" => TakeOverEscalationRequest { request_id, escalation_id }.encode_to_vec(),
        "RecordCall" => RecordCallRequest {
            request_id,
            delivery_id: id(),
            result: CallResult::Accepted.into(),
            their_incident: "77-12".to_owned(),
            remark: remark(),
        }
        .encode_to_vec(),
        "GetEscalation" => GetEscalationRequest { escalation_id }.encode_to_vec(),
        "ListEscalations" => ListEscalationsRequest {
            page_size: 5,
            open: true,
            contact_id: id(),
            ..ListEscalationsRequest::default()
        }
        .encode_to_vec(),
        "ListReports" => ListReportsRequest { page_size: 5, ..ListReportsRequest::default() }.encode_to_vec(),
        "ListTimeline" => {
            ListTimelineRequest { escalation_id, page_size: 5, ..ListTimelineRequest::default() }
                .encode_to_vec()
        }
        "ListCalls" => ListCallsRequest::default().encode_to_vec(),
        "WatchEscalations" => WatchEscalationsRequest {}.encode_to_vec(),
        _ => return None,
    })
}
