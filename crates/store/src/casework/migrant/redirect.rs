//! Cases handed to an organisation as a whole. What becomes of the referral that asks is taken note of by a clock.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CaseId, CentreId, RedirectId, ReferralId};
use helpline_domain::migrant::{ANSWER_CONFERENCE, RedirectState};
use helpline_domain::settings::cases::Cases;
use helpline_domain::settings::migrant::MigrantChildren;
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use super::{noted, parent, parent_of};
use crate::casework::person::Made;
use crate::casework::{inconsistent, sees_case};
use crate::change::{Change, Command, change, change_query};
use crate::sealing::Column;
use crate::{Store, StoreError};

const MEMBERS: Column = Column { table: "redirects", column: "members", kind: "identity" };
const ADVICE: Column = Column { table: "redirects", column: "advice", kind: "narrative" };
const DEPARTURE: Column = Column { table: "redirects", column: "departure", kind: "narrative" };
const ANSWER: Column = Column { table: "redirects", column: "answer", kind: "narrative" };

/// From the day on which an organisation has taken a case on until who sent the child is informed, in seconds.
const INFORM_S: f64 = 24.0 * 3600.0;

/// A redirect of a case.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Redirect {
    pub redirect_id: RedirectId,
    pub case_id: CaseId,
    pub state: RedirectState,
    pub referral_id: Option<ReferralId>,
    pub due_at: Option<DateTime<Utc>>,
    pub members: Option<Sensitive<String>>,
    pub advice: Option<Sensitive<String>>,
    pub departure: Option<Sensitive<String>>,
    pub answer: Option<Sensitive<String>>,
    pub departed_by: Option<Uuid>,
    pub answer_task_id: Option<Uuid>,
    pub answered_at: Option<DateTime<Utc>>,
    pub begun_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
    /// Whether its case is closed.
    pub case_closed: bool,
    /// The database's time at which it was read.
    pub clock: DateTime<Utc>,
}

/// What becomes of a redirect.
#[derive(Clone, Debug)]
pub struct RedirectStep {
    /// What happened, a key.
    pub event: &'static str,
    /// Where it stands then.
    pub state: RedirectState,
    /// Seconds until the next step is due.
    pub due_s: Option<u32>,
    /// The referral by which organisations are asked.
    pub referral_id: Option<ReferralId>,
    /// Who took part in a conference, and what it advised.
    pub advised: Option<(Sensitive<String>, Sensitive<String>)>,
    /// Why somebody departs from that, and when they must have answered: a new task.
    pub departs: Option<(Sensitive<String>, Uuid, DateTime<Utc>)>,
    /// What they answer.
    pub answers: Option<Sensitive<String>>,
}

const BEGIN: &str = change!(
    event: "redirect_begun", resource: "redirect_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('redirect_id', redirect_id, 'case_id', case_id)",
    with: parent!("", "c.case_id = $8 AND c.closed_at IS NULL AND NOT EXISTS (
        SELECT FROM helpline.redirects r WHERE r.centre_id = $1 AND r.case_id = $8 AND r.ended_at IS NULL) AND ",
    sees_case!("$2", "$3")), ",
    changed AS (
        INSERT INTO helpline.redirects (centre_id, redirect_id, case_id, state, due_at, begun_by, begun_at)
        SELECT $1, $7, case_id, 'preliminary_enquiry', helpline.now() + make_interval(secs => $9), $2, helpline.now() FROM parent
        RETURNING *), ",
    noted!("'redirect_begun'", "$2, $3", "jsonb_build_object('redirect_id', $7::uuid)", "$10", "NULL::bytea");
    returning: "redirect_id AS id",
);

