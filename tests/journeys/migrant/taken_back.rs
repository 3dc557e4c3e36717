//! That something was taken back is told to a mission that was told of it, and to no other: it would tell that there is something.

use std::net::TcpListener;

use helpline_proto::channels::v1::EndpointKind;
use helpline_proto::referral::v1::ChoiceState;
use helpline_tests::migrant::fear;
use helpline_tests::{Answer, Partner as Webhook};

use super::room::Room;
use crate::escalation::undelivered::{endpoint, set};
use crate::gate::Gate;
use crate::referral::room::{Partner, choices, get};
use crate::stage::until;

/// What became of what is told of referrals, in the order in which it was made.
const TOLD: &str = "SELECT coalesce(string_agg(state, ' ' ORDER BY made_at, event), '') FROM helpline.deliveries WHERE referral_id IS NOT NULL";

impl Room {
    async fn until_told(&self, states: &str) {
        until(states, async || (self.stage.value(TOLD) == states).then_some(())).await;
    }

    /// Nothing is sent to anybody for a while, or is again.
    fn throttle(&self, until: &str) {
        self.stage
            .sql(&format!("UPDATE helpline.endpoints SET throttled_until = {until} RETURNING endpoint_id"));
    }
}

/// A room, and what an embassy hears.
async fn told() -> (Room, Partner, Webhook) {
    let room = Room::on(set().await).await;
    let embassy = room.embassy("SY").await;
    let webhook = Webhook::answering([Answer::Status(200)]).await;
    endpoint(&room.stage, embassy.agency, EndpointKind::Webhook, &webhook.url).await;
    (room, embassy, webhook)
}

#[tokio::test]
async fn a_mission_that_was_told_hears_that_it_is_over() {
    let (room, embassy, webhook) = told().await;
    room.by().refer(room.draft(&[&embassy])).await;
    room.until_told("delivered").await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    room.until_told("delivered delivered").await;
    assert_eq!(webhook.heard().len(), 2);
}

#[tokio::test]
async fn a_mission_at_whose_address_nobody_was_there_hears_nothing() {
    let room = Room::on(set().await).await;
    let embassy = room.embassy("SY").await;
    let nowhere = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    endpoint(&room.stage, embassy.agency, EndpointKind::Webhook, &format!("http://{nowhere}/hook")).await;
    let referral = room.by().refer(room.draft(&[&embassy])).await;
    let tried = "SELECT count(*) FROM helpline.deliveries WHERE last_result = 'not_connected' AND attempts > 0 AND claimed_until IS NULL";
    until("it is tried", async || (room.stage.value(tried) == "1").then_some(())).await;
    // Somebody is there again when it is taken back.
    let gate = Gate::at(&room.stage, ("referrals", "referral_id"), &referral.referral_id).await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let webhook = Webhook::answering_at(nowhere, [Answer::Status(200)]).await;
    gate.open().await;
    let over =
        "SELECT count(*) FROM helpline.deliveries WHERE event = 'referral.withdrawn' AND state = 'failed'";
    until("nobody is told", async || (room.stage.value(over) == "1").then_some(())).await;
    assert_eq!(webhook.heard().len(), 0);
}

#[tokio::test]
async fn a_mission_that_was_never_told_hears_nothing() {
    for tried in [false, true] {
        let (room, embassy, webhook) = told().await;
        room.throttle("helpline.now() + interval '1 day'");
        let referral = room.by().refer(room.draft(&[&embassy])).await;
        let gate = Gate::at(&room.stage, ("referrals", "referral_id"), &referral.referral_id).await;
        room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
        if tried {
            // The sender looks before anybody has seen that it is over.
            room.throttle("NULL");
            room.until_told("failed").await;
        }
        gate.open().await;
        until("it is over", async || {
            (choices(&get(room.by(), &referral).await.unwrap()) == [ChoiceState::Expired]).then_some(())
        })
        .await;
        room.throttle("NULL");
        room.until_told(if tried { "failed failed" } else { "withdrawn failed" }).await;
        assert_eq!(webhook.heard().len(), 0);
    }
}
