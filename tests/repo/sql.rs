//! SQL has two homes: the store, and the migrations.

use crate::source::literals;
use crate::tree::{self, File};

/// Who else writes SQL, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/store/", "its home"),
    ("crates/devstack/", "creates and drops the private databases"),
    (
        "crates/simulator/src/house.rs",
        "makes the demo's database, sets the password of its role, and moves its clock",
    ),
    ("crates/simulator/src/figures.rs", "counts what the demo's closing figures are compared with"),
    ("crates/simulator/src/bin/helpline-bench/", "measures what the database can do without a server"),
    ("crates/helpline/src/doctor/database.rs", "advice for the engineer's own hands"),
];

/// Whether a text is a statement: upper-case verbs anywhere, lower-case ones at its beginning.
fn is_sql(text: &str) -> bool {
    const VERBS: [&str; 11] = [
        "SELECT ",
        "INSERT INTO ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE DATABASE ",
        "CREATE ROLE ",
        "ALTER ",
        "DROP ",
        "TRUNCATE ",
        "GRANT ",
        "COPY ",
    ];
    let spaced = text.split_whitespace().fold(String::from(" "), |all, word| all + word + " ");
    let found = |text: &str, start: bool| {
        VERBS.iter().any(|verb| {
            if start { text.trim_start().starts_with(verb) } else { text.contains(&format!(" {verb}")) }
        })
    };
    let updates = |text: &str| text.split_once("UPDATE ").is_some_and(|(_, rest)| rest.contains(" SET "));
    let upper = spaced.to_uppercase();
    let starts_as_query = found(&upper, true) && (upper.contains(" FROM ") || upper.contains(" INTO "));
    let starts_as_change = upper.starts_with(" UPDATE HELPLINE.") && updates(&upper);
    found(&spaced, false) || updates(&spaced) || starts_as_query || starts_as_change
}

fn statements(file: &File) -> Vec<String> {
    let literals = literals(&file.text).unwrap_or_default();
    literals.into_iter().filter(|text| is_sql(text)).collect()
}

#[test]
fn sql_stands_in_the_store_and_in_the_migrations_alone() {
    let mut problems = Vec::new();
    let mut needed = vec![false; EXCEPTIONS.len()];
    for file in tree::files(&["rs"]).iter().filter(|file| !tree::is_test(&file.path)) {
        let exception = EXCEPTIONS.iter().position(|(path, _)| file.path.starts_with(path));
        for statement in statements(file) {
            if let Some(place) = exception {
                needed[place] = true;
            } else {
                let beginning: String = statement.trim().chars().take(60).collect();
                problems.push(format!("{}: {beginning}", file.path));
            }
        }
    }
    for ((path, why), needed) in EXCEPTIONS.iter().zip(needed) {
        if !needed {
            problems.push(format!("{path} has no SQL any more ({why}): take it out of this rule"));
        }
    }
    tree::none(&problems);

    for sql in
        ["SELECT 1", "x; UPDATE a\n SET b = 1", "select a from b", "update helpline.contacts set a = 1"]
    {
        assert!(is_sql(sql), "{sql}");
    }
    for prose in ["the counsellor may select it", "no update from the settings", "COPYRIGHT", "drop it"] {
        assert!(!is_sql(prose), "{prose}");
    }
}

/// Tables without a comment.
fn silent_tables(migrations: &str) -> Vec<String> {
    let after = |text: &str| text.split([' ', '\n', '(']).next().unwrap_or_default().to_owned();
    let tables = migrations.split("CREATE TABLE ").skip(1).map(after);
    tables.filter(|table| !migrations.contains(&format!("COMMENT ON TABLE {table} IS '"))).collect()
}

#[test]
fn every_table_says_what_it_holds() {
    let migrations: String = tree::files(&["sql"]).into_iter().map(|file| file.text).collect();
    assert!(migrations.contains("CREATE TABLE helpline.contacts"), "the migrations were not read");
    tree::none(&silent_tables(&migrations));
    assert_eq!(
        silent_tables("CREATE TABLE a (x int); COMMENT ON TABLE a IS 'b'; CREATE TABLE c (\n)"),
        ["c"]
    );
}

#[test]
fn every_table_keeps_centres_apart() {
    // One row without a centre, read by the clock function.
    const WITHOUT_CENTRE: &[&str] = &["helpline.clock"];
    let migrations: String = tree::files(&["sql"]).into_iter().map(|file| file.text).collect();
    let after = |text: &str| text.split([' ', '\n', '(']).next().unwrap_or_default().to_owned();
    let tables = migrations.split("CREATE TABLE ").skip(1).map(after);
    let open: Vec<String> = tables
        .filter(|table| !WITHOUT_CENTRE.contains(&table.as_str()))
        .filter(|table| !migrations.contains(&format!("SELECT helpline.isolate('{table}');")))
        .collect();
    tree::none(&open);
}

#[test]
fn migrations_are_numbered_without_a_gap() {
    let names = tree::files(&["sql"]).into_iter().filter_map(|file| {
        file.path
            .strip_prefix("migrations/")
            .map(|name| name.split('_').next().unwrap_or_default().to_owned())
    });
    for (place, number) in names.enumerate() {
        assert_eq!(number, format!("{:04}", place + 1));
    }
}
