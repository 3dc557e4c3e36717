//! A set of records: what is imported, what is there, and what differs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::kind::{Kind, Shape, TABLES};

/// The fields of a record, by name.
pub type Record = Map<String, Value>;

/// Records by kind and id.
#[derive(Clone, Default, PartialEq)]
pub struct Package {
    records: BTreeMap<Kind, BTreeMap<Uuid, Record>>,
}

impl std::fmt::Debug for Package {
    /// Counts alone: among the records are addresses that must not be told.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.records.iter().map(|(kind, of)| (kind, of.len()))).finish()
    }
}

/// What an import would write and take away.
#[derive(Clone, Default, Debug)]
pub struct Difference {
    /// New records.
    pub added: Package,
    /// Records with other fields than before.
    pub changed: Package,
    /// Records that belong to something in the package and are no longer in it.
    pub removed: BTreeSet<(Kind, Uuid)>,
    /// How many records of the package are there as they are.
    pub same: usize,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// The text of a field; nothing when it is missing or no text.
pub fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Value::as_str)
}

/// The id in a field.
pub fn id(record: &Record, field: &str) -> Option<Uuid> {
    text(record, field).and_then(|text| Uuid::parse_str(text).ok())
}

/// What a record belongs to: the first record it refers to that can own it.
pub fn owner(kind: Kind, record: &Record) -> Option<(Kind, Uuid)> {
    if kind.stands_alone() {
        return None;
    }
    if kind == Kind::Attribute {
        let of = text(record, "link_entity").and_then(Kind::from_key)?;
        return Some((of, id(record, "link_id")?));
    }
    // A phone of a contact goes with the contact, hours of a service at a place go with that.
    let narrowest = ["phone_id", "contact_id", "service_at_location_id", "service_id", "location_id"];
    let narrowest = narrowest.into_iter().chain(["organization_id", "id"]);
    narrowest.into_iter().find_map(|name| match kind.table().field(name)?.shape {
        Shape::Reference(of) => Some((of, id(record, name)?)),
        _ => None,
    })
}

/// What belongs to each record.
pub type Owned<'a> = BTreeMap<(Kind, Uuid), Vec<(Kind, Uuid, &'a Record)>>;

impl Package {
    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.values().map(BTreeMap::len).sum()
    }

    /// The record with this id.
    pub fn get(&self, kind: Kind, id: Uuid) -> Option<&Record> {
        self.records.get(&kind)?.get(&id)
    }

    /// The record with this id, to be changed.
    pub fn get_mut(&mut self, kind: Kind, id: Uuid) -> Option<&mut Record> {
        self.records.get_mut(&kind)?.get_mut(&id)
    }

    /// Puts a record in the place of the one with its id.
    pub fn put(&mut self, kind: Kind, id: Uuid, record: Record) {
        self.records.entry(kind).or_default().insert(id, record);
    }

    /// The records of a kind, by id.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = (Uuid, &Record)> {
        self.records.get(&kind).into_iter().flatten().map(|(id, record)| (*id, record))
    }

    /// Every record, by kind and id.
    pub fn all(&self) -> impl Iterator<Item = (Kind, Uuid, &Record)> {
        TABLES.iter().flat_map(|table| self.of(table.kind).map(|(id, record)| (table.kind, id, record)))
    }

    /// The records that belong to each record.
    pub fn by_owner(&self) -> Owned<'_> {
        let mut owned = BTreeMap::<_, Vec<_>>::new();
        for (kind, id, record) in self.all() {
            if let Some(owner) = owner(kind, record) {
                owned.entry(owner).or_default().push((kind, id, record));
            }
        }
        owned
    }

    /// What putting `wanted` over these records changes. What belongs to a record of `wanted` and is not in it goes
    /// away; whatever stands alone and is not in it stays, as do the centre's own rules, which the standard does not have.
    pub fn difference(&self, wanted: &Self) -> Difference {
        let mut difference = Difference::default();
        for (kind, id, record) in wanted.all() {
            match self.get(kind, id) {
                None => difference.added.put(kind, id, record.clone()),
                Some(old) if old == record => difference.same += 1,
                Some(_) => difference.changed.put(kind, id, record.clone()),
            }
        }
        for (kind, id, record) in self.all() {
            let goes = kind != Kind::ServiceRule
                && wanted.get(kind, id).is_none()
                && self.belongs_to(wanted, (kind, record));
            if goes {
                difference.removed.insert((kind, id));
            }
        }
        difference
    }

    /// Whether a record belongs, over whatever is between, to something in `wanted`.
    fn belongs_to(&self, wanted: &Self, (kind, record): (Kind, &Record)) -> bool {
        let mut next = owner(kind, record);
        // Whoever belongs to more than there are kinds belongs to itself.
        for _ in &TABLES {
            let Some((kind, id)) = next else { break };
            if wanted.get(kind, id).is_some() {
                return true;
            }
            next = self.get(kind, id).and_then(|record| owner(kind, record));
        }
        false
    }
}
