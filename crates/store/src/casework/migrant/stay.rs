//! Until when a stay is meant to last. The stays themselves are `crate::admission`.

use chrono::{DateTime, Utc};
use helpline_domain::id::{AdmissionId, CentreId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::detention::DueBy;
use crate::casework::person::Made;
use crate::change::{Change, Command, change, change_query};
use crate::sealing::Column;
use crate::{Store, StoreError};

const REASON: Column = Column { table: "stay_limits", column: "reason", kind: "narrative" };
const DAY_S: f64 = 86_400.0;

/// Until when a stay is meant to last.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct StayLimit {
    pub admission_id: AdmissionId,
    pub until_at: DateTime<Utc>,
    pub warned_at: DateTime<Utc>,
    pub guardian_at: Option<DateTime<Utc>>,
    pub extended_by: Option<Uuid>,
    pub reason: Option<Sensitive<String>>,
    pub revision: i64,
}

/// Stays that began have a limit from then on, however late that is seen.
const BEGIN: &str = "
    INSERT INTO helpline.stay_limits (centre_id, admission_id, until_at, warned_at, guardian_at)
    SELECT $1, a.admission_id, a.admitted_at + make_interval(secs => $2), a.admitted_at + make_interval(secs => greatest($2 - $3, 0)),
        a.admitted_at + make_interval(secs => $4)
    FROM helpline.admissions a
    WHERE a.centre_id = $1 AND a.state IN ('admitted', 'exit_planned') AND NOT EXISTS (
        SELECT FROM helpline.stay_limits l WHERE l.centre_id = $1 AND l.admission_id = a.admission_id)
    LIMIT 100 ON CONFLICT DO NOTHING";

const EXTEND: &str = change!(
    event: "stay_extended", resource: "admission_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('admission_id', admission_id, 'until', until_at)",
    with: "changed AS (
        UPDATE helpline.stay_limits l SET until_at = $8, warned_at = greatest($8 - make_interval(secs => $9), helpline.now()),
            extended_by = $2, reason_sealed = $10, revision = l.revision + 1
        FROM helpline.admissions a
        WHERE l.centre_id = $1 AND l.admission_id = $7 AND a.centre_id = $1 AND a.admission_id = $7 AND a.state IN ('admitted', 'exit_planned')
          AND $8 > l.until_at AND $8 > helpline.now()
        RETURNING l.*)";
    returning: "admission_id AS id",
);

/// Whether one child who stays somewhere has a guardian or a caregiver is looked at once; nobody names one for an adult. The task is
/// confidential: whoever else reads the case would learn by it that the child stays somewhere. The case is of another revision: whoever moves
/// or closes it decides again. Parameters: 2 id of the task, 3 until somebody
/// must be named, 4 and 5 how long before it is due a task tells so and the version of the settings.
const GUARDIAN: &str = "
    WITH late AS MATERIALIZED (
        SELECT l.admission_id AS id FROM helpline.stay_limits l
        WHERE l.centre_id = $1 AND l.guardian_at <= (SELECT helpline.now()) ORDER BY l.guardian_at LIMIT 1 FOR UPDATE SKIP LOCKED),
    changed AS (
        UPDATE helpline.stay_limits l SET guardian_at = NULL, revision = l.revision + 1
        FROM late WHERE l.centre_id = $1 AND l.admission_id = late.id RETURNING l.admission_id),
    alone AS (
        UPDATE helpline.cases c SET revision = c.revision + 1
        FROM changed JOIN helpline.admissions a ON a.centre_id = $1 AND a.admission_id = changed.admission_id
        JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = a.referral_id
        WHERE c.centre_id = $1 AND c.case_id = r.case_id AND a.state IN ('admitted', 'exit_planned') AND c.closed_at IS NULL AND NOT EXISTS (
            SELECT FROM helpline.person_links n
            WHERE n.centre_id = $1 AND n.relation IN ('parent', 'guardian', 'grandparent', 'other_caregiver') AND n.until_at IS NULL
              AND n.person_id IN (SELECT helpline.records_of($1, c.person_id)))
          AND coalesce((
            SELECT s.subject <> 'adult' FROM helpline.assessments s
            WHERE s.centre_id = $1 AND s.case_id = c.case_id AND s.state = 'completed'
            ORDER BY s.completed_at DESC, s.ordinal DESC LIMIT 1), true)
          AND NOT EXISTS (
            SELECT FROM helpline.tasks t WHERE t.centre_id = $1 AND t.case_id = c.case_id AND t.task = 'name_guardian' AND t.confidential
              AND t.ended_at IS NULL)
        RETURNING c.case_id, c.owner_id),
    given AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, domain, state, owner_id, given_by, due_at, look_at, ladder_version,
            confidential, made_at)
        SELECT $1, $2, case_id, 'name_guardian', 'guardianship', 'open', owner_id, owner_id,
            helpline.now() + make_interval(secs => $3), helpline.now() + make_interval(secs => $3 - $4::float8), $5, true, helpline.now()
        FROM alone RETURNING task_id, case_id, revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'task_given', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM given)
    SELECT admission_id AS id FROM changed";

