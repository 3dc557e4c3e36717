//! Whatever anybody asks of a stay or of help to return, what the statements do is what the tables say.

use std::collections::BTreeSet;

use helpline_proto::referral::v1::{AdmissionState as Stay, DropExitPlanRequest, PlanExitRequest};
use helpline_proto::shelter::v1::{
    ReturnItemState, ReturnState as Help, ReturnSubject, SetReturnItemRequest,
};
use helpline_tests::request_id;
use helpline_tests::shelter::{arrives, cancels, consents, departs, done, ready, start, withdraws};
use tonic::Status;

use super::room::{DAY, House};
use crate::chance::Chance;
use crate::stage::{chat, why};

#[derive(Clone, Copy, Debug)]
enum Verb {
    Screen,
    Hold,
    Admit,
    Plan,
    Drop,
    Exit,
}

const VERBS: [Verb; 6] = [Verb::Screen, Verb::Hold, Verb::Admit, Verb::Plan, Verb::Drop, Verb::Exit];

/// Where a stay stands then, if it can be done.
const fn law(now: Stay, verb: Verb) -> Option<Stay> {
    match (now, verb) {
        (Stay::Exited, _) => None,
        (_, Verb::Exit) => Some(Stay::Exited),
        (Stay::Requested, Verb::Screen) => Some(Stay::Screened),
        (Stay::Screened, Verb::Hold) => Some(Stay::Held),
        (Stay::Held, Verb::Admit) | (Stay::ExitPlanned, Verb::Drop) => Some(Stay::Admitted),
        (Stay::Admitted | Stay::ExitPlanned, Verb::Plan) => Some(Stay::ExitPlanned),
        _ => None,
    }
}

#[tokio::test]
async fn a_stay_goes_as_the_table_says_and_she_leaves_from_wherever_she_is() {
    let house = House::new(50).await;
    let (by, mut chance) = (house.by(), Chance::new(7));
    let mut left_from = BTreeSet::new();
    for turn in 0..24 {
        let contact = house.stage.receive(chat("ar")).await.contact_id;
        let id = by.asks_for_bed(&contact, &house.service, "").await.admission_id;
        let mut now = Stay::Requested;
        for _ in 0..8 {
            // She goes in the end, some sooner: what leads on is asked more often.
            let forward: Vec<Verb> = VERBS
                .into_iter()
                .filter(|&verb| law(now, verb).is_some() && !matches!(verb, Verb::Exit))
                .collect();
            let verb = if chance.below(3) == 0 || forward.is_empty() {
                chance.one(&VERBS[..5])
            } else {
                chance.one(&forward)
            };
            now = stay_step(&house, &id, now, verb).await;
            if chance.below(5) == turn % 5 {
                break;
            }
        }
        left_from.insert(now.as_str_name());
        assert_eq!(stay_step(&house, &id, now, Verb::Exit).await, Stay::Exited);
        for verb in VERBS {
            stay_step(&house, &id, Stay::Exited, verb).await;
        }
    }
    assert_eq!(left_from.len(), 5, "{left_from:?}");
}

async fn stay_step(house: &House, id: &str, now: Stay, verb: Verb) -> Stay {
    let (by, admission_id) = (house.by(), id.to_owned());
    let answer = match verb {
        Verb::Screen => by.screens(id).await,
        Verb::Hold => by.keeps_place(id).await,
        Verb::Admit => by.takes_in(id).await,
        Verb::Exit => by.lets_go(id).await,
        Verb::Plan => {
            let planned_time = Some(house.later(DAY));
            let request = PlanExitRequest { request_id: request_id(), admission_id, planned_time };
            by.admissions().plan_exit(request).await.map(|one| one.into_inner().admission.unwrap())
        }
        Verb::Drop => {
            let request = DropExitPlanRequest { request_id: request_id(), admission_id };
            by.admissions().drop_exit_plan(request).await.map(|one| one.into_inner().admission.unwrap())
        }
    };
    let Some(next) = law(now, verb) else {
        let refused = why(answer);
        let state = now.as_str_name().trim_start_matches("ADMISSION_STATE_").to_lowercase();
        assert_eq!(
            (refused.reason.as_str(), refused.metadata("state")),
            ("STATE_REFUSED", state.as_str()),
            "{verb:?}"
        );
        return now;
    };
    assert_eq!(answer.unwrap().state(), next, "{now:?} {verb:?}");
    next
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Lose,
    Have,
    Consent,
    Refuse,
    Ready,
    Depart,
    Arrive,
    Cancel,
}

