//! A client that shares no code with the server: Python, with stubs made from the protos alone.

use std::path::Path;
use std::process::Stdio;

use helpline_tests::World;
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::test]
async fn a_python_client_drives_a_contact_from_arrival_to_closed() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let world = World::start().await;
    let adapter = world.adapter().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(python)
        .arg(root.join("client/drive_a_contact.py"))
        .arg(world.servers[0].grpc_addr().to_string())
        .arg(root.join("../proto"))
        .env("HELPLINE_ADMINISTRATOR", world.administrator().secret())
        .env("HELPLINE_ADAPTER", adapter.secret())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output =
        tokio::time::timeout(std::time::Duration::from_mins(1), run).await.expect("it ends").unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}");
    let seen: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let expected = json!({
        "outlook": 1,
        "display_name": "سلمى",
        "ended": 2,
        "messages": [[1, 1, "مرحبا 👋"], [2, 2, "أهلا، أنا هنا"]],
        "state": "CONTACT_STATE_CLOSED",
        "refused": "INVALID_ARGUMENT",
    });
    assert_eq!(seen, expected);
}
