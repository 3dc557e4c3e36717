//! Children who are held: noted, reviewed and told of again and again while it lasts.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, CentreId, DetentionId};
use helpline_domain::migrant::{DetentionOutcome, DetentionPlace};
use helpline_domain::settings::cases::Cases;
use helpline_domain::settings::migrant::MigrantChildren;
use sqlx::FromRow;
use uuid::Uuid;

use super::{noted, parent, parent_of};
use crate::casework::person::Made;
use crate::casework::step::Act;
use crate::casework::task::told;
use crate::casework::{CASE_TEXT, inconsistent, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

const DAY_S: f64 = 86_400.0;

/// A detention.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Detention {
    pub detention_id: DetentionId,
    pub case_id: CaseId,
    pub place: DetentionPlace,
    pub since: DateTime<Utc>,
    pub review_at: Option<DateTime<Utc>>,
    pub alarms: i32,
    pub outcome: Option<DetentionOutcome>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// It was found out too late for who is held longer already: that alarms at once.
const RECORD: &str = change!(
    event: "detention_recorded", resource: "detention_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('detention_id', detention_id, 'case_id', case_id, 'task_ids', task_ids)",
    with: parent!("", "c.case_id = $8 AND c.closed_at IS NULL AND $9::timestamptz <= helpline.now() AND NOT EXISTS (
        SELECT FROM helpline.detentions d WHERE d.centre_id = $1 AND d.case_id = $8 AND d.ended_at IS NULL) AND ",
    sees_case!("$2", "$3")), ",
    given AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, state, owner_id, given_by, due_at, look_at, ladder_version, made_at)
        SELECT $1, $14::uuid, case_id, 'detention_screening', 'open', owner_id, $2, helpline.now() + make_interval(secs => $13),
            helpline.now() + make_interval(secs => $13 - $15::float8), $16, helpline.now()
        FROM parent RETURNING task_id, case_id, revision),
    told AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'task_given', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM given),
    changed AS (
        INSERT INTO helpline.detentions (centre_id, detention_id, case_id, place_kind, since, review_at, alarm_at, task_ids, recorded_by,
            recorded_at)
        SELECT $1, $7, parent.case_id, $10, $9, helpline.now() + make_interval(secs => $11), $9 + make_interval(secs => $12),
            ARRAY[given.task_id], $2, helpline.now()
        FROM parent CROSS JOIN given RETURNING *), ",
    noted!("'detention_recorded'", "$2, $3", "jsonb_build_object('detention_id', $7::uuid, 'task_id', $14)", "$17", "$18");
    returning: "detention_id AS id",
);

/// What was to be done because of it is not to be done any more.
const END: &str = change!(
    event: "detention_ended", resource: "detention_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('detention_id', detention_id, 'case_id', case_id)",
    with: parent_of!("helpline.detentions", "detention_id", "x.ended_at IS NULL", sees_case!("$2", "$3")), ",
    changed AS (
        UPDATE helpline.detentions d SET outcome = $8, ended_by = $2, ended_at = helpline.now(), review_at = NULL, alarm_at = NULL,
            revision = d.revision + 1
        FROM parent WHERE d.centre_id = $1 AND d.detention_id = $7 AND d.ended_at IS NULL RETURNING d.*),
    dropped AS (
        UPDATE helpline.tasks t SET state = 'cancelled', ended_at = helpline.now(), look_at = NULL, revision = t.revision + 1
        FROM changed WHERE t.centre_id = $1 AND t.task_id = ANY (changed.task_ids) AND t.ended_at IS NULL
        RETURNING t.task_id, t.case_id, t.agency_id, t.referral_id, t.revision), ", told!("agencies_told", "dropped", "task_cancelled", "true"), ",
    told AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'task_cancelled', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM dropped), ",
    noted!("'detention_ended'", "$2, $3", "jsonb_build_object('detention_id', $7::uuid)", "$9", "$10");
    returning: "detention_id AS id",
);

