//! Postgres is restarted under load.

use std::sync::Arc;
use std::time::Duration;

use helpline_devstack::StackOptions;
use helpline_domain::caller::Role;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions, PreparedDatabase, private_stack};
use helpline_tests::{Refused, request_id};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::afterwards::all_is_well;
use crate::fail_points::SETTINGS;
use crate::load::Load;
use crate::story::{Act, Board};

const PATIENCE: Duration = Duration::from_mins(1);
/// Seconds without a sign of life.
const TTL: u32 = 3;
/// Longer than the time to live.
const OUTAGE: Duration = Duration::from_secs(5);

/// Of the tests themselves: their fleets come and go on one server.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_fleet_that_goes_does_not_stop_another_from_signing_in() {
    let stack = private_stack(StackOptions::default());
    let url = stack.postgres.url("postgres");
    let comes = tokio::spawn(async move {
        for _ in 0..200 {
            PgConnection::connect(&url).await.expect("signed in").close().await.unwrap();
        }
    });
    let server = Arc::clone(&stack);
    let goes = tokio::spawn(async move {
        for _ in 0..20 {
            drop(PreparedDatabase::create(&server.postgres));
            tokio::task::yield_now().await;
        }
    });
    let (comes, goes) = tokio::join!(comes, goes);
    comes.unwrap();
    goes.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgres_is_said_clearly_and_costs_nobody_their_place_or_presence() {
    let options = FleetOptions {
        processes: 2,
        presence_ttl_s: TTL,
        settings: SETTINGS.to_owned(),
        ..FleetOptions::default()
    };
    let fleet = Fleet::start(options).await;
    let mut board = Board::new();
    board.add_many(60, Channel::WebChat, &[Act::Talk]);
    board.add_many(6, Channel::WebChat, &[Act::Decline, Act::Talk]);
    board.add_many(6, Channel::WebChat, &[Act::Transfer, Act::Talk]);
    board.add_many(6, Channel::WebChat, &[Act::Escalate]);
    let mut load = Load::begin(&fleet, board, 6, Duration::from_millis(60));
    load.wait_over(10, PATIENCE).await;
    let adapter = fleet.bearer(Role::ChannelAdapter, None);

    // Short, as a restart is.
    fleet.stack.restart_postgres().expect("Postgres again");
    load.wait_over(20, PATIENCE).await;

    // Long: whoever calls meanwhile is told at once, and told to come again.
    fleet.stack.stop_postgres();
    let outage = tokio::time::Instant::now();
    let mut answers = 0;
    while outage.elapsed() < OUTAGE {
        let call = ReceiveContactRequest {
            request_id: request_id(),
            channel: Channel::Voice.into(),
            ..ReceiveContactRequest::default()
        };
        let asked = tokio::time::Instant::now();
        let status = adapter.contacts().receive_contact(call).await.expect_err("nothing can be stored");
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert_eq!(Refused::from(&status).reason, "STORE_UNAVAILABLE");
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        assert!(retry.is_some_and(|delay| !delay.is_zero()), "no advice when to come again: {status:?}");
        assert!(asked.elapsed() < Duration::from_secs(3), "the answer took {:.1?}", asked.elapsed());
        answers += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answers > 3, "only {answers} answers during the outage");
    fleet.stack.start_postgres().expect("Postgres again");

    let (board, adapters) = load.finish(PATIENCE).await;
    let lapsed = "SELECT count(*) FROM helpline.journal WHERE event IN ('presence_lapsed', 'shift_lapsed')";
    assert_eq!(fleet.count(lapsed), 0, "presences that lapsed because of the outage");
    all_is_well(&fleet, &board, &adapters).await;
}
