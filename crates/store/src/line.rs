//! The line as the matcher sees it: heads, free counsellors, and the commit of offers.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Medium;
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::aside::can_be_put_aside;
use crate::contact::inconsistent;
use crate::{Store, StoreError};

/// A contact in line, as far as matching needs to know it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct LineEntry {
    pub contact_id: ContactId,
    pub class: Class,
    pub signature: Vec<u8>,
    pub requirement: Requirement,
    pub deadline_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub sequence: i64,
    pub revision: i64,
    /// Whether it was with a counsellor and was cut off.
    pub resumed: bool,
    /// Whom it prefers, and until when.
    pub preferred: Option<(CounsellorId, DateTime<Utc>)>,
    /// Whether it was offered before.
    pub tried: bool,
    /// Who declined or missed it within the cool-down.
    pub cooling: Vec<CounsellorId>,
    /// Who named a conflict: never offered it.
    pub barred: Vec<CounsellorId>,
    /// The only person it is offered to.
    pub directed_to: Option<CounsellorId>,
}

#[derive(FromRow)]
struct LineRow {
    contact_id: Uuid,
    class: i16,
    signature: Vec<u8>,
    medium: String,
    language: Option<String>,
    skills: Json<BTreeMap<String, u8>>,
    deadline_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    sequence: i64,
    revision: i64,
    offer_count: i32,
    resumed: bool,
    preferred_counsellor_id: Option<Uuid>,
    preferred_until: Option<DateTime<Utc>>,
    directed_to: Option<Uuid>,
    cooling: Vec<Uuid>,
    barred: Vec<Uuid>,
}

/// A counsellor on shift.
#[derive(Clone, Debug)]
pub struct OnShift {
    /// Who.
    pub counsellor_id: CounsellorId,
    /// Languages, skills, capacity.
    pub abilities: Arc<Abilities>,
    /// Ready or not ready.
    pub state: PresenceState,
    /// What they hold.
    pub held: Capacity,
    /// Since when they have had nothing new.
    pub idle_since: DateTime<Utc>,
    /// Severe contacts they have had in a row, up to 255.
    pub severe_in_a_row: u8,
    /// Of what they hold, what they could put aside for a critical contact.
    pub can_put_aside: Vec<ContactId>,
    /// Whether they have put something aside and not taken it up again.
    pub has_put_aside: bool,
    /// Revision of the presence.
    pub revision: i64,
}

#[derive(FromRow)]
struct OnShiftRow {
    counsellor_id: Uuid,
    languages: Vec<String>,
    skills: Json<BTreeMap<String, u8>>,
    state: String,
    max_voice: i16,
    max_chat: i16,
    max_message: i16,
    held_voice: i16,
    held_chat: i16,
    held_message: i16,
    idle_since: DateTime<Utc>,
    severe_in_a_row: i16,
    can_put_aside: Vec<Uuid>,
    has_put_aside: bool,
    revision: i64,
}

/// Who must not be offered a contact: within the cool-down of `$3` seconds after declining, missing or giving it back,
/// and for good after naming a conflict. Losing one's client is nobody's refusal, nor is being second,
/// nor what becomes of a callback while it rings.
macro_rules! tried_by {
    ($contact:literal) => {
        concat!(
            "CASE WHEN ", $contact, ".offer_count = 0 THEN ARRAY[]::uuid[] ELSE ARRAY(
                SELECT o.counsellor_id FROM helpline.offers o
                WHERE o.centre_id = $1 AND o.contact_id = ", $contact, ".contact_id AND o.state IN ('declined', 'expired', 'withdrawn')
                  AND o.reason IS DISTINCT FROM 'client_lost' AND o.reason IS DISTINCT FROM 'answered_by_another'
                  AND o.reason IS DISTINCT FROM 'assigned_elsewhere' AND o.reason IS DISTINCT FROM 'window_over'
                  AND o.reason IS DISTINCT FROM 'callback_promised' AND o.ended_at > (SELECT helpline.now()) - make_interval(secs => $3)) END AS cooling,
            CASE WHEN ", $contact, ".offer_count = 0 THEN ARRAY[]::uuid[] ELSE ARRAY(
                SELECT o.counsellor_id FROM helpline.offers o
                WHERE o.centre_id = $1 AND o.contact_id = ", $contact, ".contact_id AND o.state = 'declined' AND o.reason = 'conflict'
                UNION SELECT q.counsellor_id FROM helpline.participations q
                WHERE q.centre_id = $1 AND q.contact_id = ", $contact, ".contact_id AND q.state = 'declined' AND q.reason = 'conflict'
                  AND q.counsellor_id IS NOT NULL) END AS barred"
        )
    };
}

