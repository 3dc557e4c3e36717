//! The switchboard: diversions of queues, and giving back whom they diverted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::id::{CentreId, CounsellorId, DiversionId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::{Store, StoreError};

/// Longest time a diversion may be made for, in seconds.
pub const LONGEST_S: u32 = 7 * 24 * 3600;

/// Where what comes for a queue goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To another queue.
    Queue(String),
    /// To one person alone.
    Counsellor(CounsellorId),
}

/// How a diversion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// Its owner ended it.
    Owner,
    /// Its time was over.
    Time,
    /// The counsellor it went to left the shift.
    CounsellorGone,
}

/// A diversion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Diversion {
    pub diversion_id: DiversionId,
    pub queue: String,
    pub target: Target,
    pub owner_id: Uuid,
    pub reason: String,
    /// Whether who still waits when it ends goes back to the queue.
    pub returns_waiting: bool,
    pub begun_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub ended: Option<(DateTime<Utc>, EndedBy)>,
    pub revision: i64,
}

/// A diversion to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewDiversion {
    pub diversion_id: DiversionId,
    pub queue: String,
    pub target: Target,
    pub reason: String,
    pub returns_waiting: bool,
    pub ends_at: DateTime<Utc>,
}

/// How a contact about to be taken in is diverted.
#[derive(Clone, Debug)]
pub struct Diverted {
    /// By which diversion.
    pub diversion_id: DiversionId,
    /// The queue it came for.
    pub original_queue: String,
    /// What it would ask for there.
    pub original_skills: BTreeMap<String, u8>,
    /// The only person it goes to.
    pub directed_to: Option<CounsellorId>,
}

#[derive(FromRow)]
struct DiversionRow {
    diversion_id: Uuid,
    queue: String,
    to_queue: Option<String>,
    to_counsellor_id: Option<Uuid>,
    owner_id: Uuid,
    reason: String,
    on_end: String,
    begun_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
    revision: i64,
}

macro_rules! diversion_columns {
    () => {
        "diversion_id, queue, to_queue, to_counsellor_id, owner_id, reason, on_end, begun_at, ends_at, ended_at, ended_by, revision"
    };
}

impl TryFrom<DiversionRow> for Diversion {
    type Error = StoreError;

    fn try_from(row: DiversionRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "diversions", column };
        let target = match (row.to_queue, row.to_counsellor_id) {
            (Some(queue), None) => Target::Queue(queue),
            (None, Some(counsellor)) => Target::Counsellor(counsellor.into()),
            _ => return Err(wrong("to_queue")),
        };
        let ended_by = row
            .ended_by
            .map(|key| match key.as_str() {
                "owner" => Ok(EndedBy::Owner),
                "time" => Ok(EndedBy::Time),
                "counsellor_gone" => Ok(EndedBy::CounsellorGone),
                _ => Err(wrong("ended_by")),
            })
            .transpose()?;
        Ok(Self {
            diversion_id: row.diversion_id.into(),
            queue: row.queue,
            target,
            owner_id: row.owner_id,
            reason: row.reason,
            returns_waiting: row.on_end == "return_waiting",
            begun_at: row.begun_at,
            ends_at: row.ends_at,
            ended: row.ended_at.zip(ended_by),
            revision: row.revision,
        })
    }
}

/// The queue's switch is set if nobody has set it. A time that is over, or too far away, sets nothing.
const DIVERT: &str = change!(
    event: "queue_diverted", resource: "diversion_id", about: ("NULL::uuid", "to_counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('diversion', diversion_id, 'queue', queue, 'to_queue', to_queue, 'ends_at', ends_at)",
    with: "changed AS (
        INSERT INTO helpline.diversions (centre_id, diversion_id, queue, to_queue, to_counsellor_id, owner_id, reason, on_end, begun_at, ends_at)
        SELECT $1, $7, $8, $9, $10, $2, $11, $12, helpline.now(), $13
        WHERE $13 > helpline.now() AND $13 <= helpline.now() + make_interval(secs => $14)
        ON CONFLICT (centre_id, queue) WHERE ended_at IS NULL DO NOTHING
        RETURNING *)";
    returning: diversion_columns!(),
);

