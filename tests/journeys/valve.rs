//! More come than can be answered: what who comes is told, and what stays as it was.

use helpline_proto::directory::v1::{ValveLevel, ValveSettings};
use helpline_proto::intake::v1::{Contact, ContactState, ReceiveContactResponse};
use helpline_proto::queueing::v1::{OverloadLevel, WatchQueueStatusRequest};
use helpline_proto::terms::v1::Risk;
use helpline_tests::Abilities;

use crate::desk::Desk;
use crate::stage::{PATIENCE, Stage, at, call};

/// A centre whose only counsellor is in a talk.
async fn busy() -> (Stage, Desk) {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    stage.receive(call("ar")).await;
    amina.take().await;
    (stage, amina)
}

async fn until_level(stage: &Stage, level: OverloadLevel) {
    let request = WatchQueueStatusRequest::default();
    let mut stream = stage.supervisor.line().watch_queue_status(request).await.unwrap().into_inner();
    let seen = tokio::time::timeout(PATIENCE, async {
        while stream.message().await.unwrap().unwrap().status.unwrap().overload() != level {}
    });
    seen.await.unwrap_or_else(|_| panic!("not in time: the valve is at {level:?}"));
}

/// Low contacts, so many.
async fn low(stage: &Stage, count: usize) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for _ in 0..count {
        contacts.push(stage.receive(at(Risk::None, call("ar"))).await);
    }
    contacts
}

fn target_s(contact: &Contact) -> i64 {
    contact.deadline_time.unwrap().seconds - contact.receive_time.unwrap().seconds
}

async fn comes(stage: &Stage, risk: Risk) -> ReceiveContactResponse {
    stage.received(at(risk, call("ar"))).await
}

/// The target given, whether a callback is offered, whether a long wait is told.
fn told(received: &ReceiveContactResponse) -> (i64, bool, bool) {
    let overload = received.overload.unwrap_or_default();
    (target_s(received.contact.as_ref().unwrap()), overload.callback_offered, overload.long_wait)
}

#[tokio::test]
async fn who_comes_in_overload_is_given_a_truthful_choice_and_nobody_critical_is_touched() {
    let (stage, _amina) = busy().await;
    let first = low(&stage, 1).await.remove(0);
    assert_eq!(target_s(&first), 300);
    until_level(&stage, OverloadLevel::Stretched).await;
    assert_eq!(told(&comes(&stage, Risk::None).await), (600, false, false));
    until_level(&stage, OverloadLevel::CallBack).await;
    let offered = comes(&stage, Risk::None).await;
    assert_eq!(told(&offered), (600, true, false));
    // Two before them, and one answered in a quarter of an hour.
    assert_eq!(offered.overload.unwrap().expected_wait.unwrap().seconds, 1800);
    low(&stage, 1).await;
    until_level(&stage, OverloadLevel::Honest).await;
    assert_eq!(told(&comes(&stage, Risk::None).await), (600, true, true));
    assert_eq!(told(&comes(&stage, Risk::Medium).await), (180, true, true));
    assert_eq!(told(&comes(&stage, Risk::High).await), (60, false, true));
    let critical = comes(&stage, Risk::HarmNow).await;
    assert_eq!((told(&critical), critical.overload), ((15, false, false), None));
    assert_eq!(stage.contact(&first.contact_id).await.deadline_time, first.deadline_time);
}

#[tokio::test]
async fn when_the_line_is_short_again_all_is_as_it_was_and_given_deadlines_stay() {
    let (stage, amina) = busy().await;
    let mut waiting = low(&stage, 4).await;
    until_level(&stage, OverloadLevel::Honest).await;
    let stretched = comes(&stage, Risk::None).await.contact.unwrap();
    assert_eq!(target_s(&stretched), 600);
    for contact in waiting.drain(..) {
        stage.leave(&contact).await;
    }
    // One waits for one on shift: enough to begin the first level, and so not enough to end it.
    until_level(&stage, OverloadLevel::Stretched).await;
    assert_eq!(told(&comes(&stage, Risk::Medium).await), (180, false, false));
    amina.not_ready().await;
    let basma = stage.desk(Abilities::speaking(&["ar"]).taking(1, 0, 0)).await;
    basma.take().await;
    until_level(&stage, OverloadLevel::Usual).await;
    assert_eq!(told(&comes(&stage, Risk::None).await), (300, false, false));
    let kept = stage.contact(&stretched.contact_id).await;
    assert_eq!((kept.state(), kept.deadline_time), (ContactState::Waiting, stretched.deadline_time));
}

#[tokio::test]
async fn contacts_that_nobody_on_shift_could_take_are_no_overload() {
    let (stage, _amina) = busy().await;
    for _ in 0..5 {
        stage.receive(at(Risk::None, call("ru"))).await;
    }
    low(&stage, 1).await;
    until_level(&stage, OverloadLevel::Stretched).await;
    assert_eq!(told(&comes(&stage, Risk::None).await), (600, false, false));
}

#[tokio::test]
async fn a_centre_decides_when_the_valve_opens_and_how_far_it_stretches() {
    let (stage, _amina) = busy().await;
    let level = |waiting_percent| ValveLevel { waiting_percent, ..ValveLevel::default() };
    stage
        .world
        .change_settings(|settings| {
            settings.valve = Some(ValveSettings {
                levels: [200, 300, 300, 0].map(level).to_vec(),
                stretch_percent: 150,
                stretch_medium: true,
                ..ValveSettings::default()
            });
        })
        .await;
    low(&stage, 2).await;
    until_level(&stage, OverloadLevel::Stretched).await;
    assert_eq!(told(&comes(&stage, Risk::Medium).await), (270, false, false));
    until_level(&stage, OverloadLevel::Overflow).await;
    assert_eq!(told(&comes(&stage, Risk::Medium).await), (270, true, false));
    assert_eq!(told(&comes(&stage, Risk::High).await), (60, false, false));
}
