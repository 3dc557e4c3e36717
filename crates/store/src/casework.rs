//! Persons, cases and tasks as they stand in the store.
//!
//! [`person`] keeps records and who belongs to whom, [`merge`] reads two records as one person without changing either; [`case`] opens
//! and reads cases, [`glass`] lets somebody into them who says why, [`step`] is the one statement by which everything happens to them,
//! [`timeline`] what was written; [`task`] is what is to be done, and climbs while it is late; [`assessment`] is what was asked and
//! answered by a form; [`migrant`] what is particular to children on the move.
//!
//! A step of a case is decided on a revision and committed only while that stands, as a referral's is.

pub mod assessment;
pub mod case;
mod contact;
pub mod glass;
pub mod merge;
pub mod migrant;
pub mod person;
pub mod step;
pub mod task;
pub mod timeline;

use crate::StoreError;
use crate::sealing::Column;

/// Whether a caller may read and write a case `c`: supervisors, its owner, to whom it is offered, and whom somebody let in.
macro_rules! sees_case {
    ($principal:literal, $role:literal) => {
        concat!(
            "CASE ",
            $role,
            "::text WHEN 'supervisor' THEN true
                WHEN 'counsellor' THEN ",
            $principal,
            "::uuid IN (c.owner_id, c.transfer_to) OR EXISTS (
                    SELECT FROM helpline.case_grants v
                    WHERE v.centre_id = $1 AND v.case_id = c.case_id AND v.counsellor_id = ",
            $principal,
            "::uuid
                      AND v.revoked_at IS NULL AND v.until_at > (SELECT helpline.now()))
                ELSE false END"
        )
    };
}
pub(crate) use sees_case;

/// Whether a caller may read and write a person `p`: supervisors, who recorded them, to whom a cohort that they are of is granted, who
/// sees a case of theirs, and of somebody who
/// has no case of their own, who sees an open case of somebody they belong to: no link makes one child seen through another.
macro_rules! sees_person {
    ($principal:literal, $role:literal) => {
        concat!(
            "CASE ", $role, "::text WHEN 'supervisor' THEN true
                WHEN 'counsellor' THEN p.recorded_by = ", $principal, "::uuid OR ",
            $crate::reintegration::is_of_cohort!($principal), " OR EXISTS (
                    SELECT FROM helpline.records_of($1, p.person_id) AS own (id)
                    JOIN helpline.cases c ON c.centre_id = $1 AND c.person_id = own.id
                    WHERE ", $crate::casework::sees_case!($principal, $role), ")
                  OR NOT EXISTS (
                    SELECT FROM helpline.records_of($1, p.person_id) AS own (id)
                    JOIN helpline.cases c ON c.centre_id = $1 AND c.person_id = own.id)
                  AND EXISTS (
                    SELECT FROM helpline.records_of($1, p.person_id) AS own (id)
                    CROSS JOIN LATERAL (
                        SELECT l.person_id FROM helpline.person_links l WHERE l.centre_id = $1 AND l.relative_id = own.id AND l.until_at IS NULL
                        UNION SELECT l.relative_id FROM helpline.person_links l WHERE l.centre_id = $1 AND l.person_id = own.id AND l.until_at IS NULL
                        ) AS near (id)
                    CROSS JOIN LATERAL helpline.records_of($1, near.id) AS kin (id)
                    JOIN helpline.cases c ON c.centre_id = $1 AND c.person_id = kin.id AND c.closed_at IS NULL
                    WHERE ", $crate::casework::sees_case!($principal, $role), ")
                ELSE false END"
        )
    };
}
pub(crate) use sees_person;

pub(crate) const PROFILE: Column = Column { table: "persons", column: "profile", kind: "identity" };
pub(crate) const MERGE_REASON: Column =
    Column { table: "person_merges", column: "reason", kind: "narrative" };
pub(crate) const UNDO_REASON: Column =
    Column { table: "person_merges", column: "undo_reason", kind: "narrative" };
pub(crate) const TASK_NOTE: Column = Column { table: "tasks", column: "note", kind: "narrative" };
pub(crate) const TASK_REMARK: Column = Column { table: "tasks", column: "remark", kind: "narrative" };
pub(crate) const ASSESSMENT_ANSWERS: Column =
    Column { table: "assessments", column: "answers", kind: "narrative" };
pub(crate) const ASSESSMENT_FINDINGS: Column =
    Column { table: "assessments", column: "findings", kind: "legal" };
pub(crate) const OVERRIDE_REASON: Column =
    Column { table: "assessments", column: "override_reason", kind: "narrative" };
pub(crate) const CASE_TEXT: Column = Column { table: "case_events", column: "text", kind: "narrative" };

/// A column that holds what it cannot hold.
pub(crate) const fn inconsistent(table: &'static str, column: &'static str) -> StoreError {
    StoreError::Inconsistent { table, column }
}
