//! Whether counsellors are there.

use chrono::{DateTime, Utc};
use helpline_domain::counsellor::Capacity;
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::presence::{ForceReason, NotReadyReason, PresenceState};
use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A counsellor's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Presence {
    pub counsellor_id: CounsellorId,
    pub state: PresenceState,
    pub reason: Option<NotReadyReason>,
    pub since_at: DateTime<Utc>,
    pub idle_since: DateTime<Utc>,
    pub held: Capacity,
    pub capacity: Capacity,
    pub missed_offers: i32,
    pub revision: i64,
    pub sessions: i32,
    pub severe_in_a_row: i16,
    pub not_before: Option<DateTime<Utc>>,
    pub forced_by: Option<Uuid>,
    pub forced_reason: Option<ForceReason>,
    pub on_hold: bool,
}

/// How much room a counsellor has after a change, for the view of free counsellors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Who.
    pub counsellor_id: CounsellorId,
    /// Whether they can be offered anything at all.
    pub ready: bool,
    /// What they hold.
    pub held: Capacity,
    /// What they can hold.
    pub capacity: Capacity,
    /// Severe contacts they have had in a row, up to 255.
    pub severe_in_a_row: u8,
    /// Since when they have had nothing new.
    pub idle_since: DateTime<Utc>,
    /// Revision of the presence: an older one never overwrites a newer.
    pub revision: i64,
}

impl From<&Presence> for Room {
    fn from(presence: &Presence) -> Self {
        Self {
            counsellor_id: presence.counsellor_id,
            ready: presence.state == PresenceState::Ready,
            held: presence.held,
            capacity: presence.capacity,
            severe_in_a_row: u8::try_from(presence.severe_in_a_row).unwrap_or(u8::MAX),
            idle_since: presence.idle_since,
            revision: presence.revision,
        }
    }
}

/// What a change of a presence `p` returns for [`RoomRow`].
macro_rules! room_columns {
    () => {
        "p.counsellor_id AS room_of, p.state = 'ready' AS room_ready, \
         ARRAY[p.held_voice, p.held_chat, p.held_message, p.max_voice, p.max_chat, p.max_message, \
         least(p.severe_in_a_row, 255)::smallint] AS room_numbers, \
         p.idle_since AS room_idle_since, p.revision AS room_revision"
    };
}
pub(crate) use room_columns;

/// The columns of [`room_columns`], from a CTE joined to `changed`: null where no presence changed.
#[derive(FromRow, Deserialize)]
#[expect(clippy::struct_field_names, reason = "flattened into rows with columns of their own")]
pub(crate) struct RoomRow {
    room_of: Option<Uuid>,
    room_ready: Option<bool>,
    room_numbers: Option<Vec<i16>>,
    room_idle_since: Option<DateTime<Utc>>,
    room_revision: Option<i64>,
}

impl RoomRow {
    pub(crate) fn room(self) -> Result<Option<Room>, StoreError> {
        let (Some(id), Some(ready), Some(numbers), Some(idle_since), Some(revision)) =
            (self.room_of, self.room_ready, self.room_numbers, self.room_idle_since, self.room_revision)
        else {
            return Ok(None);
        };
        let numbers: Vec<u8> = numbers.into_iter().filter_map(|number| u8::try_from(number).ok()).collect();
        let &[voice, chat, message, max_voice, max_chat, max_message, severe_in_a_row] = numbers.as_slice()
        else {
            return Err(StoreError::Inconsistent { table: "presences", column: "held" });
        };
        Ok(Some(Room {
            counsellor_id: id.into(),
            ready,
            held: Capacity { voice, chat, message },
            capacity: Capacity { voice: max_voice, chat: max_chat, message: max_message },
            severe_in_a_row,
            idle_since,
            revision,
        }))
    }
}

/// The rooms of several counsellors, as one column has them.
pub(crate) fn rooms(rows: Json<Vec<RoomRow>>) -> Result<Vec<Room>, StoreError> {
    rows.0.into_iter().filter_map(|row| row.room().transpose()).collect()
}

/// The columns of [`PresenceRow`], of presences under a name.
macro_rules! presence_columns {
    ($presences:literal) => {
        concat!(
            "counsellor_id, state, reason, since_at, idle_since, held_voice, held_chat, held_message, max_voice, max_chat, max_message, \
             missed_offers, revision, severe_in_a_row, not_before_at, forced_by, forced_reason, on_hold, \
             (SELECT coalesce(sum(s.streams), 0)::int FROM helpline.sessions s WHERE s.centre_id = $1 \
              AND s.counsellor_id = ", $presences, ".counsellor_id AND s.until_at > (SELECT helpline.now())) AS sessions"
        )
    };
}
pub(crate) use presence_columns;

