//! A server dies while a child is handed over across a border.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::directory::v1::{GetSettingsRequest, PublishSettingsRequest};
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::crossborder::{ahead, arrive, lets_hand_over};
use helpline_tests::process::{Fleet, FleetOptions, retry, until};
use helpline_tests::request_id;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that hands over, killed at a place.
async fn dying(place: &str) -> (Fleet, helpline_domain::id::AgencyId, helpline_tests::Actor) {
    let testing = format!("kill_at = \"{place}\"");
    let fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
    let (agency, _, there) = fleet.partner();
    let administrator = fleet.bearer(Role::Administrator, None);
    let answer = administrator.centre().get_settings(GetSettingsRequest::default()).await.expect("settings");
    let mut settings = answer.into_inner().settings;
    lets_hand_over(settings.as_mut().expect("the settings"), "JO", &[agency]);
    let publish = PublishSettingsRequest { request_id: request_id(), settings, expected_version: 0 };
    administrator.centre().publish_settings(publish).await.expect("settings");
    (fleet, agency, there)
}

async fn died(fleet: &mut Fleet, place: &str) {
    let (status, _) = until(&format!("the server dies at {place}"), PATIENCE, || {
        std::future::ready(fleet.server(0).status())
    })
    .await;
    assert_eq!(status.signal(), Some(9), "{place}: {status}");
    fleet.restart(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_stands_once_wherever_a_server_is_killed() {
    // Prepared, agreed, checked, offered, assessed, accepted, planned, left, and there.
    let (mut fleet, agency, there) = dying("crossborder.after_commit@9").await;
    let by = fleet.bearer(Role::Supervisor, None);
    let id = by.departed_to((agency, &there), [ahead(3600), ahead(7200)]).await;
    let arrived = arrive(&id);
    there.child_arrives(arrived.clone()).await.expect_err("the server died of it");
    died(&mut fleet, "crossborder.after_commit").await;
    let again = retry("say it again", PATIENCE, || {
        let (mut client, arrived) = (there.cross_border(), arrived.clone());
        async move { client.confirm_cross_border_arrival(arrived).await }
    });
    again.await.expect("the same hand-over");
    let told = "SELECT count(*) FROM helpline.crossborder_events WHERE event = 'arrived_confirmed'";
    assert_eq!(fleet.count(told), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_missing_child_one_escalation_is_raised_wherever_a_server_is_killed() {
    let (mut fleet, agency, there) = dying("crossborder.after_overdue").await;
    let by = fleet.bearer(Role::Supervisor, None);
    by.departed_to((agency, &there), [ahead(3600), ahead(7200)]).await;
    // As if the child should have been there a day ago.
    fleet.sql("UPDATE helpline.crossborder_handovers SET due_at = helpline.now() - interval '1 day'");
    died(&mut fleet, "crossborder.after_overdue").await;
    let missing = "SELECT count(*) FROM helpline.crossborder_handovers WHERE state = 'missing'";
    let raised = "SELECT count(*) FROM helpline.escalations WHERE danger = 'missing'";
    until("the child is missing", PATIENCE, || std::future::ready((fleet.count(missing) == 1).then_some(())))
        .await;
    let climbs = "SELECT count(*) FROM helpline.escalation_events WHERE event <> 'raised'";
    until("the ladder climbs", PATIENCE, || std::future::ready((fleet.count(climbs) > 0).then_some(())))
        .await;
    assert_eq!(fleet.count(raised), 1);
}

#[test]
fn every_place_where_a_handover_could_be_left_half_done_is_tried_here() {
    assert_eq!(FAIL_POINTS.iter().filter(|place| place.starts_with("crossborder.")).count(), 2);
}
