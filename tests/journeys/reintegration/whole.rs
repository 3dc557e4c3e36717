//! From the list that comes before the children to the last visit.

use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::reintegration::v1::{ReturneeState, ScoreTable};
use helpline_tests::casework::open;
use helpline_tests::reintegration::{absent, arrive, close, monitor, rehabilitate, reschedule, settle};

use super::room::{DAY, Flight, done, plan};
use crate::alerts::listed;
use crate::stage::{until, why};

fn table<'a>(tables: &'a [ScoreTable], key: &str) -> &'a ScoreTable {
    tables.iter().find(|one| one.key == key).unwrap()
}

fn cells(table: &ScoreTable) -> Vec<(&str, i64)> {
    table.cells.iter().map(|cell| (cell.key.as_str(), cell.children)).collect()
}

#[tokio::test]
async fn a_child_is_announced_settled_and_followed_for_two_years_and_a_missed_visit_tells_upward() {
    let mut flight = Flight::new().await;
    // A day on which the next two weeks are of the same month.
    let second = "SELECT extract(epoch FROM date_trunc('month', helpline.now()) + interval '1 month 1 day' - helpline.now())::int8";
    let until_then = flight.stage.value(second).parse().unwrap();
    flight.wait(until_then).await;
    let children = flight.announced(&["a1", "a2", "b1", "b2", "c1", "d1"]).await;
    let siblings = flight.amina.person(&children[0].person_id).await.unwrap().links;
    assert_eq!(siblings.len(), 1, "a brother");
    flight.wait(7 * DAY).await;

    let (case, tasks) = flight.settled(&children[0]).await;
    for one in &children[1..] {
        let (_, tasks) = flight.settled(one).await;
        for task in &tasks {
            done(&flight.amina, task).await;
        }
    }
    // Within the month in which they came nothing is told of it yet.
    let early = flight.stage.supervisor.scorecard(&flight.cohort_id).await.unwrap();
    assert_eq!((early.regions.len(), early.pooled_children), (0, 0));

    let (mut passed, mut visits) = (0, 0);
    for task in &tasks {
        let due = task.due_time.unwrap().seconds - tasks[0].due_time.unwrap().seconds + 7 * DAY;
        if due - DAY / 2 > passed {
            flight.wait(due - DAY / 2 - passed).await;
            passed = due - DAY / 2;
        }
        visits += usize::from(task.task == "follow_up");
        if task.task == "follow_up" && visits == 6 {
            // Nobody comes. The owner, supervisors and the coordinator are told, each once.
            flight.wait(4 * DAY).await;
            passed += 4 * DAY;
            let told = format!(
                "SELECT string_agg(event, ' ' ORDER BY entry_id) FROM helpline.journal WHERE detail ->> 'task_id' = '{}' AND event ~ '^task_(due|over)'",
                task.task_id
            );
            let all = "task_due_soon task_overdue task_overdue_told_supervisor task_overdue_told_coordinator";
            until("each rung", async || (flight.stage.value(&told) == all).then_some(())).await;
        }
        done(&flight.amina, task).await;
    }
    assert_eq!(visits, 15);
    let twice = "SELECT count(*) FROM (SELECT FROM helpline.journal WHERE event ~ '^task_(due|over)'
        GROUP BY event, detail ->> 'task_id' HAVING count(*) > 1) AS again";
    assert_eq!(flight.stage.value(twice), "0");

    flight.wait(31 * DAY).await;
    let id = &children[0].returnee_id;
    flight.amina.monitor_returnee(monitor(id)).await.unwrap();
    assert_eq!(why(flight.amina.close_returnee(close(id)).await).metadata("state"), "case_open");
    flight.amina.move_case(&case.case_id, "closed").await.unwrap();
    assert_eq!(flight.amina.close_returnee(close(id)).await.unwrap().state(), ReturneeState::Closed);
    assert_eq!(why(flight.amina.close_returnee(close(id)).await).metadata("state"), "closed");

    // At the end of the last month all six were settled; that one is closed since is not told by a second look.
    let score = flight.stage.supervisor.scorecard(&flight.cohort_id).await.unwrap();
    let [north] = score.regions.as_slice() else { panic!("{score:?}") };
    assert_eq!((north.region.as_str(), north.children, score.pooled_children), ("north", 6, 0));
    assert_eq!(cells(table(&north.tables, "")), [("settled", 6)]);
    assert_eq!(cells(table(&north.tables, "follow_up")), [("done", 6)]);
    assert_eq!(cells(table(&north.tables, "health")), [("done", 6)]);
    assert_eq!(flight.stage.supervisor.scorecard(&flight.cohort_id).await.unwrap(), score);
    // A month later one is alone: nothing of the two cells is told.
    flight.wait(31 * DAY).await;
    let score = flight.stage.supervisor.scorecard(&flight.cohort_id).await.unwrap();
    let states = table(&score.regions[0].tables, "");
    assert_eq!((cells(states), states.pooled_children, states.pooled_cells), (vec![], 6, 2));
}

