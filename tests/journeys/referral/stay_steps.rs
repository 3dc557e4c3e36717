//! Every step of a stay in every state, and any steps at once.

use futures_util::future::join_all;
use helpline_domain::admission::AdmissionState as State;
use helpline_proto::referral::v1::{
    Admission, DropExitPlanRequest, ExitOutcome, PlanExitRequest, Referral, RejectReason,
};
use helpline_tests::request_id;
use tonic::{Code, Status};

use super::holds::set;
use super::meeting::assert_no_place_is_lost;
use super::room::{Partner, reject, revoke, sent};
use super::stay::{admit, exit, keep, request, screen, seen};
use crate::stage::{Stage, why};

/// What somebody tries, and where it begins.
const STEPS: [(&str, &[State]); 6] = [
    ("screen", &[State::Requested]),
    ("keep", &[State::Screened]),
    ("admit", &[State::Held]),
    ("plan", &[State::Admitted, State::ExitPlanned]),
    ("drop", &[State::ExitPlanned]),
    ("exit", &[State::Requested, State::Screened, State::Held, State::Admitted, State::ExitPlanned]),
];

async fn take(stage: &Stage, shelter: &Partner, of: &Admission, step: &str) -> Result<Admission, Status> {
    let (actor, admission_id) = (&shelter.responder, of.admission_id.clone());
    match step {
        "screen" => screen(actor, of).await,
        "keep" => keep(actor, of).await,
        "admit" => admit(actor, of).await,
        "plan" => {
            let planned_time = Some(stage.world.soon());
            let request = PlanExitRequest { request_id: request_id(), admission_id, planned_time };
            Ok(actor.admissions().plan_exit(request).await?.into_inner().admission.unwrap())
        }
        "drop" => {
            let request = DropExitPlanRequest { request_id: request_id(), admission_id };
            Ok(actor.admissions().drop_exit_plan(request).await?.into_inner().admission.unwrap())
        }
        _ => exit(actor, of, ExitOutcome::Other).await,
    }
}

/// A stay that stands so.
async fn standing(stage: &Stage, shelter: &Partner, state: State) -> Admission {
    let referral = sent(stage, &[shelter]).await;
    let stay = request(&stage.supervisor, &referral, &shelter.service).await.unwrap();
    let way: &[&str] = match state {
        State::Requested => &[],
        State::Screened => &["screen"],
        State::Held => &["screen", "keep"],
        State::Admitted => &["screen", "keep", "admit"],
        State::ExitPlanned => &["screen", "keep", "admit", "plan"],
        State::Exited => &["exit"],
    };
    for step in way {
        take(stage, shelter, &stay, step).await.unwrap();
    }
    stay
}

#[tokio::test]
async fn every_step_in_every_state_is_taken_or_refused_with_the_state() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    set(&stage.supervisor, &shelter.service, 100, 0).await.unwrap();
    for &state in State::ALL {
        for (step, begins) in STEPS {
            let stay = standing(&stage, &shelter, state).await;
            let before = seen(&stage.supervisor, &stay).await.unwrap();
            match take(&stage, &shelter, &stay, step).await {
                Ok(_) => assert!(begins.contains(&state), "{step} of {state:?} was taken"),
                Err(status) => {
                    let refused = why::<()>(Err(status));
                    assert!(!begins.contains(&state), "{step} of {state:?} was refused: {refused:?}");
                    assert_eq!(
                        (refused.code, refused.metadata("state")),
                        (Code::FailedPrecondition, state.key())
                    );
                    let after = seen(&stage.supervisor, &stay).await.unwrap();
                    assert_eq!(after, before, "nothing has happened");
                }
            }
        }
    }
    assert_no_place_is_lost(&stage);
}

/// A child, their referral to one shelter or the other, and the stay that they have now.
struct Guest {
    referral: Referral,
    stay: Admission,
}

async fn guest(stage: &Stage, shelters: &[Partner; 2], number: usize) -> Guest {
    let order = [number % 2, (number + 1) % 2].map(|index| &shelters[index]);
    let referral = sent(stage, &order).await;
    let stay = request(&stage.supervisor, &referral, &order[0].service).await.unwrap();
    Guest { referral, stay }
}

/// What number `chance` does to a guest. Most of it is refused.
async fn something(stage: &Stage, shelters: &[Partner; 2], guest: &Guest, chance: u64) {
    let shelter = shelters.iter().find(|one| one.service == guest.stay.service_id).unwrap();
    match chance % 20 {
        0 => drop(revoke(&stage.supervisor, &guest.referral).await),
        1 => drop(reject(&shelter.responder, &guest.referral, RejectReason::SafetyConcern).await),
        2 => drop(shelter.responder.accept_referral(&guest.referral).await),
        3..6 => drop(take(stage, shelter, &guest.stay, "exit").await),
        6..9 => drop(take(stage, shelter, &guest.stay, "screen").await),
        9..13 => drop(take(stage, shelter, &guest.stay, "keep").await),
        13..16 => drop(take(stage, shelter, &guest.stay, "admit").await),
        16..18 => drop(take(stage, shelter, &guest.stay, "plan").await),
        _ => drop(take(stage, shelter, &guest.stay, "drop").await),
    }
}

#[tokio::test]
async fn whatever_happens_at_once_no_place_is_lost_and_none_is_given_twice() {
    let stage = Stage::set().await;
    let shelters = [Partner::new(&stage).await, Partner::new(&stage).await];
    for shelter in &shelters {
        set(&stage.supervisor, &shelter.service, 2, 0).await.unwrap();
    }
    let mut chances = crate::chance::Chance::new(0x5eed);
    for round in 0..6 {
        let mut guests = Vec::new();
        for number in 0..5 {
            guests.push(guest(&stage, &shelters, number).await);
        }
        for _ in 0..4 {
            let doing: Vec<_> = (0..25).map(|number| (&guests[number % 5], chances.next())).collect();
            join_all(doing.into_iter().map(|(guest, chance)| something(&stage, &shelters, guest, chance)))
                .await;
            assert_no_place_is_lost(&stage);
        }
        if round % 2 == 1 {
            // Whoever did not come has lost their place.
            stage.world.advance(61.0);
        }
        for guest in &guests {
            drop(exit(&stage.supervisor, &guest.stay, ExitOutcome::Other).await);
        }
        assert_no_place_is_lost(&stage);
    }
    let taken =
        "SELECT count(*) FROM helpline.journal WHERE event IN ('admission_admitted', 'admission_held')";
    assert_ne!(stage.value(taken), "0", "somebody has come");
    assert_eq!(stage.value("SELECT sum(held + occupied) FROM helpline.capacities"), "0");
}
