//! What becomes of callbacks when their time comes. Each step is one statement about one callback, so that any number of
//! replicas may try: what another has locked or changed is left alone.

use helpline_domain::id::{CallbackId, CentreId, ContactId};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Moved, MovedRow, moved_columns};
use crate::offer::{offer_is_seen, withdraw_open};
use crate::participation::free_holds;
use crate::{Store, StoreError};

/// What is to be done about a callback now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Its time has come: its contact goes into the line.
    Due,
    /// Nobody has begun the attempt in time.
    Alarm,
    /// Its window is over.
    End,
    /// The child came back and waits: its contact leaves the line meanwhile.
    Hold,
    /// The child came back and was answered.
    Fulfil,
    /// The child came back and left again unanswered, or it may have been another child: the promise stands.
    Resume,
}

impl Step {
    fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "due" => Self::Due,
            "alarm" => Self::Alarm,
            "end" => Self::End,
            "hold" => Self::Hold,
            "fulfil" => Self::Fulfil,
            "resume" => Self::Resume,
            _ => return None,
        })
    }
}

/// A callback for which something is to be done.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The callback.
    pub callback_id: CallbackId,
    /// What.
    pub step: Step,
    /// Key of its queue.
    pub queue: String,
    /// Key of its channel.
    pub channel: String,
}

#[derive(FromRow)]
struct PendingRow {
    callback_id: Uuid,
    step: String,
    queue: String,
    channel: String,
}

/// Whether the promise `cb` stands although a call from its number was answered: behind one number there may be several
/// children, and what a counsellor promised one of them on the telephone is not kept by answering another.
macro_rules! stands {
    () => {
        "(cb.medium = 'voice' AND cb.promised_role IS NOT DISTINCT FROM 'counsellor')"
    };
}

const PENDING: &str = concat!(
    "
    SELECT callback_id, step, queue, channel FROM (
        SELECT cb.callback_id, cb.queue, cb.channel, cb.class, cb.look_at, CASE
            WHEN cb.called_contact_id IS NOT NULL THEN CASE
                WHEN w.state IN ('in_progress', 'wrap_up', 'offered') THEN NULL
                WHEN n.state IN ('in_progress', 'wrap_up', 'closed') AND NOT ", stands!(), " THEN 'fulfil'
                WHEN n.state = 'wrap_up' OR n.ended_at IS NOT NULL THEN 'resume'
                WHEN w.state = 'waiting' THEN 'hold' END
            WHEN cb.until_at <= helpline.now() THEN CASE
                WHEN w.state IS NULL OR w.state NOT IN ('in_progress', 'wrap_up') THEN 'end' END
            WHEN cb.state = 'promised' AND cb.next_attempt_at <= helpline.now() THEN 'due'
            WHEN cb.alarmed_at IS NULL AND cb.overdue_at <= helpline.now() AND w.state IS DISTINCT FROM 'in_progress' THEN 'alarm'
            END AS step
        FROM helpline.callbacks cb
        LEFT JOIN helpline.contacts w ON w.centre_id = $1 AND w.contact_id = cb.work_contact_id
        LEFT JOIN helpline.contacts n ON n.centre_id = $1 AND n.contact_id = cb.called_contact_id
        WHERE cb.centre_id = $1 AND cb.look_at <= (SELECT helpline.now())) looked
    WHERE step IS NOT NULL ORDER BY class, look_at LIMIT $2"
);

/// The new contact that is the work of a callback `callback` without one. What it asks for was agreed with the promise.
macro_rules! work {
    ($class:literal, $deadline:literal, $preferred:literal, $when:literal) => {
        concat!(
            "made AS (
                INSERT INTO helpline.contacts (centre_id, contact_id, direction, callback_id, channel, medium, state, risk, class, queue,
                    language, skills, signature, received_at, deadline_at, brought_by, settings_version,
                    preferred_counsellor_id, preferred_until)
                SELECT $1, $3, 'outbound', callback_id, channel, medium, 'waiting', risk, ",
            $class,
            ", queue, language, skills, signature, due_at, ",
            $deadline,
            ", brought_by, settings_version, ",
            $preferred,
            "
                FROM callback WHERE work_contact_id IS NULL AND ",
            $when,
            "
                RETURNING contact_id)"
        )
    };
}

