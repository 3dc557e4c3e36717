//! What supervisors are alerted of.

use helpline_proto::directory::v1::{AlertSettings, LongContact, Queue, TargetWait};
use helpline_proto::intake::v1::{ContactState, ReceiveContactRequest};
use helpline_proto::queueing::v1::{
    AcknowledgeAlertRequest, Alert, AlertKind, ListAlertsRequest, NotReadyReason,
};
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_tests::{Abilities, Actor, World, WorldOptions, request_id};
use prost_types::Duration;
use tonic::Status;

use crate::floor::Wallboard;
use crate::stage::{Stage, at, call, until, why};

impl Wallboard {
    /// The one alert of a kind, as it was told last.
    fn alert(&self, kind: AlertKind) -> Option<&Alert> {
        let mut of_kind = self.alerts.values().filter(|alert| alert.kind() == kind);
        let one = of_kind.next();
        assert!(of_kind.next().is_none(), "one {kind:?}");
        one
    }

    async fn until_open(&mut self, kind: AlertKind) -> Alert {
        let open = |board: &Self| board.alert(kind).is_some_and(|alert| alert.close_time.is_none());
        self.until(&format!("{kind:?} is open"), open).await;
        self.alert(kind).unwrap().clone()
    }

    async fn until_closed(&mut self, kind: AlertKind) -> Alert {
        let closed = |board: &Self| board.alert(kind).is_some_and(|alert| alert.close_time.is_some());
        self.until(&format!("{kind:?} is closed"), closed).await;
        self.alert(kind).unwrap().clone()
    }
}

async fn acknowledge(supervisor: &Actor, alert: &Alert) -> Result<Alert, Status> {
    let request = AcknowledgeAlertRequest { request_id: request_id(), alert_id: alert.alert_id.clone() };
    Ok(supervisor.supervision().acknowledge_alert(request).await?.into_inner().alert.unwrap())
}

pub(crate) async fn listed(supervisor: &Actor, open_only: bool) -> Vec<Alert> {
    let request = ListAlertsRequest { open_only, ..ListAlertsRequest::default() };
    supervisor.supervision().list_alerts(request).await.unwrap().into_inner().alerts
}

#[tokio::test]
async fn a_critical_contact_is_alerted_of_at_half_its_target_and_the_alert_is_over_when_it_is_answered() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.not_ready().await;
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    let contact = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    stage.world.advance(8.0);
    let alert = board.until_open(AlertKind::TargetNear).await;
    assert_eq!((alert.contact_id.as_str(), alert.grave), (contact.contact_id.as_str(), true));
    let waited = alert.open_time.unwrap().seconds - contact.receive_time.unwrap().seconds;
    assert!((7..=15).contains(&waited), "after {waited} s");

    let taken = acknowledge(&stage.supervisor, &alert).await.unwrap();
    assert_eq!(taken.acknowledged_by, stage.supervisor.token_id);
    let colleague = stage.world.supervisor().await;
    let late = why(acknowledge(&colleague, &alert).await);
    assert_eq!((late.reason.as_str(), late.metadata("state")), ("STATE_REFUSED", "acknowledged"));
    board
        .until("it is told who cares", |board| {
            !board.alert(AlertKind::TargetNear).unwrap().acknowledged_by.is_empty()
        })
        .await;
    amina.ready().await;
    amina.take().await;
    let over = board.until_closed(AlertKind::TargetNear).await;
    assert_eq!((over.alert_id, over.acknowledged_by), (alert.alert_id.clone(), taken.acknowledged_by));
    assert_eq!(why(acknowledge(&colleague, &alert).await).metadata("state"), "closed");
    assert!(listed(&colleague, true).await.is_empty());
    assert_eq!(listed(&colleague, false).await.len(), 1, "it was one alert all the time");
    assert_eq!(board.told, (2, 1), "open, cared for, closed");
}

#[tokio::test]
async fn an_alert_of_a_line_closes_when_it_has_been_better_for_a_while() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.not_ready().await;
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    let contact = stage.receive(call("ar")).await;
    stage.world.advance(50.0);
    let alert = board.until_open(AlertKind::TargetNear).await;
    assert_eq!((alert.queue.as_str(), alert.priority_class()), ("general", PriorityClass::High));
    assert_eq!((alert.contact_id.as_str(), alert.grave), ("", false));
    stage.leave(&contact).await;
    let doubted = || stage.value("SELECT count(clear_since_at) FROM helpline.alerts");
    until("its cause is gone", async || (doubted() == "1").then_some(())).await;
    assert_eq!(listed(&stage.supervisor, true).await.len(), 1, "it is not sure that it stays so");
    stage.world.advance(11.0);
    board.until_closed(AlertKind::TargetNear).await;
    assert_eq!(stage.value("SELECT count(*) FROM helpline.journal WHERE event = 'alert_opened'"), "1");
    assert_eq!(stage.value("SELECT count(*) FROM helpline.journal WHERE event = 'alert_closed'"), "1");
    stage.agrees().await;
}