/// The columns of [`LineRow`] but for who must not be offered it.
macro_rules! line_columns {
    () => {
        "contact_id, class, signature, medium, language, skills, deadline_at, received_at, sequence, revision, offer_count, \
         resumed, preferred_counsellor_id, preferred_until, CASE WHEN answered_at IS NULL THEN directed_to END AS directed_to"
    };
}

/// The first contacts of every line: of each class, cut off or not, and signature. The inner recursion hops from one line
/// to the next over the index, so the cost grows with the number of lines and not with how many wait.
const HEADS: &str = concat!(
    "
    WITH RECURSIVE lines AS (
        (SELECT class, resumed, signature FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting'
         ORDER BY class, resumed, signature LIMIT 1)
        UNION ALL
        SELECT next.class, next.resumed, next.signature FROM lines CROSS JOIN LATERAL (
            SELECT class, resumed, signature FROM helpline.contacts
            WHERE centre_id = $1 AND state = 'waiting'
              AND (class, resumed, signature) > (lines.class, lines.resumed, lines.signature)
            ORDER BY class, resumed, signature LIMIT 1) next
    )
    SELECT head.*, ",
    tried_by!("head"),
    "
    FROM lines CROSS JOIN LATERAL (
        SELECT ",
    line_columns!(),
    " FROM helpline.contacts
        WHERE centre_id = $1 AND state = 'waiting' AND class = lines.class AND resumed = lines.resumed
          AND signature = lines.signature
        ORDER BY deadline_at, sequence LIMIT $2) head"
);

const ENTRIES: &str = concat!(
    "
    SELECT ",
    line_columns!(),
    ", ",
    tried_by!("c"),
    "
    FROM helpline.contacts c WHERE centre_id = $1 AND contact_id = ANY ($2) AND state = 'waiting'"
);

