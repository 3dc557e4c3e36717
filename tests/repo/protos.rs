//! The API explains itself.

use std::collections::HashSet;

use helpline_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::DescriptorPool;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, MessageOptions};

use crate::tree;

/// The numbers that descriptor.proto gives to the parts of a file, a message, an enum and a service.
mod part {
    pub(super) const MESSAGE: i32 = 4;
    pub(super) const ENUM: i32 = 5;
    pub(super) const SERVICE: i32 = 6;
    pub(super) const EXTENSION: i32 = 7;
    pub(super) const FIELD: i32 = 2;
    pub(super) const NESTED_MESSAGE: i32 = 3;
    pub(super) const NESTED_ENUM: i32 = 4;
    pub(super) const ONEOF: i32 = 8;
    pub(super) const VALUE: i32 = 2;
    pub(super) const METHOD: i32 = 2;
}

struct Silent<'a> {
    commented: HashSet<&'a [i32]>,
    names: Vec<String>,
}

impl Silent<'_> {
    fn note(&mut self, path: &[i32], name: &str) {
        if !self.commented.contains(path) {
            self.names.push(name.to_owned());
        }
    }

    fn message(&mut self, path: &[i32], name: &str, message: &DescriptorProto) {
        // The entries of a map are messages that nobody wrote.
        if message.options.as_ref().is_some_and(MessageOptions::map_entry) {
            return;
        }
        self.note(path, name);
        for (index, field) in numbered(&message.field) {
            self.note(&[path, &[part::FIELD, index]].concat(), &format!("{name}.{}", field.name()));
        }
        for (index, oneof) in numbered(&message.oneof_decl) {
            // That of an optional field is made up by the compiler.
            let is_real = message
                .field
                .iter()
                .any(|field| field.oneof_index == Some(index) && !field.proto3_optional());
            if is_real {
                self.note(&[path, &[part::ONEOF, index]].concat(), &format!("{name}.{}", oneof.name()));
            }
        }
        for (index, nested) in numbered(&message.nested_type) {
            self.message(
                &[path, &[part::NESTED_MESSAGE, index]].concat(),
                &format!("{name}.{}", nested.name()),
                nested,
            );
        }
        for (index, nested) in numbered(&message.enum_type) {
            self.enumeration(
                &[path, &[part::NESTED_ENUM, index]].concat(),
                &format!("{name}.{}", nested.name()),
                nested,
            );
        }
    }

    fn enumeration(&mut self, path: &[i32], name: &str, enumeration: &EnumDescriptorProto) {
        self.note(path, name);
        for (index, value) in numbered(&enumeration.value) {
            self.note(&[path, &[part::VALUE, index]].concat(), value.name());
        }
    }
}

fn numbered<T>(items: &[T]) -> impl Iterator<Item = (i32, &T)> {
    (0..).zip(items)
}

/// Names of everything without a comment.
fn silent(file: &FileDescriptorProto) -> Vec<String> {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let commented = locations.filter(|location| !location.leading_comments().trim().is_empty());
    let mut silent =
        Silent { commented: commented.map(|location| location.path.as_slice()).collect(), names: Vec::new() };
    for (index, message) in numbered(&file.message_type) {
        silent.message(&[part::MESSAGE, index], message.name(), message);
    }
    for (index, enumeration) in numbered(&file.enum_type) {
        silent.enumeration(&[part::ENUM, index], enumeration.name(), enumeration);
    }
    for (index, service) in numbered(&file.service) {
        silent.note(&[part::SERVICE, index], service.name());
        for (place, method) in numbered(&service.method) {
            let name = format!("{}.{}", service.name(), method.name());
            silent.note(&[part::SERVICE, index, part::METHOD, place], &name);
        }
    }
    for (index, extension) in numbered(&file.extension) {
        silent.note(&[part::EXTENSION, index], extension.name());
    }
    silent.names
}

#[test]
fn every_message_field_value_and_method_of_the_api_has_a_comment() {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let own = pool.files().filter(|file| file.name().starts_with("helpline/"));
    let mut problems = Vec::new();
    for file in own {
        let descriptor = file.file_descriptor_proto();
        problems.extend(silent(descriptor).into_iter().map(|name| format!("{}: {name}", file.name())));
    }
    tree::none(&problems);

    let described = pool.get_file_by_name("helpline/intake/v1/contact_service.proto").unwrap();
    let mut stripped = described.file_descriptor_proto().clone();
    stripped.source_code_info = None;
    let names = silent(&stripped);
    for name in ["ContactService.GetContact", "ContactFilter.states", "OUTLOOK_SERVED"] {
        assert!(names.iter().any(|one| one == name), "{name} was not looked at");
    }
}

#[test]
fn every_proto_file_is_part_of_the_api() {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    for file in tree::files(&["proto"]) {
        let name = file.path.strip_prefix("proto/").unwrap_or(&file.path);
        assert!(pool.get_file_by_name(name).is_some(), "{name}");
    }
}
