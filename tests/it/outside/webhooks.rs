//! Telling an agency's web server, whatever it answers.

use helpline_domain::delivery::Hurry;
use helpline_proto::channels::v1::{DeliveryState, ReplayDeliveryRequest};
use helpline_tests::{Answer, Partner, refused, request_id};
use serde_json::{Value, json};

use super::scene::{Danger, NOW, Scene, until};

#[tokio::test]
async fn an_agency_is_told_ids_and_nothing_else() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(204)]).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&partner.url).await);
    let told = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((told.state(), told.last_result.as_str()), (DeliveryState::Delivered, "http_204"));

    let heard = partner.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].header("webhook-id"), delivery);
    assert_eq!(heard[0].header("content-type"), "application/json");
    let number: i64 = scene.one("SELECT number FROM helpline.escalations").parse().unwrap();
    let mut body: Value = serde_json::from_slice(&heard[0].body).unwrap();
    assert!(body["timestamp"].take().as_str().is_some_and(|time| time.ends_with('Z')));
    let data = json!({"escalation_id": escalation, "number": number});
    assert_eq!(body, json!({"type": "escalation.notified", "timestamp": null, "data": data}));

    assert_eq!(scene.timeline(&escalation), ["delivered"]);
    assert_eq!(scene.one("SELECT delivered_at IS NOT NULL FROM helpline.escalations"), "t");
    assert_eq!(scene.one("SELECT count(*) FROM helpline.journal WHERE event = 'delivery_ended'"), "1");
}

#[tokio::test]
async fn who_fails_is_told_again_the_same_under_the_same_id() {
    let scene = Scene::set().await;
    let partner = Partner::answering([500, 404, 200].map(Answer::Status)).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&partner.url).await);
    assert_eq!(scene.tried(&escalation, &delivery, 1).await.last_result, "http_500");
    assert!(scene.timeline(&escalation).is_empty(), "it is not over yet");
    scene.world.advance(6.0);
    assert_eq!(scene.tried(&escalation, &delivery, 2).await.last_result, "http_404");
    scene.world.advance(17.0);
    assert_eq!(scene.tried(&escalation, &delivery, 3).await.state(), DeliveryState::Delivered);
    let heard = partner.heard();
    assert_eq!(heard.len(), 3);
    for again in &heard {
        assert_eq!((again.header("webhook-id"), &again.body), (delivery.as_str(), &heard[0].body));
    }
}

#[tokio::test]
async fn an_emergency_is_given_up_after_eight_tries_and_can_be_sent_again_by_hand() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(500)]).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&partner.url).await);
    for tries in 1..=7 {
        let tried = scene.tried(&escalation, &delivery, tries).await;
        assert_eq!(tried.state(), DeliveryState::Pending);
        scene.world.advance(67.0);
    }
    let failed = scene.tried(&escalation, &delivery, 8).await;
    assert_eq!(failed.state(), DeliveryState::Failed);
    assert_eq!(Hurry::Emergency.next_try(8, None, 0.0), None);

    let replay = ReplayDeliveryRequest { request_id: request_id(), delivery_id: delivery.clone() };
    scene.supervisor.deliveries().replay_delivery(replay).await.unwrap();
    let again = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!(again.state(), DeliveryState::Pending);
    let replay = ReplayDeliveryRequest { request_id: request_id(), delivery_id: delivery };
    let refused = refused(scene.supervisor.deliveries().replay_delivery(replay).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "pending"));
    let timeline = scene.timeline(&escalation);
    assert_eq!(timeline, ["delivery_failed", "step_failed", "delivery_replayed"]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let scene = Scene::set().await;
    let elsewhere = Partner::answering([Answer::Status(200)]).await;
    let partner = Partner::answering([Answer::With(307, "location", elsewhere.url.clone())]).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&partner.url).await);
    let tried = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((tried.state(), tried.last_result.as_str()), (DeliveryState::Pending, "http_307"));
    assert!(elsewhere.heard().is_empty());
}

#[tokio::test]
async fn whoever_says_that_they_are_gone_is_told_nothing_more() {
    let scene = Scene::set().await;
    let partner = Partner::answering([Answer::Status(410)]).await;
    let hook = scene.hook(&partner.url).await;
    let escalation = scene.escalation(NOW);
    let first = scene.due(&escalation, &hook);
    assert_eq!(scene.tried(&escalation, &first, 1).await.state(), DeliveryState::Failed);
    assert_eq!(scene.one("SELECT disabled_because FROM helpline.endpoints"), "gone");
    let second = scene.due(&escalation, &hook);
    let ended = until("nothing more is tried", async || {
        let all = scene.deliveries(&escalation).await;
        all.into_iter().find(|one| one.delivery_id == second && one.end_time.is_some())
    })
    .await;
    assert_eq!((ended.last_result.as_str(), ended.attempts), ("disabled", 0));
    assert_eq!(partner.heard().len(), 1);
    let replay = ReplayDeliveryRequest { request_id: request_id(), delivery_id: second };
    let refused = refused(scene.supervisor.deliveries().replay_delivery(replay).await);
    assert_eq!((refused.metadata("resource"), refused.metadata("state")), ("endpoint", "disabled"));
}

