//! An agency without a client is told that it was asked for something, and that it is not any more: ids and nothing else.

use helpline_domain::caller::Role;
use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::{Delivery, DeliveryState, ListDeliveriesRequest, ReplayDeliveryRequest};
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::queueing::v1::{Alert, ListAlertsRequest, WatchFloorRequest};
use helpline_proto::referral::v1::{
    AddReferralRemarkRequest, AskToCancelReferralRequest, ChoiceState, GetReferralRequest,
    MarkReferralEnteredInErrorRequest, Referral, ReferralChoice, RejectReason, RejectReferralRequest,
    RevokeReferralRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_tests::referral::{SAID, draft};
use helpline_tests::{Actor, Answer, Partner, refused, request_id};
use serde_json::{Value, json};

use super::scene::{Scene, until};

const DAY_S: f64 = 86_400.0;

pub(crate) async fn contact(scene: &Scene) -> String {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::WebChat.into(),
        ..ReceiveContactRequest::default()
    };
    let adapter = scene.world.adapter().await;
    adapter.contacts().receive_contact(request).await.unwrap().into_inner().contact.unwrap().contact_id
}

/// The deliveries of a referral once there are so many and all have come to an end.
async fn settled(scene: &Scene, of: &Referral, count: usize) -> Vec<Delivery> {
    until(&format!("{count} deliveries are over"), async || {
        let request =
            ListDeliveriesRequest { referral_id: of.referral_id.clone(), ..ListDeliveriesRequest::default() };
        let found = scene.supervisor.deliveries().list_deliveries(request).await.unwrap().into_inner();
        let over = found.deliveries.iter().all(|one| one.end_time.is_some());
        (over && found.deliveries.len() == count).then_some(found.deliveries)
    })
    .await
}

#[tokio::test]
async fn an_agency_is_told_of_a_referral_and_when_it_is_taken_back() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let agency: AgencyId = scene.agency.parse().unwrap();
    let service = scene.world.service(agency).await;
    scene.hook(&partner.url).await;
    let referral = scene.supervisor.refer(draft(&contact(&scene).await, &[&service])).await;
    let told = settled(&scene, &referral, 1).await;
    assert_eq!((told[0].event.as_str(), told[0].state()), ("referral.requested", DeliveryState::Delivered));
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    scene.supervisor.referrals().revoke_referral(revoke).await.unwrap();
    settled(&scene, &referral, 2).await;

    let heard = partner.heard();
    let events = ["referral.requested", "referral.withdrawn"];
    assert_eq!(heard.len(), events.len());
    for (one, event) in heard.iter().zip(events) {
        let mut body: Value = serde_json::from_slice(&one.body).unwrap();
        assert!(body["timestamp"].take().is_string());
        let data = json!({"referral_id": referral.referral_id, "number": referral.number});
        assert_eq!(body, json!({"type": event, "timestamp": null, "data": data}));
        let text = String::from_utf8_lossy(&one.body).into_owned();
        assert!(SAID.iter().all(|(_, said)| !text.contains(said)));
    }
    assert_ne!(heard[0].header("webhook-id"), heard[1].header("webhook-id"), "two things that were told");
}

#[tokio::test]
async fn the_next_choice_is_told_by_the_answer_that_asks_it() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let first = scene.world.agency().await;
    let responder = scene.world.responder(first).await;
    let services =
        [scene.world.service(first).await, scene.world.service(scene.agency.parse().unwrap()).await];
    scene.hook(&partner.url).await;
    let new = draft(&contact(&scene).await, &[&services[0], &services[1]]);
    let referral = scene.supervisor.refer(new).await;
    assert!(settled(&scene, &referral, 0).await.is_empty(), "who is not asked yet is told nothing");
    let reject = RejectReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        reason: RejectReason::AtCapacity.into(),
        remark: String::new(),
        service_id: String::new(),
        expected_revision: 0,
    };
    responder.referrals().reject_referral(reject).await.unwrap();
    let told = settled(&scene, &referral, 1).await;
    assert_eq!((told[0].event.as_str(), &told[0].agency_id), ("referral.requested", &scene.agency));
}

#[tokio::test]
async fn who_cannot_be_told_keeps_nobody_waiting_while_somebody_else_is_left() {
    let scene = Scene::set().await;
    let gone = Partner::answering([Answer::Status(410)]).await;
    let second = scene.world.agency().await;
    let services =
        [scene.world.service(scene.agency.parse().unwrap()).await, scene.world.service(second).await];
    scene.hook(&gone.url).await;
    let new = draft(&contact(&scene).await, &[&services[0], &services[1]]);
    let referral = scene.supervisor.refer(new).await;
    let states = until("the next is asked", async || {
        let request = GetReferralRequest { referral_id: referral.referral_id.clone() };
        let now = scene.supervisor.referrals().get_referral(request).await.unwrap().into_inner();
        let states: Vec<_> = now.referral.unwrap().choices.iter().map(ReferralChoice::state).collect();
        (states[1] == ChoiceState::Offered).then_some(states)
    })
    .await;
    assert_eq!(states, [ChoiceState::Expired, ChoiceState::Offered]);
}

