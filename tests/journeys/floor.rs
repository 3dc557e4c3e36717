//! The floor on a wallboard.

use std::collections::HashMap;

use helpline_proto::directory::v1::Queue;
use helpline_proto::intake::v1::{ContactState, ReceiveContactRequest};
use helpline_proto::queueing::v1::{
    Alert, CounsellorOnFloor, FloorSlot, ForceReason, NotReadyReason, PresenceState, ServiceFigures,
    WatchFloorRequest, WatchFloorResponse, WatchQueueStatusRequest,
};
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk};
use helpline_tests::{Abilities, Actor, refused};
use tonic::{Code, Streaming};

use crate::stage::{PATIENCE, Stage, at, call, chat};

/// A wallboard: what it was told, put together.
pub(crate) struct Wallboard {
    stream: Streaming<WatchFloorResponse>,
    pub(crate) people: HashMap<String, CounsellorOnFloor>,
    pub(crate) slots: HashMap<i64, FloorSlot>,
    pub(crate) service: Vec<ServiceFigures>,
    /// Every alert as it was told last.
    pub(crate) alerts: HashMap<String, Alert>,
    /// How often an alert was told to be open, closed.
    pub(crate) told: (usize, usize),
}

impl Wallboard {
    pub(crate) async fn watch(actor: &Actor, queue: &str) -> Self {
        let request = WatchFloorRequest { queue: queue.to_owned() };
        let stream = actor.supervision().watch_floor(request).await.unwrap().into_inner();
        let mut board = Self {
            stream,
            people: HashMap::new(),
            slots: HashMap::new(),
            service: Vec::new(),
            alerts: HashMap::new(),
            told: (0, 0),
        };
        assert!(board.next().await.snapshot, "everything at first");
        board
    }

    async fn next(&mut self) -> WatchFloorResponse {
        let next =
            tokio::time::timeout(2 * PATIENCE, self.stream.message()).await.expect("the floor in time");
        let news = next.unwrap().expect("the stream goes on");
        for one in &news.counsellors {
            let id = one.presence.as_ref().unwrap().counsellor_id.clone();
            assert_ne!(self.people.insert(id, one.clone()).as_ref(), Some(one), "only what changed");
        }
        for id in &news.left_counsellor_ids {
            self.people.remove(id).expect("who left was there");
        }
        for slot in &news.slots {
            self.slots.insert(slot.start_time.unwrap().seconds, slot.clone());
        }
        if !news.service.is_empty() {
            self.service.clone_from(&news.service);
        }
        for alert in &news.alerts {
            let told = if alert.close_time.is_none() { &mut self.told.0 } else { &mut self.told.1 };
            *told += 1;
            self.alerts.insert(alert.alert_id.clone(), alert.clone());
        }
        news
    }

    /// Reads on until it holds.
    pub(crate) async fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        while !holds(self) {
            tokio::time::timeout(2 * PATIENCE, self.next())
                .await
                .unwrap_or_else(|_| panic!("not in time: {what}"));
        }
    }

    fn state(&self, id: &str) -> Option<PresenceState> {
        Some(self.people.get(id)?.presence.as_ref()?.state())
    }
}

#[tokio::test]
async fn a_wallboard_shows_who_does_what_and_hears_of_changes_alone() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 3, 0)).await;
    let basma = stage.desk(Abilities::speaking(&["ru"])).await;
    let _home = stage.desk_off_shift(Abilities::speaking(&["kk"])).await;
    let contact = stage.receive(at(Risk::High, chat("ar"))).await;
    amina.take().await;
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    assert_eq!(board.people.len(), 2, "who is on shift");
    let hers = &board.people[amina.id()];
    let held = &hers.contacts[0];
    assert_eq!((hers.contacts.len(), held.contact_id.as_str()), (1, contact.contact_id.as_str()));
    assert_eq!((held.state(), held.priority_class()), (ContactState::InProgress, PriorityClass::High));
    assert_eq!(held.receive_time, contact.receive_time);
    assert!(held.answer_time.is_some());
    stage.force(&basma, ForceReason::Planning, false).await;
    board.until("Basma is not ready", |board| board.state(basma.id()) == Some(PresenceState::NotReady)).await;
    let presence = board.people[basma.id()].presence.clone().unwrap();
    assert_eq!((presence.reason(), presence.sessions), (NotReadyReason::Supervisor, 1));
    amina.complete(&contact).await;
    board
        .until("Amina holds nothing and has had one severe contact", |board| {
            let hers = &board.people[amina.id()];
            hers.contacts.is_empty() && hers.presence.as_ref().unwrap().severe_in_a_row == 1
        })
        .await;
    basma.offline().await;
    board.until("Basma has left", |board| board.state(basma.id()).is_none()).await;
}

