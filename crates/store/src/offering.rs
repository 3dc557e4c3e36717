//! The commit of offers: from decided to offered.

use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::aside::can_be_put_aside;
use crate::offer::{OfferRow, OfferView};
use crate::presence::{Room, RoomRow, room_columns};
use crate::{Store, StoreError};

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
    /// What the counsellor puts aside for it, should they have no room: everything they hold.
    pub puts_aside: Vec<ContactId>,
}

/// An offer that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The offer.
    pub offer: OfferView,
    /// How much room its counsellor has now.
    pub room: Option<Room>,
    /// What they have put aside for it.
    pub put_aside: Vec<ContactId>,
}

#[derive(FromRow)]
struct CommittedRow {
    #[sqlx(flatten)]
    offer: OfferRow,
    #[sqlx(flatten)]
    room: RoomRow,
    put_aside: Vec<Uuid>,
}

/// Whether the presence `p` has room for the contact.
macro_rules! has_room {
    () => {
        "(p.held_voice = 0 AND CASE contact.medium
            WHEN 'voice' THEN p.max_voice = 1 AND p.held_chat = 0 AND p.held_message = 0
            WHEN 'chat' THEN p.held_chat < p.max_chat
            ELSE p.held_message < p.max_message END)"
    };
}

/// Commits the offers of one contact that were decided on. The contact must still wait, each counsellor still be ready with
/// room. Its drafts are a group: those of its counsellors who are not ready any more are left out, and it goes out with the
/// others. A contact that another transaction has locked is left for the next pass; a counsellor is waited for,
/// in one order, because whoever came later would be offered to them meanwhile. Who has put work aside is offered nothing but
/// critical contacts. A non-critical offer is committed only under the lease epoch it was decided under, so that two matchers
/// cannot both spend the reserve.
///
/// Its plan is made once and kept, perhaps while the tables are empty: one row seems to be as many as a whole centre's then.
/// So the contact is named by its key as a parameter, which an array of keys would not be; a counsellor is looked up for
/// each draft, of which a limit lets the planner expect one; and the state stands in a `CASE`, so that no plan can walk
/// the line or the floor instead.
///
/// Only a critical contact can interrupt somebody, and few do: what that takes stands in a statement of its own.
macro_rules! commit_offers {
    (parked: $parked:expr, with: $join:expr, or: $or_parked:expr, aside: $aside:expr, put_aside: $put_aside:expr) => {
        concat!("
    WITH lease AS (SELECT epoch = $2 AS held FROM helpline.matchers WHERE centre_id = $1),
    draft AS (
        SELECT * FROM unnest($4::uuid[], $5::uuid[], $6::float8[], $7::jsonb[])
            WITH ORDINALITY AS d (offer_id, counsellor_id, timeout_s, explanation, place)
        ORDER BY counsellor_id LIMIT cardinality($4)),
    contact AS MATERIALIZED (
        SELECT c.contact_id, c.medium, c.class FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $3 AND CASE c.state WHEN 'waiting' THEN true END
          AND (c.class = 1 OR coalesce((SELECT held FROM lease), false))
        FOR UPDATE OF c SKIP LOCKED)", $parked, ",
    presence AS MATERIALIZED (
        SELECT d.*, contact.medium, ready.on_call, ready.interrupted
        FROM contact CROSS JOIN draft d ", $join, " CROSS JOIN LATERAL (
            SELECT p.state = 'on_call' AS on_call, NOT ", has_room!(), " AS interrupted FROM helpline.presences p
            WHERE p.centre_id = $1 AND p.counsellor_id = d.counsellor_id
              AND CASE p.state WHEN 'ready' THEN true WHEN 'on_call' THEN contact.class <= 2 END
              AND (", has_room!(), $or_parked, ")
              AND (contact.class = 1 OR NOT EXISTS (SELECT FROM helpline.contacts aside
                WHERE aside.centre_id = $1 AND aside.counsellor_id = p.counsellor_id AND aside.put_aside_at IS NOT NULL))
            FOR UPDATE OF p) ready),
    held AS (
        UPDATE helpline.presences p SET
            held_voice = CASE WHEN interrupted THEN 0 ELSE p.held_voice END + (presence.medium = 'voice')::int,
            held_chat = CASE WHEN interrupted THEN 0 ELSE p.held_chat END + (presence.medium = 'chat')::int,
            held_message = CASE WHEN interrupted THEN 0 ELSE p.held_message END + (presence.medium = 'message')::int,
            idle_since = helpline.now(), revision = p.revision + 1
        FROM presence WHERE p.centre_id = $1 AND p.counsellor_id = presence.counsellor_id
        RETURNING presence.*, ", room_columns!(), ")", $aside, ",
    changed AS (
        UPDATE helpline.contacts c SET state = 'offered', offer_id = made.offers[1], open_offers = made.offers,
            offer_count = c.offer_count + 1, revision = c.revision + 1
        FROM (SELECT array_agg(offer_id ORDER BY place) AS offers FROM held) made
        WHERE c.centre_id = $1 AND c.contact_id = $3 AND made.offers IS NOT NULL
        RETURNING c.contact_id, c.channel, c.class, c.risk, c.queue, c.language, c.received_at, c.revision, c.offer_id AS group_id),
    offered AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, offered_at, expires_at, explanation)
        SELECT $1, held.offer_id, contact_id, held.counsellor_id, group_id, 'open', helpline.now(),
            helpline.now() + make_interval(secs => held.timeout_s), held.explanation
        FROM changed CROSS JOIN held
        RETURNING offer_id, offered_at, expires_at),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision)
        SELECT $1, helpline.now(), event, contact_id, counsellor_id, offer_id,
            CASE WHEN offer_id = group_id AND event = 'contact_offered' THEN revision END
        FROM changed CROSS JOIN held
        -- Whoever hears the second calls the telephone of who is on call.
        CROSS JOIN LATERAL unnest(CASE WHEN on_call THEN '{contact_offered,on_call_summoned}'::text[] ELSE '{contact_offered}' END) event)
    SELECT offer_id, contact_id, counsellor_id, 'open' AS state, NULL AS reason, channel, class, risk, queue, language, received_at,
        offered_at, expires_at, explanation, room_of, room_ready, room_numbers, room_idle_since, room_revision,
        ", $put_aside, " AS put_aside
    FROM changed CROSS JOIN held JOIN offered USING (offer_id) ORDER BY place")
    };
}

