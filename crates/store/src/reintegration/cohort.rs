//! Cohorts: who comes together, when, and who may know of it.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CohortId, CounsellorId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::{DISPLAY_NAME, Made, sees_cohort};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A cohort.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Cohort {
    pub cohort_id: CohortId,
    pub display_name: Sensitive<String>,
    pub expected_at: DateTime<Utc>,
    pub announced: i32,
    pub granted_ids: Vec<Uuid>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

const CREATE: &str = change!(
    event: "cohort_created", resource: "cohort_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('cohort_id', cohort_id)",
    with: "changed AS (
        INSERT INTO helpline.cohorts (centre_id, cohort_id, display_name_sealed, expected_at, created_by, created_at)
        VALUES ($1, $7, $8, $9, $2, helpline.now()) RETURNING *)";
    returning: "cohort_id AS id",
);

/// The grant hangs on the counsellor's row, so that nobody is let in who is disabled at that moment.
const GRANT: &str = change!(
    event: "cohort_granted", resource: "cohort_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('cohort_id', cohort_id, 'counsellor_id', $8::uuid)",
    with: "chosen AS MATERIALIZED (
        SELECT o.counsellor_id AS id FROM helpline.counsellors o
        WHERE o.centre_id = $1 AND o.counsellor_id = $8 AND o.disabled_at IS NULL FOR SHARE OF o),
    changed AS (
        UPDATE helpline.cohorts x SET revision = x.revision + 1 FROM chosen
        WHERE x.centre_id = $1 AND x.cohort_id = $7 AND NOT EXISTS (
            SELECT FROM helpline.cohort_grants g
            WHERE g.centre_id = $1 AND g.cohort_id = $7 AND g.counsellor_id = $8 AND g.revoked_at IS NULL)
        RETURNING x.*),
    let_in AS (
        INSERT INTO helpline.cohort_grants AS g (centre_id, cohort_id, counsellor_id, granted_by, granted_at)
        SELECT $1, cohort_id, $8, $2, helpline.now() FROM changed
        ON CONFLICT (centre_id, cohort_id, counsellor_id) DO UPDATE SET granted_by = EXCLUDED.granted_by,
            granted_at = EXCLUDED.granted_at, revoked_at = NULL)";
    returning: "cohort_id AS id",
);

/// The cohort is locked before the grant, as who grants does.
const REVOKE: &str = change!(
    event: "cohort_revoked", resource: "cohort_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('cohort_id', cohort_id, 'counsellor_id', $8::uuid)",
    with: "held AS MATERIALIZED (
        SELECT x.cohort_id AS id FROM helpline.cohorts x WHERE x.centre_id = $1 AND x.cohort_id = $7 FOR NO KEY UPDATE OF x),
    kept_out AS (
        UPDATE helpline.cohort_grants g SET revoked_at = helpline.now() FROM held
        WHERE g.centre_id = $1 AND g.cohort_id = held.id AND g.counsellor_id = $8 AND g.revoked_at IS NULL RETURNING g.cohort_id AS id),
    changed AS (
        UPDATE helpline.cohorts x SET revision = x.revision + 1 FROM kept_out
        WHERE x.centre_id = $1 AND x.cohort_id = kept_out.id RETURNING x.*)";
    returning: "cohort_id AS id",
);

/// Those of whom it is known that they do not come, or are here, are not expected any more; of whom another day was said keep it. Always of
/// a revision: who waited for those who are being announced does not see them.
const RESCHEDULE: &str = change!(
    event: "cohort_rescheduled", resource: "cohort_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('cohort_id', cohort_id, 'old_expected_at', $10::timestamptz, 'expected_at', expected_at)",
    with: "changed AS (
        UPDATE helpline.cohorts x SET expected_at = $8, revision = x.revision + 1
        WHERE x.centre_id = $1 AND x.cohort_id = $7 AND x.revision = $9 AND ", sees_cohort!("$2", "$3"), " RETURNING x.*),
    moved AS (
        UPDATE helpline.returnees t SET expected_at = $8, revision = t.revision + 1 FROM changed
        WHERE t.centre_id = $1 AND t.cohort_id = changed.cohort_id AND t.state = 'announced' AND t.expected_at = $10)";
    returning: "cohort_id AS id",
);

