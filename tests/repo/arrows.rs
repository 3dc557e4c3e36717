//! Which crate may stand on which.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::tree;

/// The floors of the house. An arrow goes down.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("proto", 0),
    ("simulation", 1),
    ("vault", 1),
    ("store", 1),
    ("live", 1),
    ("service-kit", 2),
    ("directory", 3),
    ("intake", 3),
    ("queueing", 3),
    ("escalation", 3),
    ("referral", 3),
    ("casework", 3),
    ("reporting", 3),
    ("crossborder", 3),
    ("school", 3),
    ("reintegration", 3),
    ("shelter", 3),
    ("channels", 4),
    ("console", 4),
    ("helpline", 5),
];

/// Arrows on one floor.
const SIDEWAYS: &[(&str, &str)] = &[
    // What is personal is sealed where it becomes a parameter, so that no other crate can forget it.
    ("store", "vault"),
];

/// What stands beside the house, and the rooms it may use. The tests may use every room.
const TOOLS: &[(&str, &[&str])] = &[
    ("devstack", &[]),
    // The players use the public API; the benchmark's floor issues the store's own statements without a server.
    ("simulator", &["devstack", "domain", "proto", "vault", "store", "live"]),
    ("xtask", &["devstack"]),
    ("matching-bench", &["domain"]),
];

/// Who may speak to the databases themselves.
const DRIVERS: &[(&str, &[&str])] = &[
    // The simulator's benchmark measures a bare commit beside the server's; the tests look behind its back.
    ("sqlx", &["store", "simulator"]),
    ("redis", &["live"]),
];

