//! The floor as a supervisor sees it.

use std::time::{Duration, Instant};

use helpline_proto::directory::v1::Queue;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::queueing::v1::{
    ClassLine, QueueStatus, WatchQueueStatusRequest, WatchQueueStatusResponse,
};
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_tests::{Abilities, Actor};
use tonic::Streaming;

use crate::stage::{PATIENCE, Stage, at, by, call, chat};

struct Board(Streaming<WatchQueueStatusResponse>);

impl Board {
    async fn watch(actor: &Actor) -> Self {
        Self(actor.line().watch_queue_status(WatchQueueStatusRequest::default()).await.unwrap().into_inner())
    }

    async fn next(&mut self) -> QueueStatus {
        let next = tokio::time::timeout(PATIENCE, self.0.message()).await.expect("a status in time");
        next.unwrap().expect("the stream goes on").status.unwrap()
    }

    /// The first status that holds.
    async fn until(&mut self, holds: impl Fn(&QueueStatus) -> bool) -> QueueStatus {
        loop {
            let status = self.next().await;
            if holds(&status) {
                return status;
            }
        }
    }
}

fn line(status: &QueueStatus, queue: &str, class: PriorityClass) -> ClassLine {
    let lines = status.lines.iter().filter(|line| line.queue == queue);
    let mut classes = lines.flat_map(|line| &line.classes);
    classes.find(|line| line.priority_class() == class).copied().unwrap_or_default()
}

#[tokio::test]
async fn the_figures_of_a_mixed_day_are_those_that_sql_counts() {
    let stage = Stage::set().await;
    stage
        .world
        .change_settings(|settings| {
            settings.queues.push(Queue { queue: "night".to_owned(), ..Queue::default() });
        })
        .await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    // Answered in time, answered late, answered and given back and left, left in time and late.
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    amina.complete(&contact).await;
    amina.not_ready().await;
    stage.receive(call("ar")).await;
    stage.world.advance(61.0);
    amina.ready().await;
    let contact = amina.take().await;
    amina.complete(&contact).await;
    stage.receive(call("ar")).await;
    let contact = amina.take().await;
    amina.not_ready().await;
    let given = amina.transfer(&contact).await;
    stage.leave(&given).await;
    for wait in [0.0, 30.0] {
        let contact = stage.receive(call("ar")).await;
        stage.world.advance(wait);
        stage.leave(&contact).await;
    }
    // Still there: critical and past its deadline, two in the other queue, one that nobody could take, one offered.
    stage.receive(at(Risk::HarmNow, call("ru"))).await;
    stage.world.advance(16.0);
    for _ in 0..2 {
        let request = at(Risk::None, by(helpline_proto::terms::v1::Channel::Sms, "ar"));
        stage.receive(ReceiveContactRequest { queue: "night".to_owned(), ..request }).await;
    }
    let basma = stage.desk(Abilities::speaking(&["en"]).taking(0, 2, 0)).await;
    stage.receive(chat("en")).await;
    basma.next_offer().await;

    let mut board = Board::watch(&stage.supervisor).await;
    let status = board.next().await;
    let counted = stage
        .sql(
            "SELECT count(*), count(answered_at), count(*) FILTER (WHERE answered_at <= deadline_at),
                 count(*) FILTER (WHERE state = 'abandoned' AND answered_at IS NULL),
                 count(*) FILTER (WHERE state = 'short_abandoned' AND answered_at IS NULL)
             FROM helpline.contacts WHERE brought_by IS NOT NULL",
        )
        .remove(0);
    let counted: Vec<i64> = counted.into_iter().map(|number| number.unwrap().parse().unwrap()).collect();
    let told = [
        status.received,
        status.answered,
        status.answered_in_target,
        status.abandoned,
        status.short_abandoned,
    ];
    assert_eq!(told.to_vec(), counted);
    assert_eq!(told, [9, 3, 2, 1, 1], "and so they should be");

    let critical = line(&status, "general", PriorityClass::Critical);
    assert_eq!((critical.waiting, critical.offered, critical.overdue), (1, 0, 1));
    assert!((16..40).contains(&critical.longest_wait.unwrap().seconds));
    let night = line(&status, "night", PriorityClass::Low);
    assert_eq!((night.waiting, night.offered, night.overdue), (2, 0, 0));
    let medium = line(&status, "general", PriorityClass::Medium);
    assert_eq!((medium.waiting, medium.offered), (0, 1));
    assert_eq!(status.unserved, 1, "nobody speaks Russian; Amina could take the others after her break");
    let day = status.status_time.unwrap().seconds - status.period_start_time.unwrap().seconds;
    assert_eq!((day, status.degraded), (24 * 3600, false));
}

#[tokio::test]
async fn counsellors_are_counted_by_what_they_do() {
    let stage = Stage::set().await;
    let free = stage.desk(Abilities::speaking(&["ar"])).await;
    let partly = stage.desk(Abilities::speaking(&["ru"]).taking(0, 2, 0)).await;
    let busy = stage.desk(Abilities::speaking(&["en"])).await;
    let pausing = stage.desk(Abilities::speaking(&["kk"])).await;
    let _off_shift = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    stage.receive(chat("ru")).await;
    partly.take().await;
    stage.receive(call("en")).await;
    busy.take().await;
    pausing.not_ready().await;
    let counts = |status: &QueueStatus| {
        let counts = status.counsellors.unwrap();
        (counts.free, counts.partly_free, counts.busy, counts.not_ready)
    };
    let mut board = Board::watch(&stage.supervisor).await;
    assert_eq!(counts(&board.next().await), (1, 1, 1, 1));
    free.offline().await;
    assert_eq!(counts(&board.until(|status| counts(status).0 == 0).await), (0, 1, 1, 1));
}

#[tokio::test]
async fn a_change_is_seen_within_two_seconds_and_all_who_watch_see_the_same() {
    let stage = Stage::set().await;
    let mut board = Board::watch(&stage.supervisor).await;
    let mut other = Board::watch(&stage.world.administrator()).await;
    let first = board.next().await;
    assert_eq!(other.next().await, first, "computed once");
    let begun = Instant::now();
    let contact = stage.receive(call("ar")).await;
    let holds = |status: &QueueStatus| line(status, "general", PriorityClass::High).waiting == 1;
    let told = board.until(holds).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(other.until(holds).await, told);
    let begun = Instant::now();
    stage.leave(&contact).await;
    let gone = |status: &QueueStatus| status.lines.is_empty() && status.short_abandoned == 1;
    board.until(gone).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
