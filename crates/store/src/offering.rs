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

/// Commits offers that were decided on. Each contact must still wait, each counsellor still be ready with room. Drafts of
/// one contact are a group: those of its counsellors who are not ready any more are left out, and it goes out with the
/// others. A contact that another transaction has locked is left for the next pass; a counsellor is waited for,
/// in one order, because whoever came later would be offered to them meanwhile. Who has no room for a critical contact puts
/// aside what they hold if that is all of what they hold: `$8` says what it was, and a lock on any of it leaves them out. Who
/// has put work aside is offered nothing else. A non-critical offer is committed only
/// under the lease epoch it was decided under, so that two matchers cannot both spend the reserve.
///
/// Its plan is made once and kept, perhaps while the tables are empty: every row is named by its key as a parameter, and
/// the state stands in a `CASE`, so that no plan can walk the whole line instead.
const COMMIT_OFFERS: &str = concat!("
    WITH lease AS (SELECT epoch = $2 AS held FROM helpline.matchers WHERE centre_id = $1),
    draft AS (
        SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::float8[], $7::jsonb[])
            WITH ORDINALITY AS d (offer_id, contact_id, counsellor_id, timeout_s, explanation, place)),
    contact AS MATERIALIZED (
        SELECT c.contact_id, c.medium, c.class FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = ANY ($4) AND CASE c.state WHEN 'waiting' THEN true END AND (c.class = 1 OR coalesce((SELECT held FROM lease), false))
        FOR UPDATE OF c SKIP LOCKED),
    parkable AS MATERIALIZED (
        SELECT w.contact_id, w.holder_id, w.medium, w.state FROM helpline.contacts w
        WHERE w.centre_id = $1 AND w.contact_id = ANY ($8) AND w.holder_id = ANY ($5) AND ", can_be_put_aside!("w"), "
          AND EXISTS (SELECT FROM contact)
        FOR UPDATE OF w SKIP LOCKED),
    parked AS (
        SELECT holder_id AS counsellor_id, count(*) FILTER (WHERE medium = 'voice') AS voice, count(*) FILTER (WHERE medium = 'chat') AS chat,
            count(*) FILTER (WHERE medium = 'message') AS message
        FROM parkable GROUP BY holder_id),
    presence AS MATERIALIZED (
        SELECT p.counsellor_id, contact.contact_id, contact.medium, p.state = 'on_call' AS on_call, NOT ", has_room!(), " AS interrupted
        FROM contact JOIN draft d USING (contact_id)
        JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = d.counsellor_id
        LEFT JOIN parked ON parked.counsellor_id = p.counsellor_id
        WHERE p.counsellor_id = ANY ($5)
          AND CASE p.state WHEN 'ready' THEN true WHEN 'on_call' THEN contact.class <= 2 END
          AND (", has_room!(), " OR (contact.class = 1 AND p.state = 'ready'
            AND (p.held_voice, p.held_chat, p.held_message) = (parked.voice, parked.chat, parked.message)
            AND CASE contact.medium WHEN 'voice' THEN p.max_voice WHEN 'chat' THEN p.max_chat ELSE p.max_message END > 0))
          AND (contact.class = 1 OR NOT EXISTS (SELECT FROM helpline.contacts aside
            WHERE aside.centre_id = $1 AND aside.counsellor_id = p.counsellor_id AND aside.put_aside_at IS NOT NULL))
        ORDER BY p.counsellor_id FOR UPDATE OF p),
    held AS (
        UPDATE helpline.presences p SET
            held_voice = CASE WHEN interrupted THEN 0 ELSE p.held_voice END + (presence.medium = 'voice')::int,
            held_chat = CASE WHEN interrupted THEN 0 ELSE p.held_chat END + (presence.medium = 'chat')::int,
            held_message = CASE WHEN interrupted THEN 0 ELSE p.held_message END + (presence.medium = 'message')::int, idle_since = helpline.now(), revision = p.revision + 1
        FROM presence WHERE p.centre_id = $1 AND p.counsellor_id = ANY ($5) AND p.counsellor_id = presence.counsellor_id
        RETURNING p.counsellor_id, interrupted, ", room_columns!(), "),
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
        FROM aside),
    made AS (
        SELECT d.contact_id, array_agg(d.offer_id ORDER BY d.place) AS offers
        FROM presence JOIN draft d USING (contact_id, counsellor_id) JOIN held USING (counsellor_id) GROUP BY d.contact_id),
    changed AS (
        UPDATE helpline.contacts c SET state = 'offered', offer_id = made.offers[1], open_offers = made.offers,
            offer_count = c.offer_count + 1, revision = c.revision + 1
        FROM made WHERE c.centre_id = $1 AND c.contact_id = ANY ($4) AND c.contact_id = made.contact_id
        RETURNING c.contact_id, c.channel, c.class, c.risk, c.queue, c.language, c.received_at, c.revision, c.offer_id AS group_id,
            c.open_offers),
    offered AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, offered_at, expires_at, explanation)
        SELECT $1, d.offer_id, contact_id, d.counsellor_id, group_id, 'open', helpline.now(), helpline.now() + make_interval(secs => d.timeout_s), d.explanation
        FROM changed JOIN draft d USING (contact_id) WHERE d.offer_id = ANY (open_offers)
        RETURNING offer_id, contact_id, counsellor_id, offered_at, expires_at, explanation),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision)
        SELECT $1, helpline.now(), 'contact_offered', contact_id, counsellor_id, offer_id, CASE offer_id WHEN group_id THEN revision END
        FROM offered JOIN changed USING (contact_id)
        UNION ALL
        -- Whoever hears it calls their telephone.
        SELECT $1, helpline.now(), 'on_call_summoned', contact_id, counsellor_id, offer_id, NULL
        FROM offered JOIN presence USING (contact_id, counsellor_id) WHERE presence.on_call)
    SELECT offer_id, contact_id, counsellor_id, 'open' AS state, NULL AS reason, channel, class, risk, queue, language, received_at,
        offered_at, expires_at, explanation, room_of, room_ready, room_numbers, room_idle_since, room_revision,
        ARRAY(SELECT aside.contact_id FROM aside WHERE aside.counsellor_id = offered.counsellor_id) AS put_aside
    FROM changed JOIN offered USING (contact_id) JOIN held USING (counsellor_id)");

impl Store {
    /// Commits offers decided under the lease `epoch`; returns those that were made. Drafts of one contact are made together.
    /// Each counsellor may stand in one draft only.
    pub async fn commit_offers(
        &self,
        centre: CentreId,
        epoch: i64,
        drafts: &[OfferDraft],
    ) -> Result<Vec<Made>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, CommittedRow>(COMMIT_OFFERS)
            .bind(centre.as_uuid())
            .bind(epoch)
            .bind(drafts.iter().map(|draft| draft.offer_id.as_uuid()).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| draft.contact_id.as_uuid()).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| draft.counsellor_id.as_uuid()).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| f64::from(draft.timeout_s)).collect::<Vec<_>>())
            .bind(drafts.iter().map(|draft| Json(draft.explanation.clone())).collect::<Vec<_>>())
            .bind(
                drafts.iter().flat_map(|draft| &draft.puts_aside).map(ContactId::as_uuid).collect::<Vec<_>>(),
            )
            .fetch_all(connection.postgres())
            .await;
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