#[tokio::test]
async fn the_history_is_what_sql_counts() {
    let stage = Stage::set().await;
    stage
        .world
        .change_settings(|settings| {
            settings.queues.push(Queue { queue: "night".to_owned(), ..Queue::default() });
        })
        .await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let in_queue = |queue: &str, request| ReceiveContactRequest { queue: queue.to_owned(), ..request };
    // A day of three slots: answered in time and late, left early and late, one who was offered to nobody.
    for slot in 0..3 {
        stage.receive(call("ar")).await;
        let contact = amina.take().await;
        amina.complete(&contact).await;
        amina.not_ready().await;
        stage.receive(at(Risk::High, in_queue("night", call("ar")))).await;
        stage.world.advance(100.0);
        amina.ready().await;
        let contact = amina.take().await;
        amina.complete(&contact).await;
        for wait in [0.0, 30.0] {
            let contact = stage.receive(at(Risk::Low, call("ru"))).await;
            stage.world.advance(wait);
            stage.leave(&contact).await;
        }
        if slot < 2 {
            stage.world.advance(900.0);
        }
    }
    let mut board = Wallboard::watch(&stage.supervisor, "").await;
    board.until("the day", |board| !board.slots.is_empty()).await;
    assert_eq!(board.slots.len(), 97, "24 hours, and the running quarter");
    assert_eq!(board.slots.values().filter(|slot| !slot.closed).count(), 1);
    let told: Vec<i64> = board.slots.values().flat_map(|slot| &slot.figures).fold(vec![0; 5], |sum, of| {
        let figures = [of.received, of.answered, of.answered_in_target, of.abandoned, of.short_abandoned];
        sum.iter().zip(figures).map(|(sum, figure)| sum + figure).collect()
    });
    assert_eq!(told, [12, 6, 3, 3, 3]);
    // Slot by slot and class by class.
    let rows = stage.sql(
        "SELECT extract(epoch FROM date_bin('15 minutes', received_at, '2000-01-01 00:00:00+00'))::bigint, class, count(*)
         FROM helpline.contacts GROUP BY 1, 2 ORDER BY 1, 2",
    );
    let number = |value: &Option<String>| value.as_ref().unwrap().parse::<i64>().unwrap();
    assert!(rows.len() >= 6, "several slots");
    for row in rows {
        let slot = &board.slots[&number(&row[0])];
        let of = slot.figures.iter().find(|of| i64::from(of.priority_class) == number(&row[1])).unwrap();
        assert_eq!(of.received, number(&row[2]));
    }
    let class = |class: PriorityClass| {
        let of = board.service.iter().find(|of| of.priority_class() == class && of.queue.is_empty());
        of.unwrap().clone()
    };
    let high = class(PriorityClass::High);
    assert_eq!((high.received, high.answered, high.answered_in_target), (6, 6, 3));
    assert_eq!((high.in_target_share, high.offers, high.missed_offers), (Some(0.5), 6, 0));
    assert!(high.p95_wait.unwrap().seconds >= 100 && high.median_first_offer.is_some());
    let left = class(PriorityClass::Medium);
    assert_eq!((left.abandoned, left.short_abandoned), (3, 3));
    assert_eq!(
        (left.in_target_share, left.median_wait),
        (Some(0.0), None),
        "who left is a miss, short or not"
    );
    let cell = board.service.iter().find(|of| of.queue == "night" && of.channel() == Channel::Voice);
    assert_eq!((cell.unwrap().language.as_str(), cell.unwrap().received), ("ar", 3));

    // One queue of it.
    let night = Wallboard::watch(&stage.supervisor, "night").await;
    let received: i64 = night.slots.values().flat_map(|slot| &slot.figures).map(|of| of.received).sum();
    assert_eq!(received, 3);
    let request = WatchQueueStatusRequest { queue: "night".to_owned() };
    let mut lines = stage.supervisor.line().watch_queue_status(request).await.unwrap().into_inner();
    let status = lines.message().await.unwrap().unwrap().status.unwrap();
    assert_eq!((status.received, status.answered, status.answered_in_target), (3, 3, 0));
    let request = WatchFloorRequest { queue: "moon".to_owned() };
    let unknown = refused(stage.supervisor.supervision().watch_floor(request).await);
    assert_eq!((unknown.code, unknown.fields), (Code::InvalidArgument, vec!["queue".to_owned()]));
}
