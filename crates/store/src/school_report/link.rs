//! Which reports are of one incident. All reports of the incidents that are concerned are locked, in the order of their ids, and get a new
//! revision: whatever was decided on who is linked with whom is decided again.
//!
//! Whoever joined while the lock was waited for is not among those that were looked for. Then a locked row is not the one of the snapshot,
//! nothing is done, and it is asked again.

use helpline_domain::id::SchoolReportId;
use uuid::Uuid;

use super::Made;
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// Reports of one incident at most.
pub const MOST_LINKED: i64 = 100;

/// Parameters after those of the command: 7 and 8 the reports, 9 the revision of the first, 10 the most.
const LINK: &str = change!(
    event: "school_reports_linked", resource: "school_report_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('school_report_id', school_report_id, 'other_report_id', $8::uuid)",
    with: "before AS MATERIALIZED (
        SELECT r.school_report_id AS id, r.incident_id AS incident, r.revision FROM helpline.school_reports r
        WHERE r.centre_id = $1 AND r.incident_id IN (
            SELECT incident_id FROM helpline.school_reports WHERE centre_id = $1 AND school_report_id IN ($7, $8))
        ORDER BY r.school_report_id FOR UPDATE OF r),
    moved AS (
        UPDATE helpline.school_reports r SET incident_id = other.incident, revision = r.revision + 1
        FROM before CROSS JOIN (SELECT id, incident FROM before WHERE id = $8) other
        WHERE r.centre_id = $1 AND r.school_report_id = before.id AND (SELECT count(*) FROM before) <= $10
          AND EXISTS (SELECT FROM before one WHERE one.id = $7 AND one.incident <> other.incident AND ($9::bigint IS NULL OR one.revision = $9))
          AND NOT EXISTS (
            SELECT FROM before JOIN helpline.school_reports s ON s.centre_id = $1 AND s.school_report_id = before.id
            WHERE s.revision <> before.revision)
        RETURNING r.*),
    changed AS (SELECT * FROM moved WHERE school_report_id = $7)";
    returning: "school_report_id AS id",
);

/// What was reported to the authority for others alone was not reported: it is due anew, whatever its state. What was for both, as they
/// came by one contact, is for those that stay. Parameters after those of the
/// command: 7 the report, 8 its revision, 9 the id of its incident from now on, 10 within how many seconds that is due.
const UNLINK: &str = change!(
    event: "school_report_unlinked", resource: "school_report_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('school_report_id', school_report_id, 'reopened', ARRAY(SELECT m.school_report_id FROM moved m WHERE m.reopened))",
    with: "before AS MATERIALIZED (
        SELECT r.school_report_id AS id, r.contact_id AS contact, r.escalation_id AS escalation, r.revision FROM helpline.school_reports r
        WHERE r.centre_id = $1 AND r.incident_id = (
            SELECT incident_id FROM helpline.school_reports WHERE centre_id = $1 AND school_report_id = $7)
        ORDER BY r.school_report_id FOR UPDATE OF r),
    judged AS MATERIALIZED (
        SELECT before.id, escalation IS NOT NULL AND NOT EXISTS (
                SELECT FROM before l JOIN helpline.escalation_contacts x ON x.centre_id = $1 AND x.contact_id = l.contact
                WHERE x.escalation_id = before.escalation AND (l.id = $7) = (before.id = $7))
            OR before.id = $7 AND EXISTS (SELECT FROM before l WHERE l.id <> $7 AND l.escalation = before.escalation) AND EXISTS (
                SELECT FROM before l JOIN helpline.escalation_contacts x ON x.centre_id = $1 AND x.contact_id = l.contact
                WHERE x.escalation_id = before.escalation AND l.id <> $7) AS unreported
        FROM before),
    moved AS (
        UPDATE helpline.school_reports r SET incident_id = CASE WHEN judged.id = $7 THEN $9 ELSE r.incident_id END,
            state = CASE WHEN unreported THEN 'assessed' ELSE r.state END,
            due_at = CASE WHEN unreported THEN helpline.now() + make_interval(secs => $10) ELSE r.due_at END,
            escalation_id = CASE WHEN unreported THEN NULL ELSE r.escalation_id END,
            feedback = CASE WHEN unreported THEN NULL ELSE r.feedback END,
            closed_at = CASE WHEN unreported THEN NULL ELSE r.closed_at END, revision = r.revision + 1
        FROM judged WHERE r.centre_id = $1 AND r.school_report_id = judged.id AND (SELECT count(*) FROM before) > 1
          AND EXISTS (SELECT FROM before one WHERE one.id = $7 AND ($8::bigint IS NULL OR one.revision = $8))
          AND NOT EXISTS (
            SELECT FROM before JOIN helpline.school_reports s ON s.centre_id = $1 AND s.school_report_id = before.id
            WHERE s.revision <> before.revision)
        RETURNING r.*, judged.unreported AS reopened),
    changed AS (SELECT * FROM moved WHERE school_report_id = $7)";
    returning: "school_report_id AS id",
);

impl Store {
    /// Says that two reports, with those linked to each, are of one incident. Refused when one is not there, they are linked already, or
    /// would be too many, or another has changed who is linked meanwhile.
    pub async fn link_school_reports(
        &self,
        command: &Command,
        (id, other): (SchoolReportId, SchoolReportId),
        expected: Option<i64>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(LINK, command)
            .bind(id.as_uuid())
            .bind(other.as_uuid())
            .bind(expected)
            .bind(MOST_LINKED);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Says that a report is of an incident of its own. Refused when it is linked with none, or another has
    /// changed who is linked meanwhile.
    pub async fn unlink_school_report(
        &self,
        command: &Command,
        (id, expected): (SchoolReportId, Option<i64>),
        (incident, due_s): (Uuid, u32),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(UNLINK, command)
            .bind(id.as_uuid())
            .bind(expected)
            .bind(incident)
            .bind(f64::from(due_s));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
