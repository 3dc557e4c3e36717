//! The ends of an offer: accepted, declined, expired, withdrawn. Exactly one wins.

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::offer::{DeclineReason, OfferState};
use helpline_domain::risk::{Class, Risk};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns, inconsistent};
use crate::presence::{Room, RoomRow, room_columns};
use crate::{Store, StoreError};

/// An offer, with what the counsellor is shown of the contact. Nothing in it is personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct OfferView {
    pub offer_id: OfferId,
    pub contact_id: ContactId,
    pub counsellor_id: CounsellorId,
    pub state: OfferState,
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

impl TryFrom<OfferRow> for OfferView {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        Ok(Self {
            offer_id: row.offer_id.into(),
            contact_id: row.contact_id.into(),
            counsellor_id: row.counsellor_id.into(),
            state: OfferState::from_key(&row.state)
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

/// The columns of an offer joined with its contact, for [`OfferView`].
macro_rules! offer_columns {
    () => {
        "o.offer_id, o.contact_id, o.counsellor_id, o.state, c.channel, c.class, c.risk, c.queue, c.language, c.received_at, \
         o.offered_at, o.expires_at, o.explanation"
    };
}

const ACCEPT: &str = change!(
    event: "offer_accepted", resource: "contact_id", about: ("contact_id", "counsellor_id", "$7"), detail: "NULL::jsonb",
    with: "offer AS (
        SELECT contact_id AS id FROM helpline.offers
        WHERE centre_id = $1 AND offer_id = $7 AND counsellor_id = $2 AND expires_at > helpline.now()),
    changed AS (
        UPDATE helpline.contacts c SET state = 'in_progress', counsellor_id = c.holder_id, offer_id = NULL,
            answered_at = coalesce(c.answered_at, helpline.now()), resumed = false, lost_at = NULL,
            preferred_counsellor_id = NULL, preferred_until = NULL, epoch = c.epoch + 1, revision = c.revision + 1
        FROM offer WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM offer) AND c.offer_id = $7 AND c.state = 'offered'
        RETURNING c.*),
    ended AS (
        UPDATE helpline.offers o SET state = 'accepted', ended_at = helpline.now()
        FROM changed WHERE o.centre_id = $1 AND o.offer_id = $7),
    presence AS (
        UPDATE helpline.presences p SET missed_offers = 0, revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = $2 AND p.missed_offers <> 0)";
    returning: contact_columns!(),
);

/// Ends one open offer in favour of the line: the contact waits again at its place, the capacity is free again.
macro_rules! end_offer {
    ($state:literal, $from:literal) => {
        concat!(
            $from,
            ", contact AS (
                UPDATE helpline.contacts c SET state = 'waiting', holder_id = NULL, offer_id = NULL, revision = c.revision + 1
                FROM offer WHERE c.centre_id = $1 AND c.contact_id = (SELECT contact_id FROM offer) AND c.offer_id = offer.offer_id
                  AND c.state = 'offered'
                RETURNING c.contact_id, c.medium, c.revision, offer.offer_id, offer.counsellor_id, offer.reason),
            changed AS (
                UPDATE helpline.offers o SET state = '", $state, "', reason = contact.reason, ended_at = helpline.now()
                FROM contact WHERE o.centre_id = $1 AND o.offer_id = (SELECT offer_id FROM contact)
                RETURNING contact.*)"
        )
    };
}

const DECLINE: &str = change!(
    event: "offer_declined", resource: "offer_id", about: ("contact_id", "counsellor_id", "offer_id"),
    detail: "jsonb_build_object('reason', reason)",
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

/// One offer past its end. `$3` missed offers in a row set the counsellor not ready.
const EXPIRE_ONE: &str = concat!(
    "WITH ",
    end_offer!("expired", "offer AS (
        SELECT o.offer_id, o.contact_id, o.counsellor_id, 'no_answer' AS reason FROM helpline.offers o
        JOIN helpline.contacts held ON held.centre_id = $1 AND held.contact_id = o.contact_id AND held.offer_id = o.offer_id
        WHERE o.centre_id = $1 AND o.state = 'open' AND o.expires_at <= helpline.now()
        ORDER BY o.expires_at LIMIT 1 FOR UPDATE OF held SKIP LOCKED)"),
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
            jsonb_build_object('missed_offers', missed.missed_offers, 'presence', missed.state)
        FROM changed JOIN missed USING (counsellor_id))
    SELECT offer_id, contact_id, counsellor_id, room_of, room_ready, room_numbers, room_idle_since, room_revision
    FROM changed LEFT JOIN missed USING (counsellor_id)"
);

