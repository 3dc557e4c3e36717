//! Tasks: given, and climbing while they are late; [`step`] is what becomes of them and in whose hands they are, [`read`] who sees what.

pub mod read;
pub mod step;

use chrono::{DateTime, Utc};
use helpline_domain::id::{AgencyId, CaseId, CentreId, ReferralId, TaskId};
use helpline_domain::settings::cases::{Cases, Planned};
use helpline_domain::task::{Rung, TaskState};
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::person::Made;
use super::{TASK_NOTE, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// Whether who may read a case `c` may know of a task `t` of it: of one that is confidential, supervisors and the owner of the case.
macro_rules! reads_task {
    ($principal:literal, $role:literal) => {
        concat!("(NOT t.confidential OR ", $role, " = 'supervisor' OR c.owner_id = ", $principal, "::uuid)")
    };
}
pub(crate) use reads_task;

/// Whether who may know of a task `t` may know in the hands of which body it is: supervisors, the owner of the case or of the task, the body,
/// and who may know of the referral. Whoever else reads the case would learn by it to whom the child was referred.
macro_rules! knows_body {
    ($principal:literal, $role:literal) => {
        concat!(
            "(", $role, "::text IN ('supervisor', 'agency_responder') OR t.owner_id = ", $principal, "::uuid OR EXISTS (
                SELECT FROM helpline.cases c WHERE c.centre_id = $1 AND c.case_id = t.case_id AND c.owner_id = ", $principal, "::uuid)
              OR EXISTS (
                SELECT FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = t.referral_id AND ",
            $crate::referral::sees_referral!($principal, $role, "NULL"), "))"
        )
    };
}
pub(crate) use knows_body;

/// Whether a caller may know of a task `t`: who may read its case, who has it, and the agency that is to do it while it has the referral and
/// is not the mission of a country that the child is afraid of, somebody of it who came by a link of the one referral that it is for.
macro_rules! sees_task {
    ($principal:literal, $role:literal, $agency:literal) => {
        concat!(
            "CASE ", $role, "::text WHEN 'agency_responder' THEN t.agency_id = ", $agency, "::uuid AND EXISTS (
                    SELECT FROM helpline.referrals r
                    WHERE r.centre_id = $1 AND r.referral_id = t.referral_id AND r.agency_id = t.agency_id AND r.ended_at IS NULL) AND NOT EXISTS (
                    SELECT FROM helpline.links bound
                    WHERE bound.centre_id = $1 AND bound.link_id = ", $principal, "::uuid AND bound.referral_id IS DISTINCT FROM t.referral_id) AND ",
            $crate::disclosure::not_feared!($agency, "NULL", "t.referral_id", "NULL"), "
                ELSE t.owner_id = ", $principal, "::uuid OR EXISTS (
                    SELECT FROM helpline.cases c WHERE c.centre_id = $1 AND c.case_id = t.case_id AND ",
            $crate::casework::task::reads_task!($principal, $role), " AND ", sees_case!($principal, $role), ") END"
        )
    };
}
pub(crate) use sees_task;

/// A task.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Task {
    pub task_id: TaskId,
    pub number: i64,
    pub case_id: CaseId,
    pub task: String,
    pub domain: Option<String>,
    pub note: Option<Sensitive<String>>,
    /// Whether it stands on no timeline, and readers of its case do not see it.
    pub confidential: bool,
    /// What was remarked last, if it stands on no timeline.
    pub remark: Option<Sensitive<String>>,
    pub state: TaskState,
    pub owner_id: Uuid,
    pub given_by: Uuid,
    /// To whom it goes back: who gave it, or the owner of the case if they have left or may not read it any more.
    pub back_to: Uuid,
    /// Whether it is ended by what becomes of help to return alone.
    pub awaits_arrival: bool,
    pub agency_id: Option<AgencyId>,
    pub referral_id: Option<ReferralId>,
    pub declined_by: Vec<Uuid>,
    pub due_at: DateTime<Utc>,
    pub climbed: i32,
    pub plan: Option<String>,
    pub plan_step: Option<i32>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// A task to give.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewTask {
    pub task_id: TaskId,
    pub case_id: CaseId,
    pub task: String,
    pub domain: Option<String>,
    pub note: Option<Sensitive<String>>,
    pub owner_id: Uuid,
    pub referral_id: Option<ReferralId>,
    pub due_at: DateTime<Utc>,
    /// A new id: of the entry of the timeline.
    pub entry_id: Uuid,
}

/// A plan to begin.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewPlan {
    pub case_id: CaseId,
    pub plan: String,
    pub begins_at: Option<DateTime<Utc>>,
    pub tasks: Vec<(Uuid, Planned)>,
    pub entry_id: Uuid,
}