const END: &str = change!(
    event: "diversion_ended", resource: "diversion_id", about: ("NULL::uuid", "to_counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('diversion', diversion_id, 'queue', queue, 'by', ended_by)",
    with: "changed AS (
        UPDATE helpline.diversions SET ended_at = helpline.now(), ended_by = 'owner', revision = revision + 1
        WHERE centre_id = $1 AND diversion_id = $7 AND ended_at IS NULL AND owner_id = $2
        RETURNING *)";
    returning: diversion_columns!(),
);

const TAKE_OVER: &str = change!(
    event: "diversion_taken_over", resource: "diversion_id", about: ("NULL::uuid", "to_counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('diversion', diversion_id, 'queue', queue, 'from', old_owner)",
    with: "before AS (
        SELECT owner_id AS old_owner FROM helpline.diversions
        WHERE centre_id = $1 AND diversion_id = $7 AND ended_at IS NULL AND owner_id <> $2 FOR UPDATE),
    changed AS (
        UPDATE helpline.diversions d SET owner_id = $2, revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.diversion_id = $7
        RETURNING d.*, old_owner)";
    returning: diversion_columns!(),
);

/// Diversions whose time is over, and those to somebody who has left the shift: these tell it as an alert.
const END_DUE: &str = concat!(
    "WITH due AS (
        SELECT d.diversion_id, CASE WHEN d.ends_at <= (SELECT helpline.now()) THEN 'time' ELSE 'counsellor_gone' END AS cause
        FROM helpline.diversions d
        LEFT JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = d.to_counsellor_id
        WHERE d.centre_id = $1 AND d.ended_at IS NULL
          AND (d.ends_at <= (SELECT helpline.now()) OR p.state IN ('offline', 'on_call'))
        FOR UPDATE OF d SKIP LOCKED),
    changed AS (
        UPDATE helpline.diversions d SET ended_at = helpline.now(), ended_by = due.cause, revision = d.revision + 1
        FROM due WHERE d.centre_id = $1 AND d.diversion_id = due.diversion_id
        RETURNING d.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), CASE ended_by WHEN 'time' THEN 'diversion_ended' ELSE 'diversion_fell_back' END,
            to_counsellor_id, revision, jsonb_build_object('diversion', diversion_id, 'queue', queue, 'by', ended_by)
        FROM changed)
    SELECT ",
    diversion_columns!(),
    " FROM changed"
);

/// One contact goes on without its diversion: back to its queue if that was agreed, and to anybody in any case.
const UNDIVERT: &str = concat!(
    "WITH before AS (
        SELECT c.contact_id, d.on_end = 'return_waiting' AS returns FROM helpline.contacts c
        JOIN helpline.diversions d ON d.centre_id = $1 AND d.diversion_id = c.diversion_id
        WHERE c.centre_id = $1 AND c.contact_id = $2 AND CASE c.state WHEN 'waiting' THEN true END AND c.revision = $3
          AND d.ended_at IS NOT NULL
        FOR UPDATE OF c),
    changed AS (
        UPDATE helpline.contacts c SET
            queue = CASE WHEN returns AND c.answered_at IS NULL THEN c.original_queue ELSE c.queue END,
            skills = CASE WHEN returns AND c.answered_at IS NULL THEN c.original_skills ELSE c.skills END,
            signature = CASE WHEN returns AND c.answered_at IS NULL THEN c.original_signature ELSE $4 END,
            asked_skills = CASE WHEN returns AND c.answered_at IS NULL THEN NULL ELSE c.asked_skills END,
            relaxation_step = CASE WHEN returns AND c.answered_at IS NULL THEN 0 ELSE c.relaxation_step END,
            relax_at = CASE WHEN returns AND c.answered_at IS NULL THEN helpline.now() + make_interval(secs => $5) ELSE c.relax_at END,
            diversion_id = NULL, directed_to = NULL, revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $2
        RETURNING c.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_undiverted', contact_id, revision, jsonb_build_object('queue', queue) FROM changed)
    SELECT ",
    contact_columns!(),
    " FROM changed"
);

