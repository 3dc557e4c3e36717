//! A file is read in one sitting.

use crate::tree;

const LINES: usize = 400;
const LINES_OF_TESTS: usize = 600;

fn is_too_long(path: &str, text: &str) -> bool {
    let most = if tree::is_test(path) { LINES_OF_TESTS } else { LINES };
    text.lines().count() > most
}

#[test]
fn no_file_is_longer_than_one_sitting() {
    let files = tree::files(&["rs", "sql", "lua", "proto", "md", "py"]);
    let long = files.iter().filter(|file| is_too_long(&file.path, &file.text));
    let problems: Vec<String> =
        long.map(|file| format!("{}: {} lines", file.path, file.text.lines().count())).collect();
    tree::none(&problems);

    assert!(is_too_long("crates/a/src/b.rs", &"\n".repeat(401)));
    assert!(!is_too_long("crates/a/tests/b.rs", &"\n".repeat(401)));
    assert!(is_too_long("tests/b.rs", &"\n".repeat(601)));
}