#[tokio::test]
async fn whoever_has_too_much_to_do_is_left_alone_but_for_emergencies() {
    let scene = Scene::set().await;
    let busy = Answer::With(429, "retry-after", "50".to_owned());
    let partner = Partner::answering([busy, Answer::Status(200)]).await;
    let hook = scene.hook(&partner.url).await;
    let report = scene.escalation(Danger { risk: 2, exercise: false });
    let first = scene.due(&report, &hook);
    let tried = scene.tried(&report, &first, 1).await;
    let (made, next) = (tried.create_time.unwrap().seconds, tried.next_attempt_time.unwrap().seconds);
    assert!((50..70).contains(&(next - made)), "Retry-After is honoured: {}", next - made);

    let second = scene.due(&report, &hook);
    let emergency = scene.escalation(NOW);
    let urgent = scene.due(&emergency, &hook);
    assert_eq!(scene.tried(&emergency, &urgent, 1).await.state(), DeliveryState::Delivered);
    let waiting = scene.deliveries(&report).await;
    let waiting = waiting.iter().find(|one| one.delivery_id == second).unwrap();
    assert_eq!((waiting.state(), waiting.attempts), (DeliveryState::Pending, 0));
    scene.world.advance(60.0);
    assert_eq!(scene.tried(&report, &second, 1).await.state(), DeliveryState::Delivered);
}

#[tokio::test]
async fn an_agency_that_hangs_holds_up_nobody_else() {
    let scene = Scene::set().await;
    let hanging = Partner::answering([Answer::Hang, Answer::Status(200)]).await;
    let other = Partner::answering([Answer::Endless]).await;
    let (silent, quick) = (scene.hook(&hanging.url).await, scene.hook(&other.url).await);
    let escalation = scene.escalation(NOW);
    let first = scene.due(&escalation, &silent);
    until("it hangs", async || (!hanging.heard().is_empty()).then_some(())).await;
    // Nor does an answer without end: nothing of it is read.
    let second = scene.due(&escalation, &quick);
    assert_eq!(scene.tried(&escalation, &second, 1).await.state(), DeliveryState::Delivered);
    hanging.let_go();
    assert_eq!(scene.tried(&escalation, &first, 1).await.last_result, "http_500");
}

#[tokio::test]
async fn slow_an_agency_that_hangs_is_given_up_on_and_told_again() {
    let scene = Scene::set().await;
    let hanging = Partner::answering([Answer::Hang, Answer::Status(200)]).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &scene.hook(&hanging.url).await);
    assert_eq!(scene.tried(&escalation, &delivery, 1).await.last_result, "timed_out");
    scene.world.advance(6.0);
    assert_eq!(scene.tried(&escalation, &delivery, 2).await.state(), DeliveryState::Delivered);
}

#[tokio::test]
async fn nobody_is_told_at_an_address_of_the_own_network() {
    let scene = Scene::set_with("").await;
    let request = scene.webhook("http://127.0.0.1:1/", helpline_proto::channels::v1::SignatureScheme::V1);
    let refused = refused(scene.world.administrator().endpoints().create_endpoint(request).await);
    assert_eq!(refused.fields, ["address"]);

    // A name that means something else today than when it was written down.
    let partner = Partner::answering([Answer::Status(200)]).await;
    let port = partner.url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    let hook = scene.hook(&format!("https://localhost:{port}/")).await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &hook);
    let tried = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((tried.state(), tried.last_result.as_str()), (DeliveryState::Pending, "address_refused"));
}

#[tokio::test]
async fn the_gravest_is_taken_first_and_by_one_alone() {
    let mut scene = Scene::set().await;
    let hook = scene.hook("http://127.0.0.1:1/").await;
    let store = scene.store_alone().await;
    let centre = scene.world.centre.id;
    let mut expected = Vec::new();
    for risk in [3, 5, 2, 4] {
        let escalation = scene.escalation(Danger { risk, exercise: false });
        expected.push((risk, scene.due(&escalation, &hook)));
    }
    expected.sort_by_key(|(risk, _)| -risk);
    for (_, delivery) in &expected {
        let claimed = store.claim_deliveries(centre, 1, false).await.unwrap();
        let ids: Vec<_> = claimed.iter().map(|one| one.delivery_id.to_string()).collect();
        assert_eq!(&ids, std::slice::from_ref(delivery));
    }
    assert!(store.claim_deliveries(centre, 9, false).await.unwrap().is_empty());
    // Whoever took them is dead: when the claims end, somebody else takes those that hurry first.
    scene.world.advance(14.0);
    let claimed = store.claim_deliveries(centre, 9, true).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.tries).collect::<Vec<_>>(), [2, 2, 2]);
}
