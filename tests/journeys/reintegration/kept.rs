//! Nobody is lost: what was entered wrongly is taken back, what comes between two at once is seen, and who ends an alarm may.

use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::reintegration::v1::{NotArrivedReason, RecordReturneeNotArrivedRequest, ReturneeState};
use helpline_tests::reintegration::{
    absent, announce, arrive, child, rehabilitate, reschedule, reschedule_cohort,
};
use tonic::Code;

use super::room::{DAY, Flight, done};
use crate::alerts::listed;
use crate::gate::{Gate, meet};
use crate::stage::{until, why};

/// The children of whom an alert of a kind is open.
async fn open(flight: &Flight, kind: AlertKind) -> Vec<String> {
    let all = listed(&flight.stage.supervisor, true).await;
    all.into_iter().filter(|alert| alert.kind() == kind).map(|alert| alert.returnee_id).collect()
}

async fn until_open(flight: &Flight, kind: AlertKind, of: &[&str]) {
    until("supervisors know", async || (open(flight, kind).await == of).then_some(())).await;
}

#[tokio::test]
async fn an_arrival_that_was_recorded_of_the_wrong_child_is_taken_back_and_the_alarm_opens_again() {
    let mut flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let id = one.returnee_id.as_str();
    let request = arrive(id);
    flight.amina.returnee_arrives(request.clone()).await.unwrap();
    flight.amina.rehabilitate_returnee(rehabilitate(id)).await.unwrap();
    let back = flight.amina.reschedule_returnee(reschedule(id, one.expected_time.unwrap())).await.unwrap();
    assert_eq!(
        (back.state(), back.arrive_time, back.rehabilitate_time),
        (ReturneeState::Announced, None, None)
    );
    assert_eq!(back.expected_time, one.expected_time);
    assert_eq!(
        flight.amina.returnee_arrives(request).await.unwrap().state(),
        ReturneeState::Announced,
        "a repeat"
    );
    flight.wait(8 * DAY + 1).await;
    until_open(&flight, AlertKind::ReturneeNotArrived, &[id]).await;
}

#[tokio::test]
async fn who_is_found_to_be_announced_twice_after_arriving_is_ended_and_not_for_another_reason() {
    let flight = Flight::new().await;
    let one = flight.announced(&["a1"]).await.remove(0);
    let id = one.returnee_id.as_str();
    flight.amina.returnee_arrives(arrive(id)).await.unwrap();
    assert_eq!(why(flight.amina.returnee_does_not_come(absent(id)).await).metadata("state"), "arrived");
    let reason = NotArrivedReason::Duplicate.into();
    let twice = RecordReturneeNotArrivedRequest { reason, ..absent(id) };
    let ended = flight.amina.returnee_does_not_come(twice).await.unwrap();
    assert_eq!((ended.state(), ended.arrive_time), (ReturneeState::NotArrived, None));
    // That was wrong as well: the child is expected again.
    let again = flight.amina.reschedule_returnee(reschedule(id, flight.later(DAY))).await.unwrap();
    assert_eq!((again.state(), again.not_arrived_reason), (ReturneeState::Announced, 0));
}