#[derive(FromRow)]
pub(crate) struct PresenceRow {
    counsellor_id: Uuid,
    state: String,
    reason: Option<String>,
    since_at: DateTime<Utc>,
    idle_since: DateTime<Utc>,
    held_voice: i16,
    held_chat: i16,
    held_message: i16,
    max_voice: i16,
    max_chat: i16,
    max_message: i16,
    missed_offers: i32,
    revision: i64,
    sessions: i32,
    severe_in_a_row: i16,
    not_before_at: Option<DateTime<Utc>>,
    forced_by: Option<Uuid>,
    forced_reason: Option<String>,
    on_hold: bool,
}

impl TryFrom<PresenceRow> for Presence {
    type Error = StoreError;

    fn try_from(row: PresenceRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "presences", column };
        let small = |number: i16| u8::try_from(number).map_err(|_| wrong("held"));
        Ok(Self {
            counsellor_id: row.counsellor_id.into(),
            state: PresenceState::from_key(&row.state).ok_or(wrong("state"))?,
            reason: row
                .reason
                .map(|reason| NotReadyReason::from_key(&reason).ok_or(wrong("reason")))
                .transpose()?,
            since_at: row.since_at,
            idle_since: row.idle_since,
            held: Capacity {
                voice: small(row.held_voice)?,
                chat: small(row.held_chat)?,
                message: small(row.held_message)?,
            },
            capacity: Capacity {
                voice: small(row.max_voice)?,
                chat: small(row.max_chat)?,
                message: small(row.max_message)?,
            },
            missed_offers: row.missed_offers,
            revision: row.revision,
            sessions: row.sessions,
            severe_in_a_row: row.severe_in_a_row,
            not_before: row.not_before_at,
            forced_by: row.forced_by,
            forced_reason: row
                .forced_reason
                .map(|reason| ForceReason::from_key(&reason).ok_or(wrong("forced_reason")))
                .transpose()?,
            on_hold: row.on_hold,
        })
    }
}

/// Sets the presence of the calling counsellor. The roster's version grows only when somebody comes on shift or leaves
/// it: going to a break must not make every cache read the roster again. Ready is refused while a supervisor holds them or
/// the pause after severe contacts lasts; after a pause of `$9` seconds, theirs or that one, a new row of them begins.
const SET_PRESENCE: &str = change!(
    event: "presence_changed", resource: "counsellor_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('from', old_state, 'to', state, 'reason', reason)",
    with: "before AS (
        SELECT p.counsellor_id AS id, p.state AS old_state FROM helpline.presences p
        JOIN helpline.counsellors c USING (centre_id, counsellor_id)
        WHERE p.centre_id = $1 AND p.counsellor_id = $2 AND c.disabled_at IS NULL
          AND ($7 NOT IN ('ready', 'on_call') OR (NOT p.on_hold AND coalesce(p.not_before_at <= helpline.now(), true))) FOR UPDATE OF p),
    changed AS (
        UPDATE helpline.presences p SET state = $7, reason = $8, last_seen_at = helpline.now(),
            severe_in_a_row = CASE WHEN $7 = 'ready' AND p.state <> 'ready'
                AND (p.not_before_at IS NOT NULL OR p.since_at <= helpline.now() - make_interval(secs => $9)) THEN 0 ELSE p.severe_in_a_row END,
            not_before_at = CASE WHEN $7 <> 'ready' THEN p.not_before_at END,
            forced_by = CASE WHEN p.on_hold THEN p.forced_by END,
            forced_reason = CASE WHEN p.on_hold THEN p.forced_reason END,
            since_at = CASE WHEN p.state = $7 AND p.reason IS NOT DISTINCT FROM $8 THEN p.since_at ELSE helpline.now() END,
            idle_since = CASE WHEN p.state <> $7 AND $7 IN ('ready', 'on_call') THEN helpline.now() ELSE p.idle_since END,
            missed_offers = CASE WHEN $7 IN ('ready', 'on_call') THEN 0 ELSE p.missed_offers END,
            revision = p.revision + 1
        FROM before WHERE p.centre_id = $1 AND p.counsellor_id = $2
        RETURNING p.*, old_state),
    roster AS (
        UPDATE helpline.centres c SET roster_version = c.roster_version + 1
        FROM changed WHERE c.centre_id = $1 AND old_state <> state
          AND (old_state IN ('offline', 'on_call') OR state IN ('offline', 'on_call')))";
    returning: presence_columns!("changed"),
);

