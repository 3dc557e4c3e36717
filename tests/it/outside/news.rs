//! Agencies that were asked are told what becomes of it: that somebody has it, or no longer, and that it is over.

use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::{CreateEndpointRequest, SignatureScheme};
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AskToEndRequest, CallResult, DecideEndRequest, DeclineEscalationRequest,
    EscalationDeclineReason, EscalationState, ForceNextStepRequest, HandOverEscalationRequest,
    ListCallsRequest, Outcome, RecordCallRequest, ReportProgressRequest, ResolveEscalationRequest,
};
use helpline_tests::plan::{desk, ring, step};
use helpline_tests::{Actor, Answer, Partner, request_id};
use serde_json::Value;

use super::scene::{Scene, until};

/// Two agencies with a web server each, which are asked one after the other; then a number is rung.
struct Play {
    scene: Scene,
    agencies: [AgencyId; 2],
    partners: [Partner; 2],
    escalation: String,
}

impl Play {
    /// Both were asked.
    async fn begin() -> Self {
        let scene = Scene::set().await;
        let first: AgencyId = scene.agency.parse().unwrap();
        let second = scene.world.agency().await;
        let partners = [
            Partner::answering([Answer::Status(204)]).await,
            Partner::answering([Answer::Status(204)]).await,
        ];
        scene.hook(&partners[0].url).await;
        let hook = scene.webhook(&partners[1].url, SignatureScheme::V1);
        scene.endpoint(CreateEndpointRequest { agency_id: second.to_string(), ..hook }).await;
        scene
            .world
            .plan_emergencies(|policy, plan| {
                let whom = [desk(first, &[]), desk(second, &[]), ring(plan.fallback.clone())];
                policy.steps = whom.map(|whom| step(vec![whom], 300)).to_vec();
            })
            .await;
        let escalation = scene.supervisor.raises().await;
        let play = Self { scene, agencies: [first, second], partners, escalation };
        play.told(0, &["escalation.notified"]).await;
        play.force().await;
        play.told(1, &["escalation.notified"]).await;
        play
    }

    async fn force(&self) {
        let request =
            ForceNextStepRequest { request_id: request_id(), escalation_id: self.escalation.clone() };
        self.scene.supervisor.escalations().force_next_step(request).await.unwrap();
    }

    async fn responder(&self, number: usize) -> Actor {
        self.scene.world.responder(self.agencies[number]).await
    }

    /// Waits until an agency was told these, in any order, and of this escalation.
    async fn told(&self, number: usize, expected: &[&str]) {
        let mut expected: Vec<_> = expected.to_vec();
        expected.sort_unstable();
        let events = || {
            let heard = self.partners[number].heard();
            let mut bodies = heard.iter().map(|one| serde_json::from_slice::<Value>(&one.body).unwrap());
            let all = bodies.by_ref().map(|body| {
                assert_eq!(body["data"]["escalation_id"], self.escalation);
                body["type"].as_str().unwrap().to_owned()
            });
            let mut all: Vec<String> = all.collect();
            all.sort_unstable();
            all
        };
        until(&format!("agency {number} is told {expected:?}: {:?}", events()), async || {
            (events() == expected).then_some(())
        })
        .await;
    }

    async fn accept(&self, by: &Actor) -> AcceptEscalationRequest {
        let request =
            AcceptEscalationRequest { request_id: request_id(), escalation_id: self.escalation.clone() };
        by.escalations().accept_escalation(request.clone()).await.unwrap();
        request
    }
}

