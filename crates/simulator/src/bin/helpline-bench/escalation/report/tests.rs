use std::time::Duration;

use super::*;

fn waits(ms: u64) -> Waits {
    let latencies = || {
        let mut latencies = Latencies::new().unwrap();
        latencies.add(Duration::from_millis(ms));
        latencies
    };
    Waits { raise: latencies(), acknowledge: latencies(), shown: latencies(), unseen: 0 }
}

fn phase(p99: f64) -> Phase {
    let lateness =
        Lateness { steps: 6_000.0, per_second: 100.0, ms: [120.0, 240.0, p99, 400.0], missed: 0.0 };
    let cost = Cost {
        statements: 1_000.0,
        redis_commands: 0.0,
        wal_bytes: 0.0,
        cpu_ms: [2_000.0, 8_000.0, 0.0, 0.0],
    };
    Phase { lateness, waits: waits(20), cost }
}

fn replicas(seconds: f64) -> Replicas {
    let storm = Storm { steps: 10_000.0, seconds, by_risk: [1.0, 2.5, seconds] };
    Replicas { running: phase(260.0), storm, in_storm: waits(50) }
}

fn report() -> Report {
    let machine = Machine {
        date: "2000-01-01".to_owned(),
        processor: "a processor".to_owned(),
        cores: 2,
        memory_gb: 24,
        kernel: "a kernel".to_owned(),
        postgres: "15".to_owned(),
        redis: "7".to_owned(),
        helpline: "0.1.0",
    };
    let crowded =
        Crowded { desks: 500, opened_s: 9.5, running: phase(310.0), messages: 4_000, resident_mb: 80.0 };
    Report {
        machine,
        seconds: 60,
        open: 10_000,
        alone: waits(10),
        one: replicas(5.0),
        two: replicas(4.0),
        crowded,
        floor: 20_000.0,
    }
}

#[test]
fn the_json_has_every_agreed_key_and_is_one_line() {
    let text = report().json();
    assert_eq!(text.lines().count(), 1);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["lateness_p99_ms"], 260.0);
    assert_eq!(value["steps_per_second"], 2000.0);
    assert_eq!(value["floor_steps_per_second"], 20_000.0);
    assert_eq!(value["two"]["overdue"]["steps_per_second"], 2500.0);
    assert_eq!(value["desks"]["running"]["lateness_p99_ms"], 310.0);
}

#[test]
fn the_tables_name_every_phase() {
    let text = report().text();
    for row in [
        "| one server | 100 | 120 | 240 | 260 | 400 | 0 | 2.0 | 8.0 | 1000 |",
        "| two servers | 10000 | 2500 | 1.00 | 2.50 | 4.00 |",
        "| floor | 10000 | 20000 |",
        "| nothing is due | 1 | 10.0 | 10.0 |",
        "500 desks",
    ] {
        assert!(text.contains(row), "{row}\n{text}");
    }
}
