//! Who sees what of children of cohorts.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CohortId, PersonId, ReturneeId};
use helpline_domain::reintegration::{NotArrivedReason, ReturneeState};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::{LIST_KEY, inconsistent, sees_cohort};
use crate::{Store, StoreError};

/// A child of a cohort.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Returnee {
    pub returnee_id: ReturneeId,
    pub cohort_id: CohortId,
    pub person_id: PersonId,
    pub survivor_id: PersonId,
    pub list_key: Sensitive<String>,
    pub state: ReturneeState,
    pub expected_at: DateTime<Utc>,
    pub region: Option<String>,
    pub reason: Option<NotArrivedReason>,
    pub announced_at: DateTime<Utc>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub rehabilitated_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
    pub monitored_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
    /// Whether the plan goes on in an open case of the child.
    pub has_plan: bool,
    /// Whether a case of the child is open.
    pub has_open_case: bool,
}

/// Open cases of the child of a row `x`, whatever record they are under.
macro_rules! open_cases {
    () => {
        "FROM helpline.cases c
                WHERE c.centre_id = $1 AND c.closed_at IS NULL AND c.person_id IN (SELECT helpline.records_of($1, x.person_id))"
    };
}
pub(super) use open_cases;

/// Whether a plan of such a case is not over.
macro_rules! has_plan {
    ($plan:literal) => {
        concat!(
            "EXISTS (SELECT ",
            $crate::reintegration::read::open_cases!(),
            " AND EXISTS (
                    SELECT FROM helpline.tasks k
                    WHERE k.centre_id = $1 AND k.case_id = c.case_id AND k.plan = ",
            $plan,
            "::text AND k.ended_at IS NULL))"
        )
    };
}
pub(super) use has_plan;

macro_rules! has_open_case {
    () => {
        concat!("EXISTS (SELECT ", $crate::reintegration::read::open_cases!(), ")")
    };
}
pub(super) use has_open_case;

/// Columns of [`ReturneeRow`]; parameter 4 is the plan. The journal says who has looked, if parameter 5 does.
macro_rules! read {
    ($rest:literal, $about:literal) => {
        concat!(
            "WITH found AS MATERIALIZED (
                SELECT x.returnee_id, x.cohort_id, x.person_id, helpline.survivor_of($1, x.person_id) AS survivor_id, x.list_key_sealed,
                    x.state, x.expected_at, x.region, x.reason, x.announced_at, x.arrived_at, x.rehabilitated_at, x.settled_at,
                    x.monitored_at, x.ended_at, x.revision, ",
            has_plan!("$4"),
            " AS has_plan, ",
            has_open_case!(),
            " AS has_open_case
                FROM helpline.returnees x WHERE x.centre_id = $1 AND ",
            sees_cohort!("$2", "$3"),
            $rest,
            "),
             journalled AS (
                INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
                SELECT $1, helpline.now(), ",
            $about,
            " FROM found WHERE $5 HAVING count(*) > 0)
             SELECT * FROM found ORDER BY returnee_id"
        )
    };
}

const GET: &str =
    read!(" AND x.returnee_id = $6", "'returnee_read', $2, $3, jsonb_build_object('returnee_id', $6::uuid)");
const LIST: &str = read!(
    " AND x.cohort_id = $6 AND ($7::text IS NULL OR x.state = $7) AND ($8::uuid IS NULL OR x.returnee_id > $8)
      ORDER BY x.returnee_id LIMIT $9",
    "'cohort_read', $2, $3, jsonb_build_object('cohort_id', $6::uuid)"
);
const BY_KEY: &str = read!(
    " AND x.cohort_id = $6 AND x.list_key_index = ANY ($7)",
    "'cohort_read', $2, $3, jsonb_build_object('cohort_id', $6::uuid)"
);

#[derive(FromRow)]
struct ReturneeRow {
    returnee_id: Uuid,
    cohort_id: Uuid,
    person_id: Uuid,
    survivor_id: Uuid,
    list_key_sealed: Vec<u8>,
    state: String,
    expected_at: DateTime<Utc>,
    region: Option<String>,
    reason: Option<String>,
    announced_at: DateTime<Utc>,
    arrived_at: Option<DateTime<Utc>>,
    rehabilitated_at: Option<DateTime<Utc>>,
    settled_at: Option<DateTime<Utc>>,
    monitored_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
    has_plan: bool,
    has_open_case: bool,
}

impl Store {
    fn returnee_from(&self, caller: &Caller, row: ReturneeRow) -> Result<Returnee, StoreError> {
        let reason =
            row.reason.map(|key| NotArrivedReason::from_key(&key).ok_or(inconsistent("reason"))).transpose();
        Ok(Returnee {
            returnee_id: row.returnee_id.into(),
            cohort_id: row.cohort_id.into(),
            person_id: row.person_id.into(),
            survivor_id: row.survivor_id.into(),
            list_key: self.open(LIST_KEY, caller.centre_id, row.returnee_id, &row.list_key_sealed)?,
            state: ReturneeState::from_key(&row.state).ok_or(inconsistent("state"))?,
            expected_at: row.expected_at,
            region: row.region,
            reason: reason?,
            announced_at: row.announced_at,
            arrived_at: row.arrived_at,
            rehabilitated_at: row.rehabilitated_at,
            settled_at: row.settled_at,
            monitored_at: row.monitored_at,
            ended_at: row.ended_at,
            revision: row.revision,
            has_plan: row.has_plan,
            has_open_case: row.has_open_case,
        })
    }

    /// A child of a cohort, if the caller may know of it; the journal says that it was read, if it is `shown`.
    pub async fn returnee(
        &self,
        caller: &Caller,
        (plan, shown): (&str, bool),
        id: ReturneeId,
    ) -> Result<Option<Returnee>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, ReturneeRow>(GET)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(plan)
            .bind(shown)
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.returnee_from(caller, row)).transpose()
    }

    /// A page of the children of a cohort, in the order in which they were announced; the journal says that it was read.
    pub async fn returnees(
        &self,
        caller: &Caller,
        plan: &str,
        (cohort, state): (CohortId, Option<ReturneeState>),
        (size, after): (u32, Option<ReturneeId>),
    ) -> Result<Vec<Returnee>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, ReturneeRow>(LIST)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(plan)
            .bind(true)
            .bind(cohort.as_uuid())
            .bind(state.map(ReturneeState::key))
            .bind(after.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.returnee_from(caller, row)).collect()
    }

    /// Children of a cohort that stand on the caller's list under these keys.
    pub async fn returnees_by_key(
        &self,
        caller: &Caller,
        plan: &str,
        (cohort, keys): (CohortId, &[Sensitive<String>]),
    ) -> Result<Vec<Returnee>, StoreError> {
        let keys: Vec<_> = keys.iter().map(|key| self.list_key_index(caller.centre_id, key)).collect();
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, ReturneeRow>(BY_KEY)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(plan)
            .bind(false)
            .bind(cohort.as_uuid())
            .bind(keys)
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.returnee_from(caller, row)).collect()
    }
}
