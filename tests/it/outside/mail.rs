//! Telling an e-mail address, through a mail server that is not ours.

use helpline_proto::channels::v1::{CreateEndpointRequest, DeliveryState, EndpointKind, SignatureScheme};
use helpline_tests::{MailServer, pages};

use super::scene::{NOW, Scene};

#[tokio::test]
async fn a_mail_says_nothing_but_that_somebody_is_needed() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let mut server = MailServer::start(&python).await;
    let (console, base) = pages();
    let scene = Scene::set_with(&format!("{console}{}", server.settings)).await;
    let mailbox = |address: &str| CreateEndpointRequest {
        kind: EndpointKind::Email.into(),
        ..scene.webhook(address, SignatureScheme::Unspecified)
    };
    let escalation = scene.escalation(NOW);
    let mut last = Vec::new();
    for (address, state, result) in [
        ("duty@agency.example", DeliveryState::Delivered, "smtp_accepted"),
        ("refused@agency.example", DeliveryState::Failed, "smtp_refused"),
        ("later@agency.example", DeliveryState::Pending, "smtp_not_now"),
    ] {
        let endpoint = scene.endpoint(mailbox(address)).await.0;
        let delivery = scene.due(&escalation, &endpoint);
        let tried = scene.tried(&escalation, &delivery, 1).await;
        assert_eq!((tried.state(), tried.last_result.as_str()), (state, result), "{address}");
        last.push(delivery);
    }
    let mail = server.next().await;
    assert_eq!(mail["to"], serde_json::json!(["duty@agency.example"]));
    let content = mail["content"].as_str().unwrap();
    assert!(content.contains(&format!("Message-ID: <{}@helpline.example>", last[0])), "{content}");
    let text = mail["text"].as_str().unwrap();
    for secret in [escalation.as_str(), "marker", "violence", "emergency"] {
        assert!(!content.contains(secret) && !text.contains(secret), "{secret} in {content}, {text}");
    }
    assert_eq!(text.matches(&format!("{base}/link/hlp_")).count(), 1, "{text}");
    let links = "SELECT count(*) || ' of ' || count(DISTINCT token_hash) FROM helpline.links";
    assert_eq!(scene.one(links), "3 of 3", "each try has a link of its own");
}

#[tokio::test]
async fn without_a_mail_server_mails_are_held_back() {
    let scene = Scene::set().await;
    let mailbox = CreateEndpointRequest {
        kind: EndpointKind::Email.into(),
        ..scene.webhook("duty@agency.example", SignatureScheme::Unspecified)
    };
    let endpoint = scene.endpoint(mailbox).await.0;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &endpoint);
    let held = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((held.state(), held.last_result.as_str()), (DeliveryState::HeldBack, "not_configured"));
}

#[tokio::test]
async fn while_the_mail_server_is_down_mails_wait_for_it() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let mut server = MailServer::start(&python).await;
    server.kill().await;
    let scene = Scene::set_with(&server.settings).await;
    let (escalation, delivery) = due(&scene).await;
    let tried = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((tried.state(), tried.last_result.as_str()), (DeliveryState::Pending, "smtp_broken_off"));
    let mut server = MailServer::start_at(&python, &server.port).await;
    scene.world.advance(6.0);
    assert_eq!(scene.tried(&escalation, &delivery, 2).await.state(), DeliveryState::Delivered);
    let mail = server.next().await;
    assert!(mail["content"].as_str().unwrap().contains(&delivery), "under the same id: {mail}");
}

#[tokio::test]
async fn slow_a_mail_server_that_says_nothing_is_given_up_on_and_asked_again() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = format!(
        "[channels]\nsmtp = \"smtp://{}\"\nmail_from = \"desk@helpline.example\"\n",
        silent.local_addr().unwrap()
    );
    let scene = Scene::set_with(&settings).await;
    let (escalation, delivery) = due(&scene).await;
    let tried = scene.tried(&escalation, &delivery, 1).await;
    assert_eq!((tried.state(), tried.last_result.as_str()), (DeliveryState::Pending, "timed_out"));
}

/// A mail that is due: its escalation and its id.
async fn due(scene: &Scene) -> (String, String) {
    let mailbox = CreateEndpointRequest {
        kind: EndpointKind::Email.into(),
        ..scene.webhook("duty@agency.example", SignatureScheme::Unspecified)
    };
    let endpoint = scene.endpoint(mailbox).await.0;
    let escalation = scene.escalation(NOW);
    let delivery = scene.due(&escalation, &endpoint);
    (escalation, delivery)
}
