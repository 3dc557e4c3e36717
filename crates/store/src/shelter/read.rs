//! Help to return as somebody may see it, with what is in the way.

use chrono::{DateTime, Utc};
use helpline_domain::assessment::Subject;
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{AdmissionId, CaseId, PersonId, ReturnId};
use helpline_domain::shelter::{ReturnCancelReason, ReturnItem, ReturnState};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{NOTE, OVERRIDE_REASON, inconsistent};
use crate::admission::sees_stay;
use crate::casework::sees_case;
use crate::{Store, StoreError};

/// Help to return.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct ReturnAssistance {
    pub return_id: ReturnId,
    pub number: i64,
    pub case_id: CaseId,
    pub admission_id: Option<AdmissionId>,
    pub country: String,
    pub subject: Subject,
    pub state: ReturnState,
    pub items: Vec<ReturnItem>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    /// Whether fear was said when consent was recorded.
    pub fear_said: bool,
    /// Whether it was, or when a hand-over to that country was checked.
    pub fear_recorded: bool,
    pub consented_at: Option<DateTime<Utc>>,
    pub guardian: Option<(PersonId, DateTime<Utc>)>,
    pub asked: Option<Override>,
    pub obstacles: Vec<String>,
    /// Who may consent for the child, as they are linked now.
    pub guardians: Vec<Uuid>,
    pub note: Option<Sensitive<String>>,
    pub started_at: DateTime<Utc>,
    pub departed_at: Option<DateTime<Utc>>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub reason: Option<ReturnCancelReason>,
    pub case_revision: i64,
    pub revision: i64,
}

/// That somebody is to go in spite of what is in the way.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Override {
    pub lifts: Vec<String>,
    pub reason: Sensitive<String>,
    pub asked_by: Uuid,
    pub approved_by: Option<Uuid>,
}

/// Whoever may consent for the child of a case `c`, as they are linked now, under whatever record.
macro_rules! guardians {
    () => {
        "SELECT helpline.records_of($1, l.relative_id) FROM helpline.person_links l
         WHERE l.centre_id = $1 AND l.person_id = ANY (ARRAY(SELECT helpline.records_of($1, c.person_id))) AND l.until_at IS NULL
           AND l.relation IN ('parent', 'guardian', 'grandparent', 'other_caregiver')"
    };
}

