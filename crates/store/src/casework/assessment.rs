//! Assessments: begun, answered, completed with what follows from it, approved; [`read`] is how they are seen.
//!
//! A step is decided on a revision and committed only while that stands. What was answered by a completed one a trigger keeps as it is.

pub mod read;

use chrono::{DateTime, Utc};
use helpline_domain::assessment::{ApprovalState, AssessmentState, Outcome, OverrideState, Subject};
use helpline_domain::id::{AssessmentId, CaseId, TaskId};
use helpline_domain::settings::forms::{Due, Form};
use helpline_vault::Sensitive;
use sqlx::types::Json;
use uuid::Uuid;

use super::person::Made;
use super::task::told;
use super::{ASSESSMENT_ANSWERS, ASSESSMENT_FINDINGS, CASE_TEXT, OVERRIDE_REASON, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// An assessment, without what was asked and answered.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Assessment {
    pub assessment_id: AssessmentId,
    pub number: i64,
    pub case_id: CaseId,
    pub case_closed: bool,
    pub case_revision: i64,
    pub form: String,
    pub settings_version: i64,
    pub subject: Subject,
    pub state: AssessmentState,
    pub authors: Vec<Uuid>,
    pub started_at: DateTime<Utc>,
    pub completed_by: Option<Uuid>,
    pub completed_at: Option<DateTime<Utc>>,
    pub computed: Option<Outcome>,
    pub supersedes: Option<Uuid>,
    pub superseded_by: Option<Uuid>,
    pub approval: Option<Approval>,
    pub judgement: Option<Judgement>,
    pub again_task_id: Option<Uuid>,
    pub follow_up_task_id: Option<Uuid>,
    pub revision: i64,
}

/// That another is asked to approve an assessment, and what they said.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Approval {
    pub state: ApprovalState,
    pub asked_by: Uuid,
    pub answered_by: Option<Uuid>,
}

/// What somebody judges beside what was computed.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Judgement {
    pub outcome: Outcome,
    pub by: Uuid,
    pub state: OverrideState,
    pub answered_by: Option<Uuid>,
}

/// An assessment to begin.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewAssessment {
    pub assessment_id: AssessmentId,
    pub case_id: CaseId,
    pub form: Form,
    pub settings_version: i64,
    pub subject: Subject,
    /// Answers to begin with: a document.
    pub answers: Option<Sensitive<String>>,
    /// The completed one in whose place it is written.
    pub supersedes: Option<AssessmentId>,
    /// A new id: of the entry of the timeline.
    pub entry_id: Uuid,
}

/// What is asked of an assessment, whatever it is.
#[derive(Clone, Debug)]
pub struct AssessmentAct {
    /// The assessment.
    pub assessment_id: AssessmentId,
    /// A new id: of the entry of the timeline.
    pub entry_id: Uuid,
    /// What is remarked with it.
    pub remark: Option<Sensitive<String>>,
}

/// How an assessment stands after a step, and what else the step does.
#[derive(Clone, Debug)]
pub struct AssessmentStep {
    /// What happened, a key.
    pub event: &'static str,
    /// What was computed, when this completes it, and the findings as a document.
    pub completes: Option<(Outcome, Sensitive<String>)>,
    /// Its approval.
    pub approval: Option<Approval>,
    /// What somebody judges.
    pub judgement: Option<Judgement>,
    /// Why, when somebody judges so now.
    pub reason: Option<Sensitive<String>>,
    /// What is to be done when this completes the first by its form.
    pub again: Option<(TaskId, Due)>,
    /// What is to be done now that the outcome is positive, unless it is being done already.
    pub follow_up: Option<(TaskId, Due)>,
}

impl AssessmentStep {
    /// A step that leaves an assessment as it is.
    pub const fn of(now: &Assessment, event: &'static str) -> Self {
        Self {
            event,
            completes: None,
            approval: now.approval,
            judgement: now.judgement,
            reason: None,
            again: None,
            follow_up: None,
        }
    }
}

