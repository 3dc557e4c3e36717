//! Everything that happens to a child of a cohort: one statement.

use chrono::{DateTime, Utc};
use helpline_domain::id::ReturneeId;
use helpline_domain::reintegration::{NotArrivedReason, ReturneeState};
use uuid::Uuid;

use super::read::{has_open_case, has_plan};
use super::{Made, sees_cohort};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// How a child stands after a step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened, a key.
    pub event: &'static str,
    /// Where the child stands then.
    pub state: ReturneeState,
    /// Where the child lives, if that is said.
    pub region: Option<String>,
    /// Why the child does not come.
    pub reason: Option<NotArrivedReason>,
    /// When the child is expected, if that is said.
    pub expected_at: Option<DateTime<Utc>>,
}

/// What is asked of a child's part in a cohort.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// The child's part.
    pub returnee_id: ReturneeId,
    /// The revision that it answers; `None` for whichever there is.
    pub expected: Option<i64>,
}

/// Nobody is settled without a plan, and nothing ends while a case is open, as the statement finds them: a case that is closed beside it
/// leaves a child without one, of whom it alarms.
const STEP: &str = change!(
    event: "returnee_' || $9::text || '", resource: "returnee_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('returnee_id', returnee_id, 'from', old_state, 'state', state, 'old_expected_at', old_expected_at,
        'expected_at', expected_at)",
    with: "before AS MATERIALIZED (
        SELECT x.returnee_id AS id, x.state AS old_state, x.expected_at AS old_expected_at FROM helpline.returnees x
        WHERE x.centre_id = $1 AND x.returnee_id = $7 AND x.revision = $8
          AND ($10::text <> 'settled' OR ", has_plan!("$14"), ") AND ($10 <> 'closed' OR NOT ", has_open_case!(), ")
          AND ", sees_cohort!("$2", "$3"), " FOR NO KEY UPDATE OF x),
    changed AS (
        UPDATE helpline.returnees t SET state = $10, region = coalesce($11, t.region), reason = $12,
            expected_at = coalesce($13, t.expected_at),
            arrived_at = CASE WHEN $10 = 'arrived' THEN helpline.now() WHEN $10 NOT IN ('announced', 'not_arrived') THEN t.arrived_at END,
            rehabilitated_at = CASE WHEN $10 = 'first_rehabilitation' THEN helpline.now()
                WHEN $10 NOT IN ('announced', 'not_arrived') THEN t.rehabilitated_at END,
            settled_at = CASE WHEN $10 = 'settled' THEN helpline.now() ELSE t.settled_at END,
            monitored_at = CASE WHEN $10 = 'monitored' THEN helpline.now() ELSE t.monitored_at END,
            ended_at = CASE WHEN $10 IN ('closed', 'not_arrived') THEN helpline.now() END, revision = t.revision + 1
        FROM before WHERE t.centre_id = $1 AND t.returnee_id = $7
        RETURNING t.*, before.old_state, before.old_expected_at)";
    returning: "returnee_id AS id",
);

impl Store {
    /// Makes a step that was decided on a revision. Refused when another has been made since, the caller may not know of the child, a plan is
    /// missing or a case open that may not be.
    pub async fn step_returnee(
        &self,
        command: &Command,
        act: &Act,
        (revision, plan): (i64, &str),
        step: &Step,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(STEP, command)
            .bind(act.returnee_id.as_uuid())
            .bind(revision)
            .bind(step.event)
            .bind(step.state.key())
            .bind(step.region.clone())
            .bind(step.reason.map(NotArrivedReason::key))
            .bind(step.expected_at)
            .bind(plan.to_owned());
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
