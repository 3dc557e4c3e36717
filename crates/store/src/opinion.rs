//! Second opinions: what supervisors were asked, and what they said. About an escalation, they stand on its timeline.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::disclosure::OpinionAnswer;
use helpline_domain::id::{CentreId, ContactId, EscalationId, OpinionId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::escalation::sees;
use crate::sealing::{ANSWER, QUESTION};
use crate::{Store, StoreError};

/// What a second opinion is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// An escalation.
    Escalation(EscalationId),
    /// A contact.
    Contact(ContactId),
}

/// A second opinion.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Opinion {
    pub opinion_id: OpinionId,
    pub about: About,
    pub asked_by: Uuid,
    pub asked_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    pub question: Option<Sensitive<String>>,
    pub alarmed_at: Option<DateTime<Utc>>,
    pub answered: Option<Answered>,
    pub revision: i64,
}

/// What was said to it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Answered {
    pub by: Uuid,
    pub at: DateTime<Utc>,
    pub answer: OpinionAnswer,
    pub remark: Option<Sensitive<String>>,
}

/// Where a list goes on: open ones come before answered ones.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Place {
    answered: bool,
    due_at: DateTime<Utc>,
    opinion_id: Uuid,
}

impl From<&Opinion> for Place {
    fn from(opinion: &Opinion) -> Self {
        let opinion_id = opinion.opinion_id.as_uuid();
        Self { answered: opinion.answered.is_some(), due_at: opinion.due_at, opinion_id }
    }
}

#[derive(FromRow)]
struct Row {
    opinion_id: Uuid,
    escalation_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    asked_by: Uuid,
    asked_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    question_sealed: Option<Vec<u8>>,
    alarmed_at: Option<DateTime<Utc>>,
    answered_by: Option<Uuid>,
    answered_at: Option<DateTime<Utc>>,
    answer: Option<String>,
    answer_sealed: Option<Vec<u8>>,
    revision: i64,
}

macro_rules! columns {
    () => {
        "opinion_id, escalation_id, contact_id, asked_by, asked_at, due_at, question_sealed, alarmed_at, answered_by, answered_at, \
         answer, answer_sealed, revision"
    };
}

/// The entry of the timeline about the opinion in `settled`, if it is about an escalation, and `changed` with the contact.
macro_rules! noted {
    ($event:literal, $actor:literal, $role:literal) => {
        concat!(
            "escalation AS (
                UPDATE helpline.escalations e SET event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
                FROM settled WHERE e.centre_id = $1 AND e.escalation_id = settled.escalation_id
                RETURNING e.escalation_id AS id, e.event_count, e.contact_id AS told_of),
            noted AS (
                INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, detail)
                SELECT $1, id, event_count, helpline.now(), '", $event, "', ", $actor, ", ", $role, ",
                    jsonb_strip_nulls(jsonb_build_object('opinion', opinion_id, 'answer', answer))
                FROM escalation CROSS JOIN settled),
            changed AS (SELECT settled.*, coalesce(settled.contact_id, told_of) AS of_contact FROM settled LEFT JOIN escalation ON true)"
        )
    };
}

/// About what the caller can see: a contact is seen by who has or had it.
const ASK: &str = change!(
    event: "second_opinion_asked", resource: "opinion_id", about: ("of_contact", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('opinion', opinion_id, 'escalation', escalation_id)",
    with: "contact AS MATERIALIZED (
        SELECT c.contact_id AS id FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $9 AND ($3 = 'supervisor' OR c.counsellor_id = $2)),
    before AS MATERIALIZED (
        SELECT e.escalation_id AS id FROM helpline.escalations e
        WHERE e.centre_id = $1 AND e.escalation_id = $8 AND ", sees!("$2", "$3", "NULL"), "
        FOR UPDATE OF e),
    settled AS (
        INSERT INTO helpline.second_opinions (centre_id, opinion_id, escalation_id, contact_id, asked_by, asked_at, due_at, question_sealed)
        SELECT $1, $7, $8, $9, $2, helpline.now(), helpline.now() + make_interval(secs => $10), $11
        WHERE EXISTS (SELECT FROM contact UNION ALL SELECT FROM before)
        RETURNING *),", noted!("second_opinion_asked", "$2", "$3");
    returning: columns!(),
);

/// The escalation of opinion $7, if it is about one, locked first.
macro_rules! locked_escalation {
    ($opinion:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT e.escalation_id AS id FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = (
                    SELECT escalation_id FROM helpline.second_opinions WHERE centre_id = $1 AND opinion_id = ", $opinion, ")
                FOR UPDATE OF e),"
        )
    };
}

/// Nobody answers themselves.
const ANSWER_IT: &str = change!(
    event: "second_opinion_answered", resource: "opinion_id", about: ("of_contact", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('opinion', opinion_id, 'escalation', escalation_id, 'answer', answer)",
    with: locked_escalation!("$7"), "
    settled AS (
        UPDATE helpline.second_opinions o SET answered_by = $2, answered_at = helpline.now(), answer = $8, answer_sealed = $9,
            revision = o.revision + 1
        FROM (SELECT count(*) FROM before) locked
        WHERE o.centre_id = $1 AND o.opinion_id = $7 AND o.answered_at IS NULL AND o.asked_by <> $2
        RETURNING o.*),", noted!("second_opinion_answered", "$2", "$3");
    returning: columns!(),
);

const ALARM: &str = concat!(
    "WITH ",
    locked_escalation!("$2"),
    "settled AS (
        UPDATE helpline.second_opinions o SET alarmed_at = helpline.now(), revision = o.revision + 1
        FROM (SELECT count(*) FROM before) locked
        WHERE o.centre_id = $1 AND o.opinion_id = $2 AND o.answered_at IS NULL AND o.alarmed_at IS NULL AND o.due_at <= helpline.now()
        RETURNING o.*),",
    noted!("second_opinion_overdue", "NULL::uuid", "NULL"),
    ",
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'second_opinion_overdue', of_contact, revision,
            jsonb_build_object('opinion', opinion_id, 'escalation', escalation_id)
        FROM changed)
    SELECT opinion_id FROM changed"
);