/// What is due of one detention: once for all that was missed. Parameters: 2 ids of entry and task, 3 and 4 seconds between alarms and
/// reviews, 5 until a review must be done, 6 and 7 how long before it is due a task tells so and the version of the settings.
const WATCH: &str = concat!(
    "WITH late AS MATERIALIZED (
        SELECT d.detention_id AS id, d.revision AS was, d.case_id AS of_case, d.alarm_at <= helpline.now() AS alarms_now,
            d.review_at <= helpline.now() AS reviewed_now
        FROM helpline.detentions d
        WHERE d.centre_id = $1 AND d.ended_at IS NULL AND least(d.review_at, d.alarm_at) <= (SELECT helpline.now())
        ORDER BY least(d.review_at, d.alarm_at) LIMIT 1),
    locked AS MATERIALIZED (
        SELECT c.case_id AS id FROM helpline.cases c JOIN late ON late.of_case = c.case_id WHERE c.centre_id = $1
        FOR NO KEY UPDATE OF c SKIP LOCKED),
    ours AS MATERIALIZED (
        SELECT d.case_id FROM locked CROSS JOIN late JOIN helpline.detentions d ON d.centre_id = $1 AND d.detention_id = late.id
        WHERE d.revision = was AND d.ended_at IS NULL FOR NO KEY UPDATE OF d), ",
    parent!("FROM ours", "c.case_id = ours.case_id"),
    ", given AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, state, owner_id, given_by, due_at, look_at, ladder_version, made_at)
        SELECT $1, ($2::uuid[])[2], parent.case_id, 'detention_review', 'open', owner_id, owner_id, helpline.now() + make_interval(secs => $5),
            helpline.now() + make_interval(secs => $5 - $6::float8), $7, helpline.now()
        FROM parent CROSS JOIN late
        WHERE reviewed_now AND parent.closed_at IS NULL RETURNING task_id, tasks.case_id, tasks.revision),
    changed AS (
        UPDATE helpline.detentions d SET alarms = d.alarms + alarms_now::int, revision = d.revision + 1,
            task_ids = d.task_ids || ARRAY(SELECT task_id FROM given),
            alarm_at = CASE WHEN alarms_now
                THEN d.since + make_interval(secs => (floor(extract(epoch FROM helpline.now() - d.since) / $3::float8) + 1) * $3) ELSE d.alarm_at END,
            review_at = CASE WHEN reviewed_now THEN helpline.now() + make_interval(secs => $4) ELSE d.review_at END
        FROM late CROSS JOIN parent WHERE d.centre_id = $1 AND d.detention_id = late.id AND d.revision = was AND d.ended_at IS NULL
        RETURNING d.*, CASE WHEN alarms_now THEN 'detention_lasts' ELSE 'detention_review_due' END AS event),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), event, revision, jsonb_build_object('detention_id', detention_id, 'case_id', case_id, 'alarms', alarms)
        FROM changed
        UNION ALL
        SELECT $1, helpline.now(), 'task_given', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM given), ",
    noted!(
        "changed.event", "NULL::uuid, NULL::text", "jsonb_build_object('detention_id', changed.detention_id, 'alarms', changed.alarms)",
        "($2::uuid[])[1]", "NULL::bytea"
    ),
    " SELECT detention_id AS id FROM changed"
);

/// The last detention that a condition finds, if the caller may read its case.
macro_rules! select {
    ($when:literal) => {
        concat!(
            "SELECT d.* FROM helpline.detentions d JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = d.case_id
             WHERE d.centre_id = $1 AND ",
            $when,
            " AND ",
            sees_case!("$2", "$3"),
            " ORDER BY d.detention_id DESC LIMIT 1"
        )
    };
}

const ONE: &str = select!("d.detention_id = $4");

/// The journal says that somebody looked.
const OF_CASE: &str = concat!(
    "WITH found AS MATERIALIZED (",
    select!("d.case_id = $4"),
    "), journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'detention_read', $2, $3, jsonb_build_object('detention_id', detention_id, 'case_id', case_id) FROM found)
     SELECT * FROM found"
);

