//! The line as the matcher sees it: heads, free counsellors, and the commit of offers.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use helpline_domain::channel::{Channel, Medium};
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::{Class, Risk};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::contact::inconsistent;
use crate::presence::{Room, RoomRow, room_columns};
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
    /// Whether it was offered before.
    pub tried: bool,
    /// Who declined or missed it within the cool-down.
    pub cooling: Vec<CounsellorId>,
    /// Who named a conflict: never offered it.
    pub barred: Vec<CounsellorId>,
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
    revision: i64,
}

/// A pair about to be committed.
#[derive(Clone, Debug)]
pub struct OfferDraft {
    /// The offer's new id.
    pub offer_id: OfferId,
    /// The contact.
    pub contact_id: ContactId,
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// How long it rings, in seconds.
    pub timeout_s: u32,
    /// Why, as stable keys.
    pub explanation: Value,
}

/// An offer, with what the counsellor is shown of the contact. Nothing in it is personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct OfferView {
    pub offer_id: OfferId,
    pub contact_id: ContactId,
    pub counsellor_id: CounsellorId,
    pub state: helpline_domain::offer::OfferState,
    pub channel: Channel,
    pub class: Class,
    pub risk: Risk,
    pub queue: String,
    pub language: Option<String>,
    pub received_at: DateTime<Utc>,
    pub offered_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub explanation: Value,
}

#[derive(FromRow)]
pub(crate) struct OfferRow {
    offer_id: Uuid,
    contact_id: Uuid,
    counsellor_id: Uuid,
    state: String,
    channel: String,
    class: i16,
    risk: i16,
    queue: String,
    language: Option<String>,
    received_at: DateTime<Utc>,
    offered_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    explanation: Json<Value>,
}

#[derive(FromRow)]
struct CommittedRow {
    #[sqlx(flatten)]
    offer: OfferRow,
    #[sqlx(flatten)]
    room: RoomRow,
}

impl TryFrom<OfferRow> for OfferView {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        Ok(Self {
            offer_id: row.offer_id.into(),
            contact_id: row.contact_id.into(),
            counsellor_id: row.counsellor_id.into(),
            state: helpline_domain::offer::OfferState::from_key(&row.state)
                .ok_or(StoreError::Inconsistent { table: "offers", column: "state" })?,
            channel: Channel::from_key(&row.channel).ok_or(inconsistent("channel"))?,
            class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
            risk: Risk::from_number(row.risk).ok_or(inconsistent("risk"))?,
            queue: row.queue,
            language: row.language,
            received_at: row.received_at,
            offered_at: row.offered_at,
            expires_at: row.expires_at,
            explanation: row.explanation.0,
        })
    }
}

/// Who must not be offered a contact: within the cool-down of `$3` seconds after declining, missing or giving it back,
/// and for good after naming a conflict. Losing one's client is nobody's refusal.
macro_rules! tried_by {
    ($contact:literal) => {
        concat!(
            "CASE WHEN ", $contact, ".offer_count = 0 THEN ARRAY[]::uuid[] ELSE ARRAY(
                SELECT o.counsellor_id FROM helpline.offers o
                WHERE o.centre_id = $1 AND o.contact_id = ", $contact, ".contact_id AND o.state IN ('declined', 'expired', 'withdrawn')
                  AND o.reason IS DISTINCT FROM 'client_lost' AND o.ended_at > helpline.now() - make_interval(secs => $3)) END AS cooling,
            CASE WHEN ", $contact, ".offer_count = 0 THEN ARRAY[]::uuid[] ELSE ARRAY(
                SELECT o.counsellor_id FROM helpline.offers o
                WHERE o.centre_id = $1 AND o.contact_id = ", $contact, ".contact_id AND o.state = 'declined' AND o.reason = 'conflict') END AS barred"
        )
    };
}

