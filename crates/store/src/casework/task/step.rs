//! What becomes of a task, and in whose hands it is.

use helpline_domain::id::{AgencyId, CaseId, CentreId, ReferralId, TaskId};
use helpline_domain::task::TaskState;
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{in_hands, sees_task, told};
use crate::casework::person::Made;
use crate::casework::{CASE_TEXT, TASK_REMARK, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// How a task stands after a step.
#[derive(Clone, Debug)]
pub struct TaskStep {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then.
    pub state: TaskState,
    /// Who has it inside the centre.
    pub owner_id: Uuid,
    /// The referral under which an agency is to do it.
    pub referral_id: Option<ReferralId>,
    /// The agency that does not do it.
    pub declined: Option<AgencyId>,
}

/// What is asked of a task, whatever it is.
#[derive(Clone, Debug)]
pub struct TaskAct {
    /// The task.
    pub task_id: TaskId,
    /// A new id: of the entry of the timeline.
    pub entry_id: Uuid,
    /// What is remarked with it.
    pub remark: Option<Sensitive<String>>,
}

/// The case of the task in `before` is of another revision; its timeline has an entry more, unless the task is confidential.
macro_rules! seen {
    () => {
        "UPDATE helpline.cases c SET event_count = c.event_count + (NOT before.confidential)::int, changed_at = helpline.now(),
            revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.case_id = of_case RETURNING c.case_id, c.event_count, before.confidential"
    };
}

/// The case is locked before its task, as by a step of the case. Whoever it is taken from is told that it is cancelled, whoever is given
/// it, that it is given; who is asked again has not said no. Nothing of one that is confidential is seen on its case; what is remarked stays
/// with the task.
const STEP: &str = change!(
    event: "task_' || $9::text || '", resource: "task_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('task_id', task_id, 'case_id', case_id, 'state', state, 'owner_id', owner_id, 'agency_id', agency_id))",
    with: "before AS MATERIALIZED (
        SELECT t.task_id, t.case_id AS of_case, t.agency_id, t.referral_id, t.confidential, t.revision
        FROM helpline.cases c JOIN helpline.tasks t ON t.centre_id = $1 AND t.case_id = c.case_id
        WHERE c.centre_id = $1 AND t.task_id = $7 AND t.revision = $8
          AND ($9::text <> 'handed' OR c.closed_at IS NULL AND ", sees_case!("$2", "$3"), ")
          AND ($12::uuid IS NULL OR $9 <> 'handed' AND $12 = t.referral_id OR ", in_hands!("$12", "t.case_id"), ")
          AND ", sees_task!("$2", "$3", "$14"), " FOR NO KEY UPDATE OF c, t),
    parent AS (
        ", seen!(), "),
    changed AS (
        UPDATE helpline.tasks t SET state = $10, owner_id = $11, given_by = CASE WHEN $9 = 'handed' THEN $2 ELSE t.given_by END,
            referral_id = $12, agency_id = CASE WHEN $9 = 'handed' THEN hands.agency_id WHEN $12 IS NOT NULL THEN t.agency_id END,
            declined_by = array_remove(array_remove(t.declined_by, $13::uuid), CASE WHEN $9 = 'handed' THEN hands.agency_id END)
                || CASE WHEN $13 IS NULL THEN '{}' ELSE ARRAY[$13] END,
            ended_at = CASE WHEN $10 IN ('completed', 'cancelled') THEN helpline.now() END,
            look_at = CASE WHEN $10 NOT IN ('completed', 'cancelled') THEN t.look_at END, revision = t.revision + 1,
            remark_sealed = CASE WHEN t.confidential THEN coalesce($17, t.remark_sealed) END
        FROM parent LEFT JOIN helpline.referrals hands ON hands.centre_id = $1 AND hands.referral_id = $12
        WHERE t.centre_id = $1 AND t.task_id = $7 RETURNING t.*),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed)
        SELECT $1, case_id, event_count, helpline.now(), 'task_' || $9, $2, $3, jsonb_strip_nulls(jsonb_build_object('task_id', $7::uuid,
            'agency_id', coalesce($14, (SELECT agency_id FROM changed)))), $15, $16 FROM parent WHERE NOT confidential), ",
    told!("lost", "before", "task_cancelled", "($9 = 'cancelled' OR $9 = 'handed' AND o.referral_id IS DISTINCT FROM $12)"), ", ",
    told!("told", "changed", "task_given", "$9 = 'handed' AND o.referral_id IS DISTINCT FROM (SELECT before.referral_id FROM before)");
    returning: "task_id AS id",
);

