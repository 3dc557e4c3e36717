//! Exports a directory: as documents of services, or as tables, both as the standard's schemas want them.

use std::collections::BTreeSet;

use helpline_domain::service::kind::{Kind, Shape, TABLES, Table};
use helpline_domain::service::nest::Documents;
use helpline_domain::service::package::{Package, Record, id, owner};
use helpline_domain::service::rules::Rules;
use serde_json::Value;
use uuid::Uuid;

/// What an export may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// What may be published: no protected address, no contact of people, none of the centre's own rules.
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
    let hidden = hidden(package);
    let mut out = Package::default();
    // Whom a record belongs to comes before it.
    for (kind, own, record) in package.all() {
        let mut leaving = record.clone();
        if reach == Reach::Public {
            if kind == Kind::Location && hidden.contains(&own) {
                // That there is one may be known; where, not.
                leaving.retain(|name, _| matches!(name.as_str(), "id" | "location_type" | "organization_id"));
            } else if is_withheld(kind, record, &hidden, &out) {
                continue;
            }
        }
        for name in REQUIRED.iter().filter(|(of, _)| *of == kind).flat_map(|(_, names)| *names) {
            leaving.entry(*name).or_insert_with(|| Value::from(""));
        }
        out.put(kind, own, leaving);
    }
    out
}

/// Whether a record must not be published: people and what is theirs, the centre's rules, and what is said of a place that
/// is hidden.
fn is_withheld(kind: Kind, record: &Record, hidden: &BTreeSet<Uuid>, out: &Package) -> bool {
    match kind {
        Kind::Contact | Kind::ServiceRule => true,
        Kind::ServiceAtLocation => false,
        Kind::Language
            if id(record, "phone_id").is_some_and(|phone| out.get(Kind::Phone, phone).is_none()) =>
        {
            true
        }
        Kind::Attribute => owner(kind, record).is_some_and(|(of, to)| out.get(of, to).is_none()),
        _ => {
            id(record, "contact_id").is_some()
                || id(record, "location_id").is_some_and(|of| hidden.contains(&of))
        }
    }
}

/// Locations of services whose address is protected.
fn hidden(package: &Package) -> BTreeSet<Uuid> {
    let rules = |service| package.get(Kind::ServiceRule, service).map(Rules::of);
    let at = package.of(Kind::ServiceAtLocation).filter(|(_, record)| {
        id(record, "service_id").and_then(rules).is_some_and(|rules| rules.protected_address)
    });
    at.filter_map(|(_, record)| id(record, "location_id")).collect()
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
