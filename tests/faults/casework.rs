//! A server dies while a child's case goes on, a task tells that it is late, or an assessment comes to a result.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::assessments::{FOUND, SCREENING, complete, save};
use helpline_tests::casework::{note, visit};
use helpline_tests::process::{Fleet, FleetOptions, retry, until};
use prost_types::Timestamp;

const PATIENCE: Duration = Duration::from_secs(30);

async fn died(fleet: &mut Fleet, place: &str) {
    let (status, _) = until(&format!("the server dies at {place}"), PATIENCE, || {
        std::future::ready(fleet.server(0).status())
    })
    .await;
    assert_eq!(status.signal(), Some(9), "{place}: {status}");
    fleet.restart(0, "");
}

/// So many days from now.
fn due(fleet: &Fleet, days: i64) -> Timestamp {
    let now = fleet.count("SELECT extract(epoch FROM helpline.now())::int8");
    Timestamp { seconds: now + days * 86_400, nanos: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_or_given_stands_once_wherever_a_server_is_killed() {
    // The case is opened, and then.
    for place in ["case.after_commit@2", "task.after_commit"] {
        let testing = format!("kill_at = \"{place}\"");
        let mut fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
        let by = fleet.bearer(Role::Supervisor, None);
        let case_id = by.case_of_child().await.case_id;
        let section = note(&case_id, "She eats again.");
        let given = visit(&case_id, due(&fleet, 20));
        let writes = place.starts_with("case");
        if writes {
            by.write_section(section.clone()).await.expect_err("the server died of it");
        } else {
            by.add_task(given.clone()).await.expect_err("the server died of it");
        }
        died(&mut fleet, place).await;
        if writes {
            let again = retry("write it again", PATIENCE, || {
                let (mut client, section) = (by.cases(), section.clone());
                async move { client.write_case_section(section).await }
            });
            again.await.expect("the same entry");
        } else {
            let again = retry("give it again", PATIENCE, || {
                let (mut client, given) = (by.tasks(), given.clone());
                async move { client.add_task(given).await }
            });
            again.await.expect("the same task");
        }
        let (events, tasks) = (i64::from(writes), i64::from(!writes));
        let written = "SELECT count(*) FROM helpline.case_events WHERE event = 'section_written'";
        assert_eq!(fleet.count(written), events, "{place}");
        assert_eq!(fleet.count("SELECT count(*) FROM helpline.tasks"), tasks, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_task_tells_each_once_wherever_a_server_is_killed() {
    let testing = "kill_at = \"task.after_climb@2\"".to_owned();
    let mut fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
    let by = fleet.bearer(Role::Supervisor, None);
    let case_id = by.case_of_child().await.case_id;
    // It is overdue since long.
    by.add_task(visit(&case_id, due(&fleet, -20))).await.expect("a task");
    died(&mut fleet, "task.after_climb").await;
    let told = "SELECT count(*) FROM helpline.journal WHERE event ~ '^task_(due|over)'";
    until("every rung", PATIENCE, || std::future::ready((fleet.count(told) == 4).then_some(()))).await;
    let each = "SELECT count(DISTINCT event) FROM helpline.journal WHERE event ~ '^task_(due|over)'";
    assert_eq!(fleet.count(each), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_and_its_tasks_stand_once_when_a_server_is_killed() {
    // It is begun, answered, and then.
    let testing = "kill_at = \"assessment.after_commit@3\"".to_owned();
    let mut fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
    let by = fleet.bearer(Role::Supervisor, None);
    let case_id = by.case_of_child().await.case_id;
    let id = by.start_assessment(&case_id, SCREENING).await.expect("a draft").assessment_id;
    by.save_assessment(save(&id, &FOUND)).await.expect("answers");
    let complete = complete(&id);
    by.assessments().complete_assessment(complete.clone()).await.expect_err("the server died of it");
    died(&mut fleet, "assessment.after_commit").await;
    let again = retry("complete it again", PATIENCE, || {
        let (mut client, complete) = (by.assessments(), complete.clone());
        async move { client.complete_assessment(complete).await }
    });
    again.await.expect("the same result");
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.tasks"), 2);
    let told = "SELECT count(*) FROM helpline.case_events WHERE event = 'assessment_completed'";
    assert_eq!(fleet.count(told), 1);
}

#[test]
fn every_place_where_a_case_could_be_left_half_done_is_tried_here() {
    let places = FAIL_POINTS
        .iter()
        .filter(|place| ["case.", "task.", "assessment."].iter().any(|of| place.starts_with(of)));
    assert_eq!(places.count(), 4);
}