/// What an agency cannot do any more is its owner's: it is disabled, the referral is over or another's, or the child is afraid of the country
/// whose mission it is. Where nobody is afraid of anything, no mission is asked about.
const RETURN: &str = concat!(
    "WITH before AS MATERIALIZED (
        SELECT t.task_id AS id, t.case_id AS of_case, t.confidential
        FROM helpline.tasks t JOIN helpline.cases lead ON lead.centre_id = $1 AND lead.case_id = t.case_id
        JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = t.agency_id
        WHERE t.centre_id = $1 AND t.agency_id IS NOT NULL AND t.ended_at IS NULL AND (a.disabled_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM helpline.referrals r
            WHERE r.centre_id = $1 AND r.referral_id = t.referral_id AND r.agency_id = t.agency_id AND r.ended_at IS NULL)
          OR a.kind = 'embassy' AND EXISTS (SELECT FROM helpline.protections p WHERE p.centre_id = $1 AND p.lifted_at IS NULL)
            AND NOT ", not_feared!("t.agency_id", "NULL", "t.referral_id", "NULL"), ")
        ORDER BY t.task_id LIMIT 1 FOR NO KEY UPDATE OF lead, t SKIP LOCKED),
    parent AS (
        ", seen!(), "),
    changed AS (
        UPDATE helpline.tasks t SET state = 'open', agency_id = NULL, referral_id = NULL, revision = t.revision + 1
        FROM before WHERE t.centre_id = $1 AND t.task_id = before.id RETURNING t.*),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, detail, entry_id)
        SELECT $1, parent.case_id, event_count, helpline.now(), 'task_returned', jsonb_build_object('task_id', task_id),
            md5(task_id::text || 'returned' || changed.revision)::uuid
        FROM parent, changed WHERE NOT parent.confidential),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'task_returned', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM changed)
    SELECT task_id AS id FROM changed"
);

impl Store {
    /// Makes a step that was decided on a revision. Refused when another has been made since, when the caller may not know of the task, or
    /// when the referral to which it is handed is not in the hands of its agency.
    pub async fn step_task(
        &self,
        command: &Command,
        act: &TaskAct,
        revision: i64,
        step: &TaskStep,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(STEP, command)
            .bind(act.task_id.as_uuid())
            .bind(revision)
            .bind(step.event)
            .bind(step.state.key())
            .bind(step.owner_id)
            .bind(step.referral_id.map(|id| id.as_uuid()))
            .bind(step.declined.map(|id| id.as_uuid()))
            .bind(agency_of(&command.caller))
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.remark.as_ref()))
            .bind(self.seal_some(TASK_REMARK, command.centre(), act.task_id.as_uuid(), act.remark.as_ref()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Whether a referral of a case is in the hands of an agency that may learn of the child.
    pub async fn in_hands(
        &self,
        centre: CentreId,
        (case, referral): (CaseId, ReferralId),
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, bool>(concat!("SELECT ", in_hands!("$2", "$3")))
            .bind(centre.as_uuid())
            .bind(referral.as_uuid())
            .bind(case.as_uuid())
            .fetch_one(connection.postgres())
            .await;
        connection.settle(found)
    }

    /// Gives one task back to its owner that its agency cannot do any more; whether there was one.
    pub async fn return_task(&self, centre: CentreId) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Made>(RETURN)
            .bind(centre.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(row)?.is_some())
    }
}