const COMMIT_OFFERS: &str =
    commit_offers!(parked: "", with: "", or: "", aside: "", put_aside: "'{}'::uuid[]");

/// The same for a critical contact that may interrupt: who has no room for it puts aside what they hold if that is all of what
/// they hold. `$8` says what it was, and a lock on any of it leaves them out.
const COMMIT_INTERRUPTING: &str = commit_offers!(
    parked: concat!(",
    parkable AS MATERIALIZED (
        SELECT w.contact_id, w.holder_id, w.medium, w.state FROM helpline.contacts w
        WHERE w.centre_id = $1 AND w.contact_id = ANY ($8) AND w.holder_id = ANY ($5) AND ", can_be_put_aside!("w"), "
          AND EXISTS (SELECT FROM contact)
        FOR UPDATE OF w SKIP LOCKED),
    parked AS (
        SELECT holder_id AS counsellor_id, count(*) FILTER (WHERE medium = 'voice') AS voice, count(*) FILTER (WHERE medium = 'chat') AS chat,
            count(*) FILTER (WHERE medium = 'message') AS message
        FROM parkable GROUP BY holder_id)"),
    with: "LEFT JOIN parked ON parked.counsellor_id = d.counsellor_id",
    or: " OR (contact.class = 1 AND p.state = 'ready'
                AND (p.held_voice, p.held_chat, p.held_message) = (parked.voice, parked.chat, parked.message)
                AND CASE contact.medium WHEN 'voice' THEN p.max_voice WHEN 'chat' THEN p.max_chat ELSE p.max_message END > 0)",
    aside: ",
    aside AS (
        UPDATE helpline.contacts w SET holder_id = NULL, revision = w.revision + 1,
            put_aside_at = CASE WHEN w.state = 'in_progress' THEN helpline.now() END
        FROM parkable JOIN held ON held.counsellor_id = parkable.holder_id AND held.interrupted
        WHERE w.centre_id = $1 AND w.contact_id = ANY ($8) AND w.contact_id = parkable.contact_id
        RETURNING w.contact_id, w.counsellor_id, w.put_aside_at, w.revision),
    aside_journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), CASE WHEN put_aside_at IS NULL THEN 'wrap_up_finished' ELSE 'contact_put_aside' END,
            contact_id, counsellor_id, revision, jsonb_build_object('reason', 'critical_contact')
        FROM aside)",
    put_aside: "ARRAY(SELECT aside.contact_id FROM aside WHERE aside.counsellor_id = held.counsellor_id)"
);

impl Store {
    /// Commits offers decided under the lease `epoch`, all of one contact; returns those that were made. Each counsellor may
    /// stand in one draft only.
    pub async fn commit_offers(
        &self,
        centre: CentreId,
        epoch: i64,
        drafts: &[OfferDraft],
    ) -> Result<Vec<Made>, StoreError> {
        let Some(contact) = drafts.first().map(|draft| draft.contact_id) else { return Ok(Vec::new()) };
        let puts_aside: Vec<Uuid> =
            drafts.iter().flat_map(|draft| &draft.puts_aside).map(ContactId::as_uuid).collect();
        let interrupts = !puts_aside.is_empty();
        let mut query =
            sqlx::query_as::<_, CommittedRow>(if interrupts { COMMIT_INTERRUPTING } else { COMMIT_OFFERS })
                .bind(centre.as_uuid())
                .bind(epoch)
                .bind(contact.as_uuid())
                .bind(drafts.iter().map(|draft| draft.offer_id.as_uuid()).collect::<Vec<_>>())
                .bind(drafts.iter().map(|draft| draft.counsellor_id.as_uuid()).collect::<Vec<_>>())
                .bind(drafts.iter().map(|draft| f64::from(draft.timeout_s)).collect::<Vec<_>>())
                .bind(drafts.iter().map(|draft| Json(draft.explanation.clone())).collect::<Vec<_>>());
        if interrupts {
            query = query.bind(puts_aside);
        }
        let mut connection = self.bound(centre).await?;
        let rows = query.fetch_all(connection.postgres()).await;
        connection
            .settle(rows)?
            .into_iter()
            .map(|row| {
                Ok(Made {
                    offer: row.offer.try_into()?,
                    room: row.room.room()?,
                    put_aside: row.put_aside.into_iter().map(ContactId::from).collect(),
                })
            })
            .collect()
    }
}
