//! What happens to a report: one statement.

use chrono::{DateTime, Utc};
use helpline_domain::id::{EscalationId, SchoolReportId};
use helpline_domain::risk::Risk;
use helpline_domain::school_report::{NotReportableReason, SchoolReportState};
use uuid::Uuid;

use super::{Made, sees_school_report};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// Parameters after those of the command: 7 and 8 the report and its revision, 9 event, 10 state, 11 and 12 the deadline and whether it
/// stays, 13 risk, 14 why nothing is reported, 15 the escalation, 16 what the reporter was told, or why not.
///
/// One report to the authority stands for one incident, and for that of another contact only by a second person. It is over when the
/// authority has it; whatever goes back is to be told anew.
const STEP: &str = change!(
    // What happened is a parameter: one statement makes every step.
    event: "school_report_' || $9::text || '", resource: "school_report_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('school_report_id', school_report_id, 'from', old_state, 'state', state,
        'escalation_id', $15::uuid, 'reason', coalesce($14, $16)))",
    with: "before AS MATERIALIZED (
        SELECT r.school_report_id AS id, r.state AS old_state FROM helpline.school_reports r
        WHERE r.centre_id = $1 AND r.school_report_id = $7 AND r.revision = $8 AND ", sees_school_report!("$2", "$3"), "
          AND ($10::text <> 'not_reportable' OR $2 NOT IN (r.assessed_by, r.filed_by))
          AND ($15 IS NULL OR EXISTS (
            SELECT FROM helpline.escalations e JOIN helpline.escalation_contacts x ON x.centre_id = $1 AND x.escalation_id = e.escalation_id
            JOIN helpline.school_reports l ON l.centre_id = $1 AND l.contact_id = x.contact_id AND l.incident_id = r.incident_id
            WHERE e.centre_id = $1 AND e.escalation_id = $15 AND e.kind = 'mandatory_report' AND NOT e.exercise
              AND (e.ended_at IS NULL OR e.state = 'resolved')
              AND (l.contact_id = r.contact_id OR $3 = 'supervisor' AND $2 NOT IN (r.assessed_by, r.filed_by))
              AND NOT EXISTS (
                SELECT FROM helpline.school_reports o
                WHERE o.centre_id = $1 AND o.escalation_id = $15 AND o.incident_id <> r.incident_id)))
          AND ($10 <> 'closed' OR r.escalation_id IS NULL OR EXISTS (
            SELECT FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = r.escalation_id AND e.state = 'resolved'))
        FOR UPDATE OF r),
    changed AS (
        UPDATE helpline.school_reports r SET state = $10, due_at = CASE WHEN $12 THEN r.due_at ELSE $11::timestamptz END,
            risk = coalesce($13, r.risk),
            report_demanded = CASE WHEN $9 = 'assessed' THEN $14 IS NULL ELSE r.report_demanded END,
            not_reportable_reason = CASE WHEN $9 = 'assessed' THEN $14 ELSE r.not_reportable_reason END,
            assessed_by = CASE WHEN $9 = 'assessed' THEN $2 ELSE r.assessed_by END,
            approved_by = CASE $9 WHEN 'assessed' THEN NULL WHEN 'not_reportable' THEN $2 ELSE r.approved_by END,
            escalation_id = CASE WHEN $9 <> 'assessed' THEN coalesce($15, r.escalation_id) END,
            feedback = CASE WHEN $10 IN ('feedback_given', 'feedback_impossible', 'closed') THEN coalesce($16, r.feedback) END,
            closed_at = CASE WHEN $10 = 'closed' THEN helpline.now() END, revision = r.revision + 1
        FROM before WHERE r.centre_id = $1 AND r.school_report_id = $7
        RETURNING r.*, before.old_state)";
    returning: "school_report_id AS id",
);

const ONE_INCIDENT: &str = "one_incident_of_an_escalation";

/// What becomes of a deadline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Due {
    /// It stays.
    Keep,
    /// There is none any more.
    None,
    /// At a time.
    At(DateTime<Utc>),
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then.
    pub state: SchoolReportState,
    /// What becomes of its deadline.
    pub due: Due,
    /// How grave it is, if that is said.
    pub risk: Option<Risk>,
    /// Why nothing is to be reported, if that is said.
    pub not_reportable: Option<NotReportableReason>,
    /// The report to the authority, if that is said.
    pub escalation: Option<EscalationId>,
    /// What the reporter was told, or why not, if that is said.
    pub feedback: Option<&'static str>,
}

impl Step {
    /// A step that says nothing else.
    pub const fn to(event: &'static str, state: SchoolReportState, due: Due) -> Self {
        Self { event, state, due, risk: None, not_reportable: None, escalation: None, feedback: None }
    }
}

impl Store {
    /// Makes a step that was decided on a revision. Refused when another was made since, the caller may not know of it or approves their
    /// own, the escalation is not a report about the incident alone or, about another contact, is
    /// named by one person alone, or the authority does not have it at the end.
    pub async fn step_school_report(
        &self,
        command: &Command,
        (id, revision): (SchoolReportId, i64),
        step: &Step,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(STEP, command)
            .bind(id.as_uuid())
            .bind(revision)
            .bind(step.event)
            .bind(step.state.key())
            .bind(if let Due::At(at) = step.due { Some(at) } else { None })
            .bind(step.due == Due::Keep)
            .bind(step.risk.map(Risk::number))
            .bind(step.not_reportable.map(NotReportableReason::key))
            .bind(step.escalation.map(|id| id.as_uuid()))
            .bind(step.feedback);
        match self.change(command, query).await {
            // Reported at once with one about another incident, which was first.
            Err(error) if error.constraint() == Some(ONE_INCIDENT) => self.recall_change(command).await,
            change => Ok(change?.map(|made| made.id)),
        }
    }
}
