//! Commands in documents exist.

use clap::Parser as _;
use helpline::cli::Arguments;
use helpline_proto::{FILE_DESCRIPTOR_SET, METHODS};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use serde_json::Value;
use syn::{Attribute, Fields, Item, Meta};

use crate::shell::commands;
use crate::{arrows, tree};

/// What stands for a value that the reader has.
const VALUE: &str = "00000000-0000-0000-0000-000000000000";

/// What is wrong with a command, if this test knows its program.
fn fault(command: &[String]) -> Option<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["helpline", ..] => helpline(command),
        ["cargo", "xtask", task, rest @ ..] => xtask(task, rest),
        ["cargo", rest @ ..] => cargo(rest),
        ["grpcurl", rest @ ..] => grpcurl(rest),
        _ => None,
    }
}

fn helpline(command: &[String]) -> Option<String> {
    let filled = command.iter().map(|word| if word.starts_with('$') { VALUE } else { word });
    let error = Arguments::try_parse_from(filled).err()?;
    let shown =
        matches!(error.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
    (!shown).then(|| error.to_string())
}

/// A program of the repository's own commands: the file with its options.
fn options_of(task: &str) -> Option<&'static str> {
    Some(match task {
        "demo" => "crates/simulator/src/bin/helpline-demo/arguments.rs",
        "bench" => "crates/simulator/src/bin/helpline-bench/main.rs",
        "test" => "crates/xtask/src/test.rs",
        _ => return None,
    })
}

fn xtask(task: &str, rest: &[&str]) -> Option<String> {
    let tasks = names(&tree::read("crates/xtask/src/main.rs"), "Subcommand");
    if !tasks.iter().any(|name| name == task) {
        return Some(format!("there is no task {task}; there are {}", tasks.join(", ")));
    }
    // The benchmark that needs no server is a program of its own.
    let matching = task == "bench" && rest.first() == Some(&"matching");
    let path = if matching { Some("crates/matching-bench/src/main.rs") } else { options_of(task) };
    let Some(path) = path else { return Some(format!("this test does not know {task}")) };
    let source = tree::read(path);
    let flags = flags(&source);
    for word in rest.iter().take_while(|word| **word != "--") {
        let Some(flag) = word.strip_prefix("--") else { continue };
        let flag = flag.split('=').next().unwrap_or_default();
        if flag != "help" && !flags.iter().any(|known| known == flag) {
            return Some(format!("{task} has no option --{flag}"));
        }
    }
    let measures = names(&source, "Subcommand");
    let is_known = |name: &&str| name.starts_with('-') || measures.iter().any(|known| known == name);
    (task == "bench" && !matching && !rest.first().is_some_and(is_known))
        .then(|| format!("bench has {}", measures.join(", ")))
}

fn cargo(rest: &[&str]) -> Option<String> {
    let packages = arrows::packages();
    let value = |names: &[&str]| {
        rest.iter().position(|word| names.contains(word)).and_then(|place| rest.get(place + 1)).copied()
    };
    let package = value(&["-p", "--package"])?;
    let Some((_, tests)) = packages.iter().find(|(name, _)| name == package) else {
        return Some(format!("there is no package {package}"));
    };
    let test = value(&["--test"])?;
    (!tests.iter().any(|name| name == test)).then(|| format!("{package} has no test {test}"))
}

/// The method exists, and what is sent to it has the fields of its request.
fn grpcurl(rest: &[&str]) -> Option<String> {
    let path = rest.iter().find(|word| word.starts_with("helpline.") && word.contains('/'))?;
    let Some(method) = METHODS.iter().find(|method| method.path == format!("/{path}")) else {
        return Some(format!("there is no method {path}"));
    };
    let body = rest.iter().position(|word| *word == "-d").and_then(|place| rest.get(place + 1))?;
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let service = pool.get_service_by_name(method.service)?;
    let request = service.methods().find(|one| one.name() == method.name)?.input();
    match serde_json::from_str(body) {
        Ok(value) => wrong_field(&request, &value),
        Err(error) => Some(format!("{path}: {error}")),
    }
}