impl Store {
    /// Sets the switch of a queue.
    pub async fn divert_queue(
        &self,
        command: &Command,
        new: &NewDiversion,
    ) -> Result<Change<Diversion>, StoreError> {
        let (to_queue, to_counsellor) = match &new.target {
            Target::Queue(queue) => (Some(queue.clone()), None),
            Target::Counsellor(counsellor) => (None, Some(counsellor.as_uuid())),
        };
        let query = change_query::<DiversionRow>(DIVERT, command)
            .bind(new.diversion_id.as_uuid())
            .bind(new.queue.clone())
            .bind(to_queue)
            .bind(to_counsellor)
            .bind(new.reason.clone())
            .bind(if new.returns_waiting { "return_waiting" } else { "leave" })
            .bind(new.ends_at)
            .bind(f64::from(LONGEST_S));
        self.change(command, query).await?.try_map(Diversion::try_from)
    }

    /// Ends a diversion as its owner.
    pub async fn end_diversion(
        &self,
        command: &Command,
        diversion: DiversionId,
    ) -> Result<Change<Diversion>, StoreError> {
        let query = change_query::<DiversionRow>(END, command).bind(diversion.as_uuid());
        self.change(command, query).await?.try_map(Diversion::try_from)
    }

    /// Makes the caller the owner of somebody else's diversion.
    pub async fn take_over_diversion(
        &self,
        command: &Command,
        diversion: DiversionId,
    ) -> Result<Change<Diversion>, StoreError> {
        let query = change_query::<DiversionRow>(TAKE_OVER, command).bind(diversion.as_uuid());
        self.change(command, query).await?.try_map(Diversion::try_from)
    }

    /// Ends what is due to end; returns it.
    pub async fn end_due_diversions(&self, centre: CentreId) -> Result<Vec<Diversion>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, DiversionRow>(END_DUE)
            .bind(centre.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(Diversion::try_from).collect()
    }

    /// One diversion.
    pub async fn diversion(
        &self,
        centre: CentreId,
        diversion: DiversionId,
    ) -> Result<Option<Diversion>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, DiversionRow>(concat!(
            "SELECT ",
            diversion_columns!(),
            " FROM helpline.diversions WHERE centre_id = $1 AND diversion_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(diversion.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Diversion::try_from).transpose()
    }

    /// The diversions that hold, by queue.
    pub async fn open_diversions(&self, centre: CentreId) -> Result<Vec<Diversion>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, DiversionRow>(concat!(
            "SELECT ",
            diversion_columns!(),
            " FROM helpline.diversions WHERE centre_id = $1 AND ended_at IS NULL ORDER BY queue"
        ))
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Diversion::try_from).collect()
    }

    /// Who still waits under a diversion that has ended, at most `most`.
    pub async fn left_by_diversions(&self, centre: CentreId, most: i64) -> Result<Vec<Contact>, StoreError> {
        let query = sqlx::query_as::<_, ContactRow>(concat!(
            "SELECT ",
            contact_columns!(),
            " FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting' AND diversion_id IS NOT NULL
              AND diversion_id IN (SELECT diversion_id FROM helpline.diversions WHERE centre_id = $1 AND ended_at IS NOT NULL)
             ORDER BY deadline_at, sequence LIMIT $2"
        ))
        .bind(centre.as_uuid())
        .bind(most);
        self.contacts_found(centre, query).await
    }

    /// Lets a contact go on without its diversion as it was `seen`; back in its own queue it asks for less after
    /// `relax_after_s`. `None` when it has changed since, or does not wait under one that has ended.
    pub async fn undivert(
        &self,
        centre: CentreId,
        seen: &Contact,
        relax_after_s: Option<u32>,
    ) -> Result<Option<Contact>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, ContactRow>(UNDIVERT)
            .bind(centre.as_uuid())
            .bind(seen.contact_id.as_uuid())
            .bind(seen.revision)
            .bind(self.signature(centre, &seen.requirement()))
            .bind(relax_after_s.map(f64::from))
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.contact_from(centre, row)).transpose()
    }
}
