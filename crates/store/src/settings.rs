//! Centres and their versioned settings.

use chrono::{DateTime, Utc};
use helpline_domain::escalation::plan::Plan;
use helpline_domain::id::CentreId;
use helpline_domain::settings::Settings;
use sqlx::types::Json;
use sqlx::{Connection as _, FromRow};
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A centre.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Centre {
    pub centre_id: CentreId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub settings_version: i64,
}

/// Settings and their version.
#[derive(Clone, Debug)]
pub struct VersionedSettings {
    /// The version.
    pub version: i64,
    /// The settings.
    pub settings: Settings,
}

#[derive(FromRow)]
struct SettingsRow {
    version: i64,
    settings: Json<Settings>,
}

impl From<SettingsRow> for VersionedSettings {
    fn from(row: SettingsRow) -> Self {
        Self { version: row.version, settings: row.settings.0 }
    }
}

const PUBLISH: &str = change!(
    event: "settings_published", resource: "centre_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('version', version)",
    with: "centre AS (
        UPDATE helpline.centres SET settings_version = settings_version + 1
        WHERE centre_id = $1 AND ($8::bigint = 0 OR settings_version = $8)
        RETURNING settings_version),
    changed AS (
        INSERT INTO helpline.settings (centre_id, version, settings, published_by)
        SELECT $1, settings_version, $7, $2 FROM centre
        RETURNING centre_id, version, settings, version AS revision)";
    returning: "version, settings",
);

impl Store {
    /// A centre.
    pub async fn centre(&self, centre: CentreId) -> Result<Option<Centre>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, (String, DateTime<Utc>, i64)>(
            "SELECT name, created_at, settings_version FROM helpline.centres WHERE centre_id = $1",
        )
        .bind(centre.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(row)?.map(|(name, created_at, settings_version)| Centre {
            centre_id: centre,
            name,
            created_at,
            settings_version,
        }))
    }

    /// Settings: a version, or for 0 those in force.
    pub async fn settings(
        &self,
        centre: CentreId,
        version: i64,
    ) -> Result<Option<VersionedSettings>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, SettingsRow>(
            "SELECT s.version, s.settings FROM helpline.settings s JOIN helpline.centres c USING (centre_id)
             WHERE centre_id = $1 AND s.version = CASE WHEN $2 = 0 THEN c.settings_version ELSE $2 END",
        )
        .bind(centre.as_uuid())
        .bind(version)
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(row)?.map(VersionedSettings::from))
    }

    /// Publishes settings as the next version, if `expected_version` is 0 or the one in force.
    pub async fn publish_settings(
        &self,
        command: &Command,
        settings: &Settings,
        expected_version: i64,
    ) -> Result<Change<VersionedSettings>, StoreError> {
        let query =
            change_query::<SettingsRow>(PUBLISH, command).bind(Json(settings.clone())).bind(expected_version);
        self.change(command, query).await?.try_map(|row| Ok(row.into()))
    }
}

/// Every centre by age, as the owner of the schema: the server's role sees one at a time.
///
/// # Errors
/// `Unavailable` when the database cannot be reached.
pub async fn centres_as_owner(owner_url: &str) -> Result<Vec<Centre>, StoreError> {
    let mut connection = sqlx::PgConnection::connect(owner_url).await?;
    let rows = sqlx::query_as::<_, (Uuid, String, DateTime<Utc>, i64)>(
        "SELECT centre_id, name, created_at, settings_version FROM helpline.centres ORDER BY created_at, centre_id",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    let centre = |(id, name, created_at, settings_version): (Uuid, String, DateTime<Utc>, i64)| Centre {
        centre_id: id.into(),
        name,
        created_at,
        settings_version,
    };
    Ok(rows.into_iter().map(centre).collect())
}

/// Creates a centre with default settings and a plan for emergencies that ends at this number, as the owner of the
/// schema: there is no caller yet who could.
///
/// # Errors
/// `Unavailable` when the database cannot be reached, `Constraint` for a name that is empty or too long.
pub async fn create_centre(
    owner_url: &str,
    centre: CentreId,
    name: &str,
    emergency_number: &str,
) -> Result<(), StoreError> {
    let mut connection = sqlx::PgConnection::connect(owner_url).await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("INSERT INTO helpline.centres (centre_id, name) VALUES ($1, $2)")
        .bind(centre.as_uuid())
        .bind(name)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO helpline.settings (centre_id, version, settings, published_by) VALUES ($1, 1, $2, $3)",
    )
    .bind(centre.as_uuid())
    .bind(Json(Settings::default()))
    .bind(Uuid::nil())
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO helpline.escalation_plans (centre_id, version, plan, published_by) VALUES ($1, 1, $2, $3)",
    )
    .bind(centre.as_uuid())
    .bind(Json(Plan::to_begin_with(emergency_number)))
    .bind(Uuid::nil())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}
