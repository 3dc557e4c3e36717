//! Opening hours, nobody on shift, people on call: what a child is honestly told, and what is done.

use helpline_proto::directory::v1::{Hours, Queue, QueueHours};
use helpline_proto::intake::v1::{
    ArrangementStep, Contact, ContactFilter, ContactState, ListContactsRequest, Outlook,
    ReceiveContactRequest, ReceiveContactResponse,
};
use helpline_proto::queueing::v1::{GoOnCallRequest, PresenceState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};

use crate::desk::Desk;
use crate::stage::{Stage, about, at, call, chat, seconds, skill, until};

fn steps(answer: &ReceiveContactResponse) -> Vec<ArrangementStep> {
    answer.arrangement.iter().flat_map(|done| done.steps()).collect()
}

async fn open_when(stage: &Stage, expression: &str) {
    let hours = Hours { opening_hours: expression.to_owned(), ..Hours::default() };
    stage.world.change_settings(|settings| settings.hours = Some(hours)).await;
}

pub(crate) async fn on_call(desk: &Desk) {
    let request = GoOnCallRequest { request_id: request_id() };
    let presence = desk.actor.presence().go_on_call(request).await.unwrap().into_inner().presence.unwrap();
    assert_eq!(presence.state(), PresenceState::OnCall);
}

/// How often the journal tells of this.
fn told(stage: &Stage, event: &str) -> String {
    stage.value(&format!("SELECT count(*) FROM helpline.journal WHERE event = '{event}'"))
}

#[tokio::test]
async fn outside_opening_hours_a_callback_is_promised_and_the_contact_waits_all_the_same() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 2, 0)).await;
    amina.not_ready().await;
    let tomorrow = "to_char(helpline.now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYY Mon DD')";
    let tomorrow = stage.value(&format!("SELECT {tomorrow}"));
    open_when(&stage, &format!("{tomorrow} 00:00-24:00")).await;
    let request = at(Risk::Medium, chat("ar"));
    let answer = stage.received(request.clone()).await;
    assert_eq!((answer.outlook(), steps(&answer)), (Outlook::Closed, vec![ArrangementStep::Callback]));
    let done = answer.arrangement.clone().unwrap();
    assert!(done.callback_advised && done.fallback_queue.is_empty());
    let next_day = "SELECT extract(epoch FROM date_trunc('day', helpline.now() AT TIME ZONE 'UTC') + interval '1 day')::int8";
    assert_eq!(done.open_time.unwrap().seconds.to_string(), stage.value(next_day));
    let again = stage.received(request).await;
    assert_eq!((again.outlook(), again.arrangement), (Outlook::Closed, Some(done.clone())), "told alike");

    // The reference finds it, however its digits are written.
    let contact = answer.contact.unwrap();
    let spoken = format!("{} {}", &done.reference[..4], &done.reference[4..]);
    let filter = ContactFilter { reference: spoken, ..ContactFilter::default() };
    let list = ListContactsRequest { filter: Some(filter), ..ListContactsRequest::default() };
    let found = stage.supervisor.contacts().list_contacts(list).await.unwrap().into_inner().contacts;
    assert_eq!(found.iter().map(|one| &one.contact_id).collect::<Vec<_>>(), [&contact.contact_id]);

    // Hours turn nobody away who is in danger.
    let critical = stage.received(at(Risk::HarmNow, chat("ar"))).await;
    assert_eq!((critical.outlook(), critical.arrangement), (Outlook::Served, None));
    amina.ready().await;
    let offers = [amina.next_offer().await.contact_id, amina.next_offer().await.contact_id];
    assert_eq!(offers, [critical.contact.unwrap().contact_id, contact.contact_id]);
}