impl Store {
    /// The state of an escalation that a caller may see, and whether it is over.
    pub async fn seen_escalation(
        &self,
        caller: &Caller,
        escalation: EscalationId,
    ) -> Result<Option<(String, bool)>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, (String, bool)>(concat!(
            "SELECT e.state, e.ended_at IS NOT NULL FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = $4 AND ",
            sees!("$2", "$3", "NULL")
        ))
        .bind(caller.centre_id.as_uuid())
        .bind(caller.principal())
        .bind(caller.role.key())
        .bind(escalation.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)
    }

    /// Asks for a second opinion, due so many seconds later. Refused about what the caller may not see.
    pub async fn ask_second_opinion(
        &self,
        command: &Command,
        opinion: OpinionId,
        about: About,
        due_s: u32,
        question: Option<&Sensitive<String>>,
    ) -> Result<Change<Opinion>, StoreError> {
        let (centre, row) = (command.centre(), opinion.as_uuid());
        let (escalation, contact) = match about {
            About::Escalation(id) => (Some(id.as_uuid()), None),
            About::Contact(id) => (None, Some(id.as_uuid())),
        };
        let query = change_query::<Row>(ASK, command)
            .bind(row)
            .bind(escalation)
            .bind(contact)
            .bind(f64::from(due_s))
            .bind(self.seal_some(QUESTION, centre, row, question));
        self.change(command, query).await?.try_map(|row| self.opinion_from(centre, row))
    }

    /// Answers a second opinion. Refused when it is answered, or the caller's own.
    pub async fn answer_second_opinion(
        &self,
        command: &Command,
        opinion: OpinionId,
        answer: OpinionAnswer,
        remark: Option<&Sensitive<String>>,
    ) -> Result<Change<Opinion>, StoreError> {
        let (centre, row) = (command.centre(), opinion.as_uuid());
        let query = change_query::<Row>(ANSWER_IT, command)
            .bind(row)
            .bind(answer.key())
            .bind(self.seal_some(ANSWER, centre, row, remark));
        self.change(command, query).await?.try_map(|row| self.opinion_from(centre, row))
    }

    /// One second opinion.
    pub async fn second_opinion(
        &self,
        centre: CentreId,
        opinion: OpinionId,
    ) -> Result<Option<Opinion>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.second_opinions WHERE centre_id = $1 AND opinion_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(opinion.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.opinion_from(centre, row)).transpose()
    }

    /// Second opinions, open ones first, of each the longest due first; only those that somebody asked for, if that is said.
    pub async fn second_opinions(
        &self,
        centre: CentreId,
        open_only: bool,
        asked_by: Option<Uuid>,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Opinion>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.second_opinions
              WHERE centre_id = $1 AND (NOT $2 OR answered_at IS NULL) AND ($3::uuid IS NULL OR asked_by = $3)
                AND ($4::bool IS NULL OR (answered_at IS NOT NULL, due_at, opinion_id) > ($4, $5, $6))
              ORDER BY answered_at IS NOT NULL, due_at, opinion_id LIMIT $7"
        ))
        .bind(centre.as_uuid())
        .bind(open_only)
        .bind(asked_by)
        .bind(after.map(|place| place.answered))
        .bind(after.map(|place| place.due_at))
        .bind(after.map(|place| place.opinion_id))
        .bind(i64::from(limit))
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.opinion_from(centre, row)).collect()
    }

    /// Second opinions whose time is over without an answer and without an alarm, the longest due first.
    pub async fn overdue_opinions(&self, centre: CentreId, most: i64) -> Result<Vec<OpinionId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let ids = sqlx::query_scalar::<_, Uuid>(
            "SELECT opinion_id FROM helpline.second_opinions
             WHERE centre_id = $1 AND answered_at IS NULL AND alarmed_at IS NULL AND due_at <= (SELECT helpline.now())
             ORDER BY due_at LIMIT $2",
        )
        .bind(centre.as_uuid())
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(ids)?.into_iter().map(OpinionId::from).collect())
    }

    /// Notes that nobody has answered in time: whether it was so.
    pub async fn alarm_opinion(&self, centre: CentreId, opinion: OpinionId) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(ALARM)
            .bind(centre.as_uuid())
            .bind(opinion.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.is_some())
    }

    fn opinion_from(&self, centre: CentreId, row: Row) -> Result<Opinion, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "second_opinions", column };
        let id = row.opinion_id;
        let about = match (row.escalation_id, row.contact_id) {
            (Some(escalation), None) => About::Escalation(escalation.into()),
            (None, Some(contact)) => About::Contact(contact.into()),
            _ => return Err(wrong("escalation_id")),
        };
        let answered = match (row.answered_by, row.answered_at, row.answer) {
            (Some(by), Some(at), Some(answer)) => Some(Answered {
                by,
                at,
                answer: OpinionAnswer::from_key(&answer).ok_or(wrong("answer"))?,
                remark: self.open_some(ANSWER, centre, id, row.answer_sealed.as_deref())?,
            }),
            _ => None,
        };
        Ok(Opinion {
            opinion_id: id.into(),
            about,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            due_at: row.due_at,
            question: self.open_some(QUESTION, centre, id, row.question_sealed.as_deref())?,
            alarmed_at: row.alarmed_at,
            answered,
            revision: row.revision,
        })
    }
}
