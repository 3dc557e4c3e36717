//! Commands about children who come back together that can be carried out.

use helpline_proto::casework::v1::{
    CompleteTaskRequest, ListCasesRequest, ListTasksRequest, StartPlanRequest,
};
use helpline_tests::casework::open;
use helpline_tests::crossborder::ahead;
use helpline_tests::reintegration::{
    absent, announce, arrive, child, close, create, grant, monitor, rehabilitate, reschedule,
    reschedule_cohort, revoke, settle,
};
use helpline_tests::{Abilities, Actor, request_id};
use prost::Message as _;

use crate::cast::Cast;

/// How far a child has come, step by step, before the command is given by somebody else.
async fn brought(by: &Actor, steps: usize) -> String {
    let cohort_id = by.create_cohort(ahead(3600)).await.cohort_id;
    let one = by.announce(announce(&cohort_id, vec![child("k1", "")])).await.unwrap().remove(0);
    let (id, person) = (one.returnee_id.as_str(), one.person_id.as_str());
    if steps > 0 {
        by.returnee_arrives(arrive(id)).await.unwrap();
    }
    if steps > 1 {
        by.rehabilitate_returnee(rehabilitate(id)).await.unwrap();
        let case_id = by.open_case(open(person)).await.unwrap().case_id;
        let plan = "new_start".to_owned();
        let start = StartPlanRequest { request_id: request_id(), case_id, plan, start_time: None };
        by.tasks().start_plan(start).await.unwrap();
    }
    if steps > 2 {
        by.settle_returnee(settle(id)).await.unwrap();
    }
    if steps > 3 {
        by.monitor_returnee(monitor(id)).await.unwrap();
    }
    one.returnee_id
}

/// Somebody who gives the command, and its bytes; `None` for commands about something else.
pub(super) async fn prepare_command(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let by = cast.world.supervisor().await;
    let there = &cast.supervisor;
    let cohort = async || there.create_cohort(ahead(3600)).await.cohort_id;
    let whom = async || cast.world.counsellor(Abilities::speaking(&["ar"])).await.counsellor_id;
    let bytes = match method {
        "CreateCohort" => create(ahead(3600)).encode_to_vec(),
        "GrantCohort" => grant(&cohort().await, &whom().await).encode_to_vec(),
        "RevokeCohort" => {
            let (cohort_id, whose) = (cohort().await, whom().await);
            there.cohorts().grant_cohort(grant(&cohort_id, &whose)).await.unwrap();
            revoke(&cohort_id, &whose).encode_to_vec()
        }
        "AnnounceReturnees" => announce(&cohort().await, vec![child("k1", "f")]).encode_to_vec(),
        "RescheduleCohort" => reschedule_cohort(&cohort().await, ahead(7200)).encode_to_vec(),
        "RescheduleReturnee" => reschedule(&brought(there, 0).await, ahead(7200)).encode_to_vec(),
        "RecordReturneeArrival" => arrive(&brought(there, 0).await).encode_to_vec(),
        "RecordReturneeNotArrived" => absent(&brought(there, 0).await).encode_to_vec(),
        "StartFirstRehabilitation" => rehabilitate(&brought(there, 1).await).encode_to_vec(),
        "SettleReturnee" => settle(&brought(there, 2).await).encode_to_vec(),
        "StartReturneeMonitoring" => monitor(&brought(there, 3).await).encode_to_vec(),
        "CloseReturnee" => {
            let id = brought(there, 4).await;
            let person_id = there.returnee(&id).await.unwrap().person_id;
            let filter = ListCasesRequest { child_id: person_id, ..ListCasesRequest::default() };
            let cases = there.cases().list_cases(filter).await.unwrap().into_inner().cases;
            end(there, &cases[0].case_id).await;
            close(&id).encode_to_vec()
        }
        _ => return None,
    };
    Some((by, bytes))
}

/// Closes a case of which nothing is open any more.
async fn end(by: &Actor, case_id: &str) {
    let filter =
        ListTasksRequest { case_id: case_id.to_owned(), page_size: 100, ..ListTasksRequest::default() };
    for task in by.tasks().list_tasks(filter).await.unwrap().into_inner().tasks {
        let request =
            CompleteTaskRequest { request_id: request_id(), task_id: task.task_id, remark: String::new() };
        by.tasks().complete_task(request).await.unwrap();
    }
    by.move_case(case_id, "closed").await.unwrap();
}
