//! What agencies see: what was addressed to them, and of it what was disclosed.

use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind};
use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{
    AddRemarkRequest, Escalation, EscalationState, ListEscalationsRequest, ListTimelineRequest,
    RaiseEscalationRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, person, ring, step, supervisors};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::Code;

use super::room::{Watcher, accept, acknowledge, decline, get, progress, raise, report, timeline};
use crate::stage::{Stage, why};

async fn list(actor: &Actor) -> Vec<Escalation> {
    let request = ListEscalationsRequest { open: true, ..ListEscalationsRequest::default() };
    actor.escalations().list_escalations(request).await.unwrap().into_inner().escalations
}

#[tokio::test]
async fn an_agency_reads_exactly_what_was_disclosed_and_loses_it_at_once() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    stage
        .world
        .plan_emergencies(|policy, _| {
            policy.steps =
                vec![step(vec![desk(agency, &[FieldClass::Location, FieldClass::Narrative])], 300)];
        })
        .await;
    let mut responder = Watcher::open(stage.world.responder(agency).await).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let whole = raised.particulars.clone().unwrap();
    assert_eq!((whole.identity.as_str(), whole.health.as_str()), ("Salma, about nine", "asthma"));
    let seen = responder.until_state(&raised, EscalationState::Notifying).await;
    let known = seen.particulars.clone().unwrap();
    assert_eq!(known.narrative, "Somebody is hitting her.");
    assert!(known.identity.is_empty() && known.contact.is_empty() && known.health.is_empty());
    assert!(known.perpetrator.is_empty());
    assert_eq!(
        seen.locations.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(),
        ["Behind the school"]
    );
    assert!(seen.owner_id.is_empty() && seen.policy.is_empty() && seen.contact_ids.is_empty());
    let listed = list(&responder.actor).await;
    assert!(listed[0].particulars.is_none() && listed[0].locations.is_empty(), "lists tell nothing of it");

    stage.sql("UPDATE helpline.disclosures SET revoked_at = helpline.now()");
    let closed = responder.until("what was revoked is gone", |one| one.particulars.is_none()).await;
    assert!(closed.locations.is_empty());
    let closed = get(&responder.actor, &raised).await.unwrap();
    assert!(closed.particulars.is_none() && closed.locations.is_empty());
    // The next step of the ladder does not open again what was revoked.
    assert_eq!(stage.value("SELECT count(*) FROM helpline.disclosures WHERE revoked_at IS NULL"), "0");
}

#[tokio::test]
async fn what_an_agency_may_be_told_at_most_holds_for_what_was_disclosed_before() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    stage
        .world
        .plan_emergencies(|policy, _| {
            policy.steps = vec![step(vec![desk(agency, &[FieldClass::Identity, FieldClass::Health])], 300)];
        })
        .await;
    let responder = stage.world.responder(agency).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let known = async || get(&responder, &raised).await.unwrap().particulars;
    assert_eq!(known().await.unwrap().identity, "Salma, about nine");
    stage.sql("UPDATE helpline.agencies SET field_classes = '{health}'");
    let left = known().await.unwrap();
    assert_eq!((left.identity.as_str(), left.health.as_str()), ("", "asthma"));
    stage.sql("UPDATE helpline.disclosures SET expires_at = helpline.now()");
    assert_eq!(known().await, None);
}

#[tokio::test]
async fn what_was_not_addressed_to_an_agency_is_not_there_for_it() {
    let stage = Stage::set().await;
    let (agency, other) = (stage.world.agency().await, stage.world.agency().await);
    stage.world.plan_emergencies(|policy, _| policy.steps = vec![step(vec![desk(agency, &[])], 300)]).await;
    let mut stranger = Watcher::open(stage.world.responder(other).await).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let actor = stranger.actor.clone();
    for refused in [
        why(get(&actor, &raised).await),
        why(acknowledge(&actor, &raised).await),
        why(accept(&actor, &raised).await),
        why(decline(&actor, &raised).await),
        why(progress(&actor, &raised, EscalationState::Responding).await),
    ] {
        assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "escalation"));
    }
    assert!(list(&actor).await.is_empty());
    // What is addressed to them in the end, and withdrawn again, comes and goes.
    let delivery = format!(
        "INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, agency_id, state, made_at)
         SELECT centre_id, gen_random_uuid(), escalation_id, 'escalation.notified', 'desk', '{other}', 'pending', helpline.now()
         FROM helpline.escalations"
    );
    stage.sql(&delivery);
    stranger.until_state(&raised, EscalationState::Notifying).await;
    stage.sql(&format!(
        "UPDATE helpline.deliveries SET state = 'withdrawn', ended_at = helpline.now() WHERE agency_id = '{other}'"
    ));
    stranger.until_withdrawn(&raised).await;
}