#[tokio::test]
async fn a_fallback_queue_takes_whom_nobody_on_shift_could_take_at_the_same_place() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    stage
        .world
        .change_settings(|settings| {
            settings.skills.push("night".to_owned());
            let required_skills = vec![skill("night", 1)];
            settings.queues.push(Queue { queue: "night".to_owned(), required_skills, ..Queue::default() });
            let own = QueueHours {
                queue: "night".to_owned(),
                fallback_queue: "general".to_owned(),
                ..QueueHours::default()
            };
            settings.hours = Some(Hours { queues: vec![own], ..Hours::default() });
        })
        .await;
    let at_night = || ReceiveContactRequest { queue: "night".to_owned(), ..call("ar") };
    // Nobody is there who could take it in the other queue either.
    let lonely = stage.received(at_night()).await;
    assert_eq!((lonely.outlook(), steps(&lonely)), (Outlook::NobodyOnShift, vec![ArrangementStep::Callback]));
    stage.leave(&lonely.contact.unwrap()).await;
    amina.ready().await;
    let answer = stage.received(at_night()).await;
    assert_eq!((answer.outlook(), steps(&answer)), (Outlook::Served, vec![ArrangementStep::FallbackQueue]));
    assert_eq!(answer.arrangement.as_ref().unwrap().fallback_queue, "general");
    let contact: Contact = answer.contact.unwrap();
    assert_eq!((contact.queue.as_str(), contact.required_skills.len()), ("general", 0));
    assert!(about(seconds(contact.deadline_time), seconds(contact.receive_time) + 60.0));
    amina.offered(&contact).await;
    let kept = stage.value(&format!(
        "SELECT detail->>'queue' FROM helpline.journal WHERE contact_id = '{}' AND event = 'contact_arranged'",
        contact.contact_id
    ));
    assert_eq!(kept, "general");
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn people_on_call_are_offered_what_is_serious_when_nobody_on_shift_could_take_it() {
    let stage = Stage::set().await;
    let basma = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    on_call(&basma).await;
    let calm = stage.received(at(Risk::Low, chat("ar"))).await;
    assert_eq!((calm.outlook(), steps(&calm)), (Outlook::NobodyOnShift, vec![ArrangementStep::Callback]));
    let serious = stage.received(at(Risk::High, chat("ar"))).await;
    assert_eq!((serious.outlook(), steps(&serious)), (Outlook::NobodyOnShift, vec![ArrangementStep::OnCall]));
    let serious = serious.contact.unwrap();
    let offer = basma.offered(&serious).await;
    assert!(
        about(seconds(offer.expire_time) - seconds(offer.offer_time), 60.0),
        "their telephone rings first"
    );
    assert_eq!(told(&stage, "on_call_summoned"), "1");
    basma.accept(&offer).await;
    basma.complete(&serious).await;
    assert_eq!(basma.presence().await.state(), PresenceState::OnCall);

    // Somebody on shift could take it: who is on call is left in peace, unless it is critical and nobody is free.
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    stage.receive(call("ar")).await;
    amina.take().await;
    let waits = stage.received(at(Risk::High, call("ar"))).await;
    assert_eq!((waits.outlook(), steps(&waits)), (Outlook::Served, vec![]));
    let critical = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    basma.offered(&critical).await;
    assert!(!basma.watch.has_offer().await && !amina.watch.has_offer().await);
    stage.agrees().await;
}

#[tokio::test]
async fn who_is_on_call_stays_so_without_a_client_and_a_step_without_answer_is_followed_by_the_next() {
    let stage = Stage::set().await;
    let Desk { actor, watch } = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let desk = Desk { actor: actor.clone(), watch };
    on_call(&desk).await;
    drop(desk);
    let request = at(Risk::High, chat("ar"));
    let answer = stage.received(request.clone()).await;
    assert_eq!(steps(&answer), [ArrangementStep::OnCall]);
    let contact = answer.contact.unwrap();
    stage.until_state(&contact, ContactState::Offered).await;
    // Longer than anybody may be silent on shift.
    stage.world.advance(1000.0);
    let advised = until("a callback is advised", async || {
        let again = stage.received(request.clone()).await;
        let done = again.arrangement.clone().unwrap();
        done.callback_advised.then_some(done)
    })
    .await;
    assert_eq!(advised.steps().collect::<Vec<_>>(), [ArrangementStep::OnCall, ArrangementStep::Callback]);
    let returned = Desk::open(actor).await;
    assert_eq!(returned.presence().await.state(), PresenceState::OnCall);
}

#[tokio::test]
async fn who_waits_at_closing_time_keeps_the_place_while_anybody_is_there_and_is_told_when_nobody_is() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.not_ready().await;
    let minute = |shift: &str| {
        stage.value(&format!(
            "SELECT to_char(helpline.now() AT TIME ZONE 'UTC' + interval '{shift}', 'HH24:MI')"
        ))
    };
    open_when(&stage, &format!("{}-{}", minute("-2 hours"), minute("10 minutes"))).await;
    let request = chat("ar");
    let answer = stage.received(request.clone()).await;
    assert_eq!((answer.outlook(), answer.arrangement), (Outlook::Served, None));
    until("the open queue was seen", async || (told(&stage, "queue_opened") == "1").then_some(())).await;
    stage.world.advance(601.0);
    until("the closed queue was seen", async || (told(&stage, "queue_closed") == "1").then_some(())).await;
    let kept = stage.received(request.clone()).await;
    assert_eq!((kept.outlook(), kept.arrangement), (Outlook::Served, None), "Amina has not gone home");
    let late = stage.received(chat("ar")).await;
    assert_eq!((late.outlook(), steps(&late)), (Outlook::Closed, vec![ArrangementStep::Callback]));

    amina.offline().await;
    until("who waited is told", async || {
        let now = stage.received(request.clone()).await;
        (now.outlook() == Outlook::Closed && steps(&now) == [ArrangementStep::Callback]).then_some(())
    })
    .await;
    assert_eq!(stage.contact(&answer.contact.unwrap().contact_id).await.state(), ContactState::Waiting);
    assert_eq!(
        (told(&stage, "queue_opened"), told(&stage, "queue_closed")),
        ("1".to_owned(), "1".to_owned())
    );
}
