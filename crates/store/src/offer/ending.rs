//! The ends of an offer: accepted, declined, expired, withdrawn. Exactly one wins, on the row of the contact, which says
//! which of its offers are open.

use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::offer::DeclineReason;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::Ended;
use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::participation::rooms_column;
use crate::presence::{Room, RoomRow, room_columns, rooms};
use crate::{Store, StoreError};

/// The first who accepts has the contact; whoever else it was offered to is free again with the same statement.
const ACCEPT: &str = change!(
    event: "offer_accepted", resource: "contact_id", about: ("contact_id", "counsellor_id", "$7"), detail: "NULL::jsonb",
    with: "offer AS (
        SELECT contact_id AS id FROM helpline.offers
        WHERE centre_id = $1 AND offer_id = $7 AND counsellor_id = $2 AND expires_at > helpline.now()),
    changed AS (
        UPDATE helpline.contacts c SET state = 'in_progress', counsellor_id = $2, holder_id = $2, offer_id = NULL, open_offers = '{}',
            answered_at = coalesce(c.answered_at, helpline.now()), resumed = false, lost_at = NULL,
            preferred_counsellor_id = NULL, preferred_until = NULL, epoch = c.epoch + 1, revision = c.revision + 1
        FROM offer WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM offer) AND $7 = ANY (c.open_offers) AND c.state = 'offered'
        RETURNING c.*),
    ended AS (
        UPDATE helpline.offers o SET state = CASE o.offer_id WHEN $7 THEN 'accepted' ELSE 'withdrawn' END,
            reason = CASE o.offer_id WHEN $7 THEN NULL ELSE 'answered_by_another' END, ended_at = helpline.now()
        FROM changed WHERE o.centre_id = $1 AND o.contact_id = (SELECT contact_id FROM changed) AND o.state = 'open'
        RETURNING o.offer_id AS ended_offer, o.counsellor_id AS ended_of),
    others AS (SELECT ended_offer, ended_of FROM ended WHERE ended_offer <> $7),
    others_journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, detail)
        SELECT $1, helpline.now(), 'offer_withdrawn', contact_id, ended_of, ended_offer,
            jsonb_build_object('reason', 'answered_by_another')
        FROM others CROSS JOIN changed),
    locked AS MATERIALIZED (
        SELECT p.counsellor_id FROM (SELECT ended_of FROM ended ORDER BY ended_of LIMIT (SELECT count(*) FROM ended)) e
        CROSS JOIN LATERAL (
            SELECT p.counsellor_id FROM helpline.presences p
            WHERE p.centre_id = $1 AND p.counsellor_id = e.ended_of AND (p.counsellor_id <> $2 OR p.missed_offers <> 0)
            FOR UPDATE) p),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice' AND p.counsellor_id <> $2)::int,
            held_chat = p.held_chat - (medium = 'chat' AND p.counsellor_id <> $2)::int,
            held_message = p.held_message - (medium = 'message' AND p.counsellor_id <> $2)::int,
            missed_offers = CASE p.counsellor_id WHEN $2 THEN 0 ELSE p.missed_offers END, revision = p.revision + 1
        FROM locked, changed WHERE p.centre_id = $1 AND p.counsellor_id = locked.counsellor_id
        RETURNING ", room_columns!(), ")";
    returning: contact_columns!(), ", ",
        "(SELECT coalesce(jsonb_agg(jsonb_build_object('offer_id', ended_offer, 'counsellor_id', ended_of)), '[]') FROM others) AS others, ",
        rooms_column!(),
);

/// Ends one open offer in favour of the line: the capacity is free again, and with the last open offer the contact waits
/// again at its place.
macro_rules! end_offer {
    ($state:literal, $from:expr) => {
        concat!(
            $from,
            ", contact AS (
                UPDATE helpline.contacts c SET open_offers = array_remove(c.open_offers, offer.offer_id),
                    state = CASE cardinality(c.open_offers) WHEN 1 THEN 'waiting' ELSE c.state END,
                    offer_id = CASE cardinality(c.open_offers) WHEN 1 THEN NULL ELSE c.offer_id END, revision = c.revision + 1
                FROM offer WHERE c.centre_id = $1 AND c.contact_id = (SELECT contact_id FROM offer)
                  AND offer.offer_id = ANY (c.open_offers) AND c.state = 'offered'
                RETURNING c.contact_id, c.medium, c.revision, cardinality(c.open_offers) AS open, offer.offer_id, offer.counsellor_id, offer.reason),
            changed AS (
                UPDATE helpline.offers o SET state = '", $state, "', reason = contact.reason, ended_at = helpline.now()
                FROM contact WHERE o.centre_id = $1 AND o.offer_id = (SELECT offer_id FROM contact)
                RETURNING contact.*)"
        )
    };
}