#[tokio::test]
async fn an_agency_reads_of_the_timeline_what_is_shared() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    stage
        .world
        .plan_emergencies(|policy, _| {
            policy.steps = vec![step(vec![desk(agency, &[FieldClass::Narrative])], 300)];
        })
        .await;
    let responder = stage.world.responder(agency).await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let remark = async |actor: &Actor, remark: &str, shared: bool| {
        let request = AddRemarkRequest {
            request_id: request_id(),
            escalation_id: raised.escalation_id.clone(),
            remark: remark.to_owned(),
            shared,
        };
        actor.escalations().add_remark(request).await.unwrap().into_inner().entry.unwrap()
    };
    remark(&stage.supervisor, "Among ourselves", false).await;
    let entry = remark(&stage.supervisor, "The gate is open", true).await;
    assert_eq!(entry.remark, "The gate is open");
    remark(&responder, "On our way", false).await;
    let request =
        ListTimelineRequest { escalation_id: raised.escalation_id.clone(), ..ListTimelineRequest::default() };
    let seen = responder.escalations().list_timeline(request.clone()).await.unwrap().into_inner().entries;
    let remarks = |entries: &[helpline_proto::escalation::v1::TimelineEntry]| -> Vec<String> {
        entries.iter().filter(|entry| entry.event == "remarked").map(|entry| entry.remark.clone()).collect()
    };
    assert_eq!(remarks(&seen), ["The gate is open", "On our way"]);
    assert!(!seen.iter().any(|entry| entry.event == "step_taken"), "whom else was asked is not theirs");
    let all = stage.supervisor.escalations().list_timeline(request).await.unwrap().into_inner().entries;
    assert_eq!(remarks(&all), ["Among ourselves", "The gate is open", "On our way"]);
    stage.sql("UPDATE helpline.disclosures SET revoked_at = helpline.now()");
    let request =
        ListTimelineRequest { escalation_id: raised.escalation_id.clone(), ..ListTimelineRequest::default() };
    let left = responder.escalations().list_timeline(request).await.unwrap().into_inner().entries;
    assert_eq!(remarks(&left), ["", "On our way"], "their own words remain");
}

#[tokio::test]
async fn an_exercise_never_leaves_the_building() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    let colleague = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    stage
        .world
        .plan_emergencies(|policy, plan| {
            let told = [
                person(&colleague.counsellor_id),
                ring(plan.fallback.clone()),
                desk(agency, &[FieldClass::Identity]),
                supervisors(),
            ];
            policy.steps = vec![step(told.to_vec(), 300)];
        })
        .await;
    let endpoint = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.to_string(),
        kind: EndpointKind::Email.into(),
        address: "duty@agency.example".to_owned(),
        ..CreateEndpointRequest::default()
    };
    stage.world.administrator().endpoints().create_endpoint(endpoint).await.unwrap();
    let mut told = Watcher::open(colleague).await;
    let mut responder = Watcher::open(stage.world.responder(agency).await).await;
    let raised =
        raise(&stage.supervisor, RaiseEscalationRequest { exercise: true, ..report(Risk::HarmNow) }).await;
    assert!(told.until_state(&raised, EscalationState::Notifying).await.exercise);
    let kinds = "SELECT kind, state FROM helpline.deliveries WHERE state IN ('held_back', 'pending') AND kind <> 'person' ORDER BY 1";
    let kinds: Vec<_> = stage.sql(kinds).into_iter().map(|row| format!("{row:?}")).collect();
    let expect = |kind: &str, state: &str| format!("{:?}", [Some(kind.to_owned()), Some(state.to_owned())]);
    assert_eq!(
        kinds,
        [
            expect("call", "held_back"),
            expect("desk", "held_back"),
            expect("email", "held_back"),
            expect("supervisors", "pending"),
        ]
    );
    assert_eq!(why(get(&responder.actor, &raised).await).code, Code::NotFound);
    assert_eq!(stage.value("SELECT count(*) FROM helpline.disclosures"), "0");
    // The same in earnest is shown, and it is the first that the responder sees.
    let earnest = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let Event::Escalation(first) = responder.next().await else { panic!("an escalation") };
    assert_eq!(first.escalation_id, earnest.escalation_id);
    assert!(!timeline(&stage.supervisor, &raised).await.is_empty());
}