/// The contact of the callback, locked before it, and how it stands.
macro_rules! locked_work {
    ($states:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT c.contact_id AS id, c.state AS old_state, c.class AS old_class, c.medium AS old_medium, c.holder_id AS old_holder,
                    c.offer_id AS old_offer
                FROM helpline.contacts c
                WHERE c.centre_id = $1 AND c.state IN (", $states, ")
                  AND c.contact_id = (SELECT work_contact_id FROM helpline.callbacks WHERE centre_id = $1 AND callback_id = $2)
                FOR UPDATE SKIP LOCKED)"
        )
    };
}

const DUE: &str = concat!(
    "WITH ", locked_work!("'callback_promised'"), ",
    callback AS MATERIALIZED (
        SELECT cb.* FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND cb.state = 'promised' AND cb.called_contact_id IS NULL
          AND cb.next_attempt_at <= helpline.now() AND cb.until_at > helpline.now()
          AND (cb.work_contact_id IS NULL OR EXISTS (SELECT FROM before))
        FOR UPDATE SKIP LOCKED),
    contact AS (
        UPDATE helpline.contacts c SET state = 'waiting', revision = c.revision + 1
        FROM before CROSS JOIN callback WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
        RETURNING c.contact_id),
    ", work!(
        "class", "next_attempt_at + make_interval(secs => target_s)",
        "preferred_counsellor_id, CASE WHEN preferred_counsellor_id IS NOT NULL THEN helpline.now() + make_interval(secs => $4) END",
        "true"
    ), ",
    changed AS (
        UPDATE helpline.callbacks cb SET state = 'due', work_contact_id = coalesce(cb.work_contact_id, $3), revision = cb.revision + 1
        FROM callback WHERE cb.centre_id = $1 AND cb.callback_id = $2
        RETURNING cb.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_due', work_contact_id, revision, jsonb_build_object('callback_id', callback_id, 'kind', kind)
        FROM changed)
    SELECT work_contact_id FROM changed"
);

const ALARM: &str = "
    WITH changed AS (
        UPDATE helpline.callbacks cb SET alarmed_at = helpline.now(), revision = cb.revision + 1
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND cb.state IN ('promised', 'due') AND cb.alarmed_at IS NULL
          AND cb.overdue_at <= helpline.now()
        RETURNING cb.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_overdue', coalesce(work_contact_id, origin_contact_id), revision,
            jsonb_build_object('callback_id', callback_id, 'kind', kind, 'risk', risk, 'class', class)
        FROM changed)
    SELECT callback_id FROM changed";

