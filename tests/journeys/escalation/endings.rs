//! How it ends: the child reached, or two people who say that nobody will be.

use helpline_proto::escalation::v1::EscalationState;
use helpline_proto::terms::v1::Risk;
use tonic::Code;

use super::room::{accept, ask_to_end, decide, get, hand_over, progress, raise, report};
use crate::stage::{Stage, until, why};

#[tokio::test]
async fn nobody_ends_it_alone() {
    let stage = Stage::set().await;
    let other = stage.world.supervisor().await;
    for (end, approved) in [
        (EscalationState::StoodDown, true),
        (EscalationState::ClosedUnreached, true),
        (EscalationState::ClosedUnreached, false),
    ] {
        let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
        let asked = ask_to_end(&stage.supervisor, &raised, end).await.unwrap();
        assert_eq!(asked.state(), EscalationState::Notifying, "clocks run on until another approves");
        assert!(asked.due_time.is_some() && asked.reach_due_time.is_some());
        assert_eq!(asked.asked_end.unwrap().state(), end);
        let own = why(decide(&stage.supervisor, &raised, true).await);
        assert_eq!((own.code, own.metadata("state")), (Code::FailedPrecondition, "own_request"));
        let again = why(ask_to_end(&other, &raised, end).await);
        assert_eq!(again.metadata("state"), "end_asked");
        let decided = decide(&other, &raised, approved).await.unwrap();
        let expected = if approved { end } else { EscalationState::Notifying };
        assert_eq!(decided.state(), expected);
        assert_eq!(decided.end_time.is_some(), approved);
        assert_eq!(decided.asked_end.is_some(), approved);
    }
}

#[tokio::test]
async fn a_child_reached_makes_an_asked_end_void() {
    let stage = Stage::set().await;
    let other = stage.world.supervisor().await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    accept(&stage.supervisor, &raised).await.unwrap();
    ask_to_end(&stage.supervisor, &raised, EscalationState::ClosedUnreached).await.unwrap();
    let reached = progress(&other, &raised, EscalationState::ChildReached).await.unwrap();
    assert!(reached.asked_end.is_none());
    assert_eq!(why(decide(&other, &raised, true).await).metadata("state"), "child_reached");
}

#[tokio::test]
async fn handed_over_the_clock_of_reaching_the_child_runs_on() {
    let stage = Stage::set().await;
    let agency = stage.world.agency().await;
    let raised = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let handed = hand_over(&stage.supervisor, &raised, agency).await.unwrap();
    assert_eq!((handed.state(), handed.their_incident.as_str()), (EscalationState::Accepted, "MOI 77-12"));
    assert_eq!(handed.handed_to_agency_id, agency.to_string());
    let responder = stage.world.responder(agency).await;
    assert!(get(&responder, &raised).await.unwrap().particulars.is_none(), "nothing was disclosed to them");
    stage.world.advance(1801.0);
    until("the alarm", async || (get(&responder, &raised).await.unwrap().reach_alarms == 1).then_some(()))
        .await;
    let reached = progress(&responder, &raised, EscalationState::ChildReached).await.unwrap();
    assert_eq!(reached.state(), EscalationState::ChildReached);
    let unknown = why(hand_over(&stage.supervisor, &raised, stage.world.agency().await).await);
    assert_eq!(unknown.metadata("state"), "child_reached");
}