/// Presences whose client has not been seen for `$2` seconds. Offers they had open are withdrawn by the sweep.
const EXPIRE: &str = "
    WITH gone AS (
        SELECT counsellor_id AS id FROM helpline.presences
        WHERE centre_id = $1 AND state = 'ready' AND last_seen_at < (SELECT helpline.now()) - make_interval(secs => $2)
        FOR UPDATE SKIP LOCKED LIMIT 100),
    changed AS (
        UPDATE helpline.presences p SET state = 'not_ready', reason = 'client_lost', since_at = helpline.now(), revision = p.revision + 1
        FROM gone WHERE p.centre_id = $1 AND p.counsellor_id = gone.id
        RETURNING p.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), 'presence_lapsed', counsellor_id, revision, jsonb_build_object('to', state, 'reason', reason)
        FROM changed)
    SELECT counsellor_id FROM changed";

/// Counsellors who are not ready, for whatever reason, and whose client has not been seen for `$2` seconds leave the shift:
/// whoever went home without a word must not be waited for.
const EXPIRE_SHIFT: &str = "
    WITH gone AS (
        SELECT counsellor_id AS id FROM helpline.presences
        WHERE centre_id = $1 AND state = 'not_ready' AND last_seen_at < (SELECT helpline.now()) - make_interval(secs => $2)
        FOR UPDATE SKIP LOCKED LIMIT 100),
    changed AS (
        UPDATE helpline.presences p SET state = 'offline', reason = NULL, since_at = helpline.now(), revision = p.revision + 1
        FROM gone WHERE p.centre_id = $1 AND p.counsellor_id = gone.id
        RETURNING p.*),
    roster AS (
        UPDATE helpline.centres SET roster_version = roster_version + 1
        WHERE centre_id = $1 AND EXISTS (SELECT FROM changed)),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), 'shift_lapsed', counsellor_id, revision, jsonb_build_object('to', state)
        FROM changed)
    SELECT counsellor_id FROM changed";

impl Store {
    /// Sets the calling counsellor's presence; `reason` exactly for not ready. Going ready after `pause_s` seconds of not
    /// being it begins a new row of severe contacts.
    pub async fn set_presence(
        &self,
        command: &Command,
        state: PresenceState,
        reason: Option<NotReadyReason>,
        pause_s: u32,
    ) -> Result<Change<Presence>, StoreError> {
        let query = change_query::<PresenceRow>(SET_PRESENCE, command)
            .bind(state.key())
            .bind(reason.map(NotReadyReason::key))
            .bind(f64::from(pause_s));
        self.change(command, query).await?.try_map(Presence::try_from)
    }

    /// A counsellor's presence.
    pub async fn presence(
        &self,
        centre: CentreId,
        counsellor: CounsellorId,
    ) -> Result<Option<Presence>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, PresenceRow>(concat!(
            "SELECT ",
            presence_columns!("presences"),
            " FROM helpline.presences WHERE centre_id = $1 AND counsellor_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(counsellor.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Presence::try_from).transpose()
    }

    /// Notes in one write that the clients of these counsellors are alive.
    pub async fn touch_presences(
        &self,
        centre: CentreId,
        counsellors: &[CounsellorId],
    ) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = counsellors.iter().map(CounsellorId::as_uuid).collect();
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(
            "UPDATE helpline.presences p SET last_seen_at = (SELECT helpline.now())
             FROM (SELECT counsellor_id FROM helpline.presences
                   WHERE centre_id = $1 AND counsellor_id = ANY ($2) ORDER BY counsellor_id FOR UPDATE SKIP LOCKED) seen
             WHERE p.centre_id = $1 AND p.counsellor_id = seen.counsellor_id",
        )
        .bind(centre.as_uuid())
        .bind(ids)
        .execute(connection.postgres())
        .await;
        connection.settle(done).map(drop)
    }

    /// Sets those not ready whose client has been silent for `ttl_s` seconds, and takes those off shift who are not ready
    /// and have been silent for `shift_ttl_s`. Returns who changed.
    pub async fn lapse_presences(
        &self,
        centre: CentreId,
        ttl_s: u32,
        shift_ttl_s: u32,
    ) -> Result<Vec<CounsellorId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let mut lapsed = Vec::new();
        for (sql, seconds) in [(EXPIRE, ttl_s), (EXPIRE_SHIFT, shift_ttl_s)] {
            let rows = sqlx::query_scalar::<_, Uuid>(sql)
                .bind(centre.as_uuid())
                .bind(f64::from(seconds))
                .fetch_all(connection.postgres())
                .await;
            lapsed.extend(connection.settle(rows)?.into_iter().map(CounsellorId::from));
        }
        Ok(lapsed)
    }
}