#[tokio::test]
async fn that_it_was_taken_back_is_told_whatever_is_written_afterwards() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200), Answer::Status(500), Answer::Status(200)]).await;
    let service = scene.world.service(scene.agency.parse().unwrap()).await;
    scene.hook(&partner.url).await;
    let referral = scene.supervisor.refer(draft(&contact(&scene).await, &[&service])).await;
    settled(&scene, &referral, 1).await;
    let referral_id = referral.referral_id.clone();
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: referral_id.clone(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    scene.supervisor.referrals().revoke_referral(revoke).await.unwrap();
    until("it could not be told", async || (partner.heard().len() == 2).then_some(())).await;
    let remark = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: referral_id.clone(),
        remark: "Their line was dead.".to_owned(),
        question: false,
        shared: false,
    };
    scene.supervisor.referrals().add_referral_remark(remark).await.unwrap();
    let wrong =
        MarkReferralEnteredInErrorRequest { request_id: request_id(), referral_id, remark: String::new() };
    scene.supervisor.referrals().mark_referral_entered_in_error(wrong).await.unwrap();
    scene.world.advance(3600.0);
    let told = settled(&scene, &referral, 2).await;
    let withdrawn = told.iter().find(|one| one.event == "referral.withdrawn").unwrap();
    assert_eq!(withdrawn.state(), DeliveryState::Delivered);
}

#[tokio::test]
async fn an_agency_is_reminded_of_what_is_overdue_while_it_is_its_turn() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let agency: AgencyId = scene.agency.parse().unwrap();
    let service = scene.world.service(agency).await;
    scene.hook(&partner.url).await;
    let responder = scene.world.responder(agency).await;
    let referral = scene.supervisor.refer(draft(&contact(&scene).await, &[&service])).await;
    settled(&scene, &referral, 1).await;
    responder.accept_referral(&referral).await.unwrap();
    scene.world.advance(15.0 * DAY_S);
    let told = settled(&scene, &referral, 2).await;
    assert!(told.iter().any(|one| one.event == "referral.overdue"));
    scene.world.advance(DAY_S + 1.0);
    settled(&scene, &referral, 3).await;

    let ask = AskToCancelReferralRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        reason: "cannot_serve".to_owned(),
        ..AskToCancelReferralRequest::default()
    };
    responder.referrals().ask_to_cancel_referral(ask).await.unwrap();
    scene.world.advance(4.0 * DAY_S);
    let overdue = "SELECT alarms FROM helpline.referrals WHERE alarms > 0 AND state = 'cancel_requested'";
    until("it alarms in the centre", async || (!scene.sql(overdue).is_empty()).then_some(())).await;
    settled(&scene, &referral, 3).await;
}

/// The alerts that somebody is told of, by both ways.
async fn alerted(by: &Actor) -> [Vec<Alert>; 2] {
    let mut supervision = by.supervision();
    let listed = supervision.list_alerts(ListAlertsRequest::default()).await.unwrap().into_inner().alerts;
    let mut floor = supervision.watch_floor(WatchFloorRequest::default()).await.unwrap().into_inner();
    [listed, floor.message().await.unwrap().unwrap().alerts]
}

#[tokio::test]
async fn to_whom_a_child_was_referred_is_not_told_to_who_keeps_the_machine() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(200)]).await;
    let agency: AgencyId = scene.agency.parse().unwrap();
    let (service, responder) = (scene.world.service(agency).await, scene.world.responder(agency).await);
    scene.hook(&partner.url).await;
    let referral = scene.supervisor.refer(draft(&contact(&scene).await, &[&service])).await;
    let told = settled(&scene, &referral, 1).await;
    responder.accept_referral(&referral).await.unwrap();
    scene.world.advance(19.0 * DAY_S);
    let about = |one: &Alert| one.referral_id == referral.referral_id;
    until("supervisors are alerted", async || {
        alerted(&scene.supervisor).await.iter().all(|alerts| alerts.iter().any(about)).then_some(())
    })
    .await;

    let administrator = scene.world.bearer(scene.world.centre.id, Role::Administrator, None).await;
    assert!(alerted(&administrator).await.iter().flatten().all(|one| one.referral_id.is_empty()));
    let list = async |referral_id: String| {
        let request = ListDeliveriesRequest { referral_id, ..ListDeliveriesRequest::default() };
        refused(administrator.deliveries().list_deliveries(request).await)
    };
    assert_eq!(list(referral.referral_id.clone()).await, list(request_id()).await);
    let replay = async |delivery_id: String| {
        let request = ReplayDeliveryRequest { request_id: request_id(), delivery_id };
        refused(administrator.deliveries().replay_delivery(request).await)
    };
    assert_eq!(replay(told[0].delivery_id.clone()).await, replay(request_id()).await);
}