/// Organisations are asked by a referral of the same case. Parameters after those of the command: 7 and 8 redirect and revision, 9 event,
/// 10 state, 11 the deadline, 12 the referral, 13 to 16 what is sealed, 17 to 20 the task to answer, its key, when it is due and how long
/// before it tells so, 21 the version of the settings, 22 the entry.
const STEP: &str = change!(
    event: "redirect_' || $9::text || '", resource: "redirect_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('redirect_id', redirect_id, 'case_id', case_id, 'state', state, 'referral_id', referral_id))",
    with: parent_of!("helpline.redirects", "redirect_id", "x.revision = $8",
        "(c.closed_at IS NULL OR $10::text = 'closed') AND ($12::uuid IS NULL OR EXISTS (
            SELECT FROM helpline.referrals f
            WHERE f.centre_id = $1 AND f.referral_id = $12 AND f.case_id = c.case_id AND f.ended_at IS NULL)) AND ",
    sees_case!("$2", "$3")), ",
    given AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, state, owner_id, given_by, due_at, look_at, ladder_version, made_at)
        SELECT $1, $17::uuid, case_id, $18, 'open', $2, $2, $19::timestamptz, $19 - make_interval(secs => $20), $21, helpline.now()
        FROM parent WHERE $17 IS NOT NULL RETURNING task_id, case_id, revision),
    changed AS (
        UPDATE helpline.redirects r SET state = $10, due_at = helpline.now() + make_interval(secs => $11::float8),
            referral_id = coalesce($12, r.referral_id), members_sealed = coalesce($13, r.members_sealed),
            advice_sealed = coalesce($14, r.advice_sealed), departure_sealed = coalesce($15, r.departure_sealed),
            departed_by = CASE WHEN $17 IS NULL THEN r.departed_by ELSE $2 END, answer_task_id = coalesce($17, r.answer_task_id),
            answer_sealed = coalesce($16, r.answer_sealed),
            answered_at = CASE WHEN $16 IS NULL THEN r.answered_at ELSE helpline.now() END,
            ended_at = CASE WHEN $10 IN ('no_action', 'closed') THEN coalesce(r.ended_at, helpline.now()) END, revision = r.revision + 1
        FROM parent WHERE r.centre_id = $1 AND r.redirect_id = $7 AND r.revision = $8 RETURNING r.*),
    ended AS (
        UPDATE helpline.tasks t SET state = 'completed', ended_at = helpline.now(), look_at = NULL, revision = t.revision + 1
        FROM changed WHERE $16 IS NOT NULL AND t.centre_id = $1 AND t.task_id = changed.answer_task_id AND t.ended_at IS NULL
        RETURNING t.task_id, t.case_id, t.revision),
    told AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), one.event, one.revision, jsonb_build_object('task_id', one.task_id, 'case_id', one.case_id)
        FROM (SELECT 'task_given' AS event, * FROM given UNION ALL SELECT 'task_completed', * FROM ended) AS one), ",
    noted!("'redirect_' || $9", "$2, $3",
        "jsonb_strip_nulls(jsonb_build_object('redirect_id', $7::uuid, 'state', $10, 'referral_id', $12, 'task_id', $17))", "$22", "NULL::bytea");
    returning: "redirect_id AS id",
);

