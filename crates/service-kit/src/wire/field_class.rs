//! Classes of fields, on the wire and in the domain.

use std::collections::BTreeSet;

use helpline_domain::field_class::FieldClass;
use helpline_proto::options::v1::FieldClass as Message;

use crate::fields::Fields;

/// A class as its message.
pub const fn field_class(class: FieldClass) -> Message {
    match class {
        FieldClass::Identity => Message::Identity,
        FieldClass::Contact => Message::Contact,
        FieldClass::Location => Message::Location,
        FieldClass::Narrative => Message::Narrative,
        FieldClass::Health => Message::Health,
        FieldClass::Legal => Message::Legal,
        FieldClass::Perpetrator => Message::Perpetrator,
        FieldClass::Media => Message::Media,
        FieldClass::Statistics => Message::Statistics,
    }
}

/// Reads classes that can be granted: secrets of the system itself cannot.
pub fn read_field_classes(fields: &mut Fields, path: &str, sent: &[i32]) -> Option<BTreeSet<FieldClass>> {
    let read: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(index, &number)| {
            let path = format!("{path}[{index}]");
            let message = fields.choice(&path, number, Message::as_str_name)?;
            let class = FieldClass::ALL.into_iter().find(|&class| field_class(class) == message);
            if class.is_none() {
                fields.refuse(&path, "a class of what is known about a child");
            }
            class
        })
        .collect();
    read.into_iter().collect()
}