const DECLINE: &str = change!(
    event: "offer_declined", resource: "offer_id", about: ("contact_id", "counsellor_id", "offer_id"),
    detail: "jsonb_build_object('reason', reason, 'open', open)",
    with: end_offer!("declined", "offer AS (
        SELECT offer_id, contact_id, counsellor_id, $8 AS reason FROM helpline.offers
        WHERE centre_id = $1 AND offer_id = $7 AND counsellor_id = $2 AND state = 'open' AND expires_at > helpline.now())"),
    ", freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice')::int, held_chat = p.held_chat - (medium = 'chat')::int,
            held_message = p.held_message - (medium = 'message')::int, missed_offers = 0, revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT counsellor_id FROM changed)
        RETURNING ", room_columns!(), ")";
    returning: "offer_id, contact_id, counsellor_id, freed.*"; from: "changed LEFT JOIN freed ON true"
);

/// Joins those of the offers `$of` whose contact names them still and is not locked by somebody else, and locks it; in their
/// order, one by one. Each contact is looked up by its key, whatever the planner knew of the tables.
macro_rules! still_held {
    ($of:literal) => {
        concat!(
            " CROSS JOIN LATERAL (
                SELECT FROM helpline.contacts c
                WHERE c.centre_id = $1 AND c.contact_id = ",
            $of,
            ".contact_id AND ",
            $of,
            ".offer_id = ANY (c.open_offers)
                FOR UPDATE SKIP LOCKED) held"
        )
    };
}

/// One offer past its end. `$3` missed offers in a row set the counsellor not ready.
const EXPIRE_ONE: &str = concat!(
    "WITH ",
    end_offer!("expired", concat!("offer AS (
        SELECT offer_id, contact_id, counsellor_id, 'no_answer' AS reason FROM (
            SELECT o.offer_id, o.contact_id, o.counsellor_id FROM helpline.offers o
            WHERE o.centre_id = $1 AND o.state = 'open' AND o.expires_at <= helpline.now() ORDER BY o.expires_at) due",
        still_held!("due"), " LIMIT 1)")),
    ", missed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice')::int, held_chat = p.held_chat - (medium = 'chat')::int,
            held_message = p.held_message - (medium = 'message')::int, missed_offers = p.missed_offers + 1,
            state = CASE WHEN p.state = 'ready' AND p.missed_offers + 1 >= $2 THEN 'not_ready' ELSE p.state END,
            reason = CASE WHEN p.state = 'ready' AND p.missed_offers + 1 >= $2 THEN 'missed_offers' ELSE p.reason END,
            since_at = CASE WHEN p.state = 'ready' AND p.missed_offers + 1 >= $2 THEN helpline.now() ELSE p.since_at END,
            revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT counsellor_id FROM changed)
        RETURNING p.counsellor_id, p.state, p.missed_offers, ", room_columns!(), "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision, detail)
        SELECT $1, helpline.now(), 'offer_expired', contact_id, changed.counsellor_id, offer_id, revision,
            jsonb_build_object('missed_offers', missed.missed_offers, 'presence', missed.state, 'open', open)
        FROM changed JOIN missed USING (counsellor_id))
    SELECT offer_id, contact_id, counsellor_id, room_of, room_ready, room_numbers, room_idle_since, room_revision
    FROM changed LEFT JOIN missed USING (counsellor_id)"
);

