//! What an engineer starts from is right.

use std::collections::BTreeSet;

use clap::Parser as _;
use helpline::cli::Arguments;
use helpline_service_kit::config::{Config, DEFAULTS};
use toml::Table;

use crate::tree;

const EXAMPLE: &str = "deploy/helpline.example.toml";

/// The example with every setting put in force.
fn in_force(example: &str) -> String {
    let uncommented = |line: &str| match line.strip_prefix('#') {
        // A comment has a blank behind its mark, a setting has none.
        Some(setting) if setting.contains(" = ") && !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    example.lines().map(|line| uncommented(line) + "\n").collect()
}

/// Every setting as `section.key`.
fn settings(text: &str) -> BTreeSet<String> {
    let table: Table = text.parse().unwrap();
    let sections = table.iter().filter_map(|(section, keys)| Some((section, keys.as_table()?)));
    sections.flat_map(|(section, keys)| keys.keys().map(move |key| format!("{section}.{key}"))).collect()
}

#[test]
fn the_example_configuration_names_every_setting_with_its_default() {
    let example = tree::read(EXAMPLE);
    let everything = in_force(&example);
    // Only tests set these.
    let expected: BTreeSet<String> =
        settings(DEFAULTS).into_iter().filter(|setting| !setting.starts_with("testing.")).collect();
    assert_eq!(settings(&everything), expected);
    let dump = |text: &str| Config::from_toml(text).unwrap().dump().unwrap();
    assert_eq!(dump(&everything), dump(""), "a default in the example is not that of the program");
    assert_eq!(dump(&example), dump(""), "the example changes something before anybody has edited it");
    assert_eq!(in_force("[a]\n# Why b = c.\n#b = 1\n"), "[a]\n# Why b = c.\nb = 1\n");
}

/// Names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("helpline_")).collect()
}

#[test]
fn every_alert_looks_at_a_metric_that_exists() {
    let sources: Vec<_> =
        tree::files(&["rs"]).into_iter().filter(|file| !tree::is_test(&file.path)).collect();
    let is_registered = |metric: &str| {
        let name = metric.trim_start_matches("helpline_");
        let name =
            ["_total", "_bucket", "_count", "_sum"].iter().fold(name, |name, end| name.trim_end_matches(end));
        let quoted = format!("\"{name}\",");
        sources.iter().any(|file| file.text.contains(".register(") && file.text.contains(&quoted))
    };
    let alerts = tree::read("deploy/alerts.yaml");
    let expressions: String = alerts.lines().filter(|line| !line.contains("description:")).collect();
    let used = metrics(&expressions);
    assert!(used.len() > 5, "the alerts were not read");
    for metric in used {
        assert!(is_registered(metric), "{metric} is no metric of this server");
    }
    assert!(!is_registered("helpline_nonsense_total"));
}

#[test]
fn every_alert_has_a_page_in_the_runbook() {
    let runbook = tree::read("deploy/runbook.md");
    for line in tree::read("deploy/alerts.yaml").lines() {
        if let Some(name) = line.trim().strip_prefix("- alert: ") {
            assert!(runbook.contains(&format!("`{name}`")), "the runbook does not know {name}");
        }
    }
}

#[test]
fn the_service_unit_starts_the_program_with_arguments_it_takes() {
    let unit = tree::read("deploy/helpline.service");
    let starts: Vec<&str> = unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")).collect();
    assert_eq!(starts.len(), 1);
    Arguments::try_parse_from(starts[0].split(' ')).unwrap();
}
