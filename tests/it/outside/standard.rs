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
        let mut another = heard[2].clone();
        another.headers.insert("webhook-id", heard[1].headers["webhook-id"].clone());
        assert_eq!(verified(&python, &[&new], &another).await, json!([false]), "the id is signed too");
    }
}

#[tokio::test]
async fn what_is_said_again_by_somebody_who_has_heard_it_is_too_old_and_a_second_try_is_signed_anew() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let scene = Scene::set().await;
    for scheme in [SignatureScheme::V1, SignatureScheme::V1a] {
        let partner = Partner::answering([500, 200].map(Answer::Status)).await;
        let (hook, secret) = scene.endpoint(scene.webhook(&partner.url, scheme)).await;
        let escalation = scene.escalation(NOW);
        // What was sent ten minutes ago.
        scene.world.advance(-600.0);
        let delivery = scene.due(&escalation, &hook);
        scene.tried(&escalation, &delivery, 1).await;
        scene.world.advance(600.0);
        scene.tried(&escalation, &delivery, 2).await;
        let heard = partner.heard();
        assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"), "known by its id");
        assert_eq!(verified(&python, &[&secret], &heard[0]).await, json!([false]), "{scheme:?}: old");
        assert_eq!(verified(&python, &[&secret], &heard[1]).await, json!([true]), "{scheme:?}: signed anew");
        // The time is signed: an old one cannot be passed off as new.
        let mut renewed = heard[0].clone();
        renewed.headers.insert("webhook-timestamp", heard[1].headers["webhook-timestamp"].clone());
        assert_eq!(verified(&python, &[&secret], &renewed).await, json!([false]), "{scheme:?}");
    }
}