#[derive(Clone, PartialEq, Debug)]
struct Arrow {
    from: String,
    to: String,
    /// Only tests go along it.
    for_tests: bool,
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(tree::root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
}

/// The package's name without the name of the house.
fn short(package: &str) -> &str {
    package.strip_prefix("helpline-").unwrap_or(package)
}

/// Every dependency that is declared: on crates of the house, or on others.
fn arrows(metadata: &Metadata, inside: bool) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for package in &metadata.packages {
        for dependency in package.dependencies.iter().filter(|one| one.path.is_some() == inside) {
            arrows.push(Arrow {
                from: short(&package.name).to_owned(),
                to: short(&dependency.name).to_owned(),
                for_tests: dependency.kind == DependencyKind::Development,
            });
        }
    }
    arrows
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn is_allowed(arrow: &Arrow) -> bool {
    let (from, to) = (arrow.from.as_str(), arrow.to.as_str());
    if from == "tests" {
        return true;
    }
    if let Some((_, rooms)) = TOOLS.iter().find(|(name, _)| *name == from) {
        return rooms.contains(&to);
    }
    // Tests of a room start private servers.
    if arrow.for_tests && to == "devstack" {
        return true;
    }
    let down = floor(from).zip(floor(to)).is_some_and(|(from, to)| from > to);
    down || SIDEWAYS.contains(&(from, to))
}

fn forbidden(arrows: &[Arrow]) -> Vec<String> {
    let wrong = arrows.iter().filter(|arrow| !is_allowed(arrow));
    wrong.map(|arrow| format!("{} must not depend on {}", arrow.from, arrow.to)).collect()
}

fn misused_drivers(arrows: &[Arrow]) -> Vec<String> {
    let mut problems = Vec::new();
    for (driver, users) in DRIVERS {
        let uses = |room: &str| arrows.iter().any(|arrow| arrow.to == *driver && arrow.from == room);
        for arrow in arrows.iter().filter(|arrow| arrow.to == *driver) {
            if arrow.from != "tests" && !users.contains(&arrow.from.as_str()) {
                problems.push(format!("{} must not use {driver}", arrow.from));
            }
        }
        for user in users.iter().filter(|user| !uses(user)) {
            problems.push(format!("{user} does not use {driver} any more: take it out of this rule"));
        }
    }
    problems
}

#[test]
fn arrows_between_crates_go_down() {
    let metadata = metadata();
    let mut problems = forbidden(&arrows(&metadata, true));
    for package in &metadata.packages {
        let room = short(&package.name);
        let known = floor(room).is_some() || TOOLS.iter().any(|(name, _)| *name == room) || room == "tests";
        if !known {
            problems.push(format!("{room} has no floor: give it one in tests/repo/arrows.rs"));
        }
    }
    tree::none(&problems);

    let arrow = |from: &str, to: &str, for_tests| Arrow { from: from.into(), to: to.into(), for_tests };
    for bad in [
        arrow("domain", "store", false),
        arrow("intake", "queueing", false),
        arrow("intake", "queueing", true),
        arrow("vault", "store", false),
        arrow("service-kit", "devstack", false),
        arrow("xtask", "simulator", false),
        arrow("nowhere", "domain", false),
    ] {
        assert_eq!(forbidden(std::slice::from_ref(&bad)).len(), 1, "{bad:?}");
    }
}

#[test]
fn only_the_store_speaks_to_postgres_and_only_live_to_redis() {
    tree::none(&misused_drivers(&arrows(&metadata(), false)));

    let arrow = |from: &str, to: &str| Arrow { from: from.into(), to: to.into(), for_tests: false };
    let good = [arrow("store", "sqlx"), arrow("simulator", "sqlx"), arrow("live", "redis")];
    assert!(misused_drivers(&good).is_empty());
    assert_eq!(misused_drivers(&[good.as_slice(), &[arrow("intake", "redis")]].concat()).len(), 1);
    assert_eq!(misused_drivers(&good[1..]).len(), 1, "a rule that is not needed");
}

#[test]
fn the_players_know_nothing_but_the_public_api() {
    let mut problems = Vec::new();
    for file in tree::files(&["rs"]) {
        let player =
            ["crates/simulator/src/", "crates/console/src/"].iter().any(|room| file.path.starts_with(room));
        if !player || file.path.starts_with("crates/simulator/src/bin/helpline-bench/") {
            continue;
        }
        for inner in ["helpline_store", "helpline_live", "sqlx::"] {
            if file.text.contains(inner) {
                problems.push(format!("{} uses {inner}", file.path));
            }
        }
    }
    tree::none(&problems);
}

/// Dependencies in the workspace's manifest: name, and the reason behind `#`. Own crates need none.
fn reasons(manifest: &str) -> Vec<(&str, Option<&str>)> {
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let lines = section.lines().filter(|line| !line.trim_start().starts_with('#'));
    let entries = lines.filter_map(|line| line.split_once(" = "));
    entries
        .map(|(name, rest)| (name, rest.split_once(" # ").map(|(_, reason)| reason.trim())))
        .filter(|(name, _)| short(name) == *name && *name != "helpline")
        .collect()
}

#[test]
fn every_dependency_has_a_reason_and_a_user() {
    let outside = arrows(&metadata(), false);
    let manifest = tree::read("Cargo.toml");
    let entries = reasons(&manifest);
    assert!(entries.len() > 20, "the manifest was not read");
    let mut problems = Vec::new();
    for (name, reason) in entries {
        if reason.is_none_or(str::is_empty) {
            problems.push(format!("{name} has no reason in Cargo.toml"));
        }
        if outside.iter().all(|arrow| arrow.to != name) {
            problems.push(format!("{name} is in Cargo.toml, but no crate uses it"));
        }
    }
    tree::none(&problems);

    let sample = "[workspace.dependencies]\n# Own.\nhelpline-domain = { path = \"x\" }\na = \"1\" # why\nb = \"2\"\n[next]\nc = 1\n";
    assert_eq!(reasons(sample), [("a", Some("why")), ("b", None)]);
}

/// Packages and their test targets, for the commands in documents.
pub(crate) fn packages() -> Vec<(String, Vec<String>)> {
    let targets = |package: &cargo_metadata::Package| {
        package.targets.iter().filter(|target| target.is_test()).map(|target| target.name.clone()).collect()
    };
    metadata().packages.iter().map(|package| (package.name.to_string(), targets(package))).collect()
}
