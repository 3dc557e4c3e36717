//! Every step that a state does not allow is refused with the state.

use helpline_domain::escalation::EscalationState as State;
use helpline_proto::escalation::v1::{AddLocationRequest, TakeOverEscalationRequest};
use helpline_proto::escalation::v1::{
    Escalation, EscalationState, ForceNextStepRequest, Location, LocationSource,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Actor, request_id};
use tonic::{Code, Status};

use super::room::{
    accept, acknowledge, ask_to_end, decide, decline, hand_over, progress, raise, report, resolve,
};
use crate::stage::{Stage, why};

/// Brings a new escalation into a state. Nothing but time makes one unanswered.
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
        State::Raised | State::Notifying | State::Unanswered => {}
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

const STEPS: [Step; 11] = [
    ("acknowledge", |state| state.may_become(State::Acknowledged)),
    ("accept", |state| state.may_become(State::Accepted)),
    ("decline", |state| state.climbs() || state.is_under_way()),
    ("responding", |state| state.may_become(State::Responding)),
    ("on_scene", |state| state.may_become(State::OnScene)),
    ("child_reached", |state| state.may_become(State::ChildReached)),
    ("resolve", |state| state.may_become(State::Resolved)),
    ("ask_to_end", |state| state.may_become(State::StoodDown)),
    ("hand_over", |state| state.climbs() || state.is_under_way()),
    ("force", |state| state.climbs() || state.is_under_way()),
    ("locate", |state| !state.is_final()),
];

async fn take(stage: &Stage, step: &str, one: &Escalation) -> Result<(), Status> {
    let by = &stage.supervisor;
    match step {
        "acknowledge" => acknowledge(by, one).await.map(drop),
        "accept" => accept(by, one).await.map(drop),
        "decline" => decline(by, one).await.map(drop),
        "responding" => progress(by, one, EscalationState::Responding).await.map(drop),
        "on_scene" => progress(by, one, EscalationState::OnScene).await.map(drop),
        "child_reached" => progress(by, one, EscalationState::ChildReached).await.map(drop),
        "resolve" => resolve(by, one).await.map(drop),
        "ask_to_end" => ask_to_end(by, one, EscalationState::StoodDown).await.map(drop),
        "hand_over" => hand_over(by, one, stage.world.agency().await).await.map(drop),
        "force" => {
            let request =
                ForceNextStepRequest { request_id: request_id(), escalation_id: one.escalation_id.clone() };
            by.escalations().force_next_step(request).await.map(drop)
        }
        _ => {
            let location = Location {
                place: "At the bridge".to_owned(),
                source: LocationSource::Said.into(),
                ..Location::default()
            };
            let request = AddLocationRequest {
                request_id: request_id(),
                escalation_id: one.escalation_id.clone(),
                location: Some(location),
            };
            by.escalations().add_location(request).await.map(drop)
        }
    }
}

#[tokio::test]
async fn every_step_that_the_state_forbids_is_refused_with_the_state() {
    let stage = Stage::set().await;
    let other = stage.world.supervisor().await;
    // Raised lasts no longer than the answer; unanswered is a story of its own.
    for state in State::ALL.into_iter().filter(|state| !matches!(state, State::Raised | State::Unanswered)) {
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
