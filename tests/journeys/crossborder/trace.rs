//! Of one case one hand-over is open, it stays with its child, and who looks at it inside the centre leaves a trace.

use helpline_proto::casework::v1::MoveCaseRequest;
use helpline_tests::crossborder::{prepare, withdraw};
use helpline_tests::request_id;

use super::room::{Border, HOUR};
use crate::stage::{until, why};

#[tokio::test]
async fn of_one_case_one_handover_is_open_and_the_case_stays_with_its_child() {
    let border = Border::new().await;
    let (amina, by) = (&border.amina, &border.stage.supervisor);
    let id = amina.offers_abroad(border.first.0).await;
    let case_id = amina.handover_abroad(&id).await.unwrap().case_id;
    let second = why(amina.prepare_handover(prepare(&case_id)).await);
    assert_eq!((second.reason.as_str(), second.metadata("state")), ("STATE_REFUSED", "open"));
    let child_id = by.record_person("Aigul", "+77015550100").await.person_id;
    let moved = || MoveCaseRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        child_id: child_id.clone(),
        remark: "It is about the brother.".to_owned(),
    };
    assert_eq!(why(by.cases().move_case(moved()).await).metadata("state"), "open");
    amina.withdraw_handover(withdraw(&id)).await.unwrap();
    by.cases().move_case(moved()).await.unwrap();
    amina.prepare_handover(prepare(&case_id)).await.unwrap();
}

#[tokio::test]
async fn who_looks_inside_the_centre_leaves_a_trace() {
    let border = Border::new().await;
    let id = border.amina.offers_abroad(border.first.0).await;
    let by = &border.stage.supervisor;
    by.handover_abroad(&id).await.unwrap();
    let seen = format!(
        "SELECT count(*) FROM helpline.journal WHERE event = 'crossborder_seen' AND actor_role = 'supervisor'
         AND detail ->> 'crossborder_id' = '{id}'"
    );
    assert_eq!(border.stage.value(&seen), "1");
}

#[tokio::test]
async fn a_missing_child_of_whom_nothing_can_be_opened_is_escalated_all_the_same() {
    let border = Border::new().await;
    border.departed().await;
    border.stage.sql("UPDATE helpline.crossborder_handovers SET identity_sealed = 'broken'");
    border.wait(21 * HOUR);
    until("an escalation is raised", async || {
        (border.stage.value("SELECT count(*) FROM helpline.escalations") == "1").then_some(())
    })
    .await;
}
