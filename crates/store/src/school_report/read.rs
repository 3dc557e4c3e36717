//! Who sees what of reports.

use chrono::{DateTime, NaiveDate, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, ContactId, EscalationId, SchoolId, SchoolReportId};
use helpline_domain::risk::Risk;
use helpline_domain::school_report::{
    FeedbackOutcome, NoFeedbackReason, NotReportableReason, Reporter, SchoolPerpetrator, SchoolReportState,
};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::{NARRATIVE, REPORTER_CONTACT, SCHOOL, inconsistent, sees_school_report};
use crate::escalation::sees;
use crate::{Store, StoreError};

/// A report as far as somebody may see it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own about the same report")]
pub struct SchoolReport {
    pub school_report_id: SchoolReportId,
    pub reference: String,
    pub contact_id: ContactId,
    pub school_id: SchoolId,
    pub reporter: Reporter,
    pub perpetrator: SchoolPerpetrator,
    pub categories: Vec<String>,
    pub days: (NaiveDate, NaiveDate),
    pub wants_feedback: bool,
    pub state: SchoolReportState,
    pub due_at: Option<DateTime<Utc>>,
    pub filed_by: Uuid,
    pub filed_at: DateTime<Utc>,
    pub risk: Option<Risk>,
    pub report_demanded: Option<bool>,
    pub not_reportable_reason: Option<NotReportableReason>,
    pub assessed_by: Option<Uuid>,
    pub approved_by: Option<Uuid>,
    pub escalation_id: Option<EscalationId>,
    pub feedback: Option<FeedbackOutcome>,
    pub no_feedback: Option<NoFeedbackReason>,
    pub closed_at: Option<DateTime<Utc>>,
    /// What was told: school, narrative, how the reporter can be reached. Nothing in a list.
    pub told: Option<Told>,
    pub linked: Vec<SchoolReportId>,
    pub perhaps_same: Vec<SchoolReportId>,
    pub revision: i64,
    /// Whether the report to the authority is open.
    pub is_open_outside: bool,
    /// Whether it came to nothing.
    pub came_to_nothing: bool,
    /// Whether the caller may know of it.
    pub tells_escalation: bool,
    /// The database's time at which it was read.
    pub clock: DateTime<Utc>,
}

/// What was told.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Told {
    pub school: Sensitive<String>,
    pub narrative: Option<Sensitive<String>>,
    pub reporter_contact: Option<Sensitive<String>>,
}

#[derive(FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "as the report has them")]
struct Row {
    school_report_id: Uuid,
    reference: String,
    contact_id: Uuid,
    school_id: Uuid,
    reporter: String,
    perpetrator: String,
    categories: Vec<String>,
    first_day: NaiveDate,
    last_day: NaiveDate,
    wants_feedback: bool,
    state: String,
    due_at: Option<DateTime<Utc>>,
    filed_by: Uuid,
    filed_at: DateTime<Utc>,
    risk: Option<i16>,
    report_demanded: Option<bool>,
    not_reportable_reason: Option<String>,
    assessed_by: Option<Uuid>,
    approved_by: Option<Uuid>,
    escalation_id: Option<Uuid>,
    feedback: Option<String>,
    closed_at: Option<DateTime<Utc>>,
    revision: i64,
    clock: DateTime<Utc>,
    is_open_outside: bool,
    came_to_nothing: bool,
    tells_escalation: bool,
    school_sealed: Option<Vec<u8>>,
    narrative_sealed: Option<Vec<u8>>,
    reporter_contact_sealed: Option<Vec<u8>>,
    linked: Vec<Uuid>,
    perhaps_same: Vec<Uuid>,
}

/// What a list shows.
macro_rules! columns {
    () => {
        "r.school_report_id, r.reference, r.contact_id, r.school_id, r.reporter, r.perpetrator, r.categories, r.first_day, r.last_day,
         r.wants_feedback, r.state, r.due_at, r.filed_by, r.filed_at, r.risk, r.report_demanded, r.not_reportable_reason, r.assessed_by,
         r.approved_by, r.escalation_id, r.feedback, r.closed_at, r.revision, helpline.now() AS clock"
    };
}

