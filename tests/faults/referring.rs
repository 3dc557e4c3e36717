//! A server dies while a child is referred, or a place is held for them.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::referral::v1::{
    DraftReferralRequest, GetReferralRequest, PlaceHoldRequest, ReferralState, SendReferralRequest,
    SetCapacityRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::process::{Fleet, FleetOptions, retry, until};
use helpline_tests::referral::{consent, draft};
use helpline_tests::{Actor, request_id};

const PATIENCE: Duration = Duration::from_secs(30);

async fn contact(fleet: &Fleet) -> String {
    let adapter = fleet.bearer(Role::ChannelAdapter, None);
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::WebChat.into(),
        ..ReceiveContactRequest::default()
    };
    let answer = adapter.contacts().receive_contact(request).await.expect("a contact").into_inner();
    answer.contact.expect("the contact").contact_id
}

/// Waits until the server has died at a place, and starts it again.
async fn died(fleet: &mut Fleet, place: &str) {
    let (status, _) = until(&format!("the server dies at {place}"), PATIENCE, || {
        std::future::ready(fleet.server(0).status())
    })
    .await;
    assert_eq!(status.signal(), Some(9), "{place}: {status}");
    fleet.restart(0, "");
}

/// Where a referral stands for somebody who may see it, once the server is there again.
async fn asked(responder: &Actor, referral_id: &str) -> ReferralState {
    let get = GetReferralRequest { referral_id: referral_id.to_owned() };
    let seen = retry("look at the referral", PATIENCE, || {
        let (mut client, get) = (responder.referrals(), get.clone());
        async move { client.get_referral(get).await }
    });
    seen.await.expect("an answer").referral.expect("the referral").state()
}

async fn fleet(place: &str) -> Fleet {
    let testing = format!("kill_at = \"{place}\"");
    Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_is_sent_once_wherever_a_server_is_killed() {
    // The draft, what was agreed, and then.
    let mut fleet = fleet("referral.after_commit@3").await;
    let supervisor = fleet.bearer(Role::Supervisor, None);
    let (agency, service, responder) = fleet.partner();
    let new = draft(&contact(&fleet).await, &[&service]);
    let referral = supervisor.draft_referral(new).await.expect("a draft");
    supervisor.consents().record_consent(consent(&referral, agency)).await.expect("consent");
    let send = SendReferralRequest { request_id: request_id(), referral_id: referral.referral_id.clone() };
    assert!(supervisor.referrals().send_referral(send.clone()).await.is_err(), "the server died of it");
    died(&mut fleet, "referral.after_commit").await;
    let again = retry("send it again", PATIENCE, || {
        let (mut client, send) = (supervisor.referrals(), send.clone());
        async move { client.send_referral(send).await }
    });
    let now = again.await.expect("the same answer").referral.expect("the referral");
    assert_eq!(now.state(), ReferralState::Requested);
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.referral_events WHERE event = 'sent'"), 1);
    assert_eq!(asked(&responder, &referral.referral_id).await, ReferralState::Requested);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_choice_is_asked_once_wherever_a_server_is_killed() {
    let mut fleet = fleet("referral.after_overdue").await;
    let supervisor = fleet.bearer(Role::Supervisor, None);
    let ((_, first, _), (_, second, responder)) = (fleet.partner(), fleet.partner());
    let hasty = DraftReferralRequest {
        answer_within: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..draft(&contact(&fleet).await, &[&first, &second])
    };
    let referral = supervisor.refer(hasty).await;
    fleet.advance(Duration::from_secs(61));
    died(&mut fleet, "referral.after_overdue").await;
    assert_eq!(asked(&responder, &referral.referral_id).await, ReferralState::Requested);
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.referral_events WHERE event = 'expired'"), 1);
}

/// A place of a service that has one.
async fn one_place(supervisor: &Actor, service: &str) -> PlaceHoldRequest {
    let set = SetCapacityRequest {
        request_id: request_id(),
        service_id: service.to_owned(),
        unit: "bed".to_owned(),
        maximum: 1,
        out_of_service: 0,
    };
    supervisor.capacity().set_capacity(set).await.expect("a place");
    PlaceHoldRequest {
        request_id: request_id(),
        unit: "bed".to_owned(),
        service_ids: vec![service.to_owned()],
        count: 1,
        lifetime: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        referral_id: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_held_and_given_back_once_wherever_a_server_is_killed() {
    // How many there are, and then.
    for place in ["hold.after_commit@2", "hold.after_expiry"] {
        let mut fleet = fleet(place).await;
        let supervisor = fleet.bearer(Role::Supervisor, None);
        let (_, service, _) = fleet.partner();
        let wish = one_place(&supervisor, &service).await;
        let placed = supervisor.capacity().place_hold(wish.clone()).await;
        assert_eq!(placed.is_err(), place == "hold.after_commit@2", "{place}");
        if placed.is_ok() {
            fleet.advance(Duration::from_secs(61));
        }
        died(&mut fleet, place).await;
        let again = retry("hold it again", PATIENCE, || {
            let (mut client, wish) = (supervisor.capacity(), wish.clone());
            async move { client.place_hold(wish).await }
        });
        again.await.expect("the same hold");
        assert_eq!(fleet.count("SELECT count(*) FROM helpline.holds"), 1, "{place}");
        let held = i64::from(place == "hold.after_commit@2");
        assert_eq!(fleet.count("SELECT held FROM helpline.capacities"), held, "{place}");
    }
}

#[test]
fn every_place_where_a_referral_could_be_left_half_done_is_tried_here() {
    let places =
        FAIL_POINTS.iter().filter(|place| place.starts_with("referral.") || place.starts_with("hold."));
    assert_eq!(places.count(), 4);
}