const END: &str = concat!(
    "WITH ", locked_work!("'callback_promised', 'waiting', 'offered'"), ",
    callback AS MATERIALIZED (
        SELECT cb.* FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND cb.state IN ('promised', 'due') AND cb.called_contact_id IS NULL
          AND cb.until_at <= helpline.now()
          AND (cb.work_contact_id IS NULL OR EXISTS (SELECT FROM before WHERE ", offer_is_seen!(), "))
        FOR UPDATE SKIP LOCKED),
    contact AS (
        UPDATE helpline.contacts c SET
            state = CASE kind WHEN 'check_in' THEN 'waiting' ELSE 'unreached' END,
            class = CASE kind WHEN 'check_in' THEN 1 ELSE c.class END,
            deadline_at = CASE kind WHEN 'check_in' THEN least(c.deadline_at, helpline.now() + make_interval(secs => $4)) ELSE c.deadline_at END,
            ended_at = CASE kind WHEN 'callback' THEN helpline.now() END, holder_id = NULL, offer_id = NULL, open_offers = '{}', revision = c.revision + 1
        FROM before CROSS JOIN callback WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
        RETURNING c.contact_id),
    ", work!(
        "1", "helpline.now() + make_interval(secs => $4)", "NULL::uuid, NULL::timestamptz", "kind = 'check_in'"
    ), ",
    changed AS (
        UPDATE helpline.callbacks cb SET state = 'failed', reason = 'window_over', ended_at = helpline.now(),
            work_contact_id = CASE WHEN cb.kind = 'check_in' THEN coalesce(cb.work_contact_id, $3) ELSE cb.work_contact_id END,
            revision = cb.revision + 1
        FROM callback LEFT JOIN before ON true WHERE cb.centre_id = $1 AND cb.callback_id = $2
        RETURNING cb.*, old_state, old_class, old_medium, old_holder, old_offer),
    ", withdraw_open!("contact", "window_over"), ",
    holds AS (SELECT ended_of AS counsellor_id, old_medium AS medium, false AS worked FROM ended CROSS JOIN before)",
    free_holds!(""), ",
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision, detail)
        SELECT $1, helpline.now(), kind || '_failed', coalesce(work_contact_id, origin_contact_id), old_holder, old_offer, revision,
            jsonb_build_object('callback_id', callback_id, 'reason', reason, 'attempts', attempts, 'risk', risk, 'class', class)
        FROM changed)
    SELECT ", moved_columns!(), " FROM changed"
);

/// The child waits in line by another contact: nobody calls them meanwhile.
const HOLD: &str = concat!(
    "WITH ", locked_work!("'waiting'"), ",
    callback AS MATERIALIZED (
        SELECT cb.callback_id FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND cb.state = 'due' AND cb.called_contact_id IS NOT NULL
          AND EXISTS (SELECT FROM before)
        FOR UPDATE SKIP LOCKED),
    contact AS (
        UPDATE helpline.contacts c SET state = 'callback_promised', revision = c.revision + 1
        FROM before CROSS JOIN callback WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
        RETURNING c.contact_id),
    changed AS (
        UPDATE helpline.callbacks cb SET state = 'promised', revision = cb.revision + 1
        FROM contact CROSS JOIN before WHERE cb.centre_id = $1 AND cb.callback_id = $2
        RETURNING cb.*, old_state, old_class, old_holder, old_offer),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_held', work_contact_id, revision, jsonb_build_object('callback_id', callback_id)
        FROM changed)
    SELECT callback_id, work_contact_id, old_state, old_class, '[]'::jsonb AS ended, '[]'::jsonb AS rooms
    FROM changed"
);

/// The child came back by another contact and was answered there: the promise is kept, unless it stands.
const FULFIL: &str = concat!(
    "WITH ", locked_work!("'callback_promised', 'waiting'"), ",
    callback AS MATERIALIZED (
        SELECT cb.callback_id FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND cb.state IN ('promised', 'due') AND NOT ", stands!(), "
          AND EXISTS (
            SELECT FROM helpline.contacts n WHERE n.centre_id = $1 AND n.contact_id = cb.called_contact_id
              AND n.state IN ('in_progress', 'wrap_up', 'closed'))
          AND (cb.work_contact_id IS NULL OR EXISTS (SELECT FROM before))
        FOR UPDATE SKIP LOCKED),
    contact AS (
        UPDATE helpline.contacts c SET state = 'unreached', ended_at = helpline.now(), revision = c.revision + 1
        FROM before CROSS JOIN callback WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
        RETURNING c.contact_id),
    changed AS (
        UPDATE helpline.callbacks cb SET state = 'cancelled', reason = 'child_called', ended_at = helpline.now(), revision = cb.revision + 1
        FROM callback LEFT JOIN before ON true WHERE cb.centre_id = $1 AND cb.callback_id = $2
        RETURNING cb.*, old_state, old_class, old_holder, old_offer),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_cancelled', coalesce(work_contact_id, origin_contact_id), revision,
            jsonb_build_object('callback_id', callback_id, 'reason', reason, 'called_contact_id', called_contact_id)
        FROM changed)
    SELECT callback_id, work_contact_id, old_state, old_class, '[]'::jsonb AS ended, '[]'::jsonb AS rooms
    FROM changed"
);