/// Others that may be of the same incident, or are, are shown only as far as the caller may know of them. Parameters: 2 and 3 the caller,
/// 4 the report, 5 how many days may lie between, 6 whether it is shown.
const BY_ID: &str = concat!(
    "WITH seen AS MATERIALIZED (
        SELECT ", columns!(), ", CASE WHEN $6 THEN r.school_sealed END AS school_sealed,
            CASE WHEN $6 THEN r.narrative_sealed END AS narrative_sealed,
            CASE WHEN $6 THEN r.reporter_contact_sealed END AS reporter_contact_sealed,
            EXISTS (
                SELECT FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = r.escalation_id AND e.ended_at IS NULL) AS is_open_outside,
            EXISTS (
                SELECT FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = r.escalation_id AND e.ended_at IS NOT NULL AND e.state <> 'resolved')
                AS came_to_nothing,
            EXISTS (
                SELECT FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = r.escalation_id AND ",
    sees!("$2", "$3", "NULL"),
    ") AS tells_escalation, r.incident_id
        FROM helpline.school_reports r WHERE r.centre_id = $1 AND r.school_report_id = $4 AND ", sees_school_report!("$2", "$3"), "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'school_report_seen', $2, $3, contact_id, revision, jsonb_build_object('school_report_id', school_report_id)
        FROM seen WHERE $6)
    SELECT seen.*, ARRAY(
            SELECT r.school_report_id FROM helpline.school_reports r
            WHERE r.centre_id = $1 AND r.incident_id = seen.incident_id AND r.school_report_id <> seen.school_report_id AND ",
    sees_school_report!("$2", "$3"),
    " ORDER BY 1) AS linked, CASE WHEN $6 THEN ARRAY(
            SELECT r.school_report_id FROM helpline.school_reports r
            WHERE r.centre_id = $1 AND r.school_id = seen.school_id AND r.incident_id <> seen.incident_id
              AND r.first_day <= seen.last_day + $5 AND r.last_day >= seen.first_day - $5 AND ",
    sees_school_report!("$2", "$3"),
    " ORDER BY 1 DESC LIMIT 20) ELSE '{}' END AS perhaps_same
    FROM seen"
);

/// One statement for each way to narrow the list, so that each has its index.
macro_rules! list {
    ($narrowed:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", NULL::bytea AS school_sealed, NULL::bytea AS narrative_sealed, NULL::bytea AS reporter_contact_sealed, false AS is_open_outside,
               false AS came_to_nothing, true AS tells_escalation,
               '{}'::uuid[] AS linked, '{}'::uuid[] AS perhaps_same
             FROM helpline.school_reports r WHERE r.centre_id = $1 AND ($4::text IS NULL OR r.state = $4)
               AND ($2::uuid IS NULL OR r.school_id = $2)
               AND ($3::bytea IS NULL OR r.school_id = (
                   SELECT s.school_id FROM helpline.schools s WHERE s.centre_id = $1 AND s.name_index = $3))
               AND ($5::uuid IS NULL OR r.school_report_id < $5) AND ($7::text IS NULL OR r.reference = $7) ",
            $narrowed,
            " ORDER BY r.school_report_id DESC LIMIT $6"
        )
    };
}

const ALL: &str = list!("");
const IN_STATE: &str = list!("AND r.state = $4");
const REFERRED_TO: &str = list!("AND r.reference = $7");
const OF_SCHOOL: &str = list!("AND r.school_id = $2");
const OF_NAMED: &str = list!(
    "AND r.school_id = (SELECT n.school_id FROM helpline.schools n WHERE n.centre_id = $1 AND n.name_index = $3)"
);

/// Which reports are listed: those of which all that is said holds.
#[derive(Clone, Debug)]
pub struct Which {
    /// About this school.
    pub school: Option<SchoolId>,
    /// About the school with this name, however it is written.
    pub name: Option<Sensitive<String>>,
    /// In this state.
    pub state: Option<SchoolReportState>,
    /// With this reference.
    pub reference: Option<String>,
}

