//! Who sees what of tasks.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CaseId, ReferralId, TaskId};
use helpline_domain::task::{TaskHands, TaskState};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Task, knows_body, sees_task};
use crate::casework::{TASK_NOTE, TASK_REMARK, inconsistent, sees_case};
use crate::escalation::agency_of;
use crate::referral::in_force;
use crate::referral::read::referral_classes;
use crate::{Store, StoreError};

/// Which tasks; what is false or `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskFilter {
    /// Only those that are still to be done.
    pub open: bool,
    /// Only those whose time is over.
    pub overdue: bool,
    /// Only those that the caller is to do.
    pub own: bool,
    /// Only those in these hands.
    pub hands: Option<TaskHands>,
    /// Of a case.
    pub case_id: Option<CaseId>,
    /// In the hands of an agency.
    pub agency_id: Option<AgencyId>,
}

/// Columns of [`TaskRow`]; note and remark are read if parameter 5 says so, the note by an agency if it may read narrative under the
/// referral, the remark by none.
macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT t.task_id, t.number, t.case_id, t.task, t.domain, t.state, t.owner_id, t.given_by,
                CASE WHEN body.known THEN t.agency_id END AS agency_id, CASE WHEN body.known THEN t.referral_id END AS referral_id,
                CASE WHEN body.known THEN t.declined_by ELSE '{}' END AS declined_by, t.due_at, t.climbed, t.plan, t.plan_step, t.ended_at, t.revision, t.confidential,
                CASE WHEN $5 THEN t.note_sealed END AS note_sealed, CASE WHEN $5 AND $4::uuid IS NULL THEN t.remark_sealed END AS remark_sealed,
                (t.plan = 'after_shelter' AND t.task = 'confirm_arrival' AND EXISTS (
                    SELECT FROM helpline.return_assistances b
                    WHERE b.centre_id = $1 AND b.case_id = t.case_id AND b.ended_at IS NULL AND b.state = 'departed')) IS TRUE AS awaits_arrival,
                (SELECT ", referral_classes!(), " FROM helpline.referrals r
                 WHERE r.centre_id = $1 AND r.referral_id = t.referral_id) AS classes,
                (SELECT CASE WHEN t.given_by = c.owner_id
                    OR EXISTS (
                        SELECT FROM helpline.counsellors o
                        JOIN helpline.case_grants g ON g.centre_id = $1 AND g.case_id = c.case_id AND g.counsellor_id = o.counsellor_id
                        WHERE o.centre_id = $1 AND o.counsellor_id = t.given_by AND o.disabled_at IS NULL
                          AND g.revoked_at IS NULL AND g.until_at > (SELECT helpline.now()))
                    OR EXISTS (
                        SELECT FROM helpline.tokens k
                        WHERE k.centre_id = $1 AND k.token_id = t.given_by AND k.revoked_at IS NULL AND k.expires_at > (SELECT helpline.now()))
                    THEN t.given_by ELSE c.owner_id END
                 FROM helpline.cases c WHERE c.centre_id = $1 AND c.case_id = t.case_id) AS back_to
             FROM helpline.tasks t CROSS JOIN LATERAL (SELECT ", knows_body!("$2", "$3"), " AS known) body
             WHERE t.centre_id = $1 AND ", sees_task!("$2", "$3", "$4"), " AND ",
            $rest
        )
    };
}

const GET: &str = select!("t.task_id = $6");

/// The same, for who looks at it: the journal says so.
const READ: &str = concat!(
    "WITH found AS MATERIALIZED (",
    select!("t.task_id = $6"),
    "), journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'task_read', $2, $3, jsonb_build_object('task_id', task_id) FROM found)
     SELECT * FROM found"
);

const OF_PLAN: &str = select!(
    "t.case_id = $6 AND t.plan = $7 AND t.plan_run = (
        SELECT max(n.plan_run) FROM helpline.tasks n WHERE n.centre_id = $1 AND n.case_id = $6 AND n.plan = $7)
     ORDER BY t.due_at, t.plan_step"
);

/// One statement for each way to narrow the list, so that each has its index; whatever else is asked for narrows it further.
macro_rules! list {
    ($narrowed:literal) => {
        select!(concat!(
            "(NOT $6 OR t.ended_at IS NULL) AND (NOT $7 OR t.ended_at IS NULL AND t.due_at <= (SELECT helpline.now()))
              AND (NOT $8 OR CASE WHEN $4 IS NULL THEN t.agency_id IS NULL AND t.owner_id = $2 ELSE t.agency_id = $4 END)
              AND ($9::uuid IS NULL OR t.case_id = $9) AND ($13::uuid IS NULL OR t.agency_id = $13 AND body.known)
              AND CASE $14::text WHEN 'agency' THEN t.agency_id IS NOT NULL AND body.known
                WHEN 'declined' THEN t.ended_at IS NULL AND t.agency_id IS NULL AND t.declined_by <> '{}' AND body.known ELSE true END
              AND ($10::timestamptz IS NULL OR (t.due_at, t.task_id) > ($10, $11))",
            $narrowed,
            " ORDER BY t.due_at, t.task_id LIMIT $12"
        ))
    };
}

