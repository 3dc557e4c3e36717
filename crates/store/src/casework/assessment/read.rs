//! How assessments are seen: by whoever may read their case.

use chrono::{DateTime, Utc};
use helpline_domain::assessment::{ApprovalState, AssessmentState, Outcome, OverrideState, Subject};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AssessmentId, CaseId};
use helpline_domain::settings::forms::Form;
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Approval, Assessment, Judgement};
use crate::casework::{ASSESSMENT_ANSWERS, ASSESSMENT_FINDINGS, OVERRIDE_REASON, inconsistent, sees_case};
use crate::{Store, StoreError};

/// An assessment with what was asked and answered.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct AnsweredAssessment {
    pub assessment: Assessment,
    pub form: Form,
    pub answers: Option<Sensitive<String>>,
    pub findings: Option<Sensitive<String>>,
    pub reason: Option<Sensitive<String>>,
}

/// Which assessments; what is false or `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct AssessmentFilter {
    /// Only drafts.
    pub drafts: bool,
    /// Of a case.
    pub case_id: Option<CaseId>,
}

/// Columns of [`AssessmentRow`], and others.
macro_rules! select {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT a.assessment_id, a.number, a.case_id, c.closed_at IS NOT NULL AS case_closed, c.revision AS case_revision, a.form, a.settings_version, a.subject,
                a.state, a.authors, a.started_at, a.completed_by, a.completed_at, a.outcome, a.supersedes, (
                    SELECT s.assessment_id FROM helpline.assessments s
                    WHERE s.centre_id = $1 AND s.supersedes = a.assessment_id AND s.state = 'completed') AS superseded_by,
                a.approval, a.approval_asked_by, a.approval_answered_by, a.override_outcome, a.override_by, a.override_state,
                a.override_answered_by, a.again_task_id, a.follow_up_task_id, a.revision", $columns,
            " FROM helpline.assessments a JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = a.case_id
             WHERE a.centre_id = $1 AND ", sees_case!("$2", "$3"), $rest
        )
    };
}

/// Parameter 5 says whether somebody reads it.
const GET: &str = concat!(
    "WITH seen AS MATERIALIZED (",
    select!(
        ", a.form_content, a.answers_sealed, a.findings_sealed, a.override_reason_sealed",
        " AND a.assessment_id = $4"
    ),
    "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, revision, detail)
        SELECT $1, helpline.now(), 'assessment_read', $2, $3, revision,
            jsonb_build_object('assessment_id', assessment_id, 'case_id', case_id)
        FROM seen WHERE $5)
    SELECT * FROM seen"
);
const LIST: &str = select!(
    "",
    " AND (NOT $4 OR a.state = 'draft') AND ($5::uuid IS NULL OR a.case_id = $5)
      AND ($6::uuid IS NULL OR a.assessment_id < $6) ORDER BY a.assessment_id DESC LIMIT $7"
);

#[derive(FromRow)]
struct AssessmentRow {
    assessment_id: Uuid,
    number: i64,
    case_id: Uuid,
    case_closed: bool,
    case_revision: i64,
    form: String,
    settings_version: i64,
    subject: String,
    state: String,
    authors: Vec<Uuid>,
    started_at: DateTime<Utc>,
    completed_by: Option<Uuid>,
    completed_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    supersedes: Option<Uuid>,
    superseded_by: Option<Uuid>,
    approval: Option<String>,
    approval_asked_by: Option<Uuid>,
    approval_answered_by: Option<Uuid>,
    override_outcome: Option<String>,
    override_by: Option<Uuid>,
    override_state: Option<String>,
    override_answered_by: Option<Uuid>,
    again_task_id: Option<Uuid>,
    follow_up_task_id: Option<Uuid>,
    revision: i64,
}

#[derive(FromRow)]
struct AnsweredRow {
    #[sqlx(flatten)]
    row: AssessmentRow,
    form_content: Json<Form>,
    answers_sealed: Option<Vec<u8>>,
    findings_sealed: Option<Vec<u8>>,
    override_reason_sealed: Option<Vec<u8>>,
}

/// What a key means; `None` for none.
fn of<T>(
    column: &'static str,
    key: Option<String>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    key.map(|key| read(&key).ok_or(inconsistent("assessments", column))).transpose()
}

impl TryFrom<AssessmentRow> for Assessment {
    type Error = StoreError;

    fn try_from(row: AssessmentRow) -> Result<Self, StoreError> {
        let bad = |column| inconsistent("assessments", column);
        let approval = of("approval", row.approval, ApprovalState::from_key)?;
        let approval = approval.zip(row.approval_asked_by);
        let state = of("override_state", row.override_state, OverrideState::from_key)?;
        let judged = of("override_outcome", row.override_outcome, Outcome::from_key)?;
        let judged = judged.zip(row.override_by).zip(state);
        Ok(Self {
            assessment_id: row.assessment_id.into(),
            number: row.number,
            case_id: row.case_id.into(),
            case_closed: row.case_closed,
            case_revision: row.case_revision,
            form: row.form,
            settings_version: row.settings_version,
            subject: Subject::from_key(&row.subject).ok_or_else(|| bad("subject"))?,
            state: AssessmentState::from_key(&row.state).ok_or_else(|| bad("state"))?,
            authors: row.authors,
            started_at: row.started_at,
            completed_by: row.completed_by,
            completed_at: row.completed_at,
            computed: of("outcome", row.outcome, Outcome::from_key)?,
            supersedes: row.supersedes,
            superseded_by: row.superseded_by,
            approval: approval.map(|(state, asked_by)| Approval {
                state,
                asked_by,
                answered_by: row.approval_answered_by,
            }),
            judgement: judged.map(|((outcome, by), state)| Judgement {
                outcome,
                by,
                state,
                answered_by: row.override_answered_by,
            }),
            again_task_id: row.again_task_id,
            follow_up_task_id: row.follow_up_task_id,
            revision: row.revision,
        })
    }
}

impl Store {
    /// An assessment with what was asked and answered, if the caller may read its case. Whether they `read` it, the journal says.
    pub async fn assessment(
        &self,
        caller: &Caller,
        id: AssessmentId,
        read: bool,
    ) -> Result<Option<AnsweredAssessment>, StoreError> {
        let centre = caller.centre_id;
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, AnsweredRow>(GET)
            .bind(centre.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .bind(read)
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        let Some(AnsweredRow { row, form_content, answers_sealed, findings_sealed, override_reason_sealed }) =
            row
        else {
            return Ok(None);
        };
        let open =
            |column, sealed: Option<Vec<u8>>| self.open_some(column, centre, id.as_uuid(), sealed.as_deref());
        Ok(Some(AnsweredAssessment {
            assessment: row.try_into()?,
            form: form_content.0,
            answers: open(ASSESSMENT_ANSWERS, answers_sealed)?,
            findings: open(ASSESSMENT_FINDINGS, findings_sealed)?,
            reason: open(OVERRIDE_REASON, override_reason_sealed)?,
        }))
    }

    /// A page of assessments that the caller may read, newest first.
    pub async fn assessments(
        &self,
        caller: &Caller,
        filter: AssessmentFilter,
        (size, before): (u32, Option<AssessmentId>),
    ) -> Result<Vec<Assessment>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, AssessmentRow>(LIST)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(filter.drafts)
            .bind(filter.case_id.map(|id| id.as_uuid()))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(Assessment::try_from).collect()
    }
}