/// The first field that the message does not have, or the first word that its enum does not have.
fn wrong_field(message: &MessageDescriptor, value: &Value) -> Option<String> {
    for (name, value) in value.as_object()? {
        let found = message.get_field_by_name(name).or_else(|| message.get_field_by_json_name(name));
        let Some(field) = found else { return Some(format!("{} has no field {name}", message.full_name())) };
        let wrong = match field.kind() {
            Kind::Message(inner) => wrong_field(&inner, value),
            Kind::Enum(words) => {
                let word = value.as_str().filter(|word| words.get_value_by_name(word).is_none());
                word.map(|word| format!("{} has no value {word}", words.full_name()))
            }
            _ => None,
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    None
}

fn derives(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("derive") => list.tokens.to_string().contains(name),
        _ => false,
    })
}

/// The variants of the enums that derive `derive`, as a command line writes them.
fn names(source: &str, derive: &str) -> Vec<String> {
    let file = syn::parse_file(source).unwrap();
    let enums = file.items.iter().filter_map(|item| match item {
        Item::Enum(item) if derives(&item.attrs, derive) => Some(item),
        _ => None,
    });
    enums.flat_map(|item| &item.variants).map(|variant| variant.ident.to_string().to_lowercase()).collect()
}

/// The long options of every struct.
fn flags(source: &str) -> Vec<String> {
    let file = syn::parse_file(source).unwrap();
    let mut flags = Vec::new();
    for item in &file.items {
        let Item::Struct(item) = item else { continue };
        let Fields::Named(fields) = &item.fields else { continue };
        for field in &fields.named {
            for attribute in &field.attrs {
                let Meta::List(list) = &attribute.meta else { continue };
                let tokens = list.tokens.to_string();
                if list.path.is_ident("arg") && tokens.starts_with("long") {
                    let given = tokens.strip_prefix("long = \"").and_then(|rest| rest.split('"').next());
                    let own = field.ident.as_ref().map(|name| name.to_string().replace('_', "-"));
                    flags.extend(given.map(str::to_owned).or(own));
                }
            }
        }
    }
    flags
}

#[test]
fn every_command_in_a_document_exists() {
    let mut problems = Vec::new();
    let mut checked = 0;
    for file in tree::files(&["md"]) {
        for command in commands(&file.text) {
            checked += 1;
            if let Some(fault) = fault(&command) {
                problems.push(format!("{}: {}: {}", file.path, command.join(" "), fault.trim()));
            }
        }
    }
    assert!(checked > 10, "the documents were not read");
    tree::none(&problems);
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    let fault = |line: &str| {
        commands(&format!("```sh\n{line}\n```")).iter().find_map(|one| super::commands::fault(one))
    };
    for good in [
        "cargo xtask demo --for 30s",
        "cargo xtask test --fast -- -E x",
        "cargo xtask bench contacts --format json",
        "helpline serve --services intake,queueing",
        "helpline token create --centre $CENTRE --role adapter",
        "cargo test -p helpline-tests --test repo",
        r#"grpcurl -d '{"channel": "CHANNEL_SMS"}' here helpline.intake.v1.ContactService/ReceiveContact"#,
    ] {
        assert_eq!(fault(good), None, "{good}");
    }
    for bad in [
        "cargo xtask dance",
        "cargo xtask demo --faster",
        "cargo xtask bench nothing",
        "helpline sing",
        "helpline token create --role adapter",
        "cargo test -p helpline-tests --test nothing",
        "cargo test -p nothing",
        "grpcurl here helpline.intake.v1.ContactService/Nothing",
        r#"grpcurl -d '{"channel": "CHANNEL_DRUM"}' here helpline.intake.v1.ContactService/ReceiveContact"#,
        r#"grpcurl -d '{"drum": 1}' here helpline.intake.v1.ContactService/ReceiveContact"#,
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
}