const LIST_ALL: &str = list!("");
const LIST_OPEN: &str = list!(" AND t.ended_at IS NULL");
const LIST_OWN: &str = list!(" AND t.ended_at IS NULL AND t.owner_id = $2");
const LIST_OF_CASE: &str = list!(" AND t.case_id = $9");
const LIST_OF_AGENCY: &str = list!(" AND t.agency_id = $4");
const LIST_AT_AGENCY: &str = list!(" AND t.agency_id = $13");
const LIST_DECLINED: &str =
    list!(" AND t.ended_at IS NULL AND t.agency_id IS NULL AND t.declined_by <> '{}'");

#[derive(FromRow)]
struct TaskRow {
    task_id: Uuid,
    number: i64,
    case_id: Uuid,
    task: String,
    domain: Option<String>,
    state: String,
    owner_id: Uuid,
    given_by: Uuid,
    agency_id: Option<Uuid>,
    referral_id: Option<Uuid>,
    declined_by: Vec<Uuid>,
    due_at: DateTime<Utc>,
    climbed: i32,
    plan: Option<String>,
    plan_step: Option<i32>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
    note_sealed: Option<Vec<u8>>,
    confidential: bool,
    remark_sealed: Option<Vec<u8>>,
    awaits_arrival: bool,
    classes: Option<Vec<String>>,
    back_to: Uuid,
}

impl Store {
    fn task_from(&self, caller: &Caller, row: TaskRow) -> Result<Task, StoreError> {
        let narrative = FieldClass::Narrative.key();
        let reads =
            caller.agency_id.is_none() || row.classes.iter().flatten().any(|class| class == narrative);
        let sealed = row.note_sealed.as_deref().filter(|_| reads);
        // What is to be done tells of a child, too; who may know nothing of the child any more does not know it either.
        let told = caller.agency_id.is_none() || row.classes.iter().flatten().next().is_some();
        Ok(Task {
            task_id: row.task_id.into(),
            number: row.number,
            case_id: row.case_id.into(),
            task: Some(row.task).filter(|_| told).unwrap_or_default(),
            domain: row.domain.filter(|_| told),
            note: self.open_some(TASK_NOTE, caller.centre_id, row.task_id, sealed)?,
            confidential: row.confidential,
            remark: self.open_some(
                TASK_REMARK,
                caller.centre_id,
                row.task_id,
                row.remark_sealed.as_deref(),
            )?,
            state: TaskState::from_key(&row.state).ok_or(inconsistent("tasks", "state"))?,
            owner_id: row.owner_id,
            given_by: row.given_by,
            back_to: row.back_to,
            awaits_arrival: row.awaits_arrival,
            agency_id: row.agency_id.map(AgencyId::from),
            referral_id: row.referral_id.map(ReferralId::from),
            declined_by: row.declined_by,
            due_at: row.due_at,
            climbed: row.climbed,
            plan: row.plan,
            plan_step: row.plan_step,
            ended_at: row.ended_at,
            revision: row.revision,
        })
    }

    /// A task, if the caller may know of it.
    pub async fn task(&self, caller: &Caller, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.one_task(GET, caller, id).await
    }

    /// The same, for who looks at it: the journal says so.
    pub async fn read_task(&self, caller: &Caller, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.one_task(READ, caller, id).await
    }

    async fn one_task(
        &self,
        sql: &'static str,
        caller: &Caller,
        id: TaskId,
    ) -> Result<Option<Task>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, TaskRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(true)
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.task_from(caller, row)).transpose()
    }

    /// The tasks of a plan, the first due first.
    pub async fn tasks_of_plan(
        &self,
        caller: &Caller,
        case: CaseId,
        plan: &str,
    ) -> Result<Vec<Task>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, TaskRow>(OF_PLAN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(case.as_uuid())
            .bind(plan)
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.task_from(caller, row)).collect()
    }

    /// A page of tasks, the first due first, without their notes.
    pub async fn tasks(
        &self,
        caller: &Caller,
        filter: TaskFilter,
        (size, after): (u32, Option<(DateTime<Utc>, TaskId)>),
    ) -> Result<Vec<Task>, StoreError> {
        let open = filter.open || filter.overdue;
        let sql = match filter {
            _ if caller.agency_id.is_some() => LIST_OF_AGENCY,
            TaskFilter { case_id: Some(_), .. } => LIST_OF_CASE,
            TaskFilter { agency_id: Some(_), .. } => LIST_AT_AGENCY,
            TaskFilter { hands: Some(TaskHands::Declined), .. } => LIST_DECLINED,
            TaskFilter { own: true, .. } if open => LIST_OWN,
            TaskFilter { .. } if open => LIST_OPEN,
            TaskFilter { .. } => LIST_ALL,
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, TaskRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(filter.open)
            .bind(filter.overdue)
            .bind(filter.own)
            .bind(filter.case_id.map(|id| id.as_uuid()))
            .bind(after.map(|(due, _)| due))
            .bind(after.map(|(_, id)| id.as_uuid()))
            .bind(i64::from(size))
            .bind(filter.agency_id.map(|id| id.as_uuid()))
            .bind(filter.hands.map(TaskHands::key))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.task_from(caller, row)).collect()
    }
}