/// Two drafts by the same form in one case.
pub const ONE_DRAFT: &str = "one_draft_of_a_form";
/// Two that are written in the place of the same one.
pub const REVISED_ONCE: &str = "revised_once";

/// What is written in the place of another is by the same form, in the same case, and has its authors too: they wrote what is kept.
const START: &str = change!(
    event: "assessment_started", resource: "assessment_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('assessment_id', assessment_id, 'case_id', case_id, 'form', form, 'supersedes', supersedes))",
    with: "parent AS (
        UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.case_id = $8 AND c.closed_at IS NULL AND ($14::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.assessments o
            WHERE o.centre_id = $1 AND o.assessment_id = $14 AND o.case_id = $8 AND o.form = $9 AND o.state = 'completed')) AND ",
    sees_case!("$2", "$3"),
    " RETURNING c.case_id, c.event_count),
    changed AS (
        INSERT INTO helpline.assessments (centre_id, assessment_id, case_id, form, form_content, settings_version, subject, state,
            answers_sealed, authors, started_at, supersedes)
        SELECT $1, $7, case_id, $9, $10, $11, $12, 'draft', $13, coalesce(
            (SELECT CASE WHEN $2 = ANY (o.authors) THEN o.authors ELSE o.authors || $2::uuid END
             FROM helpline.assessments o WHERE o.centre_id = $1 AND o.assessment_id = $14), ARRAY[$2::uuid]), helpline.now(), $14 FROM parent
        RETURNING *),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id)
        SELECT $1, case_id, event_count, helpline.now(), 'assessment_started', $2, $3,
            jsonb_strip_nulls(jsonb_build_object('assessment_id', $7::uuid, 'form', $9::text, 'supersedes', $14::uuid)), $15
        FROM parent)";
    returning: "assessment_id AS id",
);

/// Who has written in it is among its authors from then on. A timeline tells of steps, not of each answer.
const SAVE: &str = change!(
    event: "assessment_saved", resource: "assessment_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('assessment_id', assessment_id, 'case_id', case_id)",
    with: "changed AS (
        UPDATE helpline.assessments a SET answers_sealed = $9, revision = a.revision + 1,
            authors = CASE WHEN $2 = ANY (a.authors) THEN a.authors ELSE a.authors || $2::uuid END
        FROM helpline.cases c
        WHERE a.centre_id = $1 AND a.assessment_id = $7 AND a.revision = $8 AND a.state = 'draft'
          AND c.centre_id = $1 AND c.case_id = a.case_id AND c.closed_at IS NULL AND ",
    sees_case!("$2", "$3"),
    " RETURNING a.*)";
    returning: "assessment_id AS id",
);

