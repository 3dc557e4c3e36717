//! The child does not arrive.

use helpline_proto::crossborder::v1::{
    CloseCrossBorderHandoverRequest, CrossBorderOutcome, CrossBorderState, PlanCrossBorderTravelRequest,
};
use helpline_proto::escalation::v1::{Danger, GetEscalationRequest};
use helpline_tests::child_alert::{approve, ask, content, disclose_to, lets_send_alerts};
use helpline_tests::crossborder::{arrive, close, journey, plan};

use super::room::{Border, HOUR, signing};
use crate::stage::{until, why};

const RAISED: &str = "SELECT count(*) FROM helpline.escalations";

#[tokio::test]
async fn whose_arrival_nobody_confirms_is_missing_once_also_after_an_outage() {
    let mut border = Border::new().await;
    let id = border.departed().await;
    border.wait(19 * HOUR);
    assert_eq!(border.amina.handover_abroad(&id).await.unwrap().state(), CrossBorderState::Departed);
    assert!(border.stage.world.stop_servers().await);
    border.wait(40 * HOUR);
    border.stage.world.start_again().await;
    let amina = border.amina.over(border.stage.world.connect().await);
    let there = border.first.1.over(border.stage.world.connect().await);
    let missing = until("the child is missing", async || {
        let now = amina.handover_abroad(&id).await.ok()?;
        (now.state() == CrossBorderState::Missing).then_some(now)
    })
    .await;

    // The escalation is the owner's, climbs like any other, and knows who the child is.
    let request = GetEscalationRequest { escalation_id: missing.escalation_id.clone() };
    let raised = amina.escalations().get_escalation(request).await.unwrap().into_inner().escalation.unwrap();
    assert_eq!((raised.danger(), raised.case_id.as_str()), (Danger::Missing, missing.case_id.as_str()));
    assert_eq!(raised.particulars.unwrap().identity, "Salma, born in Irbid");
    let places: Vec<&str> = raised.locations.iter().map(|one| one.place.as_str()).collect();
    assert!(places[0].starts_with("to JO, road, escort sending_side, 20"), "{places:?}");
    assert_eq!(places[1..], ["The bus at six."]);
    assert_eq!(raised.locations[0].observe_time, missing.depart_time);
    until("the ladder takes its first step", async || {
        let told = "SELECT count(*) FROM helpline.escalation_events WHERE event <> 'raised'";
        (border.stage.value(told) != "0").then_some(())
    })
    .await;
    assert_eq!(border.stage.value(RAISED), "1");
    assert_eq!(there.handover_abroad(&id).await.unwrap().escalation_id, "", "that is the centre's own");

    // Late is there all the same.
    let late = there.child_arrives(arrive(&id)).await.unwrap();
    assert_eq!(late.state(), CrossBorderState::ArrivedConfirmed);
    there.sign_certificate(signing(&late)).await.unwrap();
    let signed = amina.sign_certificate(signing(&late)).await.unwrap();
    assert_eq!(signed.state(), CrossBorderState::HandedOver);
    let noted = "SELECT detail ->> 'late' FROM helpline.crossborder_events WHERE event = 'arrived_confirmed'";
    assert_eq!(border.stage.value(noted), "true");
    assert_eq!(border.stage.value(RAISED), "1", "once");
}

#[tokio::test]
async fn a_child_who_is_found_elsewhere_travels_again_and_may_be_missed_again() {
    let border = Border::new().await;
    let id = border.departed().await;
    let missing = async || {
        border.wait(21 * HOUR);
        until("the child is missing", async || {
            let now = border.amina.handover_abroad(&id).await.ok()?;
            (now.state() == CrossBorderState::Missing).then_some(now)
        })
        .await
    };
    let first = missing().await;
    let lost = CloseCrossBorderHandoverRequest { outcome: CrossBorderOutcome::Lost.into(), ..close(&id) };
    assert_eq!(why(border.amina.close_handover(lost.clone()).await).reason, "ROLE_REFUSED");
    let travel = Some(journey(border.later(HOUR), border.later(8 * HOUR)));
    let again = PlanCrossBorderTravelRequest { travel, ..plan(&id) };
    let again = border.amina.plan_travel(again).await.unwrap();
    assert_eq!(again.state(), CrossBorderState::Departed, "who has left has left");
    let back = helpline_tests::crossborder::withdraw(&id);
    assert_eq!(why(border.amina.withdraw_handover(back).await).metadata("state"), "departed");
    let back = CloseCrossBorderHandoverRequest { outcome: CrossBorderOutcome::MovedOn.into(), ..close(&id) };
    assert_eq!(why(border.amina.close_handover(back).await).reason, "ROLE_REFUSED");
    let second = missing().await;
    assert_ne!(first.escalation_id, second.escalation_id);
    assert_eq!(border.stage.value(RAISED), "2");
    let request = CloseCrossBorderHandoverRequest { request_id: helpline_tests::request_id(), ..lost };
    border.stage.supervisor.close_handover(request).await.unwrap();
}

#[tokio::test]
async fn of_a_child_who_does_not_arrive_an_alert_goes_out_and_is_cancelled() {
    let border = Border::new().await;
    lets_send_alerts(&border.stage.world).await;
    let id = border.departed().await;
    border.wait(21 * HOUR);
    let escalation = until("the child is missing", async || {
        let now = border.amina.handover_abroad(&id).await.ok()?;
        (now.state() == CrossBorderState::Missing).then_some(now.escalation_id)
    })
    .await;
    let agency = border.second.0.to_string();
    disclose_to(&border.amina, &escalation, &agency).await;
    let alert = ask(&border.amina, &escalation, content(&[&agency])).await.unwrap();
    let alert = approve(&border.stage.supervisor, &alert).await.unwrap();
    border.first.1.child_arrives(arrive(&id)).await.unwrap();
    let request = helpline_proto::escalation::v1::CancelChildAlertRequest {
        request_id: helpline_tests::request_id(),
        alert_id: alert.alert_id,
        reason: helpline_proto::escalation::v1::ChildAlertCancelReason::ChildFound.into(),
    };
    border.stage.supervisor.child_alerts().cancel_child_alert(request).await.unwrap();
}

#[tokio::test]
async fn once_a_child_has_left_a_supervisor_alone_says_that_it_comes_later() {
    let border = Border::new().await;
    let id = border.departed().await;
    let journey = |hours: i64| {
        let travel = Some(journey(border.later(HOUR), border.later(hours * HOUR)));
        PlanCrossBorderTravelRequest { travel, ..plan(&id) }
    };
    let later = why(border.amina.plan_travel(journey(20)).await);
    assert_eq!((later.reason.as_str(), later.metadata("state")), ("STATE_REFUSED", "later"));
    border.amina.plan_travel(journey(6)).await.unwrap();
    border.stage.supervisor.plan_travel(journey(20)).await.unwrap();
    border.wait(21 * HOUR);
    assert_eq!(border.stage.value(RAISED), "0", "twelve hours are left");
}
