//! Nothing waits for a mission that may learn nothing of the child: neither a step nor the fallback.

use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::EndpointKind;
use helpline_proto::escalation::v1::{
    CallResult, Escalation, ListCallsRequest, PlannedCall, RecordCallRequest,
};
use helpline_tests::migrant::fear;
use helpline_tests::plan::{desk, ring, step, supervisors};
use helpline_tests::{Answer, Partner as Webhook, request_id};

use super::room::Room;
use crate::escalation::room::{a_look, acknowledge, decline, get, timeline};
use crate::escalation::undelivered::{endpoint, set};
use crate::referral::room::Partner;
use crate::stage::until;

/// A step that lasts this long has not ended by itself.
const LONG_S: i64 = 3600;

/// The number of a mission.
fn consulate(mission: AgencyId, like: &PlannedCall) -> PlannedCall {
    PlannedCall { agency_id: mission.to_string(), label: "The consulate".to_owned(), ..like.clone() }
}

impl Room {
    /// Whom to ring.
    async fn to_ring(&self) -> Vec<String> {
        let listed = self.by().escalations().list_calls(ListCallsRequest::default()).await.unwrap();
        listed.into_inner().calls.into_iter().map(|call| call.label).collect()
    }

    /// The plan rings a mission and whoever is named first, then tells the supervisors.
    async fn rings_a_mission_beside(&self, mission: AgencyId, other: Option<AgencyId>) {
        self.stage
            .world
            .plan_emergencies(|policy, plan| {
                let fallback = plan.fallback.clone().expect("somebody to ring at last");
                let call = consulate(mission, &fallback);
                let beside = other.map_or_else(|| ring(Some(fallback)), |agency| desk(agency, &[]));
                policy.steps =
                    vec![step(vec![ring(Some(call)), beside], LONG_S), step(vec![supervisors()], LONG_S)];
            })
            .await;
    }

    async fn until_second_step(&self, of: &Escalation) {
        until("the second step, before its time", async || {
            (get(self.by(), of).await.unwrap().rung == 2).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_call_to_a_mission_that_nobody_may_make_does_not_keep_the_fallback_from_being_rung() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    room.stage
        .world
        .plan_emergencies(|policy, plan| {
            let call = consulate(embassy.agency, &plan.fallback.clone().expect("somebody to ring at last"));
            policy.steps = vec![step(vec![ring(Some(call))], LONG_S)];
        })
        .await;
    room.raised_of_case().await;
    assert_eq!(room.to_ring().await, ["The consulate"]);
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    // Nobody else was told: nothing is waited for.
    let rung = async || Some(room.to_ring().await).filter(|calls| !calls.is_empty());
    assert_ne!(until("the fallback is to be rung", rung).await, ["The consulate"]);
}

#[tokio::test]
async fn a_mission_that_was_told_alone_or_has_seen_it_is_passed_over_at_once() {
    for seen in [false, true] {
        let room = Room::new().await;
        let embassy = room.embassy("SY").await;
        let steps = || vec![step(vec![desk(embassy.agency, &[])], LONG_S), step(vec![supervisors()], LONG_S)];
        room.stage.world.plan_emergencies(|policy, _| policy.steps = steps()).await;
        let raised = room.raised_of_case().await;
        if seen {
            acknowledge(&embassy.responder, &raised).await.unwrap();
        }
        assert_eq!(get(room.by(), &raised).await.unwrap().rung, 1);
        room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
        room.until_second_step(&raised).await;
        a_look(&room.stage).await;
        assert_eq!(get(room.by(), &raised).await.unwrap().rung, 2, "once");
    }
}

#[tokio::test]
async fn a_step_does_not_wait_for_a_mission_once_the_others_have_failed() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    room.rings_a_mission_beside(embassy.agency, None).await;
    let raised = room.raised_of_case().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let listed = room.by().escalations().list_calls(ListCallsRequest::default()).await.unwrap().into_inner();
    let [call] = listed.calls.as_slice() else { panic!("one is left to ring: {:?}", listed.calls) };
    let record = RecordCallRequest {
        request_id: request_id(),
        delivery_id: call.delivery_id.clone(),
        result: CallResult::NoAnswer.into(),
        their_incident: String::new(),
        remark: String::new(),
    };
    room.by().escalations().record_call(record).await.unwrap();
    room.until_second_step(&raised).await;
}

#[tokio::test]
async fn a_step_does_not_wait_for_a_mission_once_the_others_have_declined() {
    let room = Room::new().await;
    let (embassy, police) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    room.rings_a_mission_beside(embassy.agency, Some(police.agency)).await;
    let raised = room.raised_of_case().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert_eq!(decline(&police.responder, &raised).await.unwrap().rung, 2);
}

#[tokio::test]
async fn a_step_does_not_wait_for_a_mission_once_nothing_else_arrived() {
    let room = Room::on(set().await).await;
    let (embassy, police) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    let failing = Webhook::answering([Answer::Status(500)]).await;
    endpoint(&room.stage, police.agency, EndpointKind::Webhook, &failing.url).await;
    room.rings_a_mission_beside(embassy.agency, Some(police.agency)).await;
    let raised = room.raised_of_case().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let tried =
        "SELECT attempts > 0 AND claimed_until IS NULL FROM helpline.deliveries WHERE kind = 'webhook'";
    until("it was tried", async || (room.stage.value(tried) == "t").then_some(())).await;
    room.stage.sql("UPDATE helpline.deliveries SET attempts = 7 WHERE kind = 'webhook' RETURNING attempts");
    room.wait(67);
    room.until_second_step(&raised).await;
    assert!(timeline(room.by(), &raised).await.contains(&"step_failed".to_owned()));
}
