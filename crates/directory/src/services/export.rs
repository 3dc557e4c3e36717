//! Exports a directory: as documents of services, or as tables, both as the standard's schemas want them.

use helpline_domain::service::kind::{Kind, Shape, TABLES, Table};
use helpline_domain::service::nest::Documents;
use helpline_domain::service::package::{Package, Record, id, owner};
use helpline_domain::service::protected::{Protected, is_of_protected};
use serde_json::Value;

/// What an export may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// What may be published: nothing of a protected place, no contact of people, none of the centre's own rules.
    Public,
    /// Everything, to be imported again elsewhere.
    Everything,
}

/// What the standard requires and this directory does not: an empty text says that nothing is known.
const REQUIRED: [(Kind, &[&str]); 5] = [
    (Kind::Organization, &["description"]),
    (Kind::Program, &["description"]),
    (Kind::Taxonomy, &["description"]),
    (Kind::TaxonomyTerm, &["description"]),
    (Kind::Address, &["address_1", "city", "state_province", "postal_code", "country"]),
];

/// The package as it may leave.
pub fn outgoing(package: &Package, reach: Reach) -> Package {
    let hidden = Protected::of_package(package);
    let mut out = Package::default();
    // Whom a record belongs to comes before it.
    for (kind, own, record) in package.all() {
        let mut leaving = record.clone();
        if reach == Reach::Public {
            let is_hidden = kind == Kind::Location && hidden.holds(own);
            if is_hidden || is_withheld(kind, record, (package, &hidden), &out) {
                continue;
            }
            // Whoever made sure of it is a person.
            leaving.remove("assurer_email");
        }
        for name in REQUIRED.iter().filter(|(of, _)| *of == kind).flat_map(|(_, names)| *names) {
            leaving.entry(*name).or_insert_with(|| Value::from(""));
        }
        out.put(kind, own, leaving);
    }
    out
}

/// Whether a record must not be published: people, the centre's rules, what is given at a place that is hidden, how many are free where
/// nobody may know it, and whatever belongs to one of these.
fn is_withheld(
    kind: Kind,
    record: &Record,
    (package, hidden): (&Package, &Protected),
    out: &Package,
) -> bool {
    matches!(kind, Kind::Contact | Kind::ServiceRule)
        || kind == Kind::ServiceCapacity && is_of_protected(package, record)
        || id(record, "contact_id").is_some()
        || id(record, "location_id").is_some_and(|of| hidden.holds(of))
        || owner(kind, record).is_some_and(|(of, to)| out.get(of, to).is_none())
}

/// Every service as one document; organisations and locations without a service do not appear.
pub fn documents(package: &Package) -> Vec<Value> {
    let documents = Documents::of(package);
    package.of(Kind::Service).map(|(_, record)| documents.document(Kind::Service, record)).collect()
}

/// Every table that has a row: its file and its text.
pub fn tables(package: &Package) -> Result<Vec<(String, Vec<u8>)>, csv::Error> {
    let mut files = Vec::new();
    for table in &TABLES {
        if package.of(table.kind).next().is_some() {
            files.push((format!("{}.csv", table.file), text_of(package, table)?));
        }
    }
    Ok(files)
}

fn text_of(package: &Package, table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.fields.iter().map(|field| field.name))?;
    for (_, record) in package.of(table.kind) {
        writer.write_record(table.fields.iter().map(|field| cell(field.shape, record.get(field.name))))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn cell(shape: Shape, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => harmless(text),
        Some(Value::Bool(flag)) => if *flag { "yes" } else { "no" }.to_owned(),
        Some(Value::Array(entries)) if shape == Shape::List => {
            let entries: Vec<&str> = entries.iter().filter_map(Value::as_str).collect();
            harmless(&entries.join("; "))
        }
        Some(other) => other.to_string(),
    }
}

/// A cell that no spreadsheet computes.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