/// Whether the person of a case was taken for a child, in whichever of their cases, so that the caller cannot help them to return as an
/// adult: a supervisor can who neither began such help nor assessed the best interests of the child.
macro_rules! held_for_child {
    ($principal:literal, $role:literal, $case:literal) => {
        concat!(
            "EXISTS (
                SELECT FROM helpline.return_assistances p
                WHERE p.centre_id = $1 AND p.case_id = ANY (helpline.cases_of_child($1, ARRAY[",
            $case,
            "])) AND p.subject = 'child' AND (",
            $role,
            " <> 'supervisor' OR p.started_by = ",
            $principal,
            ")
                UNION ALL
                SELECT FROM helpline.assessments s
                WHERE s.centre_id = $1 AND s.case_id = ANY (helpline.cases_of_child($1, ARRAY[",
            $case,
            "])) AND s.form = 'best_interests_short' AND s.subject = 'child'
                  AND s.state = 'completed' AND (",
            $role,
            " <> 'supervisor' OR ",
            $principal,
            " = ANY (s.authors)))"
        )
    };
}

/// Whether who goes by the help of an alias was taken for a child since it began, in whichever of their cases; or just before, by a command
/// that had not ended yet (none lasts for ten seconds), so that whoever began the help did not see it.
macro_rules! is_child_since {
    ($return:literal) => {
        concat!(
            "EXISTS (
                SELECT FROM helpline.return_assistances p
                WHERE p.centre_id = $1 AND p.case_id = ANY (helpline.cases_of_child($1, ARRAY[",
            $return,
            ".case_id]))
                  AND p.subject = 'child' AND p.started_at > ",
            $return,
            ".started_at - interval '10 seconds'
                UNION ALL
                SELECT FROM helpline.assessments s
                WHERE s.centre_id = $1 AND s.case_id = ANY (helpline.cases_of_child($1, ARRAY[",
            $return,
            ".case_id]))
                  AND s.form = 'best_interests_short' AND s.subject = 'child' AND s.state = 'completed'
                  AND s.completed_at > ",
            $return,
            ".started_at - interval '10 seconds')"
        )
    };
}

/// Whether who goes by the help of an alias is afraid of the country: what was recorded with any help to return there stays, and what the
/// last check of a hand-over there says stands until the next; what protects a child from it stands until it is lifted, in whichever of
/// the child's cases.
macro_rules! fear {
    ($return:literal) => {
        concat!(
            "(EXISTS (
                SELECT FROM helpline.return_assistances p
                WHERE p.centre_id = $1 AND p.case_id = ", $return, ".case_id AND p.country = ", $return, ".country AND p.fear_recorded)
              OR coalesce((
                SELECT (h.decision -> 'inputs' ->> 'fear_recorded')::boolean FROM helpline.crossborder_handovers h
                WHERE h.centre_id = $1 AND h.case_id = ", $return, ".case_id AND h.country = ", $return, ".country AND h.decision IS NOT NULL
                ORDER BY h.ordinal DESC LIMIT 1), false)
              OR helpline.is_feared($1, ARRAY[", $return, ".case_id], ", $return, ".country))"
        )
    };
}
/// What is in the way of who goes by the help of an alias, of a case `c`. The last assessment of the child's best interests that was
/// completed counts, once it is approved where its form wants that; what was approved lifts what stood in the way when it was asked for, and
/// neither a concern of an assessment that was completed later nor what the child was protected from later.
macro_rules! obstacles {
    ($return:literal) => {
        concat!(
            "ARRAY(SELECT replace(replace(w.key, 'later_concern', 'best_interests_concern'), 'later_fear', 'fear_recorded') FROM unnest(ARRAY[
                CASE WHEN ", $return, ".consented_at IS NULL THEN 'consent_missing' END,
                CASE WHEN ", $return, ".subject = 'child' AND (
                    ", $return, ".guardian_id IN (", $crate::shelter::read::guardians!(), ")) IS NOT TRUE THEN 'guardian_consent_missing' END,
                CASE WHEN ", $return, ".subject = 'child' THEN coalesce((
                    SELECT CASE
                        WHEN s.approval IS DISTINCT FROM 'approved' AND (s.form_content ->> 'needs_approval')::boolean THEN 'assessment_missing'
                        WHEN CASE WHEN s.override_state IN ('in_force', 'approved') THEN s.override_outcome ELSE s.outcome END <> 'negative'
                            THEN CASE WHEN s.completed_at > ", $return, ".override_asked_at THEN 'later_concern' ELSE 'best_interests_concern' END
                        ELSE '' END
                    FROM helpline.assessments s
                    WHERE s.centre_id = $1 AND s.case_id = ", $return, ".case_id AND s.form = 'best_interests_short' AND s.subject = 'child'
                      AND s.state = 'completed'
                    ORDER BY s.completed_at DESC, s.ordinal DESC LIMIT 1), 'assessment_missing') END,
                CASE WHEN ", $crate::shelter::read::fear!($return), " THEN CASE WHEN EXISTS (
                    SELECT FROM helpline.protections p
                    WHERE p.centre_id = $1 AND p.case_id = ANY (helpline.cases_of_child($1, ARRAY[", $return, ".case_id]))
                      AND p.lifted_at IS NULL AND coalesce(p.country, ", $return, ".country) = ", $return, ".country
                      AND p.recorded_at > ", $return, ".override_asked_at) THEN 'later_fear' ELSE 'fear_recorded' END END,
                CASE WHEN ", $return, ".subject = 'adult' AND ", $crate::shelter::read::is_child_since!($return), " THEN 'taken_for_child' END]) WITH ORDINALITY AS w (key, place)
             WHERE w.key <> '' AND (", $return, ".override_approved_by IS NOT NULL AND w.key = ANY (", $return, ".override_lifts)) IS NOT TRUE
             ORDER BY w.place)"
        )
    };
}
pub(crate) use {fear, guardians, held_for_child, is_child_since, obstacles};

/// Columns of [`ReturnRow`], of what the condition lets through.
macro_rules! select {
    ($($condition:expr),+) => {
        concat!(
            "SELECT b.return_id, b.number, b.case_id, b.country, b.subject, b.state, b.items, b.grace_ends_at, b.fear_recorded AS fear_said,
                b.consented_at, b.guardian_id, b.guardian_consented_at, b.override_lifts, b.override_reason_sealed, b.override_asked_by,
                b.override_approved_by, b.note_sealed, b.started_at, b.departed_at, b.arrived_at, b.ended_at, b.reason, b.revision,
                c.revision AS case_revision, ", fear!("b"), " AS fear_recorded, ", obstacles!("b"), " AS obstacles,
                ARRAY(", guardians!(), ") AS guardians, (
                    SELECT a.admission_id FROM helpline.admissions a WHERE a.centre_id = $1 AND a.admission_id = b.admission_id AND ",
            sees_stay!("$2", "$3", "NULL"), ") AS admission_id
             FROM helpline.return_assistances b JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = b.case_id
             WHERE b.centre_id = $1 AND ", sees_case!("$2", "$3"), $($condition),+
        )
    };
}

/// That somebody looked is journalled, unless it is only to decide.
const ONE: &str = concat!(
    "WITH found AS MATERIALIZED (",
    select!(" AND b.return_id = $4"),
    "), journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'return_seen', $2, $3, jsonb_build_object('return_id', return_id, 'case_id', case_id) FROM found WHERE $5)
     SELECT * FROM found"
);

/// One statement for each way to narrow the list, so that each has its index.
macro_rules! list {
    ($narrowed:literal) => {
        select!(
            $narrowed,
            " AND (NOT $4 OR b.ended_at IS NULL) AND ($5::uuid IS NULL OR b.case_id = $5) AND ($6::uuid IS NULL OR b.return_id < $6)
              ORDER BY b.return_id DESC LIMIT $7"
        )
    };
}

const ALL: &str = list!("");
const OPEN: &str = list!(" AND b.ended_at IS NULL");
const OF_CASE: &str = list!(" AND b.case_id = $5");
const OF_COUNSELLOR: &str = list!(
    " AND b.case_id IN (
        SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.owner_id = $2
        UNION SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.transfer_to = $2
        UNION SELECT n.case_id FROM helpline.case_grants n WHERE n.centre_id = $1 AND n.counsellor_id = $2)"
);

#[derive(FromRow)]
struct ReturnRow {
    return_id: Uuid,
    number: i64,
    case_id: Uuid,
    admission_id: Option<Uuid>,
    country: String,
    subject: String,
    state: String,
    items: Json<Vec<ReturnItem>>,
    grace_ends_at: Option<DateTime<Utc>>,
    fear_said: bool,
    fear_recorded: bool,
    consented_at: Option<DateTime<Utc>>,
    guardian_id: Option<Uuid>,
    guardian_consented_at: Option<DateTime<Utc>>,
    override_lifts: Option<Vec<String>>,
    override_reason_sealed: Option<Vec<u8>>,
    override_asked_by: Option<Uuid>,
    override_approved_by: Option<Uuid>,
    obstacles: Vec<String>,
    guardians: Vec<Uuid>,
    note_sealed: Option<Vec<u8>>,
    started_at: DateTime<Utc>,
    departed_at: Option<DateTime<Utc>>,
    arrived_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    case_revision: i64,
    revision: i64,
}

impl Store {
    /// Help to return, if the caller may read its case; when it is shown to them, the journal says so.
    pub async fn return_assistance(
        &self,
        caller: &Caller,
        id: ReturnId,
        shown: bool,
    ) -> Result<Option<ReturnAssistance>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, ReturnRow>(ONE)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .bind(shown)
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.return_from(caller, row)).transpose()
    }

    /// A page of help to return, newest first: what is open alone, or of a case alone, if asked so.
    pub async fn return_assistances(
        &self,
        caller: &Caller,
        (open, case): (bool, Option<CaseId>),
        (size, before): (u32, Option<ReturnId>),
    ) -> Result<Vec<ReturnAssistance>, StoreError> {
        let sql = match (caller.role, case) {
            (_, Some(_)) => OF_CASE,
            (Role::Counsellor, None) => OF_COUNSELLOR,
            _ if open => OPEN,
            _ => ALL,
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, ReturnRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(open)
            .bind(case.map(|id| id.as_uuid()))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.return_from(caller, row)).collect()
    }

    /// Whether the caller cannot help the person of a case to return as an adult.
    pub async fn is_held_for_child(&self, caller: &Caller, case: CaseId) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, bool>(concat!("SELECT ", held_for_child!("$2", "$3", "$4")))
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(case.as_uuid())
            .fetch_one(connection.postgres())
            .await;
        connection.settle(found)
    }

    fn return_from(&self, caller: &Caller, row: ReturnRow) -> Result<ReturnAssistance, StoreError> {
        let wrong = |column| inconsistent("return_assistances", column);
        let (centre, id) = (caller.centre_id, row.return_id);
        let why = self.open_some(OVERRIDE_REASON, centre, id, row.override_reason_sealed.as_deref())?;
        let asked = row.override_asked_by.zip(why).map(|(asked_by, reason)| Override {
            lifts: row.override_lifts.unwrap_or_default(),
            reason,
            asked_by,
            approved_by: row.override_approved_by,
        });
        let reason = row.reason.map(|key| ReturnCancelReason::from_key(&key).ok_or(wrong("reason")));
        let guardian = row.guardian_id.zip(row.guardian_consented_at);
        Ok(ReturnAssistance {
            return_id: id.into(),
            number: row.number,
            case_id: row.case_id.into(),
            admission_id: row.admission_id.map(AdmissionId::from),
            country: row.country,
            subject: Subject::from_key(&row.subject).ok_or(wrong("subject"))?,
            state: ReturnState::from_key(&row.state).ok_or(wrong("state"))?,
            items: row.items.0,
            grace_ends_at: row.grace_ends_at,
            fear_said: row.fear_said,
            fear_recorded: row.fear_recorded,
            consented_at: row.consented_at,
            guardian: guardian.map(|(id, at)| (id.into(), at)),
            asked,
            obstacles: row.obstacles,
            guardians: row.guardians,
            note: self.open_some(NOTE, centre, id, row.note_sealed.as_deref())?,
            started_at: row.started_at,
            departed_at: row.departed_at,
            arrived_at: row.arrived_at,
            ended_at: row.ended_at,
            reason: reason.transpose()?,
            case_revision: row.case_revision,
            revision: row.revision,
        })
    }
}
