//! Fail points stand where they say.

use helpline_service_kit::fail_point::FAIL_POINTS;

use crate::tree;

/// How often a fail point is placed in a source text, comments apart.
fn placed(text: &str, name: &str) -> usize {
    let mark = format!("fail_point!(\"{name}\")");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.matches(&mark).count()).sum()
}

#[test]
fn every_fail_point_is_placed_exactly_once() {
    let files = tree::files(&["rs"]);
    let sources: Vec<_> = files.iter().filter(|file| !tree::is_test(&file.path)).collect();
    let mut problems = Vec::new();
    for name in FAIL_POINTS {
        let count: usize = sources.iter().map(|file| placed(&file.text, name)).sum();
        if count != 1 {
            problems.push(format!("{name} is placed {count} times"));
        }
    }
    tree::none(&problems);
    assert_eq!(placed("a\n  /// fail_point!(\"a.b\")\n  fail_point!(\"a.b\");", "a.b"), 1);
}