#[derive(FromRow)]
struct Row {
    detention_id: Uuid,
    case_id: Uuid,
    place_kind: String,
    since: DateTime<Utc>,
    review_at: Option<DateTime<Utc>>,
    alarms: i32,
    outcome: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
}

impl TryFrom<Row> for Detention {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |column| inconsistent("detentions", column);
        let outcome = row.outcome.map(|key| DetentionOutcome::from_key(&key).ok_or(wrong("outcome")));
        Ok(Self {
            detention_id: row.detention_id.into(),
            case_id: row.case_id.into(),
            place: DetentionPlace::from_key(&row.place_kind).ok_or(wrong("place_kind"))?,
            since: row.since,
            review_at: row.review_at,
            alarms: row.alarms,
            outcome: outcome.transpose()?,
            ended_at: row.ended_at,
            revision: row.revision,
        })
    }
}

/// By which settings something is due.
#[derive(Clone, Copy, Debug)]
pub struct DueBy<'a> {
    /// Of migrant children.
    pub rules: &'a MigrantChildren,
    /// Of cases.
    pub cases: &'a Cases,
    /// Their version.
    pub version: i64,
}

impl Store {
    /// Notes that a child is held, and gives a task. Refused when the case is not there for the caller or closed, the child is held by an
    /// earlier note, or it begins later than now.
    pub async fn record_detention(
        &self,
        command: &Command,
        act: &Act,
        (id, task, since, place): (DetentionId, Uuid, DateTime<Utc>, DetentionPlace),
        by: DueBy<'_>,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(RECORD, command)
            .bind(id.as_uuid())
            .bind(act.case_id.as_uuid())
            .bind(since)
            .bind(place.key())
            .bind(f64::from(by.rules.review_days) * DAY_S)
            .bind(f64::from(by.rules.held_s))
            .bind(f64::from(by.rules.screen_s))
            .bind(task)
            .bind(f64::from(by.cases.due_soon_s))
            .bind(by.version)
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()));
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some("one_detention_at_a_time") => self.recall(command).await,
            other => Ok(other?.map(|made| made.id)),
        }
    }

    /// Notes that it has ended. Refused when it is not there for the caller, or has.
    pub async fn end_detention(
        &self,
        command: &Command,
        (id, act): (DetentionId, &Act),
        outcome: DetentionOutcome,
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(END, command)
            .bind(id.as_uuid())
            .bind(outcome.key())
            .bind(act.entry_id)
            .bind(self.seal_some(CASE_TEXT, command.centre(), act.entry_id, act.text.as_ref()));
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Tells what is due of one detention; whether there was one. Ids are those of an entry and a task.
    pub async fn watch_detention(
        &self,
        centre: CentreId,
        ids: [Uuid; 2],
        by: DueBy<'_>,
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Made>(WATCH)
            .bind(centre.as_uuid())
            .bind(ids.to_vec())
            .bind(f64::from(by.rules.held_s))
            .bind(f64::from(by.rules.review_days) * DAY_S)
            .bind(f64::from(by.rules.screen_s))
            .bind(f64::from(by.cases.due_soon_s))
            .bind(by.version)
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(row)?.is_some())
    }

    /// A detention, if the caller may read its case.
    pub async fn detention(&self, caller: &Caller, id: DetentionId) -> Result<Option<Detention>, StoreError> {
        self.one_detention(ONE, caller, id.as_uuid()).await
    }

    /// The last of a case, for who looks at it; that they did is journalled.
    pub async fn detention_of(&self, caller: &Caller, case: CaseId) -> Result<Option<Detention>, StoreError> {
        self.one_detention(OF_CASE, caller, case.as_uuid()).await
    }

    async fn one_detention(
        &self,
        sql: &'static str,
        caller: &Caller,
        of: Uuid,
    ) -> Result<Option<Detention>, StoreError> {
        self.one_of::<Row>(sql, caller, of).await?.map(Detention::try_from).transpose()
    }
}
