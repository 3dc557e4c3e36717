//! Several want the same child at once, in two centres.

use helpline_proto::intake::v1::ContactState;
use helpline_proto::queueing::v1::OverflowState;
use helpline_tests::Abilities;

use super::{Partner, Terms, accept, agree, ask, decline, get, give_back};
use crate::stage::{Stage, call, until};

/// How often each race is run.
const ROUNDS: usize = 10;

/// How many contacts of both centres are with somebody, or may be offered.
const HAD: &str =
    "SELECT count(*) FROM helpline.contacts WHERE state IN ('waiting', 'offered', 'in_progress')";

#[tokio::test]
async fn of_the_partners_yes_a_counsellor_at_home_and_departure_exactly_one_wins() {
    let mut stage = Stage::set().await;
    stage.world.another_server().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    for round in 0..ROUNDS {
        let contact = stage.receive(call("ar")).await;
        let offer = amina.offered(&contact).await;
        ask(&stage.supervisor, &contact).await.unwrap();
        let asked = partner.asked().await;
        let leave = async {
            // Every other round without: then the two centres race alone.
            round % 2 == 0 && stage.try_leave(&contact.contact_id).await.is_ok()
        };
        let (accepted, taken, left) =
            tokio::join!(accept(&partner.supervisor, &asked), amina.try_accept(&offer), leave);
        let known = until("the race is over", async || {
            let known = get(&stage.supervisor, &contact).await.unwrap();
            (known.state() != OverflowState::Requested).then_some(known)
        })
        .await;
        let now = stage.contact(&contact.contact_id).await;
        match now.state() {
            ContactState::InProgress | ContactState::WrapUp => {
                assert!(taken.is_ok());
                assert_eq!(known.state(), OverflowState::Withdrawn);
                amina.complete(&now).await;
            }
            ContactState::Overflowed if !left => {
                assert!(taken.is_err() && accepted.is_ok());
                assert!(stage.value(HAD) == "1", "one centre has the child");
                let linked = partner.linked(&known).await;
                give_back(&partner.supervisor, &linked).await.unwrap();
                let again = amina.offered(&contact).await;
                let again = amina.accept(&again).await;
                amina.complete(&again).await;
            }
            state => assert!(left && taken.is_err(), "{state:?}"),
        }
        until("nobody is left between the centres", async || {
            let open = "SELECT count(*) FROM helpline.overflows WHERE ended_at IS NULL";
            (stage.value(open) == "0" && stage.value(HAD) == "0").then_some(())
        })
        .await;
        amina.watch.forget().await;
    }
    agree(&stage, &partner).await;
}

#[tokio::test]
async fn of_accept_decline_and_taking_back_exactly_one_wins() {
    let mut stage = Stage::set().await;
    stage.world.another_server().await;
    let partner = Partner::agreed(&stage, Terms::default()).await;
    for _ in 0..ROUNDS {
        let contact = stage.receive(call("ar")).await;
        let out = ask(&stage.supervisor, &contact).await.unwrap();
        let asked = partner.asked().await;
        let (yes, no, back) = tokio::join!(
            accept(&partner.supervisor, &asked),
            decline(&partner.supervisor, &asked),
            decline(&stage.supervisor, &out),
        );
        assert!(yes.is_ok() || no.is_ok() || back.is_ok());
        let overdue = until("the race is over", async || {
            let known = get(&stage.supervisor, &contact).await.unwrap();
            let now = stage.contact(&contact.contact_id).await.state();
            match (known.state(), now) {
                (OverflowState::Requested, _) => None,
                (OverflowState::Accepted, ContactState::Overflowed) => Some(true),
                (_, ContactState::Waiting) => Some(false),
                _ => None,
            }
        })
        .await;
        if overdue {
            let linked = partner.linked(&out).await;
            give_back(&partner.supervisor, &linked).await.unwrap();
            stage.until_state(&contact, ContactState::Waiting).await;
        }
        assert_eq!(stage.value(HAD), "1");
        stage.leave(&contact).await;
    }
    agree(&stage, &partner).await;
}
