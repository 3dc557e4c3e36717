use std::time::Duration;

use super::*;
use crate::level::{Cost, Latencies};

fn level(in_flight: usize, contacts: u64, offer_ms: u64) -> Level {
    let latencies = |ms| {
        let mut latencies = Latencies::new().unwrap();
        latencies.add(Duration::from_millis(ms));
        latencies
    };
    Level {
        in_flight,
        contacts,
        measured: Duration::from_secs(10),
        offer: latencies(offer_ms),
        whole: latencies(offer_ms * 2),
        commit: latencies(4),
        cost: Some(Cost {
            statements: 4.1,
            redis_commands: 5.0,
            wal_bytes: 3000.0,
            cpu_ms: [0.4, 0.8, 0.1, 0.7],
        }),
    }
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
    Report {
        machine,
        seconds: 10,
        idle_mb: 12.5,
        quiet: vec![level(1, 1_000, 2), level(16, 10_000, 8), level(64, 11_000, 30)],
        floor: vec![level(16, 12_500, 1)],
        pgbench: Some(Pgbench { per_second: 15_000.0, mean_ms: 1.05 }),
        long: Long {
            waiting: 100_000,
            full: 2_000,
            streams_mb: 70.0,
            loaded_mb: 90.0,
            levels: vec![level(16, 8_000, 10)],
        },
    }
}

#[test]
fn the_json_has_every_agreed_key_and_is_one_line() {
    let text = report().json();
    assert_eq!(text.lines().count(), 1);
    let value: Value = serde_json::from_str(&text).unwrap();
    for key in [
        "contacts_per_second",
        "floor_per_second",
        "offer_p99_ms",
        "commit_p99_ms",
        "loaded_offer_p99_ms",
        "loaded_contacts_per_second",
        "idle_rss_mb",
        "rss_2000_streams_mb",
        "statements_per_contact",
        "wal_bytes_per_contact",
    ] {
        assert!(value[key].as_f64().is_some_and(|number| number > 0.0), "{key}");
    }
    assert_eq!(value["contacts_per_second"], 1000.0);
    assert_eq!(value["loaded_contacts_per_second"], 800.0);
}

#[test]
fn the_ratios_are_those_of_sixteen_in_flight() {
    let [of_floor, of_commit, longer, slower] = report().ratios().map(|(_, value, _)| value);
    assert!((of_floor - 0.8).abs() < 1e-9);
    assert!((of_commit - 2.0).abs() < 0.01);
    assert!((longer - 1.25).abs() < 0.01);
    assert!((slower - 1.25).abs() < 1e-9);
}

#[test]
fn the_tables_name_every_level() {
    let text = report().text();
    for row in [
        "| quiet | 1 |",
        "| quiet | 64 |",
        "| long | 16 | 800 |",
        "| floor | 16 | 1250 |",
        "| idle | 12.5 |",
        "| 0.700 | 1000 |",
    ] {
        assert!(text.contains(row), "{row}\n{text}");
    }
}
