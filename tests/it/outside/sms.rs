//! Telling a telephone number, through a gateway that is not ours.

use helpline_proto::channels::v1::DeliveryState;
use helpline_tests::{Answer, Partner};
use serde_json::{Value, json};

use super::scene::{NOW, Scene};
use super::standard::verified;

const KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test]
async fn a_gateway_is_asked_for_an_sms_that_says_nothing_but_that_somebody_is_needed() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let gateway = Partner::answering([Answer::Status(202), Answer::Status(500), Answer::Status(200)]).await;
    let config = format!("[channels]\nsms_gateway = \"{}\"\nsms_key = \"{KEY}\"\n", gateway.url);
    let scene = Scene::set_with(&config).await;
    let number = scene.number().await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &number);
    let told = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((told.state(), told.last_result.as_str()), (DeliveryState::Delivered, "http_202"));

    let heard = gateway.heard();
    assert_eq!(heard[0].header("webhook-id"), delivery);
    assert_eq!(verified(&python, &[KEY], &heard[0]).await, json!([true]));
    let body: Value = serde_json::from_slice(&heard[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["to"]), (&json!("sms.requested"), &json!("+97440000000")));
    let text = body.to_string();
    for secret in [escalation.as_str(), "marker", "violence", "emergency"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let delivery = scene.due(&escalation, &number);
    let told = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((told.state(), told.last_result.as_str()), (DeliveryState::Pending, "http_500"));
    scene.world.advance(60.0);
    assert_eq!(scene.tried(&escalation, &delivery, 2).await.state(), DeliveryState::Delivered);
    assert_eq!(gateway.heard()[1].header("webhook-id"), gateway.heard()[2].header("webhook-id"));
}

#[tokio::test]
async fn without_a_gateway_sms_are_held_back() {
    let scene = Scene::set().await;
    let number = scene.number().await;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &number);
    let held = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((held.state(), held.last_result.as_str()), (DeliveryState::HeldBack, "not_configured"));
}
