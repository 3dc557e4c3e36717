//! Which records a directory has, and what their fields may hold, as the standard names them.

mod fields;
mod owners;
mod parts;

use serde::{Deserialize, Serialize};

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the objects of HSDS, by their names there")]
pub enum Kind {
    Organization,
    Program,
    Service,
    /// What a centre adds to a service; its id is the service's.
    ServiceRule,
    Location,
    ServiceAtLocation,
    Address,
    Contact,
    Phone,
    Schedule,
    ServiceArea,
    Language,
    Funding,
    Accessibility,
    CostOption,
    RequiredDocument,
    OrganizationIdentifier,
    Taxonomy,
    TaxonomyTerm,
    Attribute,
    Unit,
    ServiceCapacity,
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Shape {
    /// The record's own id.
    Id,
    /// The id of another record.
    Reference(Kind),
    /// The id of any record, whose kind another field names.
    Link,
    /// Text.
    Text,
    /// A URL.
    Url,
    /// An e-mail address.
    Email,
    /// A number within bounds.
    Number(f64, f64),
    /// A day: `2026-01-31`.
    Date,
    /// A time of the day: `09:30` or `09:30:00`.
    Time,
    /// A time of RFC 3339.
    Moment,
    /// One of these.
    Choice(&'static [&'static str]),
    /// `yes`, `no`, or their like.
    Flag,
    /// Several short texts; in a table separated by `;`.
    List,
}

/// A field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the standard.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether a record without it cannot be used.
    pub required: bool,
}

/// A kind of record.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Of what.
    pub kind: Kind,
    /// The name of one such record: in the store, and in `link_entity`.
    pub key: &'static str,
    /// The name of its table in a package of tables, without `.csv`.
    pub file: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// Lists of other records inside its document, by their name there.
    pub parts: &'static [(&'static str, Kind)],
    /// Records it refers to, whole inside its document: name there, kind, the field that refers.
    pub ones: &'static [(&'static str, Kind, &'static str)],
}

/// Every kind, each behind those it refers to most.
pub static TABLES: [Table; 22] = [
    owners::TAXONOMY,
    owners::TAXONOMY_TERM,
    owners::ORGANIZATION,
    owners::PROGRAM,
    owners::SERVICE,
    owners::SERVICE_RULE,
    owners::LOCATION,
    owners::SERVICE_AT_LOCATION,
    parts::ADDRESS,
    parts::CONTACT,
    parts::PHONE,
    parts::SCHEDULE,
    parts::SERVICE_AREA,
    parts::LANGUAGE,
    parts::FUNDING,
    parts::ACCESSIBILITY,
    parts::COST_OPTION,
    parts::REQUIRED_DOCUMENT,
    parts::ORGANIZATION_IDENTIFIER,
    parts::UNIT,
    parts::SERVICE_CAPACITY,
    parts::ATTRIBUTE,
];

impl Kind {
    /// What is known of the kind.
    pub fn table(self) -> &'static Table {
        // Every kind has one: a test counts them.
        TABLES.iter().find(|table| table.kind == self).unwrap_or(&TABLES[0])
    }

    /// The name of one such record.
    pub fn key(self) -> &'static str {
        self.table().key
    }

    /// The kind with this name.
    pub fn from_key(key: &str) -> Option<Self> {
        TABLES.iter().find(|table| table.key == key).map(|table| table.kind)
    }

    /// Whether such a record can hold a person's name or number, or say where a shelter is.
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::Location | Self::Address | Self::Contact | Self::Phone | Self::ServiceRule)
    }

    /// Whether attributes can belong to such a record.
    pub fn has_attributes(self) -> bool {
        self.table().parts.iter().any(|(_, part)| *part == Self::Attribute)
    }

    /// Whether such a record stands by itself. The others belong to one of these and are replaced with it.
    pub const fn stands_alone(self) -> bool {
        matches!(
            self,
            Self::Organization
                | Self::Program
                | Self::Service
                | Self::Location
                | Self::Taxonomy
                | Self::TaxonomyTerm
                | Self::Unit
        )
    }
}

impl Table {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_one_table_with_names_of_its_own() {
        let kinds: BTreeSet<_> = TABLES.iter().map(|table| table.kind).collect();
        let files: BTreeSet<_> = TABLES.iter().map(|table| table.file).collect();
        assert_eq!((kinds.len(), files.len()), (TABLES.len(), TABLES.len()));
        for table in &TABLES {
            assert_eq!(Kind::from_key(table.key), Some(table.kind));
            assert_eq!(table.kind.table().key, table.key);
        }
    }
}
