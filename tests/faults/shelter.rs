//! A server dies while somebody goes home from a shelter.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::shelter::v1::ReturnSubject;
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::process::{Fleet, FleetOptions, retry, until};
use helpline_tests::shelter::{consents, departs, done, ready, start};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_has_left_once_and_is_called_once_wherever_a_server_is_killed() {
    // Begun, agreed to, five things there, ready, and gone.
    let testing = "kill_at = \"shelter.after_commit@9\"".to_owned();
    let mut fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
    let by = fleet.bearer(Role::Supervisor, None);
    let case = by.case_of_child().await.case_id;
    let help = by.start_return(start(&case, ReturnSubject::Adult)).await.expect("it begins");
    by.agree_to_return(consents(&help.return_id)).await.expect("she agrees");
    for one in &help.items {
        by.set_return_item(done(&help.return_id, &one.item)).await.expect("it is there");
    }
    by.ready_to_return(ready(&help.return_id)).await.expect("she is ready");
    let gone = departs(&help.return_id);
    by.departs_home(gone.clone()).await.expect_err("the server died of it");
    let (status, _) =
        until("the server dies", PATIENCE, || std::future::ready(fleet.server(0).status())).await;
    assert_eq!(status.signal(), Some(9), "{status}");
    fleet.restart(0, "");
    let again = retry("say it again", PATIENCE, || {
        let (mut client, gone) = (by.shelter(), gone.clone());
        async move { client.record_return_departure(gone).await }
    });
    again.await.expect("the same departure");
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.journal WHERE event = 'return_departed'"), 1);
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.tasks WHERE plan = 'after_shelter'"), 4);
}

#[test]
fn every_place_where_a_return_could_be_left_half_done_is_tried_here() {
    assert_eq!(FAIL_POINTS.iter().filter(|place| place.starts_with("shelter.")).count(), 1);
}
