//! Who waits long asks for less.

use helpline_proto::directory::v1::{Hours, Queue, QueueHours, Relaxation};
use helpline_proto::intake::v1::{Contact, ContactState, ReceiveContactRequest};
use helpline_proto::queueing::v1::{DiversionEnd, WaitingCause};
use helpline_proto::terms::v1::SkillLevel;
use helpline_tests::{Abilities, WorldOptions};
use prost_types::Duration;

use crate::stage::{Stage, about, chat, seconds, skill, until};
use crate::switchboard::{self, to_queue};

/// A queue that asks for the law at level 3, for level 1 after a minute, for it no more after five.
async fn soft(stage: &Stage) {
    let step = |after: i64, level: i32| Relaxation {
        after: Some(Duration { seconds: after, nanos: 0 }),
        skill: "law".to_owned(),
        level,
    };
    stage
        .world
        .change_settings(|settings| {
            settings.skills.push("law".to_owned());
            settings.queues.push(Queue {
                queue: "rights".to_owned(),
                required_skills: vec![skill("law", 3)],
                relaxations: vec![step(60, 1), step(300, 0)],
                ..Queue::default()
            });
        })
        .await;
}

/// A chat in that queue.
fn about_rights(language: &str) -> ReceiveContactRequest {
    ReceiveContactRequest { queue: "rights".to_owned(), ..chat(language) }
}

type Skills = Vec<(String, i32)>;

/// What it asks for now, what it asked for at first, and how many steps it has gone.
fn asks(contact: &Contact) -> (Skills, Skills, i32) {
    let list = |skills: &[SkillLevel]| skills.iter().map(|one| (one.skill.clone(), one.level)).collect();
    (list(&contact.required_skills), list(&contact.asked_skills), contact.relaxation_step)
}

async fn until_step(stage: &Stage, contact: &Contact, step: i32) -> Contact {
    until(&format!("step {step} is taken"), async || {
        let now = stage.contact(&contact.contact_id).await;
        (now.relaxation_step == step).then_some(now)
    })
    .await
}

fn law(level: i32) -> Vec<(String, i32)> {
    vec![("law".to_owned(), level)]
}

/// How often each step stands in the journal.
fn steps(stage: &Stage, contact: &Contact) -> Vec<String> {
    let sql = format!(
        "SELECT detail->>'step' FROM helpline.journal WHERE contact_id = '{}' AND event = 'requirement_relaxed' ORDER BY entry_id",
        contact.contact_id
    );
    stage.sql(&sql).into_iter().map(|row| row[0].clone().unwrap()).collect()
}

#[tokio::test]
async fn who_waits_long_is_offered_to_whoever_has_less_of_a_skill_and_then_to_all() {
    let stage = Stage::set().await;
    soft(&stage).await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).skilled("law", 1).taking(0, 1, 0)).await;
    let contact = stage.receive(about_rights("ar")).await;
    assert_eq!(asks(&contact), (law(3), vec![], 0));
    let said = stage.until_cause(&contact, WaitingCause::NobodyOnShift).await;
    assert_eq!(said.relaxation_step, 0);
    let next = seconds(said.next_relaxation_time) - seconds(contact.receive_time);
    assert!(about(next, 60.0), "{next}");
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);

    stage.world.advance(61.0);
    amina.offered(&contact).await;
    let now = until_step(&stage, &contact, 1).await;
    assert_eq!(asks(&now), (law(1), law(3), 1));
    assert_eq!((now.receive_time, now.deadline_time), (contact.receive_time, contact.deadline_time));

    // Another, whom nobody is left for but one without the skill.
    let other = stage.receive(about_rights("ar")).await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    stage.world.advance(61.0);
    until_step(&stage, &other, 1).await;
    let said = stage.explain(&other).await;
    assert!(about(seconds(said.next_relaxation_time) - seconds(other.receive_time), 300.0));
    // Nobody answers the first either; it goes on to whoever is there.
    stage.world.advance(240.0);
    let last = until_step(&stage, &other, 2).await;
    assert_eq!(asks(&last), (vec![], law(3), 2));
    basma.next_offer().await;
    assert!(stage.explain(&other).await.next_relaxation_time.is_none());
    assert_eq!(steps(&stage, &other), ["1", "2"]);
    stage.agrees().await;
}

#[tokio::test]
async fn a_language_is_never_given_up() {
    let stage = Stage::set().await;
    soft(&stage).await;
    let amina = stage.desk(Abilities::speaking(&["ru"]).skilled("law", 3)).await;
    let contact = stage.receive(about_rights("ar")).await;
    stage.world.advance(400.0);
    let now = until_step(&stage, &contact, 2).await;
    assert_eq!((now.language.as_str(), now.state()), ("ar", ContactState::Waiting));
    stage.a_pass().await;
    assert!(!amina.watch.has_offer().await);
    assert_eq!(steps(&stage, &contact), ["1", "2"], "one after the other, however late");
}

