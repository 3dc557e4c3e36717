//! Reads what somebody else has written: every row and every field is looked at, and everything that is wrong is said.

mod field;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::kind::Kind;
use super::nest::Row;
use super::package::{Package, Record};
use super::rules::Rules;

/// What is wrong with a package at one place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The row or the place in the document; empty when it is the whole file.
    pub place: String,
    /// The field; empty when it is the whole row.
    pub field: String,
    /// What is wrong, in words that repeat nothing of the file.
    pub what: String,
    /// Whether the field can be left out and the rest be used.
    pub bearable: bool,
}

/// What came of a check.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What can be used: of a package with problems, without what they are about.
    pub package: Package,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
    /// Columns that nothing is known of, by file: they are left out.
    pub unknown: BTreeSet<(String, String)>,
}

impl Checked {
    /// Whether the package can be used as it is, or, when `leniently`, without the fields that are wrong.
    pub fn is_usable(&self, leniently: bool) -> bool {
        self.problems.iter().all(|problem| leniently && problem.bearable)
    }
}

/// Checks rows, given as files with their rows, as an addition to what is there now.
pub fn check(files: &[(String, Vec<Row>)], there: &Package, now: DateTime<Utc>) -> Checked {
    let mut checked = Checked::default();
    let mut origins = BTreeMap::new();
    for (file, rows) in files {
        for row in rows {
            let Some((id, mut record)) = field::read(file, row, &mut checked) else { continue };
            if row.kind == Kind::ServiceRule {
                // As they are stored, so that the same rules are the same record.
                record = Rules::of(&record).record();
                record.insert("id".to_owned(), id.to_string().into());
            }
            let known = checked.package.get(row.kind, id);
            let place = || (file.clone(), row.place.clone());
            match known.map(|known| join(known, &record, row.inside)) {
                None => {
                    checked.package.put(row.kind, id, record);
                    origins.insert((row.kind, id), place());
                }
                Some(Some(joined)) => checked.package.put(row.kind, id, joined),
                Some(None) => checked.problems.push(Problem {
                    file: file.clone(),
                    place: row.place.clone(),
                    field: "id".to_owned(),
                    what: format!("another {} has this id", row.kind.key()),
                    bearable: false,
                }),
            }
        }
    }
    together::check(&mut checked, (there, now), &origins);
    checked.problems.sort();
    checked
}

/// Where each record stands.
type Origins = BTreeMap<(Kind, Uuid), (String, String)>;

/// The same record told twice: allowed inside documents, where it may be told with less, if nothing contradicts.
fn join(known: &Record, again: &Record, inside: bool) -> Option<Record> {
    let contradicts = |(name, value): (&String, &Value)| known.get(name).is_some_and(|known| known != value);
    if !inside || again.iter().any(contradicts) {
        return None;
    }
    let mut joined = known.clone();
    joined.extend(again.clone());
    Some(joined)
}
