//! The simulation as a supervisor meets it. It needs no configuration and no database.
#![expect(clippy::unwrap_used, reason = "helpers of tests: this is how they fail")]

use std::process::{Command, Output};

use serde_json::Value;

/// `helpline simulate` in a folder of its own, quickly.
fn simulate(arguments: &[&str], files: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_helpline"));
    command.arg("simulate").args(arguments).args(["--seeds", "2"]).current_dir(folder.path());
    command.env_clear().output().unwrap()
}

fn told(arguments: &[&str]) -> String {
    let output = simulate(arguments, &[]);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn object(text: &str) -> Value {
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn every_policy_and_class_is_in_the_last_line() {
    let text = told(&["--scenario", "standard", "--compare", "--days", "0.5", "--format", "json"]);
    let comparison = object(&text);
    let policies: Vec<&String> = comparison.as_object().unwrap().keys().collect();
    assert_eq!(policies, ["edf", "fifo", "ours", "seconds_waited", "strict", "timed_targets"]);
    for (policy, figures) in comparison.as_object().unwrap() {
        for class in ["critical", "high", "medium", "low"] {
            let of = |name: &str| figures[class][name].as_f64().unwrap();
            assert!(
                (0.0..=1.0).contains(&of("in_target")) && (0.0..=1.0).contains(&of("abandoned")),
                "{policy}"
            );
            assert!(of("p95_wait_s") <= of("max_wait_s"), "{policy} {class}");
            assert!(figures[class]["found_at_close"]["in_target"].is_number());
        }
    }
    assert_eq!(text, told(&["--scenario", "standard", "--compare", "--days", "0.5", "--format", "json"]));
}

#[test]
fn a_supervisor_is_told_in_words() {
    let told_of = told(&["--compare", "--days", "0.5"]);
    assert!(told_of.contains("± ") && told_of.contains("compared with strict priority"), "{told_of}");
    let more = told(&["--scenario", "small-centre", "--days", "1", "--what-if", "counsellors=+2"]);
    assert!(more.contains("small-centre with 6 counsellors instead of 4"), "{more}");
    let more = object(&told(&["--days", "0.5", "--what-if", "counsellors=+1", "--format", "json"]));
    assert!(more["classes"]["low"]["in_target"]["change"].is_number());
    let staff =
        object(&told(&["--scenario", "small-centre", "--days", "0.5", "--staff", "--format", "json"]));
    assert!(staff["points"].as_array().unwrap().len() > 3, "{staff}");
}

#[test]
fn a_scenario_is_printed_edited_and_played() {
    assert!(told(&["--list"]).contains("standard"));
    let standard = told(&["--scenario", "standard", "--print"]);
    let edited = standard
        .replace("days = 5", "days = 0.2")
        .replace("load = 1.0", "load = 0.9\nprofile = \"week.csv\"");
    let week = "weekday,minute_of_day,mean_calls_per_6_min\nsunday,0,1\nsunday,240,3\nsunday,300,4\n";
    let files = [("shift.toml", edited.as_str()), ("week.csv", week)];
    let output =
        simulate(&["--scenario", "shift.toml", "--policy", "strict", "--svg", "/dev/stdout"], &files);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("<svg") && text.contains("strict"), "{text}");
}

#[test]
fn what_cannot_be_played_is_refused_with_the_field() {
    let standard = told(&["--scenario", "standard", "--print"]);
    let cases = [
        (standard.replace("count = 12", "count = 0"), "counsellors.count"),
        (standard.replace("share = 0.14", "share = 0.24"), "classes"),
        (standard.replace("days = 5", "days = 5\ncolour = 1"), "colour"),
        (standard.replace("load = 1.0", "load = 1.0\nprofile = \"nowhere.csv\""), "arrivals.profile"),
    ];
    for (text, field) in cases {
        let output = simulate(&["--scenario", "shift.toml"], &[("shift.toml", &text)]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(64) && said.contains(field), "{field}: {said}");
        assert!(output.stdout.is_empty());
    }
    let output = simulate(&["--scenario", "nothing-of-the-kind"], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(64) && said.contains("small-centre"), "{said}");
}