#[tokio::test]
async fn two_servers_take_each_step_once() {
    let mut stage = Stage::set().await;
    soft(&stage).await;
    stage.world.another_server().await;
    let mut contacts = Vec::new();
    for _ in 0..12 {
        contacts.push(stage.receive(about_rights("ar")).await);
    }
    stage.world.advance(61.0);
    for contact in &contacts {
        until_step(&stage, contact, 1).await;
    }
    stage.world.advance(240.0);
    for contact in &contacts {
        until_step(&stage, contact, 2).await;
        assert_eq!(steps(&stage, contact), ["1", "2"]);
    }
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn without_redis_steps_are_taken_as_well() {
    let world = helpline_tests::World::start_with(WorldOptions {
        redis: false,
        config: "[timing]\npresence_ttl_s = 300\n".to_owned(),
        ..WorldOptions::default()
    })
    .await;
    let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
    let stage = Stage { world, adapter, supervisor };
    soft(&stage).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(about_rights("ar")).await;
    stage.world.advance(400.0);
    amina.offered(&contact).await;
    stage.agrees().await;
}

#[tokio::test]
async fn who_is_handed_on_asks_anew_and_waits_for_the_steps_from_then_on() {
    let stage = Stage::set().await;
    soft(&stage).await;
    let contact = stage.receive(about_rights("ar")).await;
    stage.world.advance(61.0);
    until_step(&stage, &contact, 1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).skilled("law", 1)).await;
    let offer = amina.offered(&contact).await;
    amina.accept(&offer).await;
    let given = amina.transfer(&contact).await;
    assert_eq!(asks(&given), (law(3), vec![], 0), "the queue asks for its skill again");
    let next = seconds(stage.explain(&given).await.next_relaxation_time);
    assert!(next - seconds(contact.receive_time) > 115.0, "a minute from now, not from the beginning");
}

#[tokio::test]
async fn who_goes_to_another_queue_by_whatever_way_begins_anew_with_its_steps() {
    let stage = Stage::set().await;
    soft(&stage).await;
    // Given back by a diversion that ends.
    let diversion = to_queue(&stage, "rights", DiversionEnd::ReturnWaiting);
    let diversion = switchboard::set(&stage.supervisor, diversion).await.unwrap();
    let contact = stage.receive(chat("ar")).await;
    stage.world.advance(61.0);
    until_step(&stage, &contact, 1).await;
    switchboard::end(&stage.supervisor, &diversion).await.unwrap();
    let back = stage.contact(&contact.contact_id).await;
    assert_eq!((back.queue.as_str(), asks(&back)), ("general", (vec![], vec![], 0)));
    assert_eq!(stage.explain(&back).await.next_relaxation_time, None);
    stage.leave(&back).await;

    // Handed to a colleague.
    let contact = stage.receive(about_rights("ar")).await;
    stage.world.advance(61.0);
    until_step(&stage, &contact, 1).await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).skilled("law", 1)).await;
    let offer = amina.offered(&contact).await;
    amina.accept(&offer).await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).skilled("law", 3)).await;
    let handed = crate::by_hand::hand(&amina, &contact, basma.id()).await.unwrap();
    assert_eq!(asks(&handed), (law(3), vec![], 0));
    let next = "SELECT relax_at > helpline.now() + interval '50 seconds' FROM helpline.contacts WHERE state = 'offered'";
    assert_eq!(stage.value(next), "t", "a minute from now, not from the beginning");
    basma.offered(&contact).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn who_is_placed_in_the_fallback_queue_begins_anew_with_its_steps() {
    let stage = Stage::set().await;
    soft(&stage).await;
    let own = QueueHours {
        queue: "rights".to_owned(),
        fallback_queue: "general".to_owned(),
        ..QueueHours::default()
    };
    let hours = Hours { queues: vec![own], ..Hours::default() };
    stage.world.change_settings(|settings| settings.hours = Some(hours)).await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).skilled("law", 3)).await;
    amina.not_ready().await;
    let basma = stage.desk(Abilities::speaking(&["ar"])).await;
    basma.not_ready().await;
    let contact = stage.receive(about_rights("ar")).await;
    stage.world.advance(61.0);
    until_step(&stage, &contact, 1).await;
    amina.offline().await;
    let placed = until("it is placed in the other queue", async || {
        let now = stage.contact(&contact.contact_id).await;
        (now.queue == "general").then_some(now)
    })
    .await;
    assert_eq!(asks(&placed), (vec![], vec![], 0));
    assert_eq!(stage.explain(&placed).await.next_relaxation_time, None);
    stage.agrees_with_the_view().await;
}
