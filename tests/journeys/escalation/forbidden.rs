//! Every step that a state does not allow is refused with the state.

use helpline_domain::escalation::EscalationState as State;
use helpline_proto::escalation::v1::{
    AddLocationRequest, AddRemarkRequest, Escalation, EscalationState, ForceNextStepRequest,
    JoinEscalationRequest, Location, LocationSource, TakeOverEscalationRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Actor, request_id};
use tonic::{Code, Status};

use super::room::{
    accept, acknowledge, ask_to_end, decide, decline, get, hand_over, progress, raise, report, resolve,
};
use crate::stage::{Stage, call, until, why};

/// Brings a new escalation into a state.
async fn brought_to(stage: &Stage, other: &Actor, state: State) -> Escalation {
    let one = raise(&stage.supervisor, report(Risk::HarmNow)).await;
    let by = &stage.supervisor;
    let reach = async |states: &[EscalationState]| {
        accept(by, &one).await.unwrap();
        for state in states {
            progress(by, &one, *state).await.unwrap();
        }
    };
    match state {
        State::Raised | State::Notifying => {}
        State::Unanswered => {
            for rung in [2, 3] {
                stage.world.advance(31.0);
                until("nobody has answered", async || {
                    let now = get(by, &one).await.unwrap();
                    (now.rung == rung || now.state() == EscalationState::Unanswered).then_some(())
                })
                .await;
            }
        }
        State::Acknowledged => drop(acknowledge(by, &one).await.unwrap()),
        State::Accepted => reach(&[]).await,
        State::Responding => reach(&[EscalationState::Responding]).await,
        State::OnScene => reach(&[EscalationState::OnScene]).await,
        State::ChildReached => reach(&[EscalationState::ChildReached]).await,
        State::Resolved => {
            reach(&[EscalationState::ChildReached]).await;
            resolve(by, &one).await.unwrap();
        }
        State::StoodDown | State::ClosedUnreached => {
            let end = if state == State::StoodDown {
                EscalationState::StoodDown
            } else {
                EscalationState::ClosedUnreached
            };
            ask_to_end(by, &one, end).await.unwrap();
            decide(other, &one, true).await.unwrap();
        }
    }
    one
}

/// A step that somebody asks for, and in which states it may be taken.
type Step = (&'static str, fn(State) -> bool);

const STEPS: [Step; 15] = [
    ("acknowledge", |state| state.may_become(State::Acknowledged)),
    ("accept", |state| state.may_become(State::Accepted)),
    ("decline", |state| state.climbs() || state.is_under_way()),
    ("responding", |state| state.may_become(State::Responding)),
    ("on_scene", |state| state.may_become(State::OnScene)),
    ("child_reached", |state| state.may_become(State::ChildReached)),
    ("resolve", |state| state.may_become(State::Resolved)),
    ("ask_to_end", |state| state.may_become(State::StoodDown)),
    // Nobody has asked.
    ("decide_end", |_| false),
    ("hand_over", |state| state.climbs() || state.is_under_way()),
    ("force", |state| state.climbs() || state.is_under_way()),
    ("locate", |state| !state.is_final()),
    ("take_over", |state| !state.is_final()),
    ("join", |state| !state.is_final()),
    ("remark", |_| true),
];

async fn take(stage: &Stage, step: &str, one: &Escalation) -> Result<(), Status> {
    let by = &stage.supervisor;
    let (request_id, escalation_id) = (request_id(), one.escalation_id.clone());
    match step {
        "acknowledge" => acknowledge(by, one).await.map(drop),
        "accept" => accept(by, one).await.map(drop),
        "decline" => decline(by, one).await.map(drop),
        "responding" => progress(by, one, EscalationState::Responding).await.map(drop),
        "on_scene" => progress(by, one, EscalationState::OnScene).await.map(drop),
        "child_reached" => progress(by, one, EscalationState::ChildReached).await.map(drop),
        "resolve" => resolve(by, one).await.map(drop),
        "ask_to_end" => ask_to_end(by, one, EscalationState::StoodDown).await.map(drop),
        "decide_end" => decide(by, one, true).await.map(drop),
        "hand_over" => hand_over(by, one, stage.world.agency().await).await.map(drop),
        "force" => {
            let request = ForceNextStepRequest { request_id, escalation_id };
            by.escalations().force_next_step(request).await.map(drop)
        }
        "take_over" => {
            let request = TakeOverEscalationRequest { request_id, escalation_id };
            by.escalations().take_over_escalation(request).await.map(drop)
        }
        "join" => {
            let contact_id = stage.receive(call("ar")).await.contact_id;
            let request = JoinEscalationRequest { request_id, escalation_id, contact_id };
            by.escalations().join_escalation(request).await.map(drop)
        }
        "remark" => {
            let remark = "The gate is open".to_owned();
            let request = AddRemarkRequest { request_id, escalation_id, remark, shared: false };
            by.escalations().add_remark(request).await.map(drop)
        }
        _ => {
            let location = Location {
                place: "At the bridge".to_owned(),
                source: LocationSource::Said.into(),
                ..Location::default()
            };
            let request = AddLocationRequest { request_id, escalation_id, location: Some(location) };
            by.escalations().add_location(request).await.map(drop)
        }
    }
}

#[tokio::test]
async fn every_step_that_the_state_forbids_is_refused_with_the_state() {
    let stage = Stage::set().await;
    let other = stage.world.supervisor().await;
    // Raised lasts no longer than the answer.
    for state in State::ALL.into_iter().filter(|state| *state != State::Raised) {
        for (step, allowed) in STEPS {
            let one = brought_to(&stage, &other, state).await;
            let taken = take(&stage, step, &one).await;
            if allowed(state) {
                assert!(taken.is_ok(), "{step} while {}: {taken:?}", state.key());
            } else {
                let refused = why(taken);
                assert_eq!(
                    (refused.code, refused.reason.as_str(), refused.metadata("state")),
                    (Code::FailedPrecondition, "STATE_REFUSED", state.key()),
                    "{step}"
                );
            }
        }
    }
}

#[tokio::test]
async fn who_comes_after_a_hand_over_is_told_who_has_it() {
    let stage = Stage::set().await;
    let other = stage.world.supervisor().await;
    let agency = stage.world.agency().await;
    let one = brought_to(&stage, &other, State::Notifying).await;
    hand_over(&stage.supervisor, &one, agency).await.unwrap();
    for refused in [why(accept(&other, &one).await), why(acknowledge(&other, &one).await)] {
        assert_eq!((refused.code, refused.metadata("state")), (Code::FailedPrecondition, "accepted"));
        assert_eq!(refused.metadata("by"), agency.to_string());
    }
}

#[tokio::test]
async fn what_has_ended_has_no_new_owner_and_stays_as_it_ended() {
    let stage = Stage::set().await;
    let other = stage.world.supervisor().await;
    let one = brought_to(&stage, &other, State::StoodDown).await;
    let request =
        TakeOverEscalationRequest { request_id: request_id(), escalation_id: one.escalation_id.clone() };
    assert_eq!(why(other.escalations().take_over_escalation(request).await).metadata("state"), "stood_down");
    let revived = stage.world.database.query("UPDATE helpline.escalations SET state = 'notifying'");
    assert!(revived.is_err(), "not even by hand");
}
