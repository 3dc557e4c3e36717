//! An import: everything it changes is one statement, and nothing of it happens if the directory changed meanwhile.

use std::collections::BTreeSet;

use helpline_domain::id::CentreId;
use helpline_domain::service::kind::{Field, Kind, Shape};
use helpline_domain::service::package::{Difference, Package, Record};
use helpline_domain::service::rules::Rules;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::sealing::{SERVICE_RECORD, SERVICE_RULES};
use crate::{Store, StoreError};

/// An import, as what it changes.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// What is written and taken away.
    pub difference: &'a Difference,
    /// What it was compared with.
    pub there: &'a Package,
    /// The revision of the directory then.
    pub expected_revision: i64,
}

const IMPORT: &str = change!(
    event: "services_imported", resource: "$1::uuid", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('directory', revision, 'services', cardinality($8::uuid[]), 'records', cardinality($12::uuid[]), 'removed', cardinality($16::uuid[]))",
    with: "changed AS (
        INSERT INTO helpline.service_directories AS d (centre_id, revision, imported_revision) VALUES ($1, 1, 1)
        ON CONFLICT (centre_id) DO UPDATE SET revision = d.revision + 1, imported_revision = d.revision + 1
        WHERE d.revision = $7
        RETURNING revision),
    services_put AS (
        INSERT INTO helpline.services AS s (centre_id, service_id, fields, rules_sealed, protected, directory_revision)
        SELECT $1, new.id, new.fields, new.rules, coalesce(new.protected, false), changed.revision
        FROM changed, unnest($8::uuid[], $9::jsonb[], $10::bytea[], $17::boolean[]) AS new (id, fields, rules, protected)
        ON CONFLICT (centre_id, service_id) DO UPDATE SET fields = excluded.fields,
            rules_sealed = coalesce(excluded.rules_sealed, s.rules_sealed),
            protected = CASE WHEN excluded.rules_sealed IS NULL THEN s.protected ELSE excluded.protected END,
            directory_revision = excluded.directory_revision, revision = s.revision + 1),
    records_put AS (
        INSERT INTO helpline.service_records (centre_id, kind, record_id, fields, record_sealed)
        SELECT $1, new.kind, new.id, new.fields, new.sealed
        FROM changed, unnest($11::text[], $12::uuid[], $13::jsonb[], $14::bytea[]) AS new (kind, id, fields, sealed)
        ON CONFLICT (centre_id, kind, record_id) DO UPDATE SET fields = excluded.fields, record_sealed = excluded.record_sealed),
    records_removed AS (
        DELETE FROM helpline.service_records r
        USING changed, unnest($15::text[], $16::uuid[]) AS old (kind, id)
        WHERE r.centre_id = $1 AND r.kind = old.kind AND r.record_id = old.id)";
    returning: "revision",
);

/// Columns of what is written, as the statement takes them.
#[derive(Default)]
struct Columns {
    service_ids: Vec<Uuid>,
    services: Vec<Json<Record>>,
    rules: Vec<Option<Vec<u8>>>,
    protected: Vec<Option<bool>>,
    kinds: Vec<&'static str>,
    ids: Vec<Uuid>,
    records: Vec<Json<Record>>,
    sealed: Vec<Option<Vec<u8>>>,
}

impl Store {
    /// Writes an import. Refused, when the directory is not at the revision it was compared with.
    pub async fn import_services(
        &self,
        command: &Command,
        import: Import<'_>,
    ) -> Result<Change<i64>, StoreError> {
        let columns = self.columns(command.centre(), import);
        let removed = import.difference.removed.iter();
        let (removed_kinds, removed_ids): (Vec<_>, Vec<_>) =
            removed.map(|(kind, id)| (kind.key(), *id)).unzip();
        let query = change_query::<(i64,)>(IMPORT, command)
            .bind(import.expected_revision)
            .bind(columns.service_ids)
            .bind(columns.services)
            .bind(columns.rules)
            .bind(columns.kinds)
            .bind(columns.ids)
            .bind(columns.records)
            .bind(columns.sealed)
            .bind(removed_kinds)
            .bind(removed_ids)
            .bind(columns.protected);
        Ok(self.change(command, query).await?.map(|(revision,)| revision))
    }

    fn columns(&self, centre: CentreId, import: Import<'_>) -> Columns {
        let Difference { added, changed, .. } = import.difference;
        let mut columns = Columns::default();
        let mut services = BTreeSet::new();
        for (kind, id, record) in added.all().chain(changed.all()) {
            if matches!(kind, Kind::Service | Kind::ServiceRule) {
                services.insert(id);
                continue;
            }
            let seals = kind.is_sealed();
            columns.kinds.push(kind.key());
            columns.ids.push(id);
            columns.records.push(Json(if seals { references(kind, record) } else { record.clone() }));
            columns.sealed.push(seals.then(|| self.seal_record(SERVICE_RECORD, centre, id, record)));
        }
        for id in services {
            let new = |kind| added.get(kind, id).or_else(|| changed.get(kind, id));
            // Of a service whose rules alone change, the record stays.
            let Some(record) = new(Kind::Service).or_else(|| import.there.get(Kind::Service, id)) else {
                continue;
            };
            let rules = new(Kind::ServiceRule);
            columns.protected.push(rules.map(|rules| Rules::of(rules).protected_address));
            let rules = rules.map(|rules| self.seal_record(SERVICE_RULES, centre, id, rules));
            columns.service_ids.push(id);
            columns.services.push(Json(record.clone()));
            columns.rules.push(rules);
        }
        columns
    }
}

/// What of a sealed record stays readable: to what it belongs.
fn references(kind: Kind, record: &Record) -> Record {
    let refers = |field: &&Field| matches!(field.shape, Shape::Reference(_));
    let fields = kind.table().fields.iter().filter(refers);
    fields.filter_map(|field| Some((field.name.to_owned(), record.get(field.name)?.clone()))).collect()
}