/// Columns of [`CohortRow`]; whom it is granted to is for supervisors.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT x.cohort_id, x.display_name_sealed, x.expected_at, x.announced, x.created_at, x.revision, ARRAY(
                SELECT g.counsellor_id FROM helpline.cohort_grants g
                WHERE $3 = 'supervisor' AND g.centre_id = $1 AND g.cohort_id = x.cohort_id AND g.revoked_at IS NULL ORDER BY 1) AS granted_ids
             FROM helpline.cohorts x WHERE x.centre_id = $1 AND ",
            sees_cohort!("$2", "$3"),
            $rest
        )
    };
}

const GET: &str = select!(" AND x.cohort_id = $4");
const LIST: &str = select!(" AND ($4::uuid IS NULL OR x.cohort_id < $4) ORDER BY x.cohort_id DESC LIMIT $5");
/// Of a counsellor: what was granted to them, found from there.
const LIST_GRANTED: &str = select!(
    " AND x.cohort_id IN (
        SELECT n.cohort_id FROM helpline.cohort_grants n WHERE n.centre_id = $1 AND n.counsellor_id = $2 AND n.revoked_at IS NULL)
      AND ($4::uuid IS NULL OR x.cohort_id < $4) ORDER BY x.cohort_id DESC LIMIT $5"
);

#[derive(FromRow)]
struct CohortRow {
    cohort_id: Uuid,
    display_name_sealed: Vec<u8>,
    expected_at: DateTime<Utc>,
    announced: i32,
    created_at: DateTime<Utc>,
    revision: i64,
    granted_ids: Vec<Uuid>,
}

impl Store {
    fn cohort_from(&self, caller: &Caller, row: CohortRow) -> Result<Cohort, StoreError> {
        Ok(Cohort {
            cohort_id: row.cohort_id.into(),
            display_name: self.open(
                DISPLAY_NAME,
                caller.centre_id,
                row.cohort_id,
                &row.display_name_sealed,
            )?,
            expected_at: row.expected_at,
            announced: row.announced,
            granted_ids: row.granted_ids,
            created_at: row.created_at,
            revision: row.revision,
        })
    }

    /// Creates a cohort.
    pub async fn create_cohort(
        &self,
        command: &Command,
        id: CohortId,
        (name, expected_at): (&Sensitive<String>, DateTime<Utc>),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(CREATE, command)
            .bind(id.as_uuid())
            .bind(self.seal(DISPLAY_NAME, command.centre(), id.as_uuid(), name.expose()))
            .bind(expected_at);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Lets a counsellor know of a cohort, or no more. Refused when one of them is not there, is disabled and to be let in, or nothing would
    /// change.
    pub async fn grant_cohort(
        &self,
        command: &Command,
        id: CohortId,
        (counsellor, granted): (CounsellorId, bool),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(if granted { GRANT } else { REVOKE }, command)
            .bind(id.as_uuid())
            .bind(counsellor.as_uuid());
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Expects all who are announced, and of whom no other day was said, at another time. Refused when it is not there for the caller, or
    /// has changed since it was read.
    pub async fn reschedule_cohort(
        &self,
        command: &Command,
        read: &Cohort,
        expected_at: DateTime<Utc>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(RESCHEDULE, command)
            .bind(read.cohort_id.as_uuid())
            .bind(expected_at)
            .bind(read.revision)
            .bind(read.expected_at);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// A cohort, if the caller may know of it.
    pub async fn cohort(&self, caller: &Caller, id: CohortId) -> Result<Option<Cohort>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, CohortRow>(GET)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.cohort_from(caller, row)).transpose()
    }

    /// A page of cohorts that the caller may know of, newest first.
    pub async fn cohorts(
        &self,
        caller: &Caller,
        (size, before): (u32, Option<CohortId>),
    ) -> Result<Vec<Cohort>, StoreError> {
        let supervisor = caller.role == helpline_domain::caller::Role::Supervisor;
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, CohortRow>(if supervisor { LIST } else { LIST_GRANTED })
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.cohort_from(caller, row)).collect()
    }
}
