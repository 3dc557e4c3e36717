//! Redis is emptied, stopped, started empty and rolled back under load: milliseconds are lost, never a child.

use std::fs;
use std::time::Duration;

use helpline_devstack::RedisStart;
use helpline_domain::caller::Role;
use helpline_proto::queueing::v1::WatchQueueStatusRequest;
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions, until};

use crate::afterwards::{all_is_well, generation, view_is_filled};
use crate::fail_points::SETTINGS;
use crate::load::Load;
use crate::story::{Act, Board};

const PATIENCE: Duration = Duration::from_mins(1);
/// Until the view holds everybody again.
const REFILLED: Duration = Duration::from_secs(2);
/// For a machine that does other things too.
const SLACK: Duration = Duration::from_secs(3);

/// Two servers under a load that lasts for a few seconds whatever happens.
async fn under_load(stories: usize) -> (Fleet, Load) {
    let options = FleetOptions { processes: 2, settings: SETTINGS.to_owned(), ..FleetOptions::default() };
    let fleet = Fleet::start(options).await;
    let mut board = Board::new();
    board.add_patient(100);
    for number in 0..stories {
        let acts: &[Act] = match number % 6 {
            0 => &[Act::Decline, Act::Talk],
            1 => &[Act::Transfer, Act::Talk],
            2 => &[Act::Pause, Act::Talk],
            3 if number % 4 == 3 => &[Act::Ignore, Act::Talk],
            4 if number % 8 == 4 => &[],
            _ => &[Act::Talk],
        };
        board.add(Channel::WebChat, acts);
    }
    let load = Load::begin(&fleet, board, 6, Duration::from_millis(60));
    (fleet, load)
}

fn total(fleet: &Fleet, metric: &str) -> f64 {
    fleet.servers().iter().map(|server| server.metric(metric)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn emptying_redis_under_load_loses_and_doubles_nobody() {
    let (fleet, mut load) = under_load(80).await;
    for round in 1..=3 {
        load.wait_over(12 * round, PATIENCE).await;
        let old = generation(&fleet);
        fleet.stack.redis.command(&["FLUSHALL"]).expect("a flush");
        let took = view_is_filled(&fleet, old, REFILLED + SLACK).await;
        println!("round {round}: filled again after {took:.1?}");
    }
    let (board, adapters) = load.finish(PATIENCE).await;
    all_is_well(&fleet, &board, &adapters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_line_works_from_postgres_and_says_so() {
    let (fleet, mut load) = under_load(120).await;
    load.wait_over(10, PATIENCE).await;
    assert!(total(&fleet, "line_degraded") == 0.0, "degraded before anything happened");
    fleet.stack.stop_redis();
    until("the metrics say that the line is degraded", Duration::from_secs(5), || {
        std::future::ready((total(&fleet, "line_degraded") >= 1.0).then_some(()))
    })
    .await;
    let supervisor = fleet.bearer(Role::Supervisor, None);
    let floor =
        supervisor.line().watch_queue_status(WatchQueueStatusRequest::default()).await.expect("the floor");
    let status = floor.into_inner().message().await.expect("a stream").expect("a status");
    assert!(status.status.expect("the floor").degraded, "the supervisor is not told");
    // Contacts are received, offered, answered and signed off as before.
    let before = load.board.count_over();
    load.wait_over(before + 25, PATIENCE).await;

    let old = generation(&fleet);
    fleet.stack.start_redis(RedisStart::Empty).expect("Redis again");
    let took = view_is_filled(&fleet, old, REFILLED + SLACK).await;
    println!("filled {took:.1?} after Redis came back empty");
    until("the metrics say that all is well", Duration::from_secs(5), || {
        std::future::ready((total(&fleet, "line_degraded") == 0.0).then_some(()))
    })
    .await;
    let (board, adapters) = load.finish(PATIENCE).await;
    all_is_well(&fleet, &board, &adapters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_with_old_data_is_not_believed() {
    let (fleet, mut load) = under_load(80).await;
    load.wait_over(8, PATIENCE).await;
    let dump = fleet.stack.redis.dump().expect("a dump");
    let old = fs::read(&dump).expect("the dump");
    load.wait_over(30, PATIENCE).await;
    let generation_before = generation(&fleet);
    fleet.stack.stop_redis();
    fs::write(&dump, old).expect("the old dump in place of the new");
    fleet.stack.start_redis(RedisStart::KeepData).expect("Redis again");
    let took = view_is_filled(&fleet, generation_before, REFILLED + SLACK).await;
    println!("filled {took:.1?} after Redis came back with old data");
    let (board, adapters) = load.finish(PATIENCE).await;
    all_is_well(&fleet, &board, &adapters).await;
}