#[tokio::test]
async fn who_was_asked_hears_that_another_has_it_gives_it_back_and_that_it_is_over() {
    let play = Play::begin().await;
    let responder = play.responder(1).await;
    let accepted = play.accept(&responder).await;
    // A repeat tells nobody again.
    responder.escalations().accept_escalation(accepted).await.unwrap();
    play.told(0, &["escalation.notified", "escalation.accepted"]).await;
    let decline = DeclineEscalationRequest {
        request_id: request_id(),
        escalation_id: play.escalation.clone(),
        reason: EscalationDeclineReason::NoCapacity.into(),
        remark: String::new(),
    };
    responder.escalations().decline_escalation(decline).await.unwrap();
    let so_far = ["escalation.notified", "escalation.accepted", "escalation.given_back"];
    play.told(0, &so_far).await;
    play.told(1, &["escalation.notified"]).await;

    let supervisor = &play.scene.supervisor;
    play.accept(supervisor).await;
    let reached = ReportProgressRequest {
        request_id: request_id(),
        escalation_id: play.escalation.clone(),
        state: EscalationState::ChildReached.into(),
        remark: String::new(),
    };
    supervisor.escalations().report_progress(reached).await.unwrap();
    play.told(0, &[&so_far[..], &["escalation.accepted"]].concat()).await;
    play.told(1, &["escalation.notified", "escalation.accepted"]).await;
    let resolve = ResolveEscalationRequest {
        request_id: request_id(),
        escalation_id: play.escalation.clone(),
        outcome: Outcome::TakenToSafety.into(),
        ..ResolveEscalationRequest::default()
    };
    supervisor.escalations().resolve_escalation(resolve).await.unwrap();
    play.told(0, &[&so_far[..], &["escalation.accepted", "escalation.ended"]].concat()).await;
    play.told(1, &["escalation.notified", "escalation.accepted", "escalation.ended"]).await;
    let ids =
        play.partners[0].heard().iter().map(|one| one.header("webhook-id").to_owned()).collect::<Vec<_>>();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "each under an id of its own");
    let rungs =
        "SELECT count(*) FROM helpline.deliveries WHERE event <> 'escalation.notified' AND rung IS NOT NULL";
    assert_eq!(play.scene.one(rungs), "0", "news are of no step");
}

#[tokio::test]
async fn who_was_asked_hears_what_was_said_on_the_telephone_and_that_it_was_stood_down() {
    let play = Play::begin().await;
    play.force().await;
    let supervisor = &play.scene.supervisor;
    let calls =
        supervisor.escalations().list_calls(ListCallsRequest::default()).await.unwrap().into_inner().calls;
    let record = RecordCallRequest {
        request_id: request_id(),
        delivery_id: calls[0].delivery_id.clone(),
        result: CallResult::Accepted.into(),
        their_incident: "999-1".to_owned(),
        remark: "They are on their way.".to_owned(),
    };
    supervisor.escalations().record_call(record).await.unwrap();
    for number in [0, 1] {
        play.told(number, &["escalation.notified", "escalation.accepted"]).await;
    }
    let ask = AskToEndRequest {
        request_id: request_id(),
        escalation_id: play.escalation.clone(),
        state: EscalationState::StoodDown.into(),
        reason: "false_alarm".to_owned(),
        remark: String::new(),
    };
    supervisor.escalations().ask_to_end(ask).await.unwrap();
    let decide = DecideEndRequest {
        request_id: request_id(),
        escalation_id: play.escalation.clone(),
        approve: true,
        remark: String::new(),
    };
    play.scene.world.supervisor().await.escalations().decide_end(decide).await.unwrap();
    for number in [0, 1] {
        play.told(number, &["escalation.notified", "escalation.accepted", "escalation.ended"]).await;
    }
}

#[tokio::test]
async fn who_was_not_asked_yet_hears_nothing_and_who_was_hears_of_a_hand_over() {
    let play = Play::begin().await;
    let third = play.scene.world.agency().await;
    let partner = Partner::answering([Answer::Status(204)]).await;
    let hook = play.scene.webhook(&partner.url, SignatureScheme::V1);
    let hook = CreateEndpointRequest { agency_id: third.to_string(), ..hook };
    play.scene.endpoint(hook).await;
    let request = HandOverEscalationRequest {
        request_id: request_id(),
        escalation_id: play.escalation.clone(),
        agency_id: third.to_string(),
        their_incident: "77-12".to_owned(),
    };
    play.scene.supervisor.escalations().hand_over_escalation(request).await.unwrap();
    for number in [0, 1] {
        play.told(number, &["escalation.notified", "escalation.accepted"]).await;
    }
    assert!(partner.heard().is_empty(), "it was told by whoever handed it over");
}
