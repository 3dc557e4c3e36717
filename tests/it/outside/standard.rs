//! Signatures as others verify them: the public Python package of Standard Webhooks, and another library's Ed25519.

use std::path::Path;
use std::process::Stdio;

use helpline_proto::channels::v1::{RotateSecretRequest, SignatureScheme};
use helpline_tests::{Answer, Heard, Partner, request_id};
use serde_json::{Value, json};
use tokio::process::Command;

use super::scene::{NOW, Scene};

/// Which of the secrets verify what was heard.
pub(crate) async fn verified(python: &Path, secrets: &[&str], heard: &Heard) -> Value {
    let header = |name| (name, heard.header(name));
    let headers: std::collections::BTreeMap<_, _> =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].into_iter().map(header).collect();
    let input = json!({"secrets": secrets, "headers": headers, "body": String::from_utf8(heard.body.clone()).unwrap()});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/verify_webhook.py");
    let run = Command::new(python).arg(script).arg(input.to_string()).stdin(Stdio::null()).output();
    let output = run.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn others_verify_our_signatures_and_while_a_secret_rotates_both() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let scene = Scene::set().await;
    for scheme in [SignatureScheme::V1, SignatureScheme::V1a] {
        let partner = Partner::answering([Answer::Status(200)]).await;
        let (hook, old) = scene.endpoint(scene.webhook(&partner.url, scheme)).await;
        let rotate =
            RotateSecretRequest { request_id: request_id(), endpoint_id: hook.clone(), overlap: None };
        let escalation = scene.escalation(NOW);
        let first = scene.due(&escalation, &hook);
        scene.tried(&escalation, &first, 1).await;
        let rotated = scene.world.administrator().endpoints().rotate_secret(rotate).await.unwrap();
        let new = rotated.into_inner().secret;
        let second = scene.due(&escalation, &hook);
        scene.tried(&escalation, &second, 1).await;
        scene.sql("UPDATE helpline.endpoints SET old_secret_until = helpline.now() WHERE old_secret_until IS NOT NULL");
        let third = scene.due(&escalation, &hook);
        scene.tried(&escalation, &third, 1).await;
        let heard = partner.heard();
        for (heard, expected) in heard.iter().zip([[true, false], [true, true], [false, true]]) {
            assert_eq!(verified(&python, &[&old, &new], heard).await, json!(expected), "{scheme:?}");
        }
        let mut altered = heard[2].clone();
        altered.body.push(b' ');
        assert_eq!(verified(&python, &[&new], &altered).await, json!([false]));
    }
}
