//! Partner agencies.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::agency::AgencyKind;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CentreId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, ChangeQuery, Command, change, change_query};
use crate::{Store, StoreError};

/// An agency.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Agency {
    pub agency_id: AgencyId,
    pub profile: Profile,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

/// What an administrator decides of an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub display_name: String,
    /// What it is.
    pub kind: AgencyKind,
    /// The most it may ever be told.
    pub field_classes: BTreeSet<FieldClass>,
    /// Of which country a mission is, ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

#[derive(FromRow)]
struct AgencyRow {
    agency_id: Uuid,
    display_name: String,
    kind: String,
    field_classes: Vec<String>,
    country: Option<String>,
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    revision: i64,
}

impl TryFrom<AgencyRow> for Agency {
    type Error = StoreError;

    fn try_from(row: AgencyRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "agencies", column };
        let classes = row.field_classes.iter().map(|key| FieldClass::from_key(key));
        Ok(Self {
            agency_id: row.agency_id.into(),
            profile: Profile {
                display_name: row.display_name,
                kind: AgencyKind::from_key(&row.kind).ok_or(wrong("kind"))?,
                field_classes: classes.collect::<Option<_>>().ok_or(wrong("field_classes"))?,
                country: row.country,
            },
            disabled_at: row.disabled_at,
            created_at: row.created_at,
            revision: row.revision,
        })
    }
}

macro_rules! agency_columns {
    () => {
        "agency_id, display_name, kind, field_classes, country, disabled_at, created_at, revision"
    };
}

const CREATE: &str = change!(
    event: "agency_created", resource: "agency_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('agency', agency_id, 'kind', kind, 'field_classes', field_classes)",
    with: "changed AS (
        INSERT INTO helpline.agencies (centre_id, agency_id, display_name, kind, field_classes, country)
        VALUES ($1, $7, $8, $9, $10, $11)
        RETURNING *)";
    returning: agency_columns!(),
);

/// A mission stays one, and of its country: what children are afraid of is kept from it as such.
const UPDATE: &str = change!(
    event: "agency_updated", resource: "agency_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('agency', agency_id, 'kind', kind, 'field_classes', field_classes, 'country', country))",
    with: "changed AS (
        UPDATE helpline.agencies SET display_name = $8, kind = $9, field_classes = $10, country = $11, revision = revision + 1
        WHERE centre_id = $1 AND agency_id = $7 AND disabled_at IS NULL AND ($12::bigint = 0 OR revision = $12)
          AND (kind <> 'embassy' OR $9 = 'embassy') AND (country IS NULL OR country = $11)
        RETURNING *)";
    returning: agency_columns!(),
);

const DISABLE: &str = change!(
    event: "agency_disabled", resource: "agency_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('agency', agency_id)",
    with: "changed AS (
        UPDATE helpline.agencies SET disabled_at = coalesce(disabled_at, helpline.now()), revision = revision + 1
        WHERE centre_id = $1 AND agency_id = $7
        RETURNING *),
    revoked AS (
        UPDATE helpline.tokens t SET revoked_at = helpline.now()
        FROM changed WHERE t.centre_id = $1 AND t.agency_id = changed.agency_id AND t.revoked_at IS NULL)";
    returning: agency_columns!(),
);

impl Store {
    /// Creates an agency.
    pub async fn create_agency(
        &self,
        command: &Command,
        id: AgencyId,
        profile: &Profile,
    ) -> Result<Change<Agency>, StoreError> {
        let query = bind(change_query::<AgencyRow>(CREATE, command), id, profile);
        self.change(command, query).await?.try_map(Agency::try_from)
    }

    /// Replaces what an administrator decides of an agency.
    pub async fn update_agency(
        &self,
        command: &Command,
        id: AgencyId,
        profile: &Profile,
        expected_revision: i64,
    ) -> Result<Change<Agency>, StoreError> {
        let query = bind(change_query::<AgencyRow>(UPDATE, command), id, profile).bind(expected_revision);
        self.change(command, query).await?.try_map(Agency::try_from)
    }

    /// Asks an agency no longer: the tokens of its responders are revoked.
    pub async fn disable_agency(
        &self,
        command: &Command,
        id: AgencyId,
    ) -> Result<Change<Agency>, StoreError> {
        let query = change_query::<AgencyRow>(DISABLE, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(Agency::try_from)
    }

    /// One agency.
    pub async fn agency(&self, centre: CentreId, id: AgencyId) -> Result<Option<Agency>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, AgencyRow>(concat!(
            "SELECT ",
            agency_columns!(),
            " FROM helpline.agencies WHERE centre_id = $1 AND agency_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Agency::try_from).transpose()
    }

    /// A page of agencies by time of creation: those behind `after`.
    pub async fn agencies(
        &self,
        centre: CentreId,
        after: Option<AgencyId>,
        size: u32,
    ) -> Result<Vec<Agency>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, AgencyRow>(concat!(
            "SELECT ",
            agency_columns!(),
            " FROM helpline.agencies WHERE centre_id = $1 AND ($2::uuid IS NULL OR agency_id > $2) ORDER BY agency_id LIMIT $3"
        ))
        .bind(centre.as_uuid())
        .bind(after.map(|id| id.as_uuid()))
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Agency::try_from).collect()
    }
}

fn bind(query: ChangeQuery<AgencyRow>, id: AgencyId, profile: &Profile) -> ChangeQuery<AgencyRow> {
    let classes: Vec<String> = profile.field_classes.iter().map(|class| class.key().to_owned()).collect();
    query
        .bind(id.as_uuid())
        .bind(profile.display_name.clone())
        .bind(profile.kind.key())
        .bind(classes)
        .bind(profile.country.clone())
}