/// What became of a referral that asks, one at a time. Parameters: 2 ids of entry and task, 3 and 4 seconds to go on and to assess, 5 and 6 how
/// long before it is due a task tells so and the version of the settings, 7 until who sent the child is informed. Who has taken a closed case
/// on and does not keep it alarms at once.
const NOTE: &str = concat!(
    "WITH news AS MATERIALIZED (
        SELECT r.redirect_id AS id, r.revision AS was, r.case_id AS of_case, CASE
            WHEN f.state IN ('accepted', 'in_progress', 'on_hold', 'cancel_requested') THEN 'accepted'
            WHEN f.state <> 'completed' THEN 'social_assessment' WHEN r.state = 'requested' THEN 'accepted' ELSE 'closed' END AS next
        FROM helpline.redirects r
        JOIN helpline.referrals f ON f.centre_id = $1 AND f.referral_id = r.referral_id
        JOIN helpline.cases k ON k.centre_id = $1 AND k.case_id = r.case_id
        WHERE r.centre_id = $1 AND r.ended_at IS NULL AND r.referral_id IS NOT NULL AND CASE r.state
            WHEN 'requested' THEN f.accepted_at IS NOT NULL OR f.ended_at IS NOT NULL
            WHEN 'accepted' THEN f.ended_at IS NOT NULL AND (f.state <> 'completed' OR k.closed_at IS NOT NULL) ELSE false END
        ORDER BY r.redirect_id LIMIT 1),
    locked AS MATERIALIZED (
        SELECT c.case_id AS id FROM helpline.cases c JOIN news ON news.of_case = c.case_id WHERE c.centre_id = $1
        FOR NO KEY UPDATE OF c SKIP LOCKED),
    ours AS MATERIALIZED (
        SELECT r.case_id FROM locked CROSS JOIN news JOIN helpline.redirects r ON r.centre_id = $1 AND r.redirect_id = news.id
        WHERE r.revision = news.was FOR NO KEY UPDATE OF r), ",
    parent!("FROM ours", "c.case_id = ours.case_id"),
    ", changed AS (
        UPDATE helpline.redirects r SET state = next, revision = r.revision + 1, due_at = CASE
                WHEN next = 'closed' THEN NULL
                WHEN parent.closed_at IS NOT NULL THEN helpline.now()
                WHEN next = 'accepted' THEN helpline.now() + make_interval(secs => $3)
                ELSE helpline.now() + make_interval(secs => $4) END,
            ended_at = CASE WHEN next = 'closed' THEN helpline.now() END
        FROM news CROSS JOIN parent
        WHERE r.centre_id = $1 AND r.redirect_id = news.id AND r.revision = news.was RETURNING r.*),
    given AS (
        INSERT INTO helpline.tasks (centre_id, task_id, case_id, task, state, owner_id, given_by, due_at, look_at, ladder_version, made_at)
        SELECT $1, ($2::uuid[])[2], parent.case_id, one.task, 'open', parent.owner_id, parent.owner_id,
            helpline.now() + make_interval(secs => one.within), helpline.now() + make_interval(secs => one.within - $5::float8), $6,
            helpline.now()
        FROM parent CROSS JOIN changed JOIN (VALUES
            ('accepted', 'inform_referrer', $7::float8), ('social_assessment', 'social_assessment', $4)) AS one (state, task, within)
            ON one.state = changed.state
        WHERE parent.closed_at IS NULL RETURNING task_id, case_id, revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'redirect_' || state, revision,
            jsonb_build_object('redirect_id', redirect_id, 'case_id', case_id, 'referral_id', referral_id) FROM changed
        UNION ALL
        SELECT $1, helpline.now(), 'task_given', revision, jsonb_build_object('task_id', task_id, 'case_id', case_id) FROM given), ",
    noted!(
        "'redirect_' || changed.state", "NULL::uuid, NULL::text",
        "jsonb_build_object('redirect_id', changed.redirect_id, 'referral_id', changed.referral_id)", "($2::uuid[])[1]", "NULL::bytea"
    ),
    " SELECT redirect_id AS id FROM changed"
);

/// A redirect that a condition finds, if the caller may read its case.
macro_rules! select {
    ($when:literal) => {
        concat!(
            "SELECT r.*, c.closed_at IS NOT NULL AS case_closed, helpline.now() AS clock
             FROM helpline.redirects r JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = r.case_id
             WHERE r.centre_id = $1 AND ",
            $when,
            " AND ",
            sees_case!("$2", "$3"),
            " ORDER BY r.redirect_id DESC LIMIT 1"
        )
    };
}

const ONE: &str = select!("r.redirect_id = $4");

/// The journal says that somebody looked.
const OF_CASE: &str = concat!(
    "WITH found AS MATERIALIZED (",
    select!("r.case_id = $4"),
    "), journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'redirect_read', $2, $3, jsonb_build_object('redirect_id', redirect_id, 'case_id', case_id) FROM found)
     SELECT * FROM found"
);

#[derive(FromRow)]
struct Row {
    redirect_id: Uuid,
    case_id: Uuid,
    state: String,
    referral_id: Option<Uuid>,
    due_at: Option<DateTime<Utc>>,
    members_sealed: Option<Vec<u8>>,
    advice_sealed: Option<Vec<u8>>,
    departure_sealed: Option<Vec<u8>>,
    answer_sealed: Option<Vec<u8>>,
    departed_by: Option<Uuid>,
    answer_task_id: Option<Uuid>,
    answered_at: Option<DateTime<Utc>>,
    begun_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
    case_closed: bool,
    clock: DateTime<Utc>,
}

impl Store {
    /// Begins a redirect. Refused when the case is not there for the caller or closed, or another is open.
    pub async fn begin_redirect(
        &self,
        command: &Command,
        (id, case): (RedirectId, CaseId),
        (entry, due_s): (Uuid, u32),
    ) -> Result<Change<Uuid>, StoreError> {
        let query = change_query::<Made>(BEGIN, command)
            .bind(id.as_uuid())
            .bind(case.as_uuid())
            .bind(f64::from(due_s))
            .bind(entry);
        match self.change(command, query).await {
            Err(error) if error.constraint() == Some("one_open_redirect_of_a_case") => {
                self.recall(command).await
            }
            other => Ok(other?.map(|made| made.id)),
        }
    }

