//! The commands that documents show.

/// The commands in the `sh` blocks of a document, as words: pipelines and lists taken apart, comments, variables set in
/// front, redirections and `sudo` left out.
pub(crate) fn commands(markdown: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for block in markdown.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default().replace("\\\n", " ");
        for line in block.lines() {
            commands.extend(split(line));
        }
    }
    commands
}

fn split(line: &str) -> Vec<Vec<String>> {
    // What a variable is set to is a command too: NAME=$(command).
    let line = line.trim();
    let line = match line.split_once("=$(") {
        Some((name, rest)) if name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') => {
            rest.strip_suffix(')').unwrap_or(rest)
        }
        _ => line,
    };
    let mut commands = vec![Vec::new()];
    let mut skip_file = false;
    for word in words(line) {
        if ["|", "&&", ";"].contains(&word.as_str()) {
            commands.push(Vec::new());
        } else if [">", ">>", "<"].contains(&word.as_str()) {
            skip_file = true;
        } else if skip_file {
            skip_file = false;
        } else if let Some(command) = commands.last_mut() {
            command.push(word);
        }
    }
    commands.into_iter().map(without_prefix).filter(|command| !command.is_empty()).collect()
}

fn without_prefix(mut command: Vec<String>) -> Vec<String> {
    while let Some(first) = command.first() {
        let sets = first.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
        });
        let gone = if sets || first == "export" {
            1
        } else if first == "sudo" {
            if command.get(1).is_some_and(|word| word == "-u") { 3 } else { 1 }
        } else {
            break;
        };
        command.drain(..gone.min(command.len()));
    }
    command
}

/// Words as a shell sees them, with quotes taken off; a comment ends the line.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn commands_are_found_as_a_shell_would_run_them() {
    let sample = "text\n```sh\nA=1 helpline serve # now\nID=$(helpline centre create --name 'a b')\n\
                  cat x | sudo -u me helpline \\\n  migrate > log\n```\n```toml\nhelpline nothing\n```\n";
    let found: Vec<String> = commands(sample).iter().map(|words| words.join("·")).collect();
    assert_eq!(found, ["helpline·serve", "helpline·centre·create·--name·a b", "cat·x", "helpline·migrate"]);
}