impl Store {
    fn school_report_from(&self, centre: CentreId, row: Row) -> Result<SchoolReport, StoreError> {
        let id = row.school_report_id;
        let told = row.school_sealed.map(|school| {
            Ok::<_, StoreError>(Told {
                school: self.open(SCHOOL, centre, id, &school)?,
                narrative: self.open_some(NARRATIVE, centre, id, row.narrative_sealed.as_deref())?,
                reporter_contact: self.open_some(
                    REPORTER_CONTACT,
                    centre,
                    id,
                    row.reporter_contact_sealed.as_deref(),
                )?,
            })
        });
        let reason = row
            .not_reportable_reason
            .map(|key| NotReportableReason::from_key(&key).ok_or(inconsistent("not_reportable_reason")));
        let risk = row.risk.map(|number| Risk::from_number(number).ok_or(inconsistent("risk")));
        let state = SchoolReportState::from_key(&row.state).ok_or(inconsistent("state"))?;
        Ok(SchoolReport {
            school_report_id: id.into(),
            reference: row.reference,
            contact_id: row.contact_id.into(),
            school_id: row.school_id.into(),
            reporter: Reporter::from_key(&row.reporter).ok_or(inconsistent("reporter"))?,
            perpetrator: SchoolPerpetrator::from_key(&row.perpetrator).ok_or(inconsistent("perpetrator"))?,
            categories: row.categories,
            days: (row.first_day, row.last_day),
            wants_feedback: row.wants_feedback,
            state,
            due_at: row.due_at,
            filed_by: row.filed_by,
            filed_at: row.filed_at,
            risk: risk.transpose()?,
            report_demanded: row.report_demanded,
            not_reportable_reason: reason.transpose()?,
            assessed_by: row.assessed_by,
            approved_by: row.approved_by,
            escalation_id: row.escalation_id.map(EscalationId::from),
            feedback: row.feedback.as_deref().and_then(FeedbackOutcome::from_key),
            no_feedback: row.feedback.as_deref().and_then(NoFeedbackReason::from_key),
            closed_at: row.closed_at,
            told: told.transpose()?,
            linked: row.linked.into_iter().map(Into::into).collect(),
            perhaps_same: row.perhaps_same.into_iter().map(Into::into).collect(),
            revision: row.revision,
            is_open_outside: row.is_open_outside,
            came_to_nothing: row.came_to_nothing,
            tells_escalation: row.tells_escalation,
            clock: row.clock,
        })
    }

    /// A report, if the caller may know of it, and others at the same school with no more than so many days between. That it is shown is
    /// journalled.
    pub async fn school_report(
        &self,
        caller: &Caller,
        id: SchoolReportId,
        (days_between, shown): (u32, bool),
    ) -> Result<Option<SchoolReport>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Row>(BY_ID)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(id.as_uuid())
            .bind(i32::try_from(days_between).unwrap_or(i32::MAX))
            .bind(shown)
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.school_report_from(caller.centre_id, row)).transpose()
    }

    /// A page of reports of a centre, newest first, without what was told.
    pub async fn school_reports(
        &self,
        centre: CentreId,
        which: &Which,
        (size, before): (u32, Option<SchoolReportId>),
    ) -> Result<Vec<SchoolReport>, StoreError> {
        let sql = match (&which.reference, which.school, &which.name, which.state) {
            (Some(_), ..) => REFERRED_TO,
            (_, Some(_), ..) => OF_SCHOOL,
            (_, _, Some(_), _) => OF_NAMED,
            (.., Some(_)) => IN_STATE,
            _ => ALL,
        };
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(sql)
            .bind(centre.as_uuid())
            .bind(which.school.map(|id| id.as_uuid()))
            .bind(which.name.as_ref().map(|name| self.school_index(centre, name.expose())))
            .bind(which.state.map(SchoolReportState::key))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .bind(which.reference.clone())
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.school_report_from(centre, row)).collect()
    }
}
