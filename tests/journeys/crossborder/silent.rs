//! Somebody does not say what they should: that the child has left, that they go on, that the child is there.

use helpline_proto::crossborder::v1::{
    CloseCrossBorderHandoverRequest, CrossBorderOfferState, CrossBorderOutcome, CrossBorderState,
    CrossBorderWellBeing, OfferCrossBorderHandoverRequest, PlanCrossBorderTravelRequest,
    RecordCrossBorderFirstVisitRequest,
};
use helpline_proto::queueing::v1::AlertKind;
use helpline_tests::crossborder::{arrive, assess, close, consent, depart, journey, offer, plan, visit};

use super::room::{Border, DAY, HOUR, signing};
use crate::alerts::listed;
use crate::stage::{until, why};

const RAISED: &str = "SELECT count(*) FROM helpline.escalations";

async fn alerts(border: &Border, id: &str, kind: AlertKind) -> usize {
    let open = listed(&border.stage.supervisor, true).await;
    open.into_iter().filter(|one| one.kind() == kind && one.crossborder_id == id).count()
}

async fn is_missing(border: &Border, id: &str) {
    until("the child is missing", async || {
        let now = border.amina.handover_abroad(id).await.ok()?;
        (now.state() == CrossBorderState::Missing).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_child_whose_departure_nobody_recorded_is_missed_all_the_same() {
    let border = Border::new().await;
    let (amina, (agency, there)) = (&border.amina, &border.first);
    let id = amina.accepted_abroad(*agency, there).await;
    let travel = Some(journey(border.later(HOUR), border.later(30 * HOUR)));
    amina.plan_travel(PlanCrossBorderTravelRequest { travel, ..plan(&id) }).await.unwrap();
    border.wait(26 * HOUR);
    until("it is overdue", async || {
        (alerts(&border, &id, AlertKind::CrossBorderOverdue).await == 1).then_some(())
    })
    .await;
    assert_eq!(border.stage.value(RAISED), "0");
    border.wait(17 * HOUR);
    is_missing(&border, &id).await;
    assert_eq!(border.stage.value(RAISED), "1");
    assert_eq!(there.child_arrives(arrive(&id)).await.unwrap().state(), CrossBorderState::ArrivedConfirmed);
}

#[tokio::test]
async fn no_journey_is_planned_for_another_age_and_one_that_is_delayed_is_planned_anew() {
    let border = Border::new().await;
    let (amina, (agency, there)) = (&border.amina, &border.first);
    let id = amina.accepted_abroad(*agency, there).await;
    let planned = |departs: i64, arrives: i64| PlanCrossBorderTravelRequest {
        travel: Some(journey(border.later(departs), border.later(arrives))),
        ..plan(&id)
    };
    let never = why(amina.plan_travel(planned(HOUR, 36_500 * DAY)).await);
    assert_eq!(never.fields, ["travel.arrive_time"]);
    let never = why(amina.plan_travel(planned(36_500 * DAY, 36_501 * DAY)).await);
    assert_eq!(never.fields, ["travel.depart_time"]);
    amina.plan_travel(planned(HOUR, 8 * HOUR)).await.unwrap();
    amina.child_departs(depart(&id)).await.unwrap();
    let delayed = border.stage.supervisor.plan_travel(planned(HOUR, 48 * HOUR)).await.unwrap();
    assert_eq!(delayed.state(), CrossBorderState::Departed);
    assert!(delayed.depart_time.is_some());
    border.wait(40 * HOUR);
    assert_eq!(amina.handover_abroad(&id).await.unwrap().state(), CrossBorderState::Departed);
    border.wait(21 * HOUR);
    is_missing(&border, &id).await;
}

#[tokio::test]
async fn a_missing_child_is_not_forgotten_when_the_escalation_is_over() {
    let border = Border::new().await;
    let id = border.departed().await;
    border.wait(21 * HOUR);
    is_missing(&border, &id).await;
    assert_eq!(alerts(&border, &id, AlertKind::CrossBorderOverdue).await, 0);
    let end = "UPDATE helpline.escalations SET state = 'stood_down', ended_at = helpline.now(), due_at = NULL, reach_due_at = NULL,
        forced_at = NULL, end_asked = 'stood_down', end_reason = 'other', end_asked_by = gen_random_uuid(), end_asked_at = helpline.now(),
        end_approved_by = gen_random_uuid()";
    border.stage.sql(end);
    until("supervisors are alerted", async || {
        (alerts(&border, &id, AlertKind::CrossBorderOverdue).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_child_in_danger_alerts_beside_a_visit_that_was_overdue() {
    let border = Border::new().await;
    let (amina, there) = (&border.amina, &border.first.1);
    let id = border.departed().await;
    let arrived = there.child_arrives(arrive(&id)).await.unwrap();
    there.sign_certificate(signing(&arrived)).await.unwrap();
    amina.sign_certificate(signing(&arrived)).await.unwrap();
    border.wait(10 * DAY);
    until("the visit is overdue", async || {
        (alerts(&border, &id, AlertKind::CrossBorderOverdue).await == 1).then_some(())
    })
    .await;
    let well_being = CrossBorderWellBeing::AtRisk.into();
    there.visit_child(RecordCrossBorderFirstVisitRequest { well_being, ..visit(&id) }).await.unwrap();
    until("supervisors learn of it", async || {
        (alerts(&border, &id, AlertKind::CrossBorderAtRisk).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_has_accepted_and_falls_silent_is_replaced_by_name() {
    let border = Border::new().await;
    let (amina, (one, first), (two, second)) = (&border.amina, &border.first, &border.second);
    let id = amina.offers_abroad(*one).await;
    first.assess_handover(assess(&id)).await.unwrap();
    let unnamed = why(amina.offer_abroad(offer(&id)).await);
    assert_eq!(unnamed.metadata("state"), "receiving_assessment");
    first.accept_child(helpline_tests::crossborder::accept(&id)).await.unwrap();
    amina.agree_abroad(consent(&id, *two)).await.unwrap();
    let other = OfferCrossBorderHandoverRequest { agency_id: two.to_string(), ..offer(&id) };
    let offered = amina.offer_abroad(other).await.unwrap();
    assert_eq!((offered.state(), offered.agency_id.as_str()), (CrossBorderState::Offered, ""));
    assert_eq!(
        (offered.offers[0].state(), offered.conditions.as_str()),
        (CrossBorderOfferState::Withdrawn, "")
    );
    let over = first.handover_abroad(&id).await.unwrap();
    assert_eq!((over.state(), over.particulars), (CrossBorderState::Withdrawn, None));
    second.assess_handover(assess(&id)).await.unwrap();
    let accepted = second.accept_child(helpline_tests::crossborder::accept(&id)).await.unwrap();
    assert!(accepted.particulars.is_some());
}

#[tokio::test]
async fn a_supervisor_ends_what_nobody_signs() {
    let border = Border::new().await;
    let id = border.departed().await;
    border.first.1.child_arrives(arrive(&id)).await.unwrap();
    let ended =
        || CloseCrossBorderHandoverRequest { outcome: CrossBorderOutcome::MovedOn.into(), ..close(&id) };
    assert_eq!(why(border.amina.close_handover(ended()).await).reason, "ROLE_REFUSED");
    let closed = border.stage.supervisor.close_handover(ended()).await.unwrap();
    assert_eq!(closed.state(), CrossBorderState::Closed);
}
