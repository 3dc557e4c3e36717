//! A client that shares no code with the server: Python, with stubs made from the protos alone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

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

/// The shell commands of a section of the README, one block after another.
fn commands(section: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(&format!("## {section}\n")).expect("the section");
    let rest = rest.split_once("\n## ").map_or(rest, |(section, _)| section);
    rest.split("```sh\n")
        .skip(1)
        .map(|block| block.split_once("```").expect("its end").0.to_owned())
        .collect()
}

/// Runs commands of the README against a server, as whoever bears this token; what they print.
async fn follow(world: &World, python: &Path, script: &str, token: &str) -> Output {
    let programs = tempfile::tempdir().unwrap();
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/call_like_grpcurl.py");
    for (name, program) in [
        ("grpcurl", format!("exec '{}' '{}' \"$@\"", python.display(), client.display())),
        ("uuidgen", "cat /proc/sys/kernel/random/uuid".to_owned()),
    ] {
        let path = programs.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{program}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = script.replace("localhost:50051", &world.servers[0].grpc_addr().to_string());
    let script = format!("PATH='{}':$PATH\n{script}", programs.path().display());
    let run = Command::new("sh")
        .args(["-euc", &script])
        .env("TOKEN", token)
        .env("HELPLINE_PROTOS", Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(std::time::Duration::from_mins(1), run).await.expect("it ends").unwrap()
}

#[tokio::test]
async fn what_the_readme_says_to_do_before_an_emergency_can_be_done() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let world = World::start().await;
    let [prepare, exercise] = commands("Before an emergency").try_into().expect("two blocks");
    let prepared = follow(&world, &python, &prepare, world.administrator().secret()).await;
    let problems = String::from_utf8_lossy(&prepared.stderr);
    assert!(prepared.status.success() && problems.is_empty(), "{problems}");
    let said = String::from_utf8_lossy(&prepared.stdout);
    for part in
        ["\"secret\": \"whsec_", "\"version\": \"2\"", "\"policy\": \"general\"", "TARGET_KIND_AGENCY"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    let (call, _) = prepare.split_once('\n').expect("its first line");
    let supervisor = world.supervisor().await;
    let tried = follow(&world, &python, &format!("{call}\n{exercise}"), supervisor.secret()).await;
    let said = String::from_utf8_lossy(&tried.stdout);
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
    assert!(said.contains("ESCALATION_STATE_NOTIFYING") && said.contains("\"rung\": 1"), "{said}");
    let left =
        "SELECT count(*) FROM helpline.deliveries WHERE kind IN ('desk', 'webhook') AND state <> 'held_back'";
    assert_eq!(world.database.query(left).unwrap()[0][0].as_deref(), Some("0"));
}
