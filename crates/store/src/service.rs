//! The directory of services that children are referred to: read as a whole, and what is new in it.

mod importing;
mod keeping;
mod protecting;

pub use importing::Import;
pub use keeping::Keeping;

use chrono::{DateTime, Utc};
use helpline_domain::id::{AgencyId, CentreId, ServiceId};
use helpline_domain::service::kind::Kind;
use helpline_domain::service::listing::Standing;
use helpline_domain::service::package::{Package, Record};
use helpline_domain::service::rules::Rules;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::sealing::{Column, SERVICE_RECORD, SERVICE_RULES};
use crate::{Store, StoreError};

/// How often a directory has changed; zeros for one that never did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DirectoryRevision {
    /// Number of its last change.
    pub revision: i64,
    /// Number of its last import.
    pub imported_revision: i64,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its id.
    pub service_id: ServiceId,
    /// Its record in the standard.
    pub fields: Record,
    /// The centre's own rules.
    pub rules: Rules,
    /// What else is known of it.
    pub standing: Standing,
}

#[derive(FromRow)]
struct ServiceRow {
    service_id: Uuid,
    agency_id: Option<Uuid>,
    fields: Json<Record>,
    rules_sealed: Option<Vec<u8>>,
    suspended: bool,
    verified_at: Option<DateTime<Utc>>,
    revision: i64,
}

macro_rules! service_columns {
    () => {
        "service_id, agency_id, fields, rules_sealed, suspended, verified_at, revision"
    };
}
use service_columns;

impl Store {
    /// How often the directory of a centre has changed.
    pub async fn directory_revision(&self, centre: CentreId) -> Result<DirectoryRevision, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, (i64, i64)>(
            "SELECT revision, imported_revision FROM helpline.service_directories WHERE centre_id = $1",
        )
        .bind(centre.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        let row = connection.settle(row)?;
        Ok(row.map_or_else(DirectoryRevision::default, |(revision, imported_revision)| DirectoryRevision {
            revision,
            imported_revision,
        }))
    }

    /// The services of a centre that changed after a revision, by id.
    pub async fn services_since(&self, centre: CentreId, revision: i64) -> Result<Vec<Service>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, ServiceRow>(concat!(
            "SELECT ",
            service_columns!(),
            " FROM helpline.services WHERE centre_id = $1 AND directory_revision > $2 ORDER BY service_id"
        ))
        .bind(centre.as_uuid())
        .bind(revision)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(|row| self.opened(centre, row)).collect()
    }

    /// One service.
    pub async fn listed_service(
        &self,
        centre: CentreId,
        id: ServiceId,
    ) -> Result<Option<Service>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, ServiceRow>(concat!(
            "SELECT ",
            service_columns!(),
            " FROM helpline.services WHERE centre_id = $1 AND service_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(|row| self.opened(centre, row)).transpose()
    }

    /// Every record of a centre's directory that is not a service.
    pub async fn directory_records(&self, centre: CentreId) -> Result<Package, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (String, Uuid, Json<Record>, Option<Vec<u8>>)>(
            "SELECT kind, record_id, fields, record_sealed FROM helpline.service_records WHERE centre_id = $1",
        )
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        let mut package = Package::default();
        for (kind, id, Json(fields), sealed) in rows {
            let wrong = StoreError::Inconsistent { table: "service_records", column: "kind" };
            let kind = Kind::from_key(&kind).ok_or(wrong)?;
            let record = match sealed {
                Some(sealed) => self.open_record(SERVICE_RECORD, centre, id, &sealed)?,
                None => fields,
            };
            package.put(kind, id, record);
        }
        Ok(package)
    }

    fn opened(&self, centre: CentreId, row: ServiceRow) -> Result<Service, StoreError> {
        let rules = row.rules_sealed.as_deref();
        let rules = rules.map(|sealed| self.open_record(SERVICE_RULES, centre, row.service_id, sealed));
        Ok(Service {
            service_id: row.service_id.into(),
            fields: row.fields.0,
            rules: rules.transpose()?.map(|record| Rules::of(&record)).unwrap_or_default(),
            standing: Standing {
                agency_id: row.agency_id.map(AgencyId::from),
                suspended: row.suspended,
                verified_at: row.verified_at,
                revision: row.revision,
            },
        })
    }

    fn seal_record(&self, column: Column, centre: CentreId, id: Uuid, record: &Record) -> Vec<u8> {
        self.seal(column, centre, id, &Value::Object(record.clone()).to_string())
    }

    pub(crate) fn open_record(
        &self,
        column: Column,
        centre: CentreId,
        id: Uuid,
        sealed: &[u8],
    ) -> Result<Record, StoreError> {
        let text = self.open(column, centre, id, sealed)?;
        let wrong = |_| StoreError::Inconsistent { table: column.table, column: column.column };
        serde_json::from_str(text.expose()).map_err(wrong)
    }
}
