//! The schema: embedded migrations and what is known about the database they ran on.

use std::fmt::Write as _;
use std::time::Duration;

use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use crate::{Store, StoreError};

/// Where sqlx notes which migrations ran.
const TABLE: &str = "helpline._migrations";

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// The version of the schema this build knows.
pub fn known_version() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// A hash over every migration: a template of a migrated database is good for exactly this.
pub fn fingerprint() -> String {
    let mut text = String::new();
    for migration in MIGRATOR.iter() {
        for byte in migration.checksum.iter().take(8) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

/// Brings the schema of the database at `url` to [`known_version`], as the owner of the schema. Safe to run from several
/// places at once: they take turns. Returns how many migrations ran.
///
/// # Errors
/// `Unavailable` when the database cannot be reached; `Other` when a migration fails or was edited after it ran.
pub async fn migrate(url: &str) -> Result<usize, StoreError> {
    let mut connection = PgConnection::connect(url).await?;
    // A blocking lock would deadlock with an index that is built concurrently: try, and try again.
    loop {
        let locked: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('helpline.migrate'))")
            .fetch_one(&mut connection)
            .await?;
        if locked {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    connection.execute("CREATE SCHEMA IF NOT EXISTS helpline").await?;
    connection.execute("SET search_path = helpline").await?;
    let failed = |error: sqlx::migrate::MigrateError| match error {
        sqlx::migrate::MigrateError::Execute(error)
        | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => StoreError::from(error),
        other => StoreError::Other { code: "migrate".to_owned(), message: other.to_string() },
    };
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    migrator.set_locking(false);
    migrator.dangerous_set_table_name(TABLE);
    connection.ensure_migrations_table(TABLE).await.map_err(failed)?;
    let before = connection.list_applied_migrations(TABLE).await.map_err(failed)?.len();
    migrator.run(&mut connection).await.map_err(failed)?;
    connection.execute("GRANT SELECT ON helpline._migrations TO helpline_server").await?;
    connection.close().await?;
    Ok(MIGRATOR.iter().count() - before)
}

/// What the doctor asks the database.
#[derive(Debug, Clone)]
pub struct Facts {
    /// `server_version_num`, for example 150018.
    pub server_version: i32,
    /// Version of the schema; `None` when there is none.
    pub schema_version: Option<i64>,
    /// Whether the role that asked is a superuser or may pass row-level security: the server must not.
    pub passes_isolation: bool,
    /// Whether commits wait for the disk.
    pub durable: bool,
    /// Standbys that confirm each commit; 0 means an acknowledged contact may be lost in a fail-over.
    pub synchronous_standbys: i64,
    /// How far tests moved the clock, in seconds; must be 0 in production.
    pub clock_moved_s: f64,
    /// The database's clock.
    pub now: chrono::DateTime<chrono::Utc>,
}

impl Store {
    /// Asks the database what the doctor wants to know.
    pub async fn facts(&self) -> Result<Facts, StoreError> {
        let mut connection = self.unbound().await?;
        let row = sqlx::query_as::<_, (i32, bool, bool, i64, chrono::DateTime<chrono::Utc>, bool)>(
            "SELECT current_setting('server_version_num')::int,
                    (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user),
                    current_setting('fsync')::bool AND current_setting('synchronous_commit') <> 'off'
                        AND current_setting('full_page_writes')::bool,
                    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')),
                    clock_timestamp(),
                    to_regclass('helpline._migrations') IS NOT NULL",
        )
        .fetch_one(connection.postgres())
        .await;
        let (server_version, passes_isolation, durable, synchronous_standbys, now, migrated) =
            connection.settle(row)?;
        let (schema_version, clock_moved_s) = if migrated {
            let row = sqlx::query_as::<_, (Option<i64>, f64)>(
                "SELECT (SELECT max(version) FROM helpline._migrations WHERE success),
                        (SELECT extract(epoch FROM moved)::float8 FROM helpline.clock)",
            )
            .fetch_one(connection.postgres())
            .await;
            connection.settle(row)?
        } else {
            (None, 0.0)
        };
        Ok(Facts {
            server_version,
            schema_version,
            passes_isolation,
            durable,
            synchronous_standbys,
            clock_moved_s,
            now,
        })
    }
}
