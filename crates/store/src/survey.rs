//! What those who reached the helpline answered afterwards.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, ContactId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::sealing::Column;
use crate::statistics::Days;
use crate::{Store, StoreError};

const WORDS: Column = Column { table: "surveys", column: "words", kind: "narrative" };

/// What was answered.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Answers {
    pub felt_helped: Option<i16>,
    pub would_recommend: Option<bool>,
    pub told_about_rights: Option<bool>,
    pub feels_safe: Option<bool>,
    pub words: Option<Sensitive<String>>,
}

/// A survey.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Survey {
    pub contact_id: ContactId,
    pub answers: Answers,
    pub danger: Option<String>,
    pub recorded_at: DateTime<Utc>,
    pub reviewed: Option<(Uuid, DateTime<Utc>)>,
}

#[derive(FromRow)]
struct Row {
    contact_id: Uuid,
    felt_helped: Option<i16>,
    would_recommend: Option<bool>,
    told_about_rights: Option<bool>,
    feels_safe: Option<bool>,
    words_sealed: Option<Vec<u8>>,
    danger: Option<String>,
    recorded_at: DateTime<Utc>,
    reviewed_at: Option<DateTime<Utc>>,
    reviewed_by: Option<Uuid>,
}

/// Of a contact that the adapter brought and that has ended not too long ago; the first stands.
const RECORD: &str = change!(
    event: "survey_recorded", resource: "contact_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('danger', danger IS NOT NULL)",
    with: "changed AS (
        INSERT INTO helpline.surveys (centre_id, contact_id, felt_helped, would_recommend, told_about_rights, feels_safe, words_sealed, danger,
            recorded_at)
        SELECT $1, c.contact_id, $9, $10, $11, $12, $13, $14, helpline.now() FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $7 AND c.brought_by = $2 AND c.ended_at > helpline.now() - make_interval(secs => $8)
        ON CONFLICT DO NOTHING RETURNING *)";
    returning: "*",
);

const REVIEW: &str = change!(
    event: "survey_reviewed", resource: "contact_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        UPDATE helpline.surveys SET reviewed_at = helpline.now(), reviewed_by = $2, revision = revision + 1
        WHERE centre_id = $1 AND contact_id = $7 AND reviewed_at IS NULL RETURNING *)";
    returning: "*",
);

/// Nothing is read without a record of who has read it.
const READ: &str = "
    WITH seen AS (SELECT * FROM helpline.surveys WHERE centre_id = $1 AND contact_id = $4),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision)
        SELECT $1, helpline.now(), 'survey_read', $2, $3, contact_id, revision FROM seen)
    SELECT * FROM seen";

/// What was answered after contacts of a month and a channel.
#[derive(Clone, PartialEq, Eq, Debug, Default, FromRow)]
pub struct SurveyCount {
    /// Month of the arrival.
    pub month: String,
    /// The channel.
    pub channel: String,
    /// Contacts that have ended.
    pub contacts: i64,
    /// Surveys after them.
    pub surveys: i64,
    /// How many said how much it helped, and the sum of what they said.
    pub helped_answers: i64,
    /// See above.
    pub helped_sum: i64,
    /// How many answered whether they would recommend it, and how many said yes.
    pub recommend_answers: i64,
    /// See above.
    pub recommend_yes: i64,
    /// The same about their rights.
    pub rights_answers: i64,
    /// See above.
    pub rights_yes: i64,
    /// The same about feeling safe.
    pub safe_answers: i64,
    /// See above.
    pub safe_yes: i64,
}

/// Of all that have ended, in one instant.
const COUNT: &str = "
    SELECT to_char(c.received_at AT TIME ZONE $4, 'YYYY-MM') AS month, c.channel, count(*) AS contacts, count(s.contact_id) AS surveys,
        count(s.felt_helped) AS helped_answers, coalesce(sum(s.felt_helped), 0) AS helped_sum,
        count(s.would_recommend) AS recommend_answers, count(*) FILTER (WHERE s.would_recommend) AS recommend_yes,
        count(s.told_about_rights) AS rights_answers, count(*) FILTER (WHERE s.told_about_rights) AS rights_yes,
        count(s.feels_safe) AS safe_answers, count(*) FILTER (WHERE s.feels_safe) AS safe_yes
    FROM helpline.contacts c
    LEFT JOIN helpline.surveys s ON s.centre_id = $1 AND s.contact_id = c.contact_id
    WHERE c.centre_id = $1 AND c.ended_at IS NOT NULL AND c.received_at >= $2::date::timestamp AT TIME ZONE $4
      AND c.received_at < ($3::date + 1)::timestamp AT TIME ZONE $4
    GROUP BY 1, 2 ORDER BY 1, 2";

impl Store {
    fn survey_from(&self, centre: CentreId, row: Row) -> Result<Survey, StoreError> {
        Ok(Survey {
            contact_id: row.contact_id.into(),
            answers: Answers {
                felt_helped: row.felt_helped,
                would_recommend: row.would_recommend,
                told_about_rights: row.told_about_rights,
                feels_safe: row.feels_safe,
                words: self.open_some(WORDS, centre, row.contact_id, row.words_sealed.as_deref())?,
            },
            danger: row.danger,
            recorded_at: row.recorded_at,
            reviewed: row.reviewed_by.zip(row.reviewed_at),
        })
    }

    /// Records a survey within so many seconds of the end of its contact. Refused when that is not of the caller, has not ended or long
    /// ago, or has one.
    pub async fn record_survey(
        &self,
        command: &Command,
        contact: ContactId,
        (answers, danger): (&Answers, Option<&str>),
        within_s: u32,
    ) -> Result<Change<Survey>, StoreError> {
        let centre = command.centre();
        let query = change_query::<Row>(RECORD, command)
            .bind(contact.as_uuid())
            .bind(f64::from(within_s))
            .bind(answers.felt_helped)
            .bind(answers.would_recommend)
            .bind(answers.told_about_rights)
            .bind(answers.feels_safe)
            .bind(self.seal_some(WORDS, centre, contact.as_uuid(), answers.words.as_ref()))
            .bind(danger.map(str::to_owned));
        self.change(command, query).await?.try_map(|row| self.survey_from(centre, row))
    }

    /// Says that a supervisor has looked at it. Refused when one has, or there is none.
    pub async fn review_survey(
        &self,
        command: &Command,
        contact: ContactId,
    ) -> Result<Change<Survey>, StoreError> {
        let query = change_query::<Row>(REVIEW, command).bind(contact.as_uuid());
        self.change(command, query).await?.try_map(|row| self.survey_from(command.centre(), row))
    }

    /// When a contact has a survey since.
    pub async fn surveyed_at(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar(
            "SELECT recorded_at FROM helpline.surveys WHERE centre_id = $1 AND contact_id = $2",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(found)
    }

    /// The survey of a contact; that it is read is journalled.
    pub async fn survey(&self, caller: &Caller, contact: ContactId) -> Result<Option<Survey>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Row>(READ)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(contact.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.survey_from(caller.centre_id, row)).transpose()
    }

    /// Counts surveys by month and channel of their contacts.
    pub async fn count_surveys(&self, centre: CentreId, days: &Days) -> Result<Vec<SurveyCount>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, SurveyCount>(COUNT)
            .bind(centre.as_uuid())
            .bind(days.first)
            .bind(days.last)
            .bind(days.time_zone.clone())
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)
    }
}