/// One open offer of a counsellor who is no longer ready. `$2` restricts to one counsellor.
const WITHDRAW_ONE: &str = concat!(
    "WITH ",
    end_offer!("withdrawn", "offer AS (
        SELECT o.offer_id, o.contact_id, o.counsellor_id, coalesce(p.reason, p.state) AS reason FROM helpline.offers o
        JOIN helpline.contacts held ON held.centre_id = $1 AND held.contact_id = o.contact_id AND held.offer_id = o.offer_id
        JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = o.counsellor_id
        WHERE o.centre_id = $1 AND o.state = 'open' AND ($2::uuid IS NULL OR o.counsellor_id = $2)
          -- Who leaves the shift and stays on call leaves the offers of the shift.
          AND CASE p.state WHEN 'ready' THEN false WHEN 'on_call' THEN o.offered_at < p.since_at ELSE true END
        LIMIT 1 FOR UPDATE OF held SKIP LOCKED)"),
    ", freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice')::int, held_chat = p.held_chat - (medium = 'chat')::int,
            held_message = p.held_message - (medium = 'message')::int, revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT counsellor_id FROM changed)
        RETURNING ", room_columns!(), "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, revision, detail)
        SELECT $1, helpline.now(), 'offer_withdrawn', contact_id, counsellor_id, offer_id, revision,
            jsonb_build_object('reason', reason)
        FROM changed)
    SELECT offer_id, contact_id, counsellor_id, freed.* FROM changed LEFT JOIN freed ON true"
);

/// An offer that ended in favour of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The offer.
    pub offer_id: OfferId,
    /// The contact, waiting again.
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

impl Store {
    /// Accepts an offer as its counsellor.
    pub async fn accept_offer(
        &self,
        command: &Command,
        offer: OfferId,
    ) -> Result<Change<Contact>, StoreError> {
        let query = change_query::<ContactRow>(ACCEPT, command).bind(offer.as_uuid());
        self.change(command, query).await?.try_map(|row| self.contact_from(command.centre(), row))
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

    /// One offer.
    pub async fn offer(&self, centre: CentreId, offer: OfferId) -> Result<Option<OfferView>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, OfferRow>(concat!(
            "SELECT ",
            offer_columns!(),
            " FROM helpline.offers o JOIN helpline.contacts c USING (centre_id, contact_id)
             WHERE o.centre_id = $1 AND o.offer_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(offer.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(OfferView::try_from).transpose()
    }

    /// A counsellor's open offers.
    pub async fn open_offers(
        &self,
        centre: CentreId,
        counsellor: CounsellorId,
    ) -> Result<Vec<OfferView>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, OfferRow>(concat!(
            "SELECT ",
            offer_columns!(),
            " FROM helpline.offers o JOIN helpline.contacts c USING (centre_id, contact_id)
             WHERE o.centre_id = $1 AND o.counsellor_id = $2 AND o.state = 'open' ORDER BY o.offered_at"
        ))
        .bind(centre.as_uuid())
        .bind(counsellor.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(OfferView::try_from).collect()
    }

    /// Whether an offer is one of the counsellor's, and how it stands; `None` when it is somebody else's or nobody's.
    pub async fn offer_state(
        &self,
        centre: CentreId,
        counsellor: CounsellorId,
        offer: OfferId,
    ) -> Result<Option<OfferState>, StoreError> {
        Ok(self
            .offer(centre, offer)
            .await?
            .filter(|offer| offer.counsellor_id == counsellor)
            .map(|offer| offer.state))
    }
}