/// Tells the agency of one of its tasks, rows of `$of`, that something has happened to it; the delivery names the referral alone.
macro_rules! told {
    ($name:literal, $of:literal, $event:literal, $when:literal) => {
        concat!(
            $name, " AS (
        INSERT INTO helpline.deliveries (centre_id, delivery_id, referral_id, event, kind, agency_id, endpoint_id, state, next_attempt_at,
            made_at)
        SELECT $1, md5(o.task_id::text || '", $event, "' || o.revision || p.endpoint_id::text)::uuid, o.referral_id, 'referral.", $event, "',
            p.kind, p.agency_id, p.endpoint_id, 'pending', helpline.now(), helpline.now()
        FROM ", $of, " o JOIN helpline.endpoints p ON p.centre_id = $1 AND p.agency_id = o.agency_id AND p.disabled_at IS NULL
        WHERE ", $when, " AND EXISTS (
            SELECT FROM helpline.referrals r
            WHERE r.centre_id = $1 AND r.referral_id = o.referral_id AND r.agency_id = o.agency_id AND r.ended_at IS NULL))"
        )
    };
}
pub(crate) use told;

/// Whether a referral is of this case and in the hands of an agency that may learn of the child: what was agreed to there holds for no
/// other child.
macro_rules! in_hands {
    ($referral:literal, $case:literal) => {
        concat!(
            "EXISTS (
            SELECT FROM helpline.referrals r
            JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = r.agency_id AND a.disabled_at IS NULL
            WHERE r.centre_id = $1 AND r.referral_id = ",
            $referral,
            " AND r.case_id = ",
            $case,
            "
              AND r.state IN ('accepted', 'in_progress', 'on_hold') AND ",
            $crate::disclosure::not_feared!("r.agency_id", "NULL", "r.referral_id", "NULL"),
            ")"
        )
    };
}
pub(crate) use in_hands;

const ADD: &str = change!(
    event: "task_given", resource: "task_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('task_id', task_id, 'case_id', case_id, 'owner_id', owner_id, 'agency_id', agency_id)",
    with: "parent AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.case_id = $8 AND c.closed_at IS NULL AND ($13::uuid IS NULL OR ", in_hands!("$13", "$8"), ") AND ",
    sees_case!("$2", "$3"),
    " RETURNING c.case_id, c.event_count),
    changed AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, domain, note_sealed, state, owner_id, given_by, agency_id, referral_id,
            due_at, look_at, ladder_version, made_at)
        SELECT $1, $7, parent.case_id, $9, $10, $11, 'open', $12, $2, r.agency_id, r.referral_id, $14, $14 - make_interval(secs => $15), $17,
            helpline.now()
        FROM parent LEFT JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = $13
        RETURNING *),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, case_id, event_count, helpline.now(), 'task_given', $2, $3, jsonb_build_object('task_id', $7::uuid, 'task', $9::text), $16
        FROM parent), ", told!("told", "changed", "task_given", "true");
    returning: "task_id AS id",
);

const PLAN: &str = change!(
    event: "plan_started", resource: "case_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('case_id', case_id, 'plan', $8::text)",
    with: "changed AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.case_id = $7 AND c.closed_at IS NULL
          AND NOT EXISTS (
            SELECT FROM helpline.tasks t WHERE t.centre_id = $1 AND t.case_id = $7 AND t.plan = $8 AND t.ended_at IS NULL) AND ",
    sees_case!("$2", "$3"),
    " RETURNING c.*),
    asked AS (
        SELECT w.id, w.task, w.domain, w.step, coalesce($9, helpline.now()) + make_interval(days => w.day) AS due_at
        FROM unnest($10::uuid[], $11::text[], $12::text[], $13::int4[]) WITH ORDINALITY AS w (id, task, domain, day, step)),
    made AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, domain, state, owner_id, given_by, due_at, look_at, ladder_version, plan, plan_run, plan_step,
            made_at)
        SELECT $1, a.id, case_id, a.task, a.domain, 'open', owner_id, $2, a.due_at, a.due_at - make_interval(secs => $14), $16, $8, run, a.step,
            helpline.now()
        FROM changed CROSS JOIN asked a CROSS JOIN (
            SELECT coalesce(max(t.plan_run), 0) + 1 AS run FROM helpline.tasks t WHERE t.centre_id = $1 AND t.case_id = $7 AND t.plan = $8) runs),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, case_id, event_count, helpline.now(), 'plan_started', $2, $3, jsonb_build_object('plan', $8::text), $15 FROM changed)";
    returning: "case_id AS id",
);