#[tokio::test]
async fn once_it_alarms_a_supervisor_alone_says_that_the_child_comes_later_or_not() {
    let mut flight = Flight::new().await;
    let one = flight.announced(&["a1", "b1"]).await.remove(0);
    let (id, cohort) = (one.returnee_id.clone(), flight.cohort_id.clone());
    flight.wait(8 * DAY + 1).await;
    let far = flight.later(700 * DAY);
    let late = [
        why(flight.amina.reschedule_returnee(reschedule(&id, far)).await),
        why(flight.amina.returnee_does_not_come(absent(&id)).await),
        why(flight.amina.cohorts().reschedule_cohort(reschedule_cohort(&cohort, far)).await),
    ];
    for refused in late {
        assert_eq!((refused.code, refused.metadata("state")), (Code::FailedPrecondition, "overdue"));
    }
    let supervisor = &flight.stage.supervisor;
    supervisor.reschedule_returnee(reschedule(&id, flight.later(DAY))).await.unwrap();
    supervisor.cohorts().reschedule_cohort(reschedule_cohort(&cohort, flight.later(2 * DAY))).await.unwrap();
    let told = "SELECT string_agg(event || ' ' || ((detail ->> 'expected_at')::timestamptz > (detail ->> 'old_expected_at')::timestamptz), ' '
        ORDER BY entry_id) FROM helpline.journal WHERE event ~ 'rescheduled'";
    assert_eq!(flight.stage.value(told), "returnee_rescheduled true cohort_rescheduled true");
    // Who comes after all is received by anybody.
    flight.wait(4 * DAY).await;
    assert_eq!(flight.amina.returnee_arrives(arrive(&id)).await.unwrap().state(), ReturneeState::Arrived);
}

#[tokio::test]
async fn a_child_of_whom_another_day_was_said_keeps_it_when_the_others_are_moved() {
    let flight = Flight::new().await;
    let children = flight.announced(&["a1", "b1", "c1"]).await;
    flight.amina.returnee_arrives(arrive(&children[2].returnee_id)).await.unwrap();
    let own = flight.later(DAY);
    flight.amina.reschedule_returnee(reschedule(&children[0].returnee_id, own)).await.unwrap();
    let at = flight.later(20 * DAY);
    flight.amina.cohorts().reschedule_cohort(reschedule_cohort(&flight.cohort_id, at)).await.unwrap();
    let now = flight.amina.returnees(&flight.cohort_id).await.unwrap();
    assert_eq!((now[0].expected_time, now[1].expected_time), (Some(own), Some(at)));
    assert_eq!(now[2].expected_time, children[2].expected_time, "who is here is not moved");
}

#[tokio::test]
async fn who_is_announced_while_the_cohort_is_moved_is_expected_when_the_cohort_is() {
    let flight = Flight::new().await;
    let (by, cohort) = (&flight.stage.supervisor, flight.cohort_id.as_str());
    let gate = Gate::at(&flight.stage, ("cohorts", "cohort_id"), cohort).await;
    let children = (0..3).map(|n| child(&format!("k{n}"), "")).collect();
    let (at, mut cohorts) = (flight.later(2 * DAY), by.cohorts());
    let announced = by.announce(announce(cohort, children));
    let (announced, moved) =
        meet(gate, announced, cohorts.reschedule_cohort(reschedule_cohort(cohort, at))).await;
    announced.unwrap();
    moved.unwrap();
    let now = by.returnees(cohort).await.unwrap();
    assert_eq!(now.iter().map(|one| one.expected_time).collect::<Vec<_>>(), [Some(at); 3]);
}

#[tokio::test]
async fn of_a_settled_child_whose_last_case_was_closed_too_early_supervisors_are_told() {
    let mut flight = Flight::new().await;
    let mut cases = Vec::new();
    let children = flight.announced(&["a1", "b1"]).await;
    for one in &children {
        let (case, tasks) = flight.settled(one).await;
        for task in &tasks {
            done(&flight.amina, task).await;
        }
        cases.push(case.case_id);
    }
    let [first, later] = [0, 1].map(|place: usize| children[place].returnee_id.as_str());
    flight.amina.move_case(&cases[0], "closed").await.unwrap();
    flight.wait(1200).await;
    flight.amina.move_case(&cases[1], "closed").await.unwrap();
    flight.wait(DAY - 600).await;
    // Of one and not yet of the other.
    until_open(&flight, AlertKind::ReturneeNotSettled, &[first]).await;
    flight.wait(601).await;
    until_open(&flight, AlertKind::ReturneeNotSettled, &[later, first]).await;
    flight.amina.open_case(helpline_tests::casework::open(&children[0].person_id)).await.unwrap();
    until_open(&flight, AlertKind::ReturneeNotSettled, &[later]).await;
}