const WISHES: [Wish; 8] = [
    Wish::Lose,
    Wish::Have,
    Wish::Consent,
    Wish::Refuse,
    Wish::Ready,
    Wish::Depart,
    Wish::Arrive,
    Wish::Cancel,
];

/// Help to return, as far as the table knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Model {
    state: Help,
    open: bool,
    consents: bool,
}

/// How it stands then, or the reason why not.
fn wished(now: Model, wish: Wish) -> Result<Model, &'static str> {
    let before = matches!(now.state, Help::Preparing | Help::Ready);
    match wish {
        Wish::Lose if before => Ok(Model { open: true, state: Help::Preparing, ..now }),
        Wish::Have if before => Ok(Model { open: false, ..now }),
        Wish::Consent if before => Ok(Model { consents: true, ..now }),
        Wish::Refuse if before && now.consents => {
            Ok(Model { consents: false, state: Help::Preparing, ..now })
        }
        Wish::Ready if now.state == Help::Preparing && now.open => Err("RETURN_ITEMS_OPEN"),
        Wish::Ready if now.state == Help::Preparing => Ok(Model { state: Help::Ready, ..now }),
        Wish::Depart if now.state == Help::Ready && !now.consents => Err("RETURN_REFUSED"),
        Wish::Depart if now.state == Help::Ready => Ok(Model { state: Help::Departed, ..now }),
        Wish::Arrive if now.state == Help::Departed => Ok(Model { state: Help::Arrived, ..now }),
        Wish::Cancel if before || now.state == Help::Departed => Ok(Model { state: Help::Cancelled, ..now }),
        _ => Err("STATE_REFUSED"),
    }
}

#[tokio::test]
async fn help_to_return_goes_as_the_table_says() {
    let house = House::new(1).await;
    house
        .stage
        .world
        .change_settings(|settings| {
            settings.shelter.get_or_insert_default().return_items = vec!["ticket".to_owned()];
        })
        .await;
    let (by, mut chance) = (house.by(), Chance::new(11));
    let mut ended = BTreeSet::new();
    for _ in 0..12 {
        let case = by.case_of_child().await.case_id;
        let help = by.start_return(start(&case, ReturnSubject::Adult)).await.unwrap();
        assert_eq!(help.items.len(), 1);
        let id = help.return_id;
        let mut now = Model { state: Help::Preparing, open: true, consents: false };
        for _ in 0..40 {
            let wish = match chance.one(&WISHES) {
                // Otherwise nobody would ever get far.
                Wish::Cancel if chance.below(6) > 0 => Wish::Depart,
                wish => wish,
            };
            let answer = match wish {
                Wish::Lose => {
                    let state = ReturnItemState::Open.into();
                    by.set_return_item(SetReturnItemRequest { state, ..done(&id, "ticket") }).await
                }
                Wish::Have => by.set_return_item(done(&id, "ticket")).await,
                Wish::Consent => by.agree_to_return(consents(&id)).await,
                Wish::Refuse => by.refuse_to_return(withdraws(&id)).await,
                Wish::Ready => by.ready_to_return(ready(&id)).await,
                Wish::Depart => by.departs_home(departs(&id)).await,
                Wish::Arrive => by.arrives_home(arrives(&id)).await,
                Wish::Cancel => by.cancel_return(cancels(&id)).await,
            };
            now = agrees(now, wish, answer);
        }
        ended.insert(now.state.as_str_name());
    }
    assert!(ended.contains("RETURN_STATE_ARRIVED") && ended.contains("RETURN_STATE_CANCELLED"), "{ended:?}");
}

/// The statement did what the table says.
fn agrees(
    now: Model,
    wish: Wish,
    answer: Result<helpline_proto::shelter::v1::ReturnAssistance, Status>,
) -> Model {
    match wished(now, wish) {
        Err(reason) => {
            assert_eq!(why(answer).reason, reason, "{now:?} {wish:?}");
            now
        }
        Ok(next) => {
            let known = answer.unwrap();
            let open = known.items.iter().any(|one| one.state() == ReturnItemState::Open);
            let stands = Model { state: known.state(), open, consents: known.consent_time.is_some() };
            assert_eq!(stands, next, "{now:?} {wish:?}");
            next
        }
    }
}
