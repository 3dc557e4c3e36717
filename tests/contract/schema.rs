//! The messages of the API as their descriptors tell them: every field of every request, also the nested ones.

use std::sync::LazyLock;

use helpline_proto::{FILE_DESCRIPTOR_SET, Method};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the descriptors"));

/// What the server fills in, and ignores in a request.
const IGNORED: &[(&str, &[&str])] = &[
    (
        "CreateCounsellor",
        &["counsellor.counsellor_id", "counsellor.disabled", "counsellor.create_time", "counsellor.revision"],
    ),
    ("UpdateCounsellor", &["counsellor.disabled", "counsellor.create_time", "counsellor.revision"]),
    ("PublishSettings", &["settings.version"]),
    ("PublishPlan", &["plan.version"]),
    ("RaiseEscalation", &["location.report_time", "location.reported_by"]),
    ("AddLocation", &["location.report_time", "location.reported_by"]),
    ("CreateAgency", &["agency.agency_id", "agency.disabled", "agency.create_time", "agency.revision"]),
    ("UpdateAgency", &["agency.disabled", "agency.create_time", "agency.revision"]),
];

/// A field of a request that holds a value and not further fields.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// As errors name it, with the first entry of every list: `filter.states[0]`.
    pub(crate) path: String,
    steps: Vec<FieldDescriptor>,
}

impl Place {
    /// What it holds.
    pub(crate) fn kind(&self) -> Kind {
        self.steps.last().unwrap().kind()
    }

    /// Its own name.
    pub(crate) fn name(&self) -> &str {
        self.steps.last().unwrap().name()
    }

    /// Whether it holds a message of this name.
    pub(crate) fn holds(&self, message: &str) -> bool {
        matches!(self.kind(), Kind::Message(descriptor) if descriptor.full_name() == message)
    }

    /// Puts a value there; messages and lists on the way are kept or made.
    pub(crate) fn put(&self, message: &mut DynamicMessage, value: Value) {
        put(message, &self.steps, value);
    }
}

fn put(message: &mut DynamicMessage, steps: &[FieldDescriptor], value: Value) {
    let (field, rest) = steps.split_first().unwrap();
    let there = message.get_field(field).into_owned();
    let (first, others) = match there {
        Value::List(mut entries) if !entries.is_empty() => (Some(entries.remove(0)), entries),
        Value::List(_) => (None, Vec::new()),
        single => (Some(single), Vec::new()),
    };
    let value = match (rest, field.kind()) {
        ([], _) => value,
        (_, Kind::Message(descriptor)) => {
            let mut inner = match first {
                Some(Value::Message(inner)) => inner,
                _ => DynamicMessage::new(descriptor),
            };
            put(&mut inner, rest, value);
            Value::Message(inner)
        }
        (_, kind) => panic!("{kind:?} holds no fields"),
    };
    let whole =
        if field.is_list() { Value::List(std::iter::once(value).chain(others).collect()) } else { value };
    message.set_field(field, whole);
}

/// The request of a method.
pub(crate) fn input(method: &Method) -> MessageDescriptor {
    described(method).input()
}

/// The answer of a method.
pub(crate) fn output(method: &Method) -> MessageDescriptor {
    described(method).output()
}

fn described(method: &Method) -> prost_reflect::MethodDescriptor {
    let service = POOL.get_service_by_name(method.service).expect("the service");
    service.methods().find(|described| described.name() == method.name).expect("the method")
}

/// Every place of a method's request that the server reads. Maps are left out: errors do not name what is in them.
pub(crate) fn places(method: &Method) -> Vec<Place> {
    let mut found = Vec::new();
    walk(&input(method), "", &[], &mut found);
    let ignored = IGNORED.iter().find(|(name, _)| *name == method.name).map_or(&[][..], |(_, paths)| paths);
    for path in ignored {
        assert!(found.iter().any(|place| place.path == *path), "{} has no {path}", method.name);
    }
    found.retain(|place| !ignored.contains(&place.path.as_str()));
    found
}

fn walk(message: &MessageDescriptor, prefix: &str, steps: &[FieldDescriptor], found: &mut Vec<Place>) {
    for field in message.fields().filter(|field| !field.is_map()) {
        let entry = if field.is_list() { "[0]" } else { "" };
        let path = format!("{prefix}{}{entry}", field.name());
        let steps = [steps, std::slice::from_ref(&field)].concat();
        match field.kind() {
            Kind::Message(inner) if inner.full_name().starts_with("helpline.") => {
                walk(&inner, &format!("{path}."), &steps, found);
            }
            _ => found.push(Place { path, steps }),
        }
    }
}

/// A timestamp or duration for a place that holds one.
pub(crate) fn time(place: &Place, seconds: i64, nanos: i32) -> Value {
    let Kind::Message(descriptor) = place.kind() else { panic!("{} holds no time", place.path) };
    let mut time = DynamicMessage::new(descriptor);
    time.set_field_by_name("seconds", Value::I64(seconds));
    time.set_field_by_name("nanos", Value::I32(nanos));
    assert_eq!(time.descriptor().fields().len(), 2);
    Value::Message(time)
}