const WAITING_AFTER: &str = concat!("
    SELECT ", line_columns!(), ", ARRAY[]::uuid[] AS cooling, ARRAY[]::uuid[] AS barred
    FROM helpline.contacts
    WHERE centre_id = $1 AND state = 'waiting' AND (class, resumed, signature, deadline_at, sequence) > ($2, $3, $4, $5, $6)
    ORDER BY class, resumed, signature, deadline_at, sequence LIMIT $7");

const ON_SHIFT: &str = concat!("
    WITH work AS (
        SELECT counsellor_id, coalesce(array_agg(contact_id) FILTER (WHERE held), '{}') AS can_put_aside, bool_or(NOT held) AS has_put_aside
        FROM (
            SELECT w.holder_id AS counsellor_id, w.contact_id, true AS held FROM helpline.contacts w
            WHERE w.centre_id = $1 AND w.holder_id IS NOT NULL AND ", can_be_put_aside!("w"), "
            UNION ALL
            SELECT w.counsellor_id, w.contact_id, false FROM helpline.contacts w WHERE w.centre_id = $1 AND w.put_aside_at IS NOT NULL) found
        GROUP BY counsellor_id)
    SELECT p.counsellor_id, c.languages, c.skills, p.state, p.max_voice, p.max_chat, p.max_message,
        p.held_voice, p.held_chat, p.held_message, p.idle_since, p.severe_in_a_row,
        coalesce(work.can_put_aside, '{}') AS can_put_aside, coalesce(work.has_put_aside, false) AS has_put_aside, p.revision
    -- The offset lets each be looked up by their key, whatever the planner knew of the table: else this grows with the square.
    FROM helpline.presences p CROSS JOIN LATERAL (
        SELECT languages, skills FROM helpline.counsellors
        WHERE centre_id = $1 AND counsellor_id = p.counsellor_id AND disabled_at IS NULL OFFSET 0) c
    LEFT JOIN work USING (counsellor_id)
    WHERE p.centre_id = $1 AND p.state <> 'offline'");

/// Where a walk over all waiting contacts stands; begins with `Default`.
#[derive(Clone, Debug)]
pub struct LineCursor {
    class: i16,
    resumed: bool,
    signature: Vec<u8>,
    deadline_at: DateTime<Utc>,
    sequence: i64,
}

impl Default for LineCursor {
    fn default() -> Self {
        Self {
            class: 0,
            resumed: false,
            signature: Vec::new(),
            deadline_at: DateTime::UNIX_EPOCH,
            sequence: 0,
        }
    }
}

impl LineCursor {
    /// Behind this entry.
    pub fn after(entry: &LineEntry) -> Self {
        Self {
            class: entry.class.number(),
            resumed: entry.resumed,
            signature: entry.signature.clone(),
            deadline_at: entry.deadline_at,
            sequence: entry.sequence,
        }
    }
}

impl Store {
    /// The first `per_line` contacts of every line.
    pub async fn line_heads(
        &self,
        centre: CentreId,
        per_line: u32,
        cool_down_s: u32,
    ) -> Result<Vec<LineEntry>, StoreError> {
        let query = sqlx::query_as(HEADS)
            .bind(centre.as_uuid())
            .bind(i64::from(per_line))
            .bind(f64::from(cool_down_s));
        self.line_entries(centre, query).await
    }

    /// These contacts, as far as they wait.
    pub async fn line_entries_of(
        &self,
        centre: CentreId,
        contacts: &[ContactId],
        cool_down_s: u32,
    ) -> Result<Vec<LineEntry>, StoreError> {
        let ids: Vec<Uuid> = contacts.iter().map(ContactId::as_uuid).collect();
        let query = sqlx::query_as(ENTRIES).bind(centre.as_uuid()).bind(ids).bind(f64::from(cool_down_s));
        self.line_entries(centre, query).await
    }

    /// The next `most` waiting contacts in the order of the line's index, for filling the view in Redis.
    pub async fn waiting_after(
        &self,
        centre: CentreId,
        cursor: &LineCursor,
        most: u32,
    ) -> Result<Vec<LineEntry>, StoreError> {
        let query = sqlx::query_as(WAITING_AFTER)
            .bind(centre.as_uuid())
            .bind(cursor.class)
            .bind(cursor.resumed)
            .bind(cursor.signature.clone())
            .bind(cursor.deadline_at)
            .bind(cursor.sequence)
            .bind(i64::from(most));
        self.line_entries(centre, query).await
    }

    async fn line_entries(
        &self,
        centre: CentreId,
        query: sqlx::query::QueryAs<'static, sqlx::Postgres, LineRow, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<LineEntry>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = query.fetch_all(connection.postgres()).await;
        let rows = connection.settle(rows)?;
        rows.into_iter()
            .map(|row| {
                let medium = Medium::ALL
                    .into_iter()
                    .find(|medium| medium.key() == row.medium)
                    .ok_or(inconsistent("medium"))?;
                Ok(LineEntry {
                    contact_id: row.contact_id.into(),
                    class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
                    signature: row.signature,
                    requirement: Requirement { medium, language: row.language, skills: row.skills.0 },
                    deadline_at: row.deadline_at,
                    received_at: row.received_at,
                    sequence: row.sequence,
                    revision: row.revision,
                    resumed: row.resumed,
                    preferred: row.preferred_counsellor_id.map(CounsellorId::from).zip(row.preferred_until),
                    tried: row.offer_count > 0 || row.directed_to.is_some(),
                    cooling: row.cooling.into_iter().map(CounsellorId::from).collect(),
                    barred: row.barred.into_iter().map(CounsellorId::from).collect(),
                    directed_to: row.directed_to.map(CounsellorId::from),
                })
            })
            .collect()
    }

    /// Everybody on shift, and the version of the roster they were read at or after.
    pub async fn on_shift(&self, centre: CentreId) -> Result<(i64, Vec<OnShift>), StoreError> {
        let mut connection = self.bound(centre).await?;
        // The version is read first: a change in between makes the list newer than its version, never older.
        let version =
            sqlx::query_scalar::<_, i64>("SELECT roster_version FROM helpline.centres WHERE centre_id = $1")
                .bind(centre.as_uuid())
                .fetch_one(connection.postgres())
                .await;
        let version = connection.settle(version)?;
        let rows = sqlx::query_as::<_, OnShiftRow>(ON_SHIFT)
            .bind(centre.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        let capacity = |voice: i16, chat: i16, message: i16| -> Result<Capacity, StoreError> {
            let small = |number: i16| {
                u8::try_from(number)
                    .map_err(|_| StoreError::Inconsistent { table: "presences", column: "held" })
            };
            Ok(Capacity { voice: small(voice)?, chat: small(chat)?, message: small(message)? })
        };
        let on_shift = rows
            .into_iter()
            .map(|row| {
                Ok(OnShift {
                    counsellor_id: row.counsellor_id.into(),
                    abilities: Arc::new(Abilities {
                        languages: row.languages,
                        interpreted: Vec::new(),
                        skills: row.skills.0,
                        capacity: capacity(row.max_voice, row.max_chat, row.max_message)?,
                    }),
                    state: PresenceState::from_key(&row.state)
                        .ok_or(StoreError::Inconsistent { table: "presences", column: "state" })?,
                    held: capacity(row.held_voice, row.held_chat, row.held_message)?,
                    idle_since: row.idle_since,
                    severe_in_a_row: u8::try_from(row.severe_in_a_row).unwrap_or(u8::MAX),
                    can_put_aside: row.can_put_aside.into_iter().map(ContactId::from).collect(),
                    has_put_aside: row.has_put_aside,
                    revision: row.revision,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok((version, on_shift))
    }
}
