//! Documents, in which records stand inside each other, and the records they are made of.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::kind::{Kind, Shape};
use super::package::{Owned, Package, Record, id};

const NO_RECORD: &str = "is no record";

/// A record as somebody wrote it: nothing of it is checked yet.
#[derive(Clone, Debug)]
pub struct Row {
    /// Of what.
    pub kind: Kind,
    /// Where it stands in its file: the line of a table, or the path in a document.
    pub place: String,
    /// Its fields.
    pub fields: Record,
    /// Whether it was inside another record, where it may stand again with less.
    pub inside: bool,
}

/// What came of documents.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The rows in them.
    pub rows: Vec<Row>,
    /// What is no row: where it stands, and what is wrong with it.
    pub faults: Vec<(String, &'static str)>,
}

/// Which kind of record a document is about, by what it has.
pub fn kind_of(document: &Record) -> Option<Kind> {
    let has = |name: &str| document.contains_key(name);
    Some(if has("location_type") {
        Kind::Location
    } else if has("status") || has("service_at_locations") {
        Kind::Service
    } else if has("location") && (has("service_id") || has("service")) {
        Kind::ServiceAtLocation
    } else if has("taxonomy_detail") || has("taxonomy_id") {
        Kind::TaxonomyTerm
    } else if has("version") && has("uri") && !has("website") {
        Kind::Taxonomy
    } else if has("name") && has("description") {
        Kind::Organization
    } else {
        return None;
    })
}

/// Takes a document apart into rows, those it refers to first.
pub fn take_apart(kind: Kind, document: &Record, place: &str, inside: bool, taken: &mut Taken) {
    let table = kind.table();
    let mut fields = Record::new();
    for (name, value) in document {
        let is_part = table.parts.iter().any(|(part, _)| part == name);
        if !is_part && !table.ones.iter().any(|(one, ..)| one == name) {
            fields.insert(name.clone(), value.clone());
        }
    }
    for (name, one, reference) in table.ones {
        let mut inner = match document.get(*name) {
            Some(Value::Object(inner)) => inner.clone(),
            None | Some(Value::Null) => continue,
            Some(_) => {
                taken.faults.push((format!("{place}.{name}"), NO_RECORD));
                continue;
            }
        };
        match (document.get("id"), inner.get("id")) {
            // What has the id of what it stands in.
            (Some(own), _) if *reference == "id" => drop(inner.insert("id".to_owned(), own.clone())),
            (_, Some(id)) => drop(fields.entry(*reference).or_insert_with(|| id.clone())),
            (_, None) => {}
        }
        take_apart(*one, &inner, &format!("{place}.{name}"), true, taken);
    }
    let own = fields.get("id").cloned();
    taken.rows.push(Row { kind, place: place.to_owned(), fields, inside });
    for (name, part) in table.parts {
        let place = format!("{place}.{name}");
        for (index, inner) in entries(document.get(*name), &place, &mut taken.faults) {
            let mut inner = inner.clone();
            if let Some(own) = &own {
                belong(*part, &mut inner, kind, own);
            }
            take_apart(*part, &inner, &format!("{place}[{index}]"), true, taken);
        }
    }
}

/// The records of a list, each with its index; what is none is a fault.
pub fn entries<'a>(
    list: Option<&'a Value>,
    place: &str,
    faults: &mut Vec<(String, &'static str)>,
) -> Vec<(usize, &'a Record)> {
    let list = match list {
        Some(Value::Array(list)) => list.as_slice(),
        None | Some(Value::Null) => &[],
        Some(_) => {
            faults.push((place.to_owned(), "is not a list"));
            &[]
        }
    };
    let mut records = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        match entry {
            Value::Object(record) => records.push((index, record)),
            _ => faults.push((format!("{place}[{index}]"), NO_RECORD)),
        }
    }
    records
}

/// Writes into a part what it is part of, unless it says so itself.
fn belong(part: Kind, inner: &mut Record, owner: Kind, own: &Value) {
    if part == Kind::Attribute {
        inner.entry("link_id").or_insert_with(|| own.clone());
        // What others write there is free text; here it names the kind.
        inner.insert("link_entity".to_owned(), Value::from(owner.key()));
        return;
    }
    let reference = part.table().fields.iter().find(|field| field.shape == Shape::Reference(owner));
    if let Some(field) = reference {
        inner.entry(field.name).or_insert_with(|| own.clone());
    }
}

/// Puts documents together.
pub struct Documents<'a> {
    package: &'a Package,
    owned: Owned<'a>,
}

impl<'a> Documents<'a> {
    /// The documents of a package.
    pub fn of(package: &'a Package) -> Self {
        Self { package, owned: package.by_owner() }
    }

    /// The document of a record, with all that belongs to it and all it refers to.
    pub fn document(&self, kind: Kind, record: &Record) -> Value {
        self.build(kind, record, &mut BTreeSet::new())
    }

    fn build(&self, kind: Kind, record: &Record, above: &mut BTreeSet<(Kind, Uuid)>) -> Value {
        let mut document = record.clone();
        let Some(own) = id(record, "id") else { return Value::Object(document) };
        // What stands above is not repeated below.
        above.insert((kind, own));
        let table = kind.table();
        for (name, one, reference) in table.ones {
            let Some(to) = id(record, reference) else { continue };
            if above.contains(&(*one, to)) {
                continue;
            }
            if let Some(inner) = self.package.get(*one, to) {
                document.insert((*name).to_owned(), self.build(*one, inner, above));
            }
        }
        for (part, _, inner) in self.owned.get(&(kind, own)).into_iter().flatten() {
            let Some((name, _)) = table.parts.iter().find(|(_, kind)| kind == part) else { continue };
            let built = self.build(*part, inner, above);
            if let Value::Array(list) = document.entry(*name).or_insert_with(|| Value::Array(Vec::new())) {
                list.push(built);
            }
        }
        above.remove(&(kind, own));
        Value::Object(document)
    }
}
