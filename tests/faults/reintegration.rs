//! A server dies while children are announced.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::crossborder::ahead;
use helpline_tests::process::{Fleet, FleetOptions, retry, until};
use helpline_tests::reintegration::{announce, child};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn children_are_announced_once_wherever_a_server_is_killed() {
    // The cohort is created, and then.
    let testing = "kill_at = \"reintegration.after_commit@2\"".to_owned();
    let mut fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
    let by = fleet.bearer(Role::Supervisor, None);
    let cohort_id = by.create_cohort(ahead(3600)).await.cohort_id;
    let request = announce(&cohort_id, vec![child("a", "f"), child("b", "f")]);
    by.announce(request.clone()).await.expect_err("the server died of it");
    let (status, _) =
        until("the server dies", PATIENCE, || std::future::ready(fleet.server(0).status())).await;
    assert_eq!(status.signal(), Some(9), "{status}");
    fleet.restart(0, "");
    let again = retry("announce them again", PATIENCE, || {
        let (mut client, request) = (by.cohorts(), request.clone());
        async move { client.announce_returnees(request).await }
    });
    assert_eq!(again.await.expect("the same children").returnees.len(), 2);
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.returnees"), 2);
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.person_links"), 1);
}

#[test]
fn every_place_where_a_step_could_be_left_half_done_is_tried_here() {
    assert_eq!(FAIL_POINTS.iter().filter(|place| place.starts_with("reintegration.")).count(), 1);
}