/// The next rung of the task that is latest; parameters 2 and 3 are the offsets and the keys of all rungs. Each is climbed once: the row
/// says how many were.
const CLIMB: &str = concat!(
    "WITH due AS (
        SELECT t.task_id AS id FROM helpline.tasks t
        WHERE t.centre_id = $1 AND t.look_at <= (SELECT helpline.now()) ORDER BY t.look_at LIMIT 1 FOR UPDATE SKIP LOCKED),
    changed AS (
        UPDATE helpline.tasks t SET climbed = t.climbed + 1, ladder_version = $4, revision = t.revision + 1,
            look_at = CASE WHEN t.climbed < 3 THEN t.due_at + make_interval(secs => ($2::float8[])[t.climbed + 2]) END
        FROM due WHERE t.centre_id = $1 AND t.task_id = due.id RETURNING t.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'task_' || ($3::text[])[climbed], revision, jsonb_build_object('task_id', task_id, 'case_id', case_id)
        FROM changed), ",
    told!("told", "changed", "task_overdue", "o.climbed = 2"),
    " SELECT task_id AS id FROM changed"
);

/// What waits for a rung by older settings waits for it by those in force; parameter 2 are the offsets of all rungs, 3 the version.
const RESET: &str = "
    WITH older AS (
        SELECT t.task_id AS id FROM helpline.tasks t
        WHERE t.centre_id = $1 AND t.look_at IS NOT NULL AND t.ladder_version < $3 ORDER BY t.ladder_version LIMIT 1000 FOR UPDATE SKIP LOCKED)
    UPDATE helpline.tasks t SET look_at = t.due_at + make_interval(secs => ($2::float8[])[t.climbed + 1]), ladder_version = $3
    FROM older WHERE t.centre_id = $1 AND t.task_id = older.id";

/// A constraint that a concurrent repeat of the same command may break before it is known to be a repeat.
const STEP_ONCE: &str = "each_step_of_a_plan_once";

impl Store {
    /// Gives a task. Refused when the case or the referral is not there for the caller, or the case is closed.
    pub async fn add_task(
        &self,
        command: &Command,
        new: &NewTask,
        (rules, version): (&Cases, i64),
    ) -> Result<Change<Uuid>, StoreError> {
        let id = new.task_id.as_uuid();
        let query = change_query::<Made>(ADD, command)
            .bind(id)
            .bind(new.case_id.as_uuid())
            .bind(new.task.clone())
            .bind(new.domain.clone())
            .bind(self.seal_some(TASK_NOTE, command.centre(), id, new.note.as_ref()))
            .bind(new.owner_id)
            .bind(new.referral_id.map(|id| id.as_uuid()))
            .bind(new.due_at)
            .bind(f64::from(rules.due_soon_s))
            .bind(new.entry_id)
            .bind(version);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Begins a plan. Refused when the case is not there for the caller or closed, or something of it is still to be done.
    pub async fn start_plan(
        &self,
        command: &Command,
        new: &NewPlan,
        (rules, version): (&Cases, i64),
    ) -> Result<Change<Uuid>, StoreError> {
        let of = |(id, one): &(Uuid, Planned)| {
            (*id, one.task.clone(), one.domain.clone(), i32::try_from(one.day).unwrap_or(i32::MAX))
        };
        let (mut ids, mut tasks, mut domains, mut days) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, task, domain, day) in new.tasks.iter().map(of) {
            ids.push(id);
            tasks.push(task);
            domains.push(domain);
            days.push(day);
        }
        let query = change_query::<Made>(PLAN, command)
            .bind(new.case_id.as_uuid())
            .bind(new.plan.clone())
            .bind(new.begins_at)
            .bind(ids)
            .bind(tasks)
            .bind(domains)
            .bind(days)
            .bind(f64::from(rules.due_soon_s))
            .bind(new.entry_id)
            .bind(version);
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some(STEP_ONCE) => self.recall(command).await,
            other => Ok(other?.map(|made| made.id)),
        }
    }

    /// Climbs one rung of one task that is late; whether there was one.
    pub async fn climb_task(
        &self,
        centre: CentreId,
        (rules, version): (&Cases, i64),
    ) -> Result<bool, StoreError> {
        let keys: Vec<String> = Rung::ALL.iter().map(|rung| rung.key().to_owned()).collect();
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Made>(CLIMB)
            .bind(centre.as_uuid())
            .bind(offsets(rules))
            .bind(keys)
            .bind(version)
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(row)?.is_some())
    }

    /// Sets the next rung of tasks by these settings, where it was set by older ones; how many at a time.
    pub async fn reset_ladders(
        &self,
        centre: CentreId,
        (rules, version): (&Cases, i64),
    ) -> Result<u64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(RESET)
            .bind(centre.as_uuid())
            .bind(offsets(rules))
            .bind(version)
            .execute(connection.postgres())
            .await;
        Ok(connection.settle(done)?.rows_affected())
    }
}

/// When each rung is climbed, in seconds after a task is due.
fn offsets(rules: &Cases) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
    Rung::ALL.iter().map(|rung| rung.offset_s(rules) as f64).collect()
}