const RESUME: &str = concat!(
    "
    WITH changed AS (
        UPDATE helpline.callbacks cb SET called_contact_id = NULL, revision = cb.revision + 1
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND cb.state IN ('promised', 'due')
          AND EXISTS (
            SELECT FROM helpline.contacts n WHERE n.centre_id = $1 AND n.contact_id = cb.called_contact_id
              AND (n.state = 'wrap_up' OR n.ended_at IS NOT NULL) AND (n.state NOT IN ('wrap_up', 'closed') OR ", stands!(), "))
        RETURNING cb.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_resumed', coalesce(work_contact_id, origin_contact_id), revision,
            jsonb_build_object('callback_id', callback_id)
        FROM changed)
    SELECT callback_id FROM changed"
);

impl Store {
    /// The callbacks for which something is to be done now, the most urgent first.
    pub async fn pending_callbacks(&self, centre: CentreId, most: i64) -> Result<Vec<Pending>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, PendingRow>(PENDING)
            .bind(centre.as_uuid())
            .bind(most)
            .fetch_all(connection.postgres())
            .await;
        connection
            .settle(rows)?
            .into_iter()
            .map(|row| {
                Ok(Pending {
                    callback_id: row.callback_id.into(),
                    step: Step::from_key(&row.step).ok_or(super::inconsistent("step"))?,
                    queue: row.queue,
                    channel: row.channel,
                })
            })
            .collect()
    }

    /// Puts the contact of a callback whose time has come into the line: the one that kept its place, or a new one with
    /// this id, which whoever promised it is preferred for during `prefer_s`. `None` when somebody else did, or it is not due.
    pub async fn make_callback_due(
        &self,
        centre: CentreId,
        callback: CallbackId,
        new_contact: ContactId,
        prefer_s: u32,
    ) -> Result<Option<ContactId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(DUE)
            .bind(centre.as_uuid())
            .bind(callback.as_uuid())
            .bind(new_contact.as_uuid())
            .bind(f64::from(prefer_s))
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.map(ContactId::from))
    }

    /// Notes that nobody has begun an attempt in time, or that the promise stands although the child came back: whether it
    /// was so.
    pub async fn note_callback(
        &self,
        centre: CentreId,
        callback: CallbackId,
        step: Step,
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(if step == Step::Resume { RESUME } else { ALARM })
            .bind(centre.as_uuid())
            .bind(callback.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.is_some())
    }

    /// Ends a callback whose window is over. A check-in's contact is then critical work in line: the one it had, or a new
    /// one with this id.
    pub async fn end_callback(
        &self,
        centre: CentreId,
        callback: CallbackId,
        new_contact: ContactId,
        critical_target_s: u32,
    ) -> Result<Option<Moved>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, MovedRow>(END)
            .bind(centre.as_uuid())
            .bind(callback.as_uuid())
            .bind(new_contact.as_uuid())
            .bind(f64::from(critical_target_s))
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)?.map(Moved::try_from).transpose()
    }

    /// Holds a callback while the child waits by another contact, or ends it because they were answered there.
    pub async fn yield_callback(
        &self,
        centre: CentreId,
        callback: CallbackId,
        step: Step,
    ) -> Result<Option<Moved>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, MovedRow>(if step == Step::Hold { HOLD } else { FULFIL })
            .bind(centre.as_uuid())
            .bind(callback.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)?.map(Moved::try_from).transpose()
    }
}