/// The case is locked before its assessment. Parameters after those of the command: 7 and 8 assessment and revision, 9 event, 10 and 11
/// what completes it, 12 to 14 the approval, 15 to 19 the judgement, 20 and 21 the entry and its text, 22 to 24 what is to be done after
/// the first, 25 to 27 what after a positive outcome, 28 how long before it is due a task tells so, 29 the revision of the case: what other
/// assessments of it say is known only while that stands. A second one by the same form, and no revision of the first, ends the task
/// that the first gave, and one that finds out where else a child could live who is held ends the task that asks for it. What follows by itself has no actor in the journal.
const STEP: &str = change!(
    event: "assessment_' || $9::text || '", resource: "assessment_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('assessment_id', assessment_id, 'case_id', case_id, 'form', form)",
    with: "before AS MATERIALIZED (
        SELECT a.case_id AS of_case, a.form AS of_form, a.subject AS of_subject, c.owner_id AS case_owner, $10::text IS NOT NULL AND a.supersedes IS NULL AS counts,
            EXISTS (
                SELECT FROM helpline.assessments e
                WHERE e.centre_id = $1 AND e.case_id = a.case_id AND e.form = a.form AND e.subject = a.subject AND e.state = 'completed') AS again
        FROM helpline.cases c JOIN helpline.assessments a ON a.centre_id = $1 AND a.case_id = c.case_id
        WHERE c.centre_id = $1 AND a.assessment_id = $7 AND a.revision = $8 AND c.revision = $29 AND c.closed_at IS NULL AND ",
    sees_case!("$2", "$3"),
    " FOR NO KEY UPDATE OF c, a),
    parent AS (
        UPDATE helpline.cases k SET event_count = k.event_count + 1, changed_at = helpline.now(), revision = k.revision + 1
        FROM before WHERE k.centre_id = $1 AND k.case_id = of_case RETURNING k.case_id, k.event_count),
    wanted AS (
        SELECT $22::uuid AS id, $23::text AS task, $24::float8 AS within FROM before WHERE $22::uuid IS NOT NULL AND counts AND NOT again
        UNION ALL
        SELECT $25::uuid, $26::text, $27::float8 FROM before
        WHERE $25::uuid IS NOT NULL AND NOT EXISTS (
            SELECT FROM helpline.assessments e JOIN helpline.tasks t ON t.centre_id = $1 AND t.task_id = e.follow_up_task_id
            WHERE e.centre_id = $1 AND e.case_id = of_case AND e.form = of_form AND t.ended_at IS NULL)),
    given AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, state, owner_id, given_by, due_at, look_at, made_at)
        SELECT $1, id, of_case, task, 'open', case_owner, $2, helpline.now() + make_interval(secs => within),
            helpline.now() + make_interval(secs => within - $28::float8), helpline.now()
        FROM before CROSS JOIN wanted RETURNING task_id, case_id, revision),
    ended AS (
        UPDATE helpline.tasks t SET state = 'completed', ended_at = helpline.now(), look_at = NULL, revision = t.revision + 1
        FROM before WHERE counts AND t.centre_id = $1 AND t.case_id = of_case AND t.ended_at IS NULL AND (
            again AND t.task_id IN (
                SELECT e.again_task_id FROM helpline.assessments e
                WHERE e.centre_id = $1 AND e.case_id = of_case AND e.form = of_form AND e.subject = of_subject)
            OR of_form = 'detention_alternative' AND t.task = 'detention_screening' AND t.plan IS NULL)
        RETURNING t.task_id, t.case_id, t.agency_id, t.referral_id, t.revision), ", told!("agencies_told", "ended", "task_cancelled", "true"), ",
    told AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), one.event, one.revision,
            jsonb_build_object('task_id', one.task_id, 'case_id', one.case_id, 'assessment_id', $7::uuid)
        FROM (SELECT 'task_given' AS event, * FROM given UNION ALL SELECT 'task_completed', task_id, case_id, revision FROM ended) AS one),
    changed AS (
        UPDATE helpline.assessments a SET state = CASE WHEN $10 IS NULL THEN a.state ELSE 'completed' END,
            completed_by = CASE WHEN $10 IS NULL THEN a.completed_by ELSE $2 END,
            completed_at = CASE WHEN $10 IS NULL THEN a.completed_at ELSE helpline.now() END,
            authors = CASE WHEN $10 IS NULL OR $2 = ANY (a.authors) THEN a.authors ELSE a.authors || $2::uuid END,
            outcome = coalesce($10, a.outcome), findings_sealed = coalesce($11, a.findings_sealed),
            approval = $12, approval_asked_by = $13, approval_answered_by = $14,
            override_outcome = $15, override_by = $16, override_state = $17, override_answered_by = $18,
            override_reason_sealed = coalesce($19, a.override_reason_sealed),
            again_task_id = coalesce(a.again_task_id, (SELECT task_id FROM given WHERE task_id = $22)),
            follow_up_task_id = coalesce((SELECT task_id FROM given WHERE task_id = $25), a.follow_up_task_id), revision = a.revision + 1
        FROM parent WHERE a.centre_id = $1 AND a.assessment_id = $7 RETURNING a.*),
    noted AS (
        INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed)
        SELECT $1, parent.case_id, event_count, helpline.now(), 'assessment_' || $9, $2, $3, jsonb_strip_nulls(jsonb_build_object(
            'assessment_id', $7::uuid, 'form', of_form, 'task_ids', (SELECT jsonb_agg(task_id) FROM given),
            'completed_task_ids', (SELECT jsonb_agg(task_id) FROM ended))), $20, $21
        FROM parent CROSS JOIN before)";
    returning: "assessment_id AS id",
);

