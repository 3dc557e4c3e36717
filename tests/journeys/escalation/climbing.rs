//! The ladder climbs until somebody takes it on.

use std::collections::BTreeMap;

use helpline_proto::escalation::v1::{
    CallResult, Escalation, EscalationState, ForceNextStepRequest, ListCallsRequest, RecordCallRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, on_watch, ring, seconds, step, supervisors, take_turns, turn_of};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::Code;

use super::room::{Watcher, accept, acknowledge, decline, get, progress, raise, report, resolve, timeline};
use crate::stage::{Stage, until, why};

/// A centre whose plan asks so many agencies one after another, half a minute each, and a responder who watches in each.
async fn agencies(stage: &Stage, number: usize) -> Vec<Watcher> {
    let mut steps = Vec::new();
    let mut watchers = Vec::new();
    for _ in 0..number {
        let agency = stage.world.agency().await;
        steps.push(step(vec![desk(agency, &[])], 30));
        watchers.push(Watcher::open(stage.world.responder(agency).await).await);
    }
    let world = &stage.world;
    world.plan_emergencies(|policy, _| (policy.steps, policy.accept) = (steps, seconds(20))).await;
    watchers
}

async fn until_rung(actor: &Actor, of: &Escalation, rung: i32) -> Escalation {
    until(&format!("step {rung} is taken"), async || {
        let now = get(actor, of).await.unwrap();
        (now.rung >= rung).then_some(now)
    })
    .await
}

