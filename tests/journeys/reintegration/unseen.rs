//! What is not about a child, and would tell all the same that they came with others: alerts, links, settings.

use helpline_proto::casework::v1::BreakGlassRequest;
use helpline_proto::directory::v1::GetSettingsRequest;
use helpline_proto::queueing::v1::{Alert, AlertKind, WatchFloorRequest};
use helpline_tests::casework::open;
use helpline_tests::reintegration::{announce, child};
use helpline_tests::{Actor, request_id};

use super::room::{DAY, Flight};
use crate::alerts::listed;
use crate::stage::until;

fn of_returnees(alerts: &[Alert]) -> usize {
    alerts.iter().filter(|alert| alert.kind() == AlertKind::ReturneeNotArrived).count()
}

async fn on_floor(by: &Actor) -> Vec<Alert> {
    let request = WatchFloorRequest { queue: String::new() };
    let mut floor = by.supervision().watch_floor(request).await.unwrap().into_inner();
    floor.message().await.unwrap().unwrap().alerts
}

#[tokio::test]
async fn alerts_about_children_of_a_cohort_are_there_for_supervisors_alone() {
    let mut flight = Flight::new().await;
    flight.announced(&["a1", "b1", "c1"]).await;
    flight.wait(8 * DAY + 1).await;
    let supervisor = &flight.stage.supervisor;
    until("supervisors know", async || (of_returnees(&listed(supervisor, true).await) == 3).then_some(()))
        .await;
    let floor = async || (of_returnees(&on_floor(supervisor).await) == 3).then_some(());
    until("it is on the floor", floor).await;
    let administrator = flight.stage.world.administrator();
    assert_eq!(of_returnees(&listed(&administrator, false).await), 0);
    assert_eq!(of_returnees(&on_floor(&administrator).await), 0);
}

#[tokio::test]
async fn links_of_families_of_one_cohort_do_not_tell_that_they_were_made_together() {
    let flight = Flight::new().await;
    let children =
        [("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")].map(|(key, family)| child(key, family));
    let all = flight.stage.supervisor.announce(announce(&flight.cohort_id, children.to_vec())).await.unwrap();
    let apart = "SELECT count(DISTINCT date_trunc('minute', from_at)) || ' ' || count(DISTINCT substr(link_id::text, 1, 8)) || ' '
            || bool_and(abs(extract(epoch FROM from_at) - ('x' || substr(replace(link_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) < 60)
            || ' ' || bool_and(from_at < helpline.now() AND from_at > p.recorded_at)
        FROM helpline.person_links l JOIN helpline.persons p ON p.person_id IN (l.person_id, l.relative_id)";
    assert_eq!(flight.stage.value(apart), "2 2 true true");

    // When a record was made does not stand in its id, of whomever it is.
    flight.stage.supervisor.record_person("Saule", "+77015550999").await;
    let versions = "SELECT string_agg(DISTINCT substr(person_id::text, 15, 1), '') FROM helpline.persons";
    assert_eq!(flight.stage.value(versions), "4");

    // Who has a case of a child reads the record without what tells the order in which records were made.
    let (by, stranger) = (&flight.stage.supervisor, &flight.stranger);
    by.open_case(open(&all[0].person_id)).await.unwrap();
    let glass = BreakGlassRequest {
        request_id: request_id(),
        child_id: all[0].person_id.clone(),
        reason: "She called and I must know.".to_owned(),
        ..BreakGlassRequest::default()
    };
    stranger.case_access().break_glass(glass).await.unwrap();
    let seen = stranger.person(&all[0].person_id).await.unwrap();
    assert_eq!((seen.number, seen.recorded_by.as_str(), seen.record_time), (0, "", None));
    assert_eq!(seen.links.len(), 1);
    let own = stranger.record_person("Somebody", "5").await;
    assert!(own.number > 0 && own.record_time.is_some(), "their own");
    let another = flight.stage.world.supervisor().await;
    let seen = another.person(&all[0].person_id).await.unwrap();
    assert!(seen.number > 0 && seen.record_time.is_some(), "for supervisors");
}

#[tokio::test]
async fn settings_name_the_plan_of_those_who_come_back_to_supervisors_and_administrators_alone() {
    let flight = Flight::new().await;
    let world = &flight.stage.world;
    let told = async |by: &Actor| {
        let mut client = by.centre();
        let answer = client.get_settings(GetSettingsRequest::default()).await.unwrap().into_inner();
        answer.settings.unwrap().reintegration.is_some()
    };
    assert!(told(&flight.stage.supervisor).await && told(&world.administrator()).await);
    assert!(!told(&flight.amina).await && !told(&world.adapter().await).await);
}