#[tokio::test]
async fn a_child_who_does_not_arrive_alarms_once_and_again_when_the_day_was_moved() {
    let mut flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let alerts = async |flight: &Flight| {
        let all = listed(&flight.stage.supervisor, false).await;
        let own = all.into_iter().filter(|alert| {
            alert.kind() == AlertKind::ReturneeNotArrived && alert.returnee_id == one.returnee_id
        });
        own.map(|alert| (alert.close_time.is_some(), alert.grave)).collect::<Vec<_>>()
    };
    flight.wait(8 * DAY - 600).await;
    let other = flight.announced(&["b1"]).await.remove(0);
    assert_eq!(alerts(&flight).await, []);
    flight.wait(601).await;
    until("supervisors know", async || (alerts(&flight).await == [(false, true)]).then_some(())).await;
    let later = flight.later(2 * DAY);
    flight.stage.supervisor.reschedule_returnee(reschedule(&one.returnee_id, later)).await.unwrap();
    until("it is over", async || (alerts(&flight).await == [(true, true)]).then_some(())).await;
    flight.wait(3 * DAY + 1).await;
    let again = async || (alerts(&flight).await.iter().filter(|one| !one.0).count() == 1).then_some(());
    until("it alarms again", again).await;
    assert_eq!(alerts(&flight).await.len(), 2);

    // It ends when somebody says why, and who comes after all is received.
    let gone = flight.stage.supervisor.returnee_does_not_come(absent(&one.returnee_id)).await.unwrap();
    assert_eq!(gone.state(), ReturneeState::NotArrived);
    until("nobody waits", async || alerts(&flight).await.iter().all(|one| one.0).then_some(())).await;
    let here = flight.amina.returnee_arrives(arrive(&one.returnee_id)).await.unwrap();
    assert_eq!((here.state(), here.not_arrived_reason), (ReturneeState::Arrived, 0));
    let came = why(flight.amina.returnee_does_not_come(absent(&one.returnee_id)).await);
    assert_eq!(came.metadata("state"), "arrived");
    assert_eq!(flight.amina.returnee(&other.returnee_id).await.unwrap().state(), ReturneeState::Announced);
}

#[tokio::test]
async fn nobody_is_settled_without_a_plan_and_whoever_waits_for_that_alarms() {
    let mut flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let (amina, id) = (flight.amina.clone(), one.returnee_id.clone());
    assert_eq!(why(amina.settle_returnee(settle(&id)).await).metadata("state"), "announced");
    amina.returnee_arrives(arrive(&id)).await.unwrap();
    amina.rehabilitate_returnee(rehabilitate(&id)).await.unwrap();
    assert_eq!(why(amina.settle_returnee(settle(&id)).await).metadata("state"), "no_plan");
    flight.wait(60 * DAY + 1).await;
    let alerts = async |flight: &Flight| {
        let open = listed(&flight.stage.supervisor, true).await;
        open.into_iter().filter(|one| one.kind() == AlertKind::ReturneeNotSettled).count()
    };
    until("supervisors know", async || (alerts(&flight).await == 1).then_some(())).await;
    let case = flight.amina.open_case(open(&one.person_id)).await.unwrap();
    assert_eq!(why(flight.amina.settle_returnee(settle(&id)).await).metadata("state"), "no_plan");
    plan(&flight.amina, &case).await;
    let request = settle(&id);
    let settled = flight.amina.settle_returnee(request.clone()).await.unwrap();
    assert_eq!((settled.state(), settled.region.as_str()), (ReturneeState::Settled, "north"));
    // A repeat is known although the step could not be made again.
    assert_eq!(flight.amina.settle_returnee(request).await.unwrap(), settled);
    until("it is over", async || (alerts(&flight).await == 0).then_some(())).await;
}
