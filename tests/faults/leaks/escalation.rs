//! An escalation with a marker in each of its personal fields.

use helpline_domain::caller::Role;
use helpline_proto::escalation::v1::{
    AcknowledgeEscalationRequest, AddRemarkRequest, CallResult, Danger, EscalationKind, ForceNextStepRequest,
    ListCallsRequest, Location, LocationSource, Particulars, RaiseEscalationRequest, RecordCallRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::process::Fleet;
use helpline_tests::request_id;
use tonic::Status;

use super::scan::Markers;

/// Raised, remarked on, climbed, taken on by somebody who was rung; and what is refused meanwhile.
pub(super) async fn play(fleet: &Fleet, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let supervisor = fleet.bearer(Role::Supervisor, None);
    let marker = |field: &str| markers.of(field).to_owned();
    let report = RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        risk: Risk::HarmNow.into(),
        danger: Danger::Violence.into(),
        particulars: Some(Particulars {
            identity: marker("escalation_identity"),
            contact: marker("escalation_contact"),
            narrative: marker("escalation_narrative"),
            health: marker("escalation_health"),
            perpetrator: marker("escalation_perpetrator"),
        }),
        location: Some(Location {
            place: marker("escalation_place"),
            source: LocationSource::Said.into(),
            ..Location::default()
        }),
        ..RaiseEscalationRequest::default()
    };
    let mut client = supervisor.escalations();
    let raised = client.raise_escalation(report.clone()).await.expect("an escalation").into_inner();
    let escalation_id = raised.escalation.expect("the escalation").escalation_id;
    let wrong = RaiseEscalationRequest { region: marker("escalation_place"), ..report };
    statuses.push(("a place as a region", client.raise_escalation(wrong).await.expect_err("no region")));
    let remark = AddRemarkRequest {
        request_id: request_id(),
        escalation_id: escalation_id.clone(),
        remark: marker("escalation_remark"),
        shared: true,
    };
    client.add_remark(remark.clone()).await.expect("a remark");
    let long = AddRemarkRequest { remark: remark.remark.repeat(2000), request_id: request_id(), ..remark };
    statuses.push(("a long remark", client.add_remark(long).await.expect_err("too long")));
    let stranger = AcknowledgeEscalationRequest {
        request_id: request_id(),
        escalation_id: marker("escalation_identity"),
    };
    statuses.push(("a name as an id", client.acknowledge_escalation(stranger).await.expect_err("no id")));

    // Past the agency and the supervisors, to a number that somebody rings.
    for _ in 0..2 {
        let force = ForceNextStepRequest { request_id: request_id(), escalation_id: escalation_id.clone() };
        client.force_next_step(force).await.expect("the next step");
    }
    let calls = client.list_calls(ListCallsRequest::default()).await.expect("calls").into_inner().calls;
    let record = RecordCallRequest {
        request_id: request_id(),
        delivery_id: calls.first().expect("a number to ring").delivery_id.clone(),
        result: CallResult::Accepted.into(),
        their_incident: marker("their_incident"),
        remark: marker("escalation_remark"),
    };
    client.record_call(record.clone()).await.expect("somebody takes it on");
    let again = RecordCallRequest { request_id: request_id(), ..record };
    statuses.push(("a second answer", client.record_call(again).await.expect_err("answered")));
}