    /// Makes a step that was decided on a revision. Refused when another has been made since, the caller may not know of it, its case is
    /// closed, or the referral is not of the case or over.
    pub async fn step_redirect(
        &self,
        command: &Command,
        (id, revision, entry): (RedirectId, i64, Uuid),
        step: &RedirectStep,
        (rules, version): (&Cases, i64),
    ) -> Result<Change<Uuid>, StoreError> {
        let (uuid, departs) = (id.as_uuid(), step.departs.as_ref());
        let seal =
            |column, text: Option<&Sensitive<String>>| self.seal_some(column, command.centre(), uuid, text);
        let advised = step.advised.as_ref();
        let query = change_query::<Made>(STEP, command)
            .bind(uuid)
            .bind(revision)
            .bind(step.event)
            .bind(step.state.key())
            .bind(step.due_s.map(f64::from))
            .bind(step.referral_id.map(|id| id.as_uuid()))
            .bind(seal(MEMBERS, advised.map(|(members, _)| members)))
            .bind(seal(ADVICE, advised.map(|(_, advice)| advice)))
            .bind(seal(DEPARTURE, departs.map(|(why, ..)| why)))
            .bind(seal(ANSWER, step.answers.as_ref()))
            .bind(departs.map(|(_, task, _)| *task))
            .bind(ANSWER_CONFERENCE)
            .bind(departs.map(|(.., due)| *due))
            .bind(f64::from(rules.due_soon_s))
            .bind(version)
            .bind(entry);
        Ok(self.change(command, query).await?.map(|made| made.id))
    }

    /// Takes note of what became of one referral that asks; whether there was one. Ids are those of an entry and a task.
    pub async fn note_redirect(
        &self,
        centre: CentreId,
        ids: [Uuid; 2],
        (rules, cases, version): (&MigrantChildren, &Cases, i64),
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Made>(NOTE)
            .bind(centre.as_uuid())
            .bind(ids.to_vec())
            .bind(f64::from(rules.enquire_s))
            .bind(f64::from(rules.assess_s))
            .bind(f64::from(cases.due_soon_s))
            .bind(version)
            .bind(INFORM_S)
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(row)?.is_some())
    }

    /// A redirect, if the caller may read its case.
    pub async fn redirect(&self, caller: &Caller, id: RedirectId) -> Result<Option<Redirect>, StoreError> {
        self.one_redirect(ONE, caller, id.as_uuid()).await
    }

    /// The last of a case, for who looks at it; that they did is journalled.
    pub async fn redirect_of(&self, caller: &Caller, case: CaseId) -> Result<Option<Redirect>, StoreError> {
        self.one_redirect(OF_CASE, caller, case.as_uuid()).await
    }

    async fn one_redirect(
        &self,
        sql: &'static str,
        caller: &Caller,
        of: Uuid,
    ) -> Result<Option<Redirect>, StoreError> {
        self.one_of::<Row>(sql, caller, of)
            .await?
            .map(|row| {
                let open = |column, sealed| self.open_some(column, caller.centre_id, row.redirect_id, sealed);
                Ok(Redirect {
                    redirect_id: row.redirect_id.into(),
                    case_id: row.case_id.into(),
                    state: RedirectState::from_key(&row.state).ok_or(inconsistent("redirects", "state"))?,
                    referral_id: row.referral_id.map(ReferralId::from),
                    due_at: row.due_at,
                    members: open(MEMBERS, row.members_sealed.as_deref())?,
                    advice: open(ADVICE, row.advice_sealed.as_deref())?,
                    departure: open(DEPARTURE, row.departure_sealed.as_deref())?,
                    answer: open(ANSWER, row.answer_sealed.as_deref())?,
                    departed_by: row.departed_by,
                    answer_task_id: row.answer_task_id,
                    answered_at: row.answered_at,
                    begun_at: row.begun_at,
                    ended_at: row.ended_at,
                    revision: row.revision,
                    case_closed: row.case_closed,
                    clock: row.clock,
                })
            })
            .transpose()
    }

    /// Of which case a referral is, while it is not over.
    pub async fn open_referral_case(
        &self,
        centre: CentreId,
        id: ReferralId,
    ) -> Result<Option<CaseId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Option<Uuid>>(
            "SELECT case_id FROM helpline.referrals WHERE centre_id = $1 AND referral_id = $2 AND ended_at IS NULL",
        )
        .bind(centre.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(found)?.flatten().map(CaseId::from))
    }
}
