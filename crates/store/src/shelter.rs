//! Residents of shelters as they stand in the store.
//!
//! [`offer`] is what they are offered, [`assistance`] how help to return begins and goes on, [`read`] who sees what of it.
//!
//! A step of help to return is decided on its revision and on that of its case: what assessments of the case say, and what was agreed, is
//! known only while both stand.

pub mod assistance;
pub mod offer;
pub mod read;

use uuid::Uuid;

use crate::StoreError;
use crate::sealing::Column;

/// What is to be done for who has left, each after so many seconds.
#[derive(Clone, Debug)]
pub struct Calls {
    /// New ids of the tasks.
    pub ids: Vec<Uuid>,
    /// What is to be done, keys.
    pub tasks: Vec<String>,
    /// When, in seconds from now.
    pub within_s: Vec<f64>,
    /// How long before it is due a task tells so, in seconds.
    pub due_soon_s: f64,
}

impl Calls {
    /// What is to be done after so many seconds each, under new ids.
    pub fn new(due: &[(&'static str, f64)], due_soon_s: u32, mut id: impl FnMut() -> Uuid) -> Self {
        Self {
            ids: due.iter().map(|_| id()).collect(),
            tasks: due.iter().map(|(task, _)| (*task).to_owned()).collect(),
            within_s: due.iter().map(|(_, within)| *within).collect(),
            due_soon_s: f64::from(due_soon_s),
        }
    }
}

/// Whether calls of a case `c` that were given since an instant are still to be made: leaving a shelter and leaving the country give them
/// once. Who came back since is called anew. Leaving the country is seen by who reads the case, and so does not ask for what they do not see.
macro_rules! are_called {
    ($since:literal, $which:literal) => {
        concat!(
            "EXISTS (
                SELECT FROM helpline.tasks t
                WHERE t.centre_id = $1 AND t.case_id = c.case_id AND t.plan IN ('after_stay', 'after_shelter') AND t.task = 'follow_up_call'
                  AND t.ended_at IS NULL AND ", $which, " AND t.made_at >= ", $since, ")"
        )
    };
}
pub(crate) use are_called;

/// Gives calls to the owner of the case in `called_for`: whether they are confidential, and the parameters of their ids, keys, seconds, and
/// how long before they tell so. Of who is `called` already it is only asked whether they arrived.
macro_rules! calls {
    ($confidential:literal, $ids:literal, $tasks:literal, $within:literal, $soon:literal) => {
        concat!(
            "calls AS (
                INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, state, owner_id, given_by, due_at, look_at, plan, plan_run,
                    plan_step, confidential, made_at)
                SELECT $1, w.id, f.case_id, w.task, 'open', f.owner_id, f.owner_id, helpline.now() + make_interval(secs => w.within),
                    helpline.now() + make_interval(secs => w.within - ", $soon, "::float8), runs.plan, runs.run, w.step, ", $confidential, ", helpline.now()
                FROM called_for f CROSS JOIN unnest(", $ids, "::uuid[], ", $tasks, "::text[], ", $within, "::float8[])
                    WITH ORDINALITY AS w (id, task, within, step)
                CROSS JOIN LATERAL (
                    SELECT k.plan, coalesce(max(t.plan_run), 0) + 1 AS run
                    FROM (SELECT CASE WHEN ", $confidential, " THEN 'after_stay' ELSE 'after_shelter' END AS plan) k
                    LEFT JOIN helpline.tasks t ON t.centre_id = $1 AND t.case_id = f.case_id AND t.plan = k.plan GROUP BY k.plan) runs
                WHERE NOT f.called OR w.task = 'confirm_arrival'
                ON CONFLICT ON CONSTRAINT each_step_of_a_plan_once DO NOTHING
                RETURNING task_id, case_id, revision),
            calls_told AS (
                INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
                SELECT $1, helpline.now(), 'task_given', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM calls)"
        )
    };
}
pub(crate) use calls;

const NOTE: Column = Column { table: "return_assistances", column: "note", kind: "narrative" };
const OVERRIDE_REASON: Column =
    Column { table: "return_assistances", column: "override_reason", kind: "narrative" };

/// A column that holds what it cannot hold.
const fn inconsistent(table: &'static str, column: &'static str) -> StoreError {
    StoreError::Inconsistent { table, column }
}
