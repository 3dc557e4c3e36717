//! Words that do not belong into a finished house.

use crate::tree;

/// Unfinished work, and what only the builders' own desks know. Written in halves, so that this file may be read too.
const WORDS: &[(&str, &str)] = &[
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("HA", "CK"),
    ("issue", " #"),
    ("AI ", "assistant"),
    ("language", " model"),
    ("/wo", "rk/"),
    ("/ro", "ot/"),
];

/// Numbers of lines with one of the words.
fn found(text: &str) -> Vec<(usize, String)> {
    let words: Vec<String> = WORDS.iter().map(|(head, tail)| format!("{head}{tail}")).collect();
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        lines.extend(words.iter().filter(|word| has_word(line, word)).map(|word| (number + 1, word.clone())));
    }
    lines
}

/// Whether the word stands there by itself, not inside another.
fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(start, _)| {
        let (before, after) = (line[..start].chars().next_back(), line[start + word.len()..].chars().next());
        let joined = is_letter(word.chars().next_back()) && is_letter(after);
        !joined && !is_letter(before)
    })
}

#[test]
fn nothing_is_left_unfinished_and_nothing_speaks_of_the_workshop() {
    let mut problems = Vec::new();
    for file in tree::files(&["rs", "sql", "lua", "proto", "md", "toml", "py", "yaml", "yml", "service"]) {
        problems.extend(
            found(&file.text).into_iter().map(|(line, word)| format!("{}:{line}: {word}", file.path)),
        );
    }
    tree::none(&problems);

    let bad = format!("a\n// {}{}: later\n", "TO", "DO");
    assert_eq!(found(&bad), [(2, format!("{}{}", "TO", "DO"))]);
    assert!(found("a mastodon, in TODOS, at work/ and in the root").is_empty());
}
