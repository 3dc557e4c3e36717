//! A supervisor diverts a queue: one switch, one owner, and whoever waits keeps the place.

use helpline_proto::directory::v1::Queue;
use helpline_proto::intake::v1::{ContactState, ReceiveContactRequest};
use helpline_proto::queueing::v1::{
    DeclineReason, Diversion, DiversionEnd, DiversionEndCause, DivertQueueRequest, EndDiversionRequest,
    ListDiversionsRequest, TakeOverDiversionRequest, WaitingCause,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::stage::{Stage, at, call, seconds, skill, until, why};

fn divert(stage: &Stage, on_end: DiversionEnd) -> DivertQueueRequest {
    DivertQueueRequest {
        request_id: request_id(),
        queue: "general".to_owned(),
        end_time: Some(stage.world.soon()),
        reason: "The exchange is being repaired".to_owned(),
        on_end: on_end.into(),
        ..DivertQueueRequest::default()
    }
}

pub(crate) fn to_queue(stage: &Stage, queue: &str, on_end: DiversionEnd) -> DivertQueueRequest {
    DivertQueueRequest { to_queue: queue.to_owned(), ..divert(stage, on_end) }
}

pub(crate) async fn set(actor: &Actor, request: DivertQueueRequest) -> Result<Diversion, Status> {
    Ok(actor.switchboard().divert_queue(request).await?.into_inner().diversion.unwrap())
}

pub(crate) async fn end(actor: &Actor, diversion: &Diversion) -> Result<Diversion, Status> {
    let request =
        EndDiversionRequest { request_id: request_id(), diversion_id: diversion.diversion_id.clone() };
    Ok(actor.switchboard().end_diversion(request).await?.into_inner().diversion.unwrap())
}

async fn take_over(actor: &Actor, diversion: &Diversion) -> Result<Diversion, Status> {
    let request =
        TakeOverDiversionRequest { request_id: request_id(), diversion_id: diversion.diversion_id.clone() };
    Ok(actor.switchboard().take_over_diversion(request).await?.into_inner().diversion.unwrap())
}

async fn list(actor: &Actor) -> Vec<Diversion> {
    actor.switchboard().list_diversions(ListDiversionsRequest {}).await.unwrap().into_inner().diversions
}

/// A second queue, whose contacts ask for a skill.
async fn with_night(stage: &Stage) {
    stage
        .world
        .change_settings(|settings| {
            settings.skills.push("night".to_owned());
            let required_skills = vec![skill("night", 1)];
            settings.queues.push(Queue { queue: "night".to_owned(), required_skills, ..Queue::default() });
        })
        .await;
}

#[tokio::test]
async fn whoever_still_waits_when_a_diversion_ends_is_back_in_the_queue_they_came_for() {
    let stage = Stage::set().await;
    with_night(&stage).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.not_ready().await;
    let before = stage.receive(call("ar")).await;
    let diversion =
        set(&stage.supervisor, to_queue(&stage, "night", DiversionEnd::ReturnWaiting)).await.unwrap();
    assert_eq!(list(&stage.supervisor).await, std::slice::from_ref(&diversion));
    let diverted = stage.receive(call("ar")).await;
    assert_eq!((diverted.queue.as_str(), diverted.original_queue.as_str()), ("night", "general"));
    assert_eq!(diverted.required_skills, [skill("night", 1)]);
    assert_eq!(diverted.priority_class, before.priority_class);
    let wait = seconds(diverted.deadline_time) - seconds(diverted.receive_time);
    assert!((wait - 60.0).abs() < 0.001, "as long as it would have waited");
    assert_eq!(stage.contact(&before.contact_id).await.queue, "general", "only what newly comes");

    let ended = end(&stage.supervisor, &diversion).await.unwrap();
    assert_eq!(ended.ended_by(), DiversionEndCause::Owner);
    let back = stage.contact(&diverted.contact_id).await;
    assert_eq!((back.queue.as_str(), back.required_skills.len()), ("general", 0));
    assert_eq!((back.receive_time, back.deadline_time), (diverted.receive_time, diverted.deadline_time));
    amina.ready().await;
    amina.offered(&before).await;
    assert!(list(&stage.supervisor).await.is_empty());
    assert_eq!(stage.receive(call("ar")).await.queue, "general");
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn of_two_supervisors_one_owns_the_switch_and_the_other_must_take_it_over() {
    let stage = Stage::set().await;
    with_night(&stage).await;
    let (one, two) = (stage.supervisor.clone(), stage.world.supervisor().await);
    let ask = || to_queue(&stage, "night", DiversionEnd::Leave);
    let (first, second) = tokio::join!(set(&one, ask()), set(&two, ask()));
    let (diversion, owner, other, lost) = match (first, second) {
        (Ok(diversion), Err(lost)) => (diversion, one, two, lost),
        (Err(lost), Ok(diversion)) => (diversion, two, one, lost),
        both => panic!("one switch, one owner: {both:?}"),
    };
    let lost = why::<()>(Err(lost));
    assert_eq!((lost.code, lost.reason.as_str()), (Code::FailedPrecondition, "SWITCH_OWNED"));
    assert_eq!(
        (lost.metadata("owner"), diversion.owner_id.as_str()),
        (owner.token_id.as_str(), owner.token_id.as_str())
    );
    assert_eq!(why(end(&other, &diversion).await).reason, "SWITCH_OWNED");

    let taken = take_over(&other, &diversion).await.unwrap();
    assert_eq!(taken.owner_id, other.token_id);
    assert_eq!(why(take_over(&other, &diversion).await).metadata("state"), "owned");
    assert_eq!(why(end(&owner, &diversion).await).metadata("owner"), other.token_id);
    let recorded = "SELECT detail->>'from' FROM helpline.journal WHERE event = 'diversion_taken_over'";
    assert_eq!(stage.value(recorded), owner.token_id);
    let diverted = stage.receive(call("ar")).await;
    let (ended, again) = tokio::join!(end(&other, &diversion), end(&other, &diversion));
    assert_eq!([&ended, &again].iter().filter(|answer| answer.is_ok()).count(), 1, "it ends once");
    assert_eq!(stage.contact(&diverted.contact_id).await.queue, "night", "left where it waits");
    let late = why(take_over(&owner, &diversion).await);
    assert_eq!((late.reason.as_str(), late.metadata("state")), ("STATE_REFUSED", "ended"));
}

#[tokio::test]
async fn everything_new_goes_to_one_person_but_a_critical_contact_does_not_wait_for_them() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let request = DivertQueueRequest {
        to_counsellor_id: amina.id().to_owned(),
        ..divert(&stage, DiversionEnd::ReturnWaiting)
    };
    let away = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let absent = DivertQueueRequest { to_counsellor_id: away.id().to_owned(), ..request.clone() };
    assert_eq!(why(set(&stage.supervisor, absent).await).reason, "PRESENCE_REFUSED");
    set(&stage.supervisor, request).await.unwrap();
    let first = stage.receive(call("ar")).await;
    assert_eq!(first.directed_to, amina.id());
    let offer = amina.offered(&first).await;
    amina.accept(&offer).await;
    let second = stage.receive(call("ar")).await;
    let waits = stage.until_cause(&second, WaitingCause::AllBusy).await;
    assert_eq!((waits.eligible_on_shift, waits.eligible_free), (1, 0), "Basma is free and not asked");
    let critical = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let offer = basma.offered(&critical).await;
    basma.accept(&offer).await;
    basma.complete(&critical).await;
    assert!(!basma.watch.has_offer().await);

    // Amina goes home: nobody waits for somebody who has left.
    amina.offline().await;
    basma.offered(&second).await;
    assert!(list(&stage.supervisor).await.is_empty());
    let alerts = "SELECT count(*) FROM helpline.journal WHERE event = 'diversion_fell_back'";
    assert_eq!(stage.value(alerts), "1");
    stage.agrees().await;
}

#[tokio::test]
async fn a_diversion_outlives_servers_and_ends_by_its_time() {
    let mut stage = Stage::set().await;
    with_night(&stage).await;
    let request = to_queue(&stage, "night", DiversionEnd::ReturnWaiting);
    let diversion = set(&stage.supervisor, request.clone()).await.unwrap();
    assert_eq!(set(&stage.supervisor, request).await.unwrap(), diversion, "told again");
    // Another server, and the first one gone.
    let channel = stage.world.another_server().await;
    assert!(stage.world.servers.remove(0).shutdown().await);
    stage.adapter = stage.adapter.over(channel.clone());
    stage.supervisor = stage.supervisor.over(channel);
    assert_eq!(list(&stage.supervisor).await, std::slice::from_ref(&diversion));
    let diverted = stage.receive(call("ar")).await;
    assert_eq!(diverted.queue, "night");
    stage.world.advance(601.0);
    until("the diversion is over", async || list(&stage.supervisor).await.is_empty().then_some(())).await;
    until("who waited is back", async || {
        (stage.contact(&diverted.contact_id).await.queue == "general").then_some(())
    })
    .await;
    assert_eq!(stage.contact(&diverted.contact_id).await.state(), ContactState::Waiting);
    let how = "SELECT detail->>'by' FROM helpline.journal WHERE event = 'diversion_ended'";
    assert_eq!(stage.value(how), "time");
    let past =
        DivertQueueRequest { end_time: diversion.end_time, ..to_queue(&stage, "night", DiversionEnd::Leave) };
    let over = why(set(&stage.supervisor, past).await);
    assert_eq!((over.code, over.fields), (Code::InvalidArgument, vec!["end_time".to_owned()]));
}

#[tokio::test]
async fn who_waits_for_one_person_stands_in_nobodys_way() {
    let stage = Stage::set().await;
    let school = Queue { queue: "school".to_owned(), ..Queue::default() };
    stage.world.change_settings(|settings| settings.queues.push(school)).await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    stage.receive(call("ar")).await;
    amina.take().await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let request =
        DivertQueueRequest { to_counsellor_id: amina.id().to_owned(), ..divert(&stage, DiversionEnd::Leave) };
    let diversion = set(&stage.supervisor, request).await.unwrap();
    for _ in 0..17 {
        stage.receive(call("ar")).await;
    }
    let other = ReceiveContactRequest { queue: "school".to_owned(), ..call("ar") };
    let other = stage.receive(other).await;
    let offer = basma.offered(&other).await;
    basma.accept(&offer).await;
    stage.agrees_with_the_view().await;
    // Let go, they wait in the line of all who ask for the same.
    stage.receive(ReceiveContactRequest { queue: "school".to_owned(), ..call("ar") }).await;
    end(&stage.supervisor, &diversion).await.unwrap();
    let lines = "SELECT count(DISTINCT signature) FROM helpline.contacts WHERE state = 'waiting'";
    assert_eq!(stage.value(lines), "1");
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_critical_contact_that_the_one_it_goes_to_declined_is_anybodys() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let request =
        DivertQueueRequest { to_counsellor_id: amina.id().to_owned(), ..divert(&stage, DiversionEnd::Leave) };
    set(&stage.supervisor, request).await.unwrap();
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    let critical = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    let offer = amina.offered(&critical).await;
    amina.decline(&offer, DeclineReason::Busy).await;
    basma.offered(&critical).await;
}