const GET: &str = "
    SELECT admission_id, until_at, warned_at, guardian_at, extended_by, reason_sealed, revision FROM helpline.stay_limits
    WHERE centre_id = $1 AND admission_id = $2";

#[derive(FromRow)]
struct Row {
    admission_id: Uuid,
    until_at: DateTime<Utc>,
    warned_at: DateTime<Utc>,
    guardian_at: Option<DateTime<Utc>>,
    extended_by: Option<Uuid>,
    reason_sealed: Option<Vec<u8>>,
    revision: i64,
}

/// How long before a stay ends supervisors are told.
fn warning_s(by: DueBy<'_>) -> f64 {
    f64::from(by.rules.stay_warning_days) * DAY_S
}

impl Store {
    /// Gives stays that have begun a limit; how many.
    pub async fn begin_stay_limits(&self, centre: CentreId, by: DueBy<'_>) -> Result<u64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(BEGIN)
            .bind(centre.as_uuid())
            .bind(f64::from(by.rules.stay_days) * DAY_S)
            .bind(warning_s(by))
            .bind(f64::from(by.rules.guardian_s))
            .execute(connection.postgres())
            .await;
        Ok(connection.settle(done)?.rows_affected())
    }

    /// Looks whether one child who stays somewhere has a guardian, when it is time; whether there was one.
    pub async fn look_for_guardian(
        &self,
        centre: CentreId,
        task_id: Uuid,
        by: DueBy<'_>,
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Made>(GUARDIAN)
            .bind(centre.as_uuid())
            .bind(task_id)
            .bind(DAY_S)
            .bind(f64::from(by.cases.due_soon_s))
            .bind(by.version)
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(row)?.is_some())
    }

    /// Lets a stay last longer. Refused when it has no limit yet, is over, or would not last longer.
    pub async fn extend_stay(
        &self,
        command: &Command,
        (id, until): (AdmissionId, DateTime<Utc>),
        reason: &Sensitive<String>,
        by: DueBy<'_>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(EXTEND, command)
            .bind(id.as_uuid())
            .bind(until)
            .bind(warning_s(by))
            .bind(self.seal(REASON, command.centre(), id.as_uuid(), reason.expose()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Until when a stay is meant to last, whoever asks.
    pub async fn stay_limit(
        &self,
        centre: CentreId,
        id: AdmissionId,
    ) -> Result<Option<StayLimit>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Row>(GET)
            .bind(centre.as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| {
            Ok(StayLimit {
                admission_id: row.admission_id.into(),
                until_at: row.until_at,
                warned_at: row.warned_at,
                guardian_at: row.guardian_at,
                extended_by: row.extended_by,
                reason: self.open_some(REASON, centre, row.admission_id, row.reason_sealed.as_deref())?,
                revision: row.revision,
            })
        })
        .transpose()
    }
}