/// One open offer of a counsellor who is no longer ready. `$2` restricts to one counsellor.
const WITHDRAW_ONE: &str = concat!(
    "WITH ",
    end_offer!("withdrawn", concat!("offer AS (
        SELECT offer_id, contact_id, counsellor_id, reason FROM (
            SELECT o.offer_id, o.contact_id, o.counsellor_id, coalesce(p.reason, p.state) AS reason
            FROM helpline.offers o JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = o.counsellor_id
            WHERE o.centre_id = $1 AND o.state = 'open' AND ($2::uuid IS NULL OR o.counsellor_id = $2)
              -- Who leaves the shift and stays on call leaves the offers of the shift.
              AND CASE p.state WHEN 'ready' THEN false WHEN 'on_call' THEN o.offered_at < p.since_at ELSE true END
            ORDER BY o.offered_at) gone",
        still_held!("gone"), " LIMIT 1)")),
    ", freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice')::int, held_chat = p.held_chat - (medium = 'chat')::int,
            held_message = p.held_message - (medium = 'message')::int, revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT counsellor_id FROM changed)
        RETURNING ", room_columns!(), "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision, detail)
        SELECT $1, helpline.now(), 'offer_withdrawn', contact_id, counsellor_id, offer_id, revision,
            jsonb_build_object('reason', reason, 'open', open)
        FROM changed)
    SELECT offer_id, contact_id, counsellor_id, freed.* FROM changed LEFT JOIN freed ON true"
);

/// An offer that ended in favour of the line. The contact waits again, unless somebody else's offer of it is open still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The offer.
    pub offer_id: OfferId,
    /// The contact.
    pub contact_id: ContactId,
    /// The counsellor who held it.
    pub counsellor_id: CounsellorId,
    /// How much room that counsellor has now.
    pub room: Option<Room>,
}

#[derive(FromRow)]
struct ReturnedRow {
    offer_id: Uuid,
    contact_id: Uuid,
    counsellor_id: Uuid,
    #[sqlx(flatten)]
    room: RoomRow,
}

impl TryFrom<ReturnedRow> for Returned {
    type Error = StoreError;

    fn try_from(row: ReturnedRow) -> Result<Self, StoreError> {
        Ok(Self {
            offer_id: row.offer_id.into(),
            contact_id: row.contact_id.into(),
            counsellor_id: row.counsellor_id.into(),
            room: row.room.room()?,
        })
    }
}

/// A contact accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The contact.
    pub contact: Contact,
    /// The offers of the others, who are free again.
    pub others: Vec<Ended>,
    /// How much room they have now.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
struct AcceptedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    others: Json<Vec<Ended>>,
    rooms: Json<Vec<RoomRow>>,
}

impl Store {
    /// Accepts an offer as its counsellor.
    pub async fn accept_offer(
        &self,
        command: &Command,
        offer: OfferId,
    ) -> Result<Change<Accepted>, StoreError> {
        let query = change_query::<AcceptedRow>(ACCEPT, command).bind(offer.as_uuid());
        self.change(command, query).await?.try_map(|row| {
            let contact = self.contact_from(command.centre(), row.contact)?;
            Ok(Accepted { contact, others: row.others.0, rooms: rooms(row.rooms)? })
        })
    }

    /// Declines an offer as its counsellor.
    pub async fn decline_offer(
        &self,
        command: &Command,
        offer: OfferId,
        reason: DeclineReason,
    ) -> Result<Change<Returned>, StoreError> {
        let query = change_query::<ReturnedRow>(DECLINE, command).bind(offer.as_uuid()).bind(reason.key());
        self.change(command, query).await?.try_map(Returned::try_from)
    }

    /// Ends one offer that is past its end, the oldest first; `None` when there is none.
    pub async fn expire_one_offer(
        &self,
        centre: CentreId,
        missed_limit: u32,
    ) -> Result<Option<Returned>, StoreError> {
        let query =
            sqlx::query_as::<_, ReturnedRow>(EXPIRE_ONE).bind(centre.as_uuid()).bind(i64::from(missed_limit));
        let mut connection = self.bound(centre).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        connection.settle(row)?.map(Returned::try_from).transpose()
    }

    /// Takes back one open offer of a counsellor who is not ready (any, or this one); `None` when there is none.
    pub async fn withdraw_one_offer(
        &self,
        centre: CentreId,
        counsellor: Option<CounsellorId>,
    ) -> Result<Option<Returned>, StoreError> {
        let query = sqlx::query_as::<_, ReturnedRow>(WITHDRAW_ONE)
            .bind(centre.as_uuid())
            .bind(counsellor.map(|counsellor| counsellor.as_uuid()));
        let mut connection = self.bound(centre).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        connection.settle(row)?.map(Returned::try_from).transpose()
    }
}
