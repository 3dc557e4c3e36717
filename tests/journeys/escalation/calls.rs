//! Numbers that somebody of the centre rings, and what they still see of it afterwards.

use helpline_proto::escalation::v1::{
    CallResult, DeclineEscalationRequest, Escalation, EscalationDeclineReason, EscalationState,
    ListCallsRequest, RecordCallRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{ring, step, supervisors};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use super::room::{get, raise, report};
use crate::stage::{Stage, why};

/// A centre that rings a number first, and a counsellor with nothing to do with what is raised.
async fn a_number_to_ring() -> (Stage, Actor) {
    let stage = Stage::set().await;
    stage
        .world
        .plan_emergencies(|policy, plan| {
            policy.steps =
                [ring(plan.fallback.clone()), supervisors()].map(|whom| step(vec![whom], 300)).to_vec();
        })
        .await;
    let counsellor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    (stage, counsellor)
}

/// The record of the one call that is to be made.
async fn record(by: &Actor, result: CallResult) -> RecordCallRequest {
    let listed = by.escalations().list_calls(ListCallsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.calls.len(), 1);
    RecordCallRequest {
        request_id: request_id(),
        delivery_id: listed.calls[0].delivery_id.clone(),
        result: result.into(),
        their_incident: if result == CallResult::Accepted { "999-1".to_owned() } else { String::new() },
        remark: "The duty officer".to_owned(),
    }
}

async fn send(by: &Actor, request: &RecordCallRequest) -> Result<Option<Escalation>, Status> {
    Ok(by.escalations().record_call(request.clone()).await?.into_inner().escalation)
}

#[tokio::test]
async fn who_has_rung_in_vain_is_told_so_and_sees_nothing_more_of_it() {
    let (stage, counsellor) = a_number_to_ring().await;
    let one = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    assert!(get(&counsellor, &one).await.unwrap().particulars.is_some(), "who rings must know what to say");
    let request = record(&counsellor, CallResult::NoAnswer).await;
    for repeat in 0..2 {
        assert_eq!(send(&counsellor, &request).await.unwrap(), None, "{repeat}");
    }
    assert_eq!(why(get(&counsellor, &one).await).code, Code::NotFound);
    let rung = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'called'";
    assert_eq!(stage.value(rung), "1", "a repeat is no second call");
    let other = RecordCallRequest { remark: String::new(), ..request };
    assert_eq!(why(send(&counsellor, &other).await).reason, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn who_rings_for_those_who_take_it_on_sees_it_until_it_is_given_back() {
    let (stage, counsellor) = a_number_to_ring().await;
    let one = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let request = record(&counsellor, CallResult::Accepted).await;
    for _ in 0..2 {
        let taken = send(&counsellor, &request).await.unwrap().expect("theirs now");
        assert_eq!(
            (taken.state(), &taken.accepted_by),
            (EscalationState::Accepted, &counsellor.counsellor_id)
        );
    }
    let decline = DeclineEscalationRequest {
        request_id: request_id(),
        escalation_id: one.escalation_id.clone(),
        reason: EscalationDeclineReason::NoCapacity.into(),
        remark: String::new(),
    };
    for _ in 0..2 {
        let answer = counsellor.escalations().decline_escalation(decline.clone()).await;
        assert_eq!(answer.unwrap().into_inner().escalation, None, "it is done, and no longer theirs");
    }
    let now = get(&stage.supervisor, &one).await.unwrap();
    assert!(now.accepted_by.is_empty() && now.due_time.is_some());
}