#[tokio::test]
async fn nobody_available_a_long_contact_and_a_hard_row_are_alerted_of() {
    let stage = Stage::set().await;
    let minute = |seconds| Some(Duration { seconds, nanos: 0 });
    stage
        .world
        .change_settings(|settings| {
            settings.alerts = Some(AlertSettings {
                long_contacts: vec![LongContact {
                    priority_class: PriorityClass::High.into(),
                    duration: minute(600),
                }],
                severe_in_a_row: 1,
                ..AlertSettings::default()
            });
        })
        .await;
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let alone = stage.receive(at(Risk::HarmNow, call("ru"))).await;
    stage.world.advance(6.0);
    let alert = board.until_open(AlertKind::NobodyAvailable).await;
    assert_eq!((alert.contact_id.as_str(), alert.grave), (alone.contact_id.as_str(), true));
    stage.leave(&alone).await;
    board.until_closed(AlertKind::NobodyAvailable).await;

    let contact = stage.receive(at(Risk::High, call("ar"))).await;
    amina.take().await;
    stage.world.advance(601.0);
    let alert = board.until_open(AlertKind::LongContact).await;
    assert_eq!(alert.contact_id, contact.contact_id);
    amina.complete(&contact).await;
    board.until_closed(AlertKind::LongContact).await;
    let alert = board.until_open(AlertKind::SevereInARow).await;
    assert_eq!(alert.counsellor_id, amina.id());
    amina.offline().await;
    board.until_closed(AlertKind::SevereInARow).await;
}

#[tokio::test]
async fn a_live_contact_whose_counsellor_is_lost_is_alerted_of() {
    let config = "[timing]\npresence_ttl_s = 2\n".to_owned();
    let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
    let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
    let stage = Stage { world, adapter, supervisor };
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    amina.take().await;
    let crate::desk::Desk { actor, watch } = amina;
    drop(watch);
    let alert = board.until_open(AlertKind::PresenceLost).await;
    assert_eq!((alert.contact_id.as_str(), alert.grave), (contact.contact_id.as_str(), true));
    let presence = board.people[&actor.counsellor_id].presence.clone().unwrap();
    assert_eq!(presence.reason(), NotReadyReason::ClientLost);
    let back = crate::desk::Desk::open(actor).await;
    back.ready().await;
    let now = stage.contact(&contact.contact_id).await;
    if now.state() == ContactState::InProgress {
        back.complete(&contact).await;
    }
    board.until_closed(AlertKind::PresenceLost).await;
}

#[tokio::test]
async fn who_is_on_call_is_not_there_for_those_whom_they_are_not_offered() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    crate::hours::on_call(&amina).await;
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    stage.receive(at(Risk::Low, call("ar"))).await;
    stage.world.advance(6.0);
    let alert = board.until_open(AlertKind::NobodyAvailable).await;
    assert_eq!(alert.queue, "general");
}

#[tokio::test]
async fn a_critical_contact_that_others_passed_in_line_is_alerted_of_all_the_same() {
    let stage = Stage::set().await;
    let hurry = TargetWait {
        priority_class: PriorityClass::Critical.into(),
        wait: Some(Duration { seconds: 3, nanos: 0 }),
        ..TargetWait::default()
    };
    let fast = Queue { queue: "fast".to_owned(), target_waits: vec![hurry], ..Queue::default() };
    stage.world.change_settings(|settings| settings.queues.push(fast)).await;
    let first = stage.receive(at(Risk::HarmNow, call("ar"))).await;
    for _ in 0..4 {
        let passes = ReceiveContactRequest { queue: "fast".to_owned(), ..at(Risk::HarmNow, call("ar")) };
        stage.receive(passes).await;
    }
    stage.world.advance(8.0);
    until("all five are alerted of", async || {
        let open = listed(&stage.supervisor, true).await;
        let near = open.iter().filter(|alert| alert.kind() == AlertKind::TargetNear);
        let of: Vec<&str> = near.map(|alert| alert.contact_id.as_str()).collect();
        (of.len() == 5 && of.contains(&first.contact_id.as_str())).then_some(())
    })
    .await;
}