#[tokio::test]
async fn it_climbs_past_who_is_silent_and_past_who_only_saw_it_until_somebody_reaches_the_child() {
    let stage = Stage::set().await;
    let mut desks = agencies(&stage, 3).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    assert_eq!(
        (raised.state(), raised.rung),
        (EscalationState::Notifying, 1),
        "the first step is taken at once"
    );
    assert!(raised.deliver_time.is_none(), "nobody has been shown it yet");
    let shown = desks[0].until_state(&raised, EscalationState::Notifying).await;
    assert_eq!(shown.number, raised.number);
    until("it has arrived", async || get(&stage.supervisor, &raised).await.unwrap().deliver_time).await;
    assert_eq!(why(get(&desks[1].actor, &raised).await).code, Code::NotFound, "not asked yet");

    stage.world.advance(31.0);
    desks[1].until_state(&raised, EscalationState::Notifying).await;
    let seen = acknowledge(&desks[1].actor, &raised).await.unwrap();
    assert_eq!((seen.state(), seen.rung), (EscalationState::Acknowledged, 2));
    stage.world.advance(21.0);
    desks[2].until_state(&raised, EscalationState::Notifying).await;
    let taken = accept(&desks[2].actor, &raised).await.unwrap();
    assert_eq!((taken.state(), taken.rung), (EscalationState::Accepted, 3));
    assert_eq!(taken.accepted_by, desks[2].actor.token_id);
    for other in [0, 1] {
        desks[other].until_state(&raised, EscalationState::Accepted).await;
    }
    stage.world.advance(600.0);
    for state in [EscalationState::Responding, EscalationState::OnScene, EscalationState::ChildReached] {
        let now = progress(&desks[2].actor, &raised, state).await.unwrap();
        assert_eq!((now.state(), now.rung), (state, 3), "who has taken it on is not passed over");
    }
    let over = resolve(&stage.supervisor, &raised).await.unwrap();
    assert_eq!(over.state(), EscalationState::Resolved);
    let times =
        [over.raise_time, over.deliver_time, over.acknowledge_time, over.accept_time, over.child_reach_time];
    assert!(times.iter().all(Option::is_some), "{times:?}");
    let told = timeline(&stage.supervisor, &raised).await;
    let told: Vec<&str> = told.iter().map(String::as_str).filter(|event| *event != "delivered").collect();
    let expected = [
        "raised",
        "step_taken",
        "step_taken",
        "acknowledged",
        "acknowledgement_lapsed",
        "step_taken",
        "accepted",
        "responding",
        "on_scene",
        "child_reached",
        "resolved",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn of_two_who_accept_in_the_same_instant_one_has_it_and_the_other_is_told_who() {
    let stage = Stage::set().await;
    for _ in 0..5 {
        let (one, other) = (stage.world.agency().await, stage.world.agency().await);
        let both = step(vec![desk(one, &[]), desk(other, &[])], 30);
        stage.world.plan_emergencies(|policy, _| policy.steps = vec![both]).await;
        let mut desks = (
            Watcher::open(stage.world.responder(one).await).await,
            Watcher::open(stage.world.responder(other).await).await,
        );
        let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
        let is_shown =
            |shown: &Escalation| shown.escalation_id == raised.escalation_id && shown.deliver_time.is_some();
        desks.0.until("it is shown to the first", is_shown).await;
        desks.1.until("it is shown to the second", is_shown).await;
        let both = format!(
            "SELECT count(*) FROM helpline.deliveries WHERE state = 'delivered' AND escalation_id = '{}'",
            raised.escalation_id
        );
        until("both have seen it", async || (stage.value(&both) == "2").then_some(())).await;
        let responders = (desks.0.actor.clone(), desks.1.actor.clone());
        let (first, second) = tokio::join!(accept(&responders.0, &raised), accept(&responders.1, &raised));
        let (winner, loser) = match (first, second) {
            (Ok(winner), Err(loser)) | (Err(loser), Ok(winner)) => (winner, loser),
            both => panic!("one must win: {both:?}"),
        };
        let refused = helpline_tests::Refused::from(&loser);
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
        assert_eq!(
            (refused.metadata("state"), refused.metadata("by")),
            ("accepted", &*winner.accepted_agency_id)
        );
    }
}

#[tokio::test]
async fn who_declines_or_gives_it_back_makes_it_climb_at_once() {
    let stage = Stage::set().await;
    let mut desks = agencies(&stage, 3).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let declined = decline(&desks[0].actor, &raised).await.unwrap();
    assert_eq!((declined.state(), declined.rung), (EscalationState::Notifying, 2), "nobody else was asked");
    accept(&desks[1].actor, &raised).await.unwrap();
    progress(&desks[1].actor, &raised, EscalationState::Responding).await.unwrap();
    let given_back = decline(&desks[1].actor, &raised).await.unwrap();
    assert_eq!((given_back.state(), given_back.rung), (EscalationState::Notifying, 3));
    assert!(given_back.accepted_by.is_empty() && given_back.respond_time.is_none());
    desks[2].until_state(&raised, EscalationState::Notifying).await;
    assert!(accept(&desks[2].actor, &raised).await.is_ok());
}

#[tokio::test]
async fn two_servers_take_each_step_once() {
    let mut stage = Stage::set().await;
    stage.world.another_server().await;
    stage
        .world
        .plan_emergencies(|policy, plan| {
            policy.steps = (0..4).map(|_| step(vec![supervisors()], 30)).collect();
            // No plan may end with supervisors alone.
            policy.steps.push(step(vec![ring(plan.fallback.clone())], 30));
        })
        .await;
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(raise(&stage.supervisor, report(Risk::HarmNow)).await);
    }
    for rung in 2..=4 {
        stage.world.advance(31.0);
        for one in &all {
            assert_eq!(until_rung(&stage.supervisor, one, rung).await.rung, rung);
        }
    }
    let steps = "SELECT escalation_id, count(*) FROM helpline.escalation_events WHERE event = 'step_taken' GROUP BY 1";
    let steps: BTreeMap<_, _> =
        stage.sql(steps).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(steps.len(), 20);
    assert!(steps.values().all(|count| count.as_deref() == Some("4")), "{steps:?}");
    assert_eq!(stage.value("SELECT count(*) FROM helpline.deliveries WHERE kind = 'supervisors'"), "80");
}

#[tokio::test]
async fn when_nobody_is_on_call_the_next_step_is_taken_at_once() {
    let stage = Stage::set().await;
    let asleep = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    stage
        .world
        .plan_emergencies(|policy, plan| {
            take_turns(plan, "night", "2099-01-01T08:00", &[&asleep.counsellor_id]);
            policy.steps =
                [on_watch(), turn_of("night"), supervisors()].map(|whom| step(vec![whom], 300)).to_vec();
        })
        .await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    assert_eq!((raised.state(), raised.rung), (EscalationState::Notifying, 3));
    let told = timeline(&stage.supervisor, &raised).await;
    assert_eq!(told, ["raised", "nobody_to_tell", "nobody_to_tell", "step_taken"]);
}

#[tokio::test]
async fn when_nobody_answers_the_fallback_is_rung_until_a_person_takes_it_on() {
    let stage = Stage::set().await;
    let counsellor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    assert_eq!(why(get(&counsellor, &raised).await).code, Code::NotFound, "nothing to do with them");
    for _ in 0..2 {
        stage.world.advance(31.0);
        let rung = get(&stage.supervisor, &raised).await.unwrap().rung;
        until_rung(&stage.supervisor, &raised, rung.min(1) + 1).await;
    }
    let unanswered = until("it is unanswered", async || {
        let now = get(&stage.supervisor, &raised).await.unwrap();
        (now.state() == EscalationState::Unanswered).then_some(now)
    })
    .await;
    assert_eq!(unanswered.rung, 2);
    let alert =
        "SELECT count(*) FROM helpline.alerts WHERE kind = 'escalation_unanswered' AND closed_at IS NULL";
    until("supervisors are alerted", async || (stage.value(alert) == "1").then_some(())).await;
    let calls =
        counsellor.escalations().list_calls(ListCallsRequest::default()).await.unwrap().into_inner().calls;
    let call = calls.iter().find(|call| call.telephone_number == "112").expect("a number to ring");
    assert!(get(&counsellor, &raised).await.is_ok(), "who rings must know what to say");
    let mut record = RecordCallRequest {
        request_id: request_id(),
        delivery_id: call.delivery_id.clone(),
        result: CallResult::Accepted.into(),
        ..RecordCallRequest::default()
    };
    let refused = why(counsellor.escalations().record_call(record.clone()).await);
    assert_eq!(refused.fields, ["their_incident"]);
    record.their_incident = "999-1".to_owned();
    counsellor.escalations().record_call(record).await.unwrap();
    let taken = get(&stage.supervisor, &raised).await.unwrap();
    assert_eq!((taken.state(), taken.their_incident.as_str()), (EscalationState::Accepted, "999-1"));
    let left =
        counsellor.escalations().list_calls(ListCallsRequest::default()).await.unwrap().into_inner().calls;
    assert!(left.is_empty(), "nobody rings any more: {left:?}");
}

#[tokio::test]
async fn a_child_who_is_not_reached_in_time_alarms_again_and_again() {
    let stage = Stage::set().await;
    stage
        .world
        .plan_emergencies(|policy, plan| (policy.reach, plan.reach_alarm_every) = (seconds(300), seconds(60)))
        .await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    accept(&stage.supervisor, &raised).await.unwrap();
    for (alarms, seconds) in [(1, 301.0), (2, 61.0)] {
        stage.world.advance(seconds);
        until(&format!("alarm {alarms}"), async || {
            let now = get(&stage.supervisor, &raised).await.unwrap();
            (now.reach_alarms == alarms).then_some(())
        })
        .await;
    }
    let alert = "SELECT count(*) FROM helpline.alerts WHERE kind = 'child_not_reached' AND closed_at IS NULL";
    until("supervisors are alerted", async || (stage.value(alert) == "1").then_some(())).await;
    progress(&stage.supervisor, &raised, EscalationState::ChildReached).await.unwrap();
    let over = get(&stage.supervisor, &raised).await.unwrap();
    assert!(over.reach_due_time.is_none(), "the clock stops when the child is reached");
}

#[tokio::test]
async fn somebody_can_make_it_climb_and_who_has_it_keeps_it() {
    let stage = Stage::set().await;
    let desks = agencies(&stage, 3).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let force = async || {
        let request =
            ForceNextStepRequest { request_id: request_id(), escalation_id: raised.escalation_id.clone() };
        stage
            .supervisor
            .escalations()
            .force_next_step(request)
            .await
            .unwrap()
            .into_inner()
            .escalation
            .unwrap()
    };
    let forced = force().await;
    assert_eq!((forced.state(), forced.rung), (EscalationState::Notifying, 2));
    accept(&desks[1].actor, &raised).await.unwrap();
    let forced = force().await;
    assert_eq!((forced.state(), forced.rung), (EscalationState::Accepted, 3));
    assert!(get(&desks[2].actor, &raised).await.is_ok(), "the third is told too");
}
