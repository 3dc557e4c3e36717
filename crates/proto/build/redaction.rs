//! `Debug` for messages that hold personal data: a field with `(helpline.options.v1.field_class)` prints its class,
//! never its value.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use prost_reflect::{DescriptorPool, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor};

/// What [`generate`] found.
pub(crate) struct Redaction {
    /// Full names of the messages that get their `Debug` here and must not derive it.
    pub(crate) messages: Vec<String>,
    /// Rust source of the implementations.
    pub(crate) code: String,
}

/// Rust source of every redacted `Debug`.
pub(crate) fn generate(pool: &DescriptorPool) -> Result<Redaction> {
    let extension = pool
        .get_extension_by_name("helpline.options.v1.field_class")
        .context("the option helpline.options.v1.field_class is gone")?;
    let mut messages: Vec<_> =
        pool.all_messages().filter(|message| message.full_name().starts_with("helpline.")).collect();
    messages.sort_by(|a, b| a.full_name().cmp(b.full_name()));

    let mut redaction = Redaction { messages: Vec::new(), code: String::new() };
    for message in messages {
        let classes: Vec<_> = message.fields().map(|field| class(&field, &extension)).collect();
        if classes.iter().all(Option::is_none) {
            continue;
        }
        implement(&message, &classes, &mut redaction.code)
            .with_context(|| format!("message {}", message.full_name()))?;
        redaction.messages.push(message.full_name().to_owned());
    }
    Ok(redaction)
}

/// The class of a field in lower case, if it has one.
fn class(field: &FieldDescriptor, extension: &ExtensionDescriptor) -> Option<String> {
    let options = field.options();
    let value = options.get_extension(extension);
    let number = value.as_enum_number()?;
    let Kind::Enum(classes) = extension.kind() else { return None };
    let name = classes.get_value(number)?.name().to_owned();
    (number != 0).then(|| name.trim_start_matches("FIELD_CLASS_").to_lowercase())
}

fn implement(message: &MessageDescriptor, classes: &[Option<String>], code: &mut String) -> Result<()> {
    ensure!(
        message.parent_message().is_none(),
        "holds personal data, so it must not be nested in another message"
    );
    let module = message.package_name().trim_start_matches("helpline.").replace('.', "::");
    writeln!(code, "impl std::fmt::Debug for crate::{module}::{} {{", message.name())?;
    code.push_str("    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n");
    writeln!(code, "        f.debug_struct({:?})", message.name())?;
    for (field, class) in message.fields().zip(classes) {
        let name = field.name();
        ensure!(
            field.containing_oneof().is_none_or(|oneof| oneof.is_synthetic()),
            "holds personal data beside the oneof field {name}, whose Debug cannot be redacted: use a message"
        );
        let value = match (class, field.kind()) {
            (Some(class), _) => format!("&format_args!(\"[{class}]\")"),
            (None, Kind::Enum(_)) if !field.is_list() => format!("&self.{}()", raw(name)),
            (None, _) => format!("&self.{}", raw(name)),
        };
        writeln!(code, "            .field({name:?}, {value})")?;
    }
    code.push_str("            .finish()\n    }\n}\n\n");
    Ok(())
}

/// The field's name in Rust.
fn raw(name: &str) -> String {
    const KEYWORDS: &[&str] =
        &["type", "match", "ref", "move", "use", "in", "for", "loop", "where", "box", "final"];
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}
