//! What is open at many desks.

use std::collections::BTreeSet;

use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{
    EscalationState, ForceNextStepRequest, JoinEscalationRequest, Plan, Policy, RaiseEscalationRequest,
    WatchEscalationsRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, step, supervisors};
use helpline_tests::{Abilities, Actor, request_id};

use super::room::{Watcher, accept, raise, report};
use crate::stage::{Stage, at, call, from, until};

/// More than is read at once.
const MANY: usize = 40;

async fn many(actor: &Actor) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for _ in 0..MANY {
        ids.insert(raise(actor, report(Risk::HarmNow)).await.escalation_id);
    }
    ids
}

#[tokio::test]
async fn who_is_reported_while_a_desk_is_sent_what_is_open_is_shown_before_the_rest() {
    let stage = Stage::set().await;
    // As long as can be, in letters of four bytes: more than a connection takes before anybody reads.
    let mut long = report(Risk::High);
    let text = "𞤀".repeat(2000);
    long.particulars.as_mut().unwrap().narrative = text.repeat(2);
    long.particulars.as_mut().unwrap().health = text.clone();
    long.particulars.as_mut().unwrap().perpetrator = text;
    let many = 128;
    for _ in 0..many {
        raise(&stage.supervisor, RaiseEscalationRequest { request_id: request_id(), ..long.clone() }).await;
    }
    let asked = stage.supervisor.escalations().watch_escalations(WatchEscalationsRequest {}).await;
    let mut stream = asked.unwrap().into_inner();
    stream.message().await.unwrap();
    let new = raise(&stage.supervisor, report(Risk::High)).await;
    let mut before = 0;
    loop {
        match stream.message().await.unwrap().unwrap().event.unwrap() {
            Event::Escalation(one) if one.escalation_id == new.escalation_id => break,
            Event::Escalation(_) => before += 1,
            Event::Synced(_) => panic!("after {before} of {many}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_two_desks_are_sent_at_once_has_arrived_once() {
    let stage = Stage::set().await;
    let raised = many(&stage.supervisor).await;
    let other = stage.world.supervisor().await;
    let mut desks = tokio::join!(Watcher::open(stage.supervisor.clone()), Watcher::open(other));
    until("all have arrived", async || {
        let pending =
            "SELECT count(*) FROM helpline.deliveries WHERE kind = 'supervisors' AND state = 'pending'";
        (stage.value(pending) == "0").then_some(())
    })
    .await;
    let many = MANY.to_string();
    assert_eq!(
        stage.value("SELECT count(*) FROM helpline.escalation_events WHERE event = 'delivered'"),
        many
    );
    assert_eq!(
        stage.value(
            "SELECT count(*) FROM helpline.escalations e WHERE delivered_at IS NOT NULL AND event_count = (
                SELECT count(*) FROM helpline.escalation_events v WHERE v.escalation_id = e.escalation_id)"
        ),
        many,
        "the timelines have no gap"
    );
    // Each desk is told of the last change, by whichever of the two it was.
    for desk in [&mut desks.0, &mut desks.1] {
        let mut left = raised.clone();
        while !left.is_empty() {
            let Event::Escalation(one) = desk.next().await else { continue };
            if one.deliver_time.is_some() {
                left.remove(&one.escalation_id);
            }
        }
    }
}

#[tokio::test]
async fn a_desk_hears_of_what_has_come_to_concern_it_and_of_nothing_else() {
    let stage = Stage::set().await;
    let (one, other) = (stage.world.agency().await, stage.world.agency().await);
    let plan = |policy: &mut Policy, _: &mut Plan| {
        policy.steps =
            vec![step(vec![desk(one, &[])], 300), step(vec![desk(other, &[]), supervisors()], 300)];
    };
    stage.world.plan_emergencies(plan).await;
    let mut told = Watcher::open(stage.world.responder(other).await).await;
    let all = many(&stage.supervisor).await;
    let ours = raise(&stage.supervisor, report(Risk::Low)).await;
    let request =
        ForceNextStepRequest { request_id: request_id(), escalation_id: ours.escalation_id.clone() };
    stage.supervisor.escalations().force_next_step(request).await.unwrap();
    let shown = told.until_state(&ours, EscalationState::Notifying).await;
    assert_eq!((all.len(), shown.rung), (MANY, 2));
    let counted = told.until("it has arrived", |one| one.deliver_time.is_some()).await;
    assert_eq!(counted.escalation_id, ours.escalation_id, "nothing else was shown");
    // Nobody is woken by this.
    stage.sql("UPDATE helpline.deliveries SET state = 'withdrawn', delivered_at = NULL WHERE kind = 'desk' AND state = 'delivered'");
    loop {
        if let Event::WithdrawnEscalationId(id) = told.next().await {
            assert_eq!(id, ours.escalation_id);
            break;
        }
    }
}

#[tokio::test]
async fn a_counsellor_whose_contact_joins_an_escalation_is_shown_it() {
    let stage = Stage::set().await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let counsellor = stage.desk(Abilities::speaking(&["ar"])).await;
    let mut watcher = Watcher::open(counsellor.actor.clone()).await;
    stage.receive(at(Risk::High, from("+97455550199", call("ar")))).await;
    let contact = counsellor.take().await;
    let request = JoinEscalationRequest {
        request_id: request_id(),
        escalation_id: raised.escalation_id.clone(),
        contact_id: contact.contact_id.clone(),
    };
    stage.supervisor.escalations().join_escalation(request).await.unwrap();
    watcher.until_state(&raised, EscalationState::Notifying).await;
    accept(&stage.supervisor, &raised).await.unwrap();
    watcher.until_state(&raised, EscalationState::Accepted).await;
}
