//! A mapping: how the tables that somebody already has become tables of the standard. A file of TOML:
//!
//! ```toml
//! [[table]]
//! file = "services.csv"
//! into = "service"
//! id = "uuid"                      # a column; or `made_from = ["name"]`: columns that together are the record's own
//!
//! [table.fields]
//! name = "title"
//! url = { column = "site", scheme = "https://" }
//! maximum_age = { column = "to_age", none = ["999"] }
//!
//! [table.constants]
//! status = "active"
//!
//! [[table.lists]]                  # one cell that holds several records
//! into = "service_area"
//! column = "areas"
//! separator = ";"
//! field = "name"
//! ```

use std::collections::BTreeMap;

use helpline_domain::service::kind::{Kind, Shape};
use helpline_domain::service::nest::Row;
use helpline_domain::service::package::Record;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid, Variant, Version};

/// A mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    table: Vec<MappedTable>,
}

/// How the rows of one file become records of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedTable {
    file: String,
    into: Kind,
    id: Option<String>,
    #[serde(default)]
    made_from: Vec<String>,
    #[serde(default)]
    fields: BTreeMap<String, Source>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
    #[serde(default)]
    lists: Vec<List>,
}

/// From where a field comes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Source {
    Column(String),
    Careful {
        column: String,
        /// Put before a URL that has none.
        #[serde(default)]
        scheme: String,
        /// What stands for nothing.
        #[serde(default)]
        none: Vec<String>,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    into: Kind,
    column: String,
    separator: String,
    field: String,
    /// For attributes: each entry is also a term of the taxonomy with this name.
    taxonomy: Option<String>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping. The error says where it cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for table in &mapping.table {
            let mut fields = table.fields.keys().chain(table.constants.keys());
            if let Some(unknown) = fields.find(|name| table.into.table().field(name).is_none()) {
                return Err(format!("a {} has no field `{unknown}`", table.into.key()));
            }
            if table.lists.iter().any(|list| list.separator.is_empty()) {
                return Err(format!("a list of {} has no separator", table.file));
            }
            if table.id.is_none() && table.made_from.is_empty() {
                return Err(format!("the table of {} needs `id` or `made_from`", table.file));
            }
        }
        Ok(mapping)
    }

    /// What becomes of a file.
    pub(super) fn tables(&self, file: &str) -> impl Iterator<Item = &MappedTable> {
        self.table.iter().filter(move |table| table.file == file)
    }
}

impl MappedTable {
    /// The records that a row becomes. Nothing of it, and `false`, when there would be more than `most`.
    pub(super) fn rows(&self, place: &str, cells: &Record, most: usize, made: &mut Vec<Row>) -> bool {
        let cell =
            |column: &str| cells.get(column).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        let mut fields = Record::new();
        for (name, source) in &self.fields {
            let value = match source {
                Source::Column(column) => cell(column).to_owned(),
                Source::Careful { column, none, .. } if none.iter().any(|none| none == cell(column)) => {
                    continue;
                }
                Source::Careful { column, scheme, .. } => {
                    let value = cell(column);
                    let bare = !scheme.is_empty() && !value.is_empty() && !value.contains("://");
                    if bare { format!("{scheme}{value}") } else { value.to_owned() }
                }
            };
            if !value.is_empty() {
                fields.insert(name.clone(), value.into());
            }
        }
        // A record of which this row says nothing.
        if fields.is_empty() {
            return true;
        }
        let lists = self.lists.iter().map(|list| list.entries(cell(&list.column)).count() * list.rows_each());
        if made.len().saturating_add(1 + lists.sum::<usize>()) > most {
            return false;
        }
        fields.extend(self.constants.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        let own = match &self.id {
            Some(column) => cell(column).to_owned(),
            None => made_id(self.into, &self.made_from.iter().map(|column| cell(column)).collect::<Vec<_>>())
                .to_string(),
        };
        fields.insert("id".to_owned(), own.clone().into());
        made.push(Row { kind: self.into, place: place.to_owned(), fields, inside: false });
        for list in &self.lists {
            for entry in list.entries(cell(&list.column)) {
                list.rows(place, (self.into, &own), entry, made);
            }
        }
        true
    }
}

impl List {
    fn entries<'a>(&self, cell: &'a str) -> impl Iterator<Item = &'a str> {
        cell.split(&self.separator).map(str::trim).filter(|entry| !entry.is_empty())
    }

    /// How many rows an entry becomes: with its term and the taxonomy of that, three.
    const fn rows_each(&self) -> usize {
        if self.taxonomy.is_some() { 3 } else { 1 }
    }

    fn rows(&self, place: &str, (owner, own): (Kind, &str), entry: &str, made: &mut Vec<Row>) {
        let mut fields = Record::new();
        fields.insert("id".to_owned(), made_id(self.into, &[own, entry]).to_string().into());
        fields.extend(self.constants.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        let refers = self.into.table().fields.iter().find(|field| field.shape == Shape::Reference(owner));
        if let Some(reference) = refers {
            fields.insert(reference.name.to_owned(), own.into());
        }
        if let Some(taxonomy) = &self.taxonomy {
            let (of, term) =
                (made_id(Kind::Taxonomy, &[taxonomy]), made_id(Kind::TaxonomyTerm, &[taxonomy, entry]));
            let text = |pairs: &[(&str, String)]| -> Record {
                pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect()
            };
            let taxonomy_fields = text(&[
                ("id", of.to_string()),
                ("name", taxonomy.clone()),
                ("description", taxonomy.clone()),
            ]);
            let term_fields = text(&[
                ("id", term.to_string()),
                ("name", entry.to_owned()),
                ("description", entry.to_owned()),
                ("taxonomy_id", of.to_string()),
            ]);
            // The same term comes with many rows.
            for (kind, fields) in [(Kind::Taxonomy, taxonomy_fields), (Kind::TaxonomyTerm, term_fields)] {
                made.push(Row { kind, place: place.to_owned(), fields, inside: true });
            }
            fields.extend(text(&[
                ("taxonomy_term_id", term.to_string()),
                ("link_id", own.to_owned()),
                ("link_entity", owner.key().to_owned()),
            ]));
        } else {
            fields.insert(self.field.clone(), entry.into());
        }
        made.push(Row { kind: self.into, place: place.to_owned(), fields, inside: true });
    }
}

/// An id that the same words always get.
fn made_id(kind: Kind, words: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for word in [kind.key()].iter().chain(words) {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Builder::from_bytes(bytes).with_variant(Variant::RFC4122).with_version(Version::Custom).into_uuid()
}