/// The first contacts of every class and signature. The inner recursion hops from one line to the next over the index,
/// so the cost grows with the number of lines and not with how many wait.
const HEADS: &str = concat!("
    WITH RECURSIVE lines AS (
        (SELECT class, signature FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting'
         ORDER BY class, signature LIMIT 1)
        UNION ALL
        SELECT next.class, next.signature FROM lines CROSS JOIN LATERAL (
            SELECT class, signature FROM helpline.contacts
            WHERE centre_id = $1 AND state = 'waiting' AND (class, signature) > (lines.class, lines.signature)
            ORDER BY class, signature LIMIT 1) next
    )
    SELECT head.*, ", tried_by!("head"), "
    FROM lines CROSS JOIN LATERAL (
        SELECT contact_id, class, signature, medium, language, skills, deadline_at, received_at, sequence, revision, offer_count
        FROM helpline.contacts
        WHERE centre_id = $1 AND state = 'waiting' AND class = lines.class AND signature = lines.signature
        ORDER BY deadline_at, sequence LIMIT $2) head");

const ENTRIES: &str = concat!("
    SELECT contact_id, class, signature, medium, language, skills, deadline_at, received_at, sequence, revision, offer_count, ", tried_by!("c"), "
    FROM helpline.contacts c WHERE centre_id = $1 AND contact_id = ANY ($2) AND state = 'waiting'");

const WAITING_AFTER: &str = "
    SELECT contact_id, class, signature, medium, language, skills, deadline_at, received_at, sequence, revision, offer_count,
        ARRAY[]::uuid[] AS cooling, ARRAY[]::uuid[] AS barred
    FROM helpline.contacts
    WHERE centre_id = $1 AND state = 'waiting' AND (class, signature, deadline_at, sequence) > ($2, $3, $4, $5)
    ORDER BY class, signature, deadline_at, sequence LIMIT $6";

const ON_SHIFT: &str = "
    SELECT p.counsellor_id, c.languages, c.skills, p.state, p.max_voice, p.max_chat, p.max_message,
        p.held_voice, p.held_chat, p.held_message, p.idle_since, p.revision
    FROM helpline.presences p JOIN helpline.counsellors c USING (centre_id, counsellor_id)
    WHERE p.centre_id = $1 AND p.state <> 'offline' AND c.disabled_at IS NULL";

/// Commits offers that were decided on. Each contact must still wait, each counsellor still be ready with room, and each
/// may appear once; what another transaction has locked is left for the next pass. A non-critical offer is committed
/// only under the lease epoch it was decided under, so that two matchers cannot both spend the reserve.
const COMMIT_OFFERS: &str = concat!("
    WITH lease AS (SELECT epoch = $2 AS held FROM helpline.matchers WHERE centre_id = $1),
    draft AS (
        SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::float8[], $7::jsonb[])
            AS d (offer_id, contact_id, counsellor_id, timeout_s, explanation)),
    contact AS MATERIALIZED (
        SELECT c.contact_id, c.medium, c.class FROM helpline.contacts c JOIN draft d USING (contact_id)
        WHERE c.centre_id = $1 AND c.state = 'waiting' AND (c.class = 1 OR coalesce((SELECT held FROM lease), false))
        FOR UPDATE OF c SKIP LOCKED),
    presence AS MATERIALIZED (
        SELECT p.counsellor_id, contact.contact_id, contact.medium
        FROM contact JOIN draft d USING (contact_id)
        JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = d.counsellor_id
        WHERE p.state = 'ready' AND p.held_voice = 0 AND CASE contact.medium
            WHEN 'voice' THEN p.max_voice = 1 AND p.held_chat = 0 AND p.held_message = 0
            WHEN 'chat' THEN p.held_chat < p.max_chat
            ELSE p.held_message < p.max_message END
        FOR UPDATE OF p SKIP LOCKED),
    held AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice + (presence.medium = 'voice')::int, held_chat = p.held_chat + (presence.medium = 'chat')::int,
            held_message = p.held_message + (presence.medium = 'message')::int, idle_since = helpline.now(), revision = p.revision + 1
        FROM presence WHERE p.centre_id = $1 AND p.counsellor_id = presence.counsellor_id
        RETURNING p.counsellor_id, ", room_columns!(), "),
    changed AS (
        UPDATE helpline.contacts c SET state = 'offered', holder_id = d.counsellor_id, offer_id = d.offer_id,
            offer_count = c.offer_count + 1, revision = c.revision + 1
        FROM presence JOIN draft d USING (contact_id, counsellor_id) JOIN held USING (counsellor_id)
        WHERE c.centre_id = $1 AND c.contact_id = presence.contact_id
        RETURNING c.contact_id, c.channel, c.class, c.risk, c.queue, c.language, c.received_at, c.revision,
            d.offer_id, d.counsellor_id, d.timeout_s, d.explanation),
    offered AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, state, offered_at, expires_at, explanation)
        SELECT $1, offer_id, contact_id, counsellor_id, 'open', helpline.now(), helpline.now() + make_interval(secs => timeout_s), explanation
        FROM changed
        RETURNING offer_id, offered_at, expires_at),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision)
        SELECT $1, helpline.now(), 'contact_offered', contact_id, counsellor_id, offer_id, revision FROM changed)
    SELECT offer_id, contact_id, counsellor_id, 'open' AS state, channel, class, risk, queue, language, received_at,
        offered_at, expires_at, explanation, room_of, room_ready, room_numbers, room_idle_since, room_revision
    FROM changed JOIN offered USING (offer_id) JOIN held USING (counsellor_id)");

