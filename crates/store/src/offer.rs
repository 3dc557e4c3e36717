//! Offers, as they stand. How they end is in [`ending`]; how they are made, in [`crate::offering`] and,
//! when a person chooses, in [`named`].

mod ending;
mod named;
mod pulled;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::offer::OfferState;
use helpline_domain::risk::{Class, Risk};
use serde::Deserialize;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

pub use ending::{Accepted, Returned};
pub use named::Moved;

use crate::contact::inconsistent;
use crate::{Store, StoreError};

/// An offer, with what the counsellor is shown of the contact. Nothing in it is personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct OfferView {
    pub offer_id: OfferId,
    pub contact_id: ContactId,
    pub counsellor_id: CounsellorId,
    pub state: OfferState,
    /// Why it ended so, as a stable key.
    pub reason: Option<String>,
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
    reason: Option<String>,
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
            reason: row.reason,
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
        "o.offer_id, o.contact_id, o.counsellor_id, o.state, o.reason, c.channel, c.class, c.risk, c.queue, c.language, c.received_at, \
         o.offered_at, o.expires_at, o.explanation"
    };
}
use offer_columns;

/// Another offer of a contact that ended with a change: of who did not answer first, or of everybody when the contact is
/// taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Ended {
    /// The offer.
    pub offer_id: OfferId,
    /// The counsellor who held it.
    pub counsellor_id: CounsellorId,
}

/// The offers that the CTE `ended` ended, as one column.
macro_rules! ended_column {
    () => {
        "(SELECT coalesce(jsonb_agg(jsonb_build_object('offer_id', ended_offer, 'counsellor_id', ended_of)), '[]') FROM ended) AS ended"
    };
}
pub(crate) use ended_column;

/// Whether the statement sees the offers of the contact it has locked. Offers committed while the statement waited for
/// the lock are in the contact's row, which is read again, but not among the offers, which are not: the statement would
/// leave them open. It changes nothing then, and is run again.
macro_rules! offer_is_seen {
    () => {
        "(old_offer IS NULL OR EXISTS (SELECT FROM helpline.offers o WHERE o.centre_id = $1 AND o.offer_id = old_offer))"
    };
}
pub(crate) use offer_is_seen;

/// Withdraws every open offer of the contact that the CTE `$of` names: a CTE `ended`, and a journal entry of each, by which
/// its counsellor's stream learns of it. Actor and revision stand in the entry of the change itself.
macro_rules! withdraw_open {
    ($of:literal, $reason:literal) => {
        concat!(
            "ended AS (
                UPDATE helpline.offers o SET state = 'withdrawn', reason = '", $reason, "', ended_at = helpline.now()
                FROM ", $of, " WHERE o.centre_id = $1 AND o.contact_id = (SELECT contact_id FROM ", $of, ") AND o.state = 'open'
                RETURNING o.contact_id AS ended_contact, o.offer_id AS ended_offer, o.counsellor_id AS ended_of),
            ended_journalled AS (
                INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id, detail)
                SELECT $1, helpline.now(), 'offer_withdrawn', ended_contact, ended_of, ended_offer,
                    jsonb_build_object('reason', '", $reason, "') FROM ended)"
        )
    };
}
pub(crate) use withdraw_open;

/// Lets every open offer of the contact `$7` that is in `changed` ring for so many seconds from now at most (null: as long
/// as before): a CTE `shortened` with at whom it rings, and a journal entry of each, by which its counsellor's stream
/// shows it anew.
macro_rules! shorten_open {
    ($seconds:literal) => {
        concat!(
            "shortened AS (
                UPDATE helpline.offers o SET expires_at = least(o.expires_at, helpline.now() + make_interval(secs => ", $seconds, "))
                FROM changed WHERE o.centre_id = $1 AND o.contact_id = $7 AND o.state = 'open'
                RETURNING o.offer_id AS shown_offer, o.counsellor_id AS shown_to),
            shown AS (
                INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id)
                SELECT $1, helpline.now(), 'offer_reassessed', contact_id, shown_to, shown_offer FROM changed CROSS JOIN shortened)"
        )
    };
}
pub(crate) use shorten_open;

impl Store {
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
