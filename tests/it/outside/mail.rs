//! Telling an e-mail address, through a mail server that is not ours.

use std::path::Path;
use std::process::Stdio;

use helpline_proto::channels::v1::{CreateEndpointRequest, DeliveryState, EndpointKind, SignatureScheme};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::scene::{NOW, Scene};

/// A mail server: its port, and the mails it takes, line by line.
async fn mail_server(python: &Path) -> (Child, String, Lines<BufReader<ChildStdout>>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/receive_mail.py");
    let mut command = Command::new(python);
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.next_line().await.unwrap().unwrap();
    (child, port, lines)
}

#[tokio::test]
async fn a_mail_says_nothing_but_that_somebody_is_needed() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let (_server, port, mut mails) = mail_server(&python).await;
    let config =
        format!("[channels]\nsmtp = \"smtp://127.0.0.1:{port}\"\nmail_from = \"desk@helpline.example\"\n");
    let scene = Scene::set_with(&config).await;
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
    let mail: Value = serde_json::from_str(&mails.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(mail["to"], serde_json::json!(["duty@agency.example"]));
    let content = mail["content"].as_str().unwrap();
    assert!(content.contains(&format!("Message-ID: <{}@helpline.example>", last[0])), "{content}");
    for secret in [escalation.as_str(), "marker", "violence", "emergency"] {
        assert!(!content.contains(secret), "{secret} in {content}");
    }
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