/// Where a walk over all waiting contacts stands; begins with `Default`.
#[derive(Clone, Debug)]
pub struct LineCursor {
    class: i16,
    signature: Vec<u8>,
    deadline_at: DateTime<Utc>,
    sequence: i64,
}

impl Default for LineCursor {
    fn default() -> Self {
        Self { class: 0, signature: Vec::new(), deadline_at: DateTime::UNIX_EPOCH, sequence: 0 }
    }
}

impl LineCursor {
    /// Behind this entry.
    pub fn after(entry: &LineEntry) -> Self {
        Self {
            class: entry.class.number(),
            signature: entry.signature.clone(),
            deadline_at: entry.deadline_at,
            sequence: entry.sequence,
        }
    }
}

impl Store {
    /// The first `per_line` contacts of every class and signature that waits.
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
        let mut connection = self.bound(Some(centre)).await?;
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
                    tried: row.offer_count > 0,
                    cooling: row.cooling.into_iter().map(CounsellorId::from).collect(),
                    barred: row.barred.into_iter().map(CounsellorId::from).collect(),
                })
            })
            .collect()
    }

    /// Everybody on shift, and the version of the roster they were read at or after.
    pub async fn on_shift(&self, centre: CentreId) -> Result<(i64, Vec<OnShift>), StoreError> {
        let mut connection = self.bound(Some(centre)).await?;
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
                        skills: row.skills.0,
                        capacity: capacity(row.max_voice, row.max_chat, row.max_message)?,
                    }),
                    state: PresenceState::from_key(&row.state)
                        .ok_or(StoreError::Inconsistent { table: "presences", column: "state" })?,
                    held: capacity(row.held_voice, row.held_chat, row.held_message)?,
                    idle_since: row.idle_since,
                    revision: row.revision,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok((version, on_shift))
    }

    /// Commits offers decided under the lease `epoch`; returns those that were made. Each contact and each counsellor may
    /// stand in one draft only.
    pub async fn commit_offers(
        &self,
        centre: CentreId,
        epoch: i64,
        drafts: &[OfferDraft],
    ) -> Result<Vec<(OfferView, Option<Room>)>, StoreError> {
        let mut connection = self.bound(Some(centre)).await?;
        let rows = sqlx::query_as::<_, CommittedRow>(COMMIT_OFFERS)
            .bind(centre.as_uuid())
            .bind(epoch)
            .bind(drafts.iter().map(|draft| draft.offer_id.as_uuid()).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| draft.contact_id.as_uuid()).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| draft.counsellor_id.as_uuid()).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| f64::from(draft.timeout_s)).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| Json(draft.explanation.clone())).collect::<Vec<_>>())
            .fetch_all(connection.postgres())
            .await;
        connection
            .settle(rows)?
            .into_iter()
            .map(|row| Ok((row.offer.try_into()?, row.room.room()?)))
            .collect()
    }
}