impl Store {
    /// Begins an assessment. Refused when the case is not there for the caller or is closed, or what it is written in place of is not there.
    ///
    /// # Errors
    /// `Constraint` of [`ONE_DRAFT`] and [`REVISED_ONCE`].
    pub async fn start_assessment(
        &self,
        command: &Command,
        new: &NewAssessment,
    ) -> Result<Change<Uuid>, StoreError> {
        let id = new.assessment_id.as_uuid();
        let query = change_query::<Made>(START, command)
            .bind(id)
            .bind(new.case_id.as_uuid())
            .bind(new.form.form.clone())
            .bind(Json(new.form.clone()))
            .bind(new.settings_version)
            .bind(new.subject.key())
            .bind(self.seal_some(ASSESSMENT_ANSWERS, command.centre(), id, new.answers.as_ref()))
            .bind(new.supersedes.map(|id| id.as_uuid()))
            .bind(new.entry_id);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Keeps the answers of a draft, a document. Refused when it is not there for the caller, no draft, or has changed.
    pub async fn save_assessment(
        &self,
        command: &Command,
        (id, revision): (AssessmentId, i64),
        answers: &Sensitive<String>,
    ) -> Result<Change<Uuid>, StoreError> {
        let sealed = self.seal(ASSESSMENT_ANSWERS, command.centre(), id.as_uuid(), answers.expose());
        let query = change_query::<Made>(SAVE, command).bind(id.as_uuid()).bind(revision).bind(sealed);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Makes a step that was decided on a revision of it and of its case. Refused when either has changed since, the case is closed, or the
    /// caller may not know of it. A task that it gives tells `due_soon_s` seconds before it is due.
    pub async fn step_assessment(
        &self,
        command: &Command,
        act: &AssessmentAct,
        (revision, case_revision): (i64, i64),
        (step, due_soon_s): (&AssessmentStep, u32),
    ) -> Result<Change<Uuid>, StoreError> {
        let (id, centre) = (act.assessment_id.as_uuid(), command.centre());
        let (completes, approval, judged) = (step.completes.as_ref(), step.approval, step.judgement);
        let (again, follow_up) = (step.again.as_ref(), step.follow_up.as_ref());
        let query = change_query::<Made>(STEP, command)
            .bind(id)
            .bind(revision)
            .bind(step.event)
            .bind(completes.map(|(outcome, _)| outcome.key()))
            .bind(self.seal_some(ASSESSMENT_FINDINGS, centre, id, completes.map(|(_, findings)| findings)))
            .bind(approval.map(|one| one.state.key()))
            .bind(approval.map(|one| one.asked_by))
            .bind(approval.and_then(|one| one.answered_by))
            .bind(judged.map(|one| one.outcome.key()))
            .bind(judged.map(|one| one.by))
            .bind(judged.map(|one| one.state.key()))
            .bind(judged.and_then(|one| one.answered_by))
            .bind(self.seal_some(OVERRIDE_REASON, centre, id, step.reason.as_ref()))
            .bind(act.entry_id)
            .bind(self.seal_some(
                CASE_TEXT,
                centre,
                act.entry_id,
                step.reason.as_ref().or(act.remark.as_ref()),
            ))
            .bind(again.map(|(id, _)| id.as_uuid()))
            .bind(again.map(|(_, due)| due.task.clone()))
            .bind(again.map(|(_, due)| f64::from(due.within_s)))
            .bind(follow_up.map(|(id, _)| id.as_uuid()))
            .bind(follow_up.map(|(_, due)| due.task.clone()))
            .bind(follow_up.map(|(_, due)| f64::from(due.within_s)))
            .bind(f64::from(due_soon_s))
            .bind(case_revision);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }
}
