//! The floor for a wallboard: who does what, how the last day went, how well each class was served.

use chrono::{DateTime, Utc};
use helpline_domain::id::CentreId;
use sqlx::FromRow;

use crate::presence::{Presence, PresenceRow, presence_columns};
use crate::{Store, StoreError};

/// Everybody on shift, and who went home with something in hand.
const PEOPLE: &str = concat!(
    "SELECT ",
    presence_columns!("presences"),
    " FROM helpline.presences
     WHERE centre_id = $1 AND (state <> 'offline' OR held_voice + held_chat + held_message > 0) ORDER BY counsellor_id"
);

/// Contacts of the last 24 hours by quarter of an hour of their arrival, queue and class. Contacts recorded afterwards and
/// those of blocked senders are not among them. Only rows of the day are read: the index keeps the range of arrivals of each block.
const HISTORY: &str = "
    SELECT date_bin('15 minutes', received_at, timestamptz '2000-01-01 00:00:00+00') AS slot_at, queue, class,
        count(*) AS received, count(answered_at) AS answered,
        count(*) FILTER (WHERE answered_at <= deadline_at) AS answered_in_target,
        count(*) FILTER (WHERE state IN ('abandoned', 'lost') AND answered_at IS NULL) AS abandoned,
        count(*) FILTER (WHERE state = 'short_abandoned' AND answered_at IS NULL) AS short_abandoned,
        (extract(epoch FROM max(coalesce(answered_at, ended_at, (SELECT helpline.now())) - received_at)) * 1000)::int8 AS longest_wait_ms
    FROM helpline.contacts
    WHERE centre_id = $1 AND brought_by IS NOT NULL AND state <> 'blocked'
      AND received_at >= date_bin('15 minutes', (SELECT helpline.now()) - interval '24 hours', timestamptz '2000-01-01 00:00:00+00')
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

const SAMPLES: &str = "
    SELECT slot_at, samples, on_shift, free, kept_free FROM helpline.floor_samples
    WHERE centre_id = $1 AND slot_at >= date_bin('15 minutes', (SELECT helpline.now()) - interval '24 hours', timestamptz '2000-01-01 00:00:00+00')
    ORDER BY slot_at";

const SAMPLE: &str = "
    INSERT INTO helpline.floor_samples AS s (centre_id, slot_at, samples, on_shift, free, kept_free)
    VALUES ($1, date_bin('15 minutes', helpline.now(), timestamptz '2000-01-01 00:00:00+00'), 1, $2, $3, $4)
    ON CONFLICT (centre_id, slot_at) DO UPDATE SET samples = s.samples + 1, on_shift = s.on_shift + excluded.on_shift,
        free = s.free + excluded.free, kept_free = s.kept_free + excluded.kept_free";

/// How well the contacts of the last 24 hours were served: each class, each class of each queue, and each cell of queue,
/// class, channel and language. Giving a contact back is remembered as an offer and is none.
const SERVICE: &str = "
    WITH offered AS (
        SELECT contact_id, min(offered_at) AS first_at, count(DISTINCT group_id) AS offers, count(*) FILTER (WHERE state = 'expired') AS missed
        FROM helpline.offers
        WHERE centre_id = $1 AND offered_at > (SELECT helpline.now()) - interval '24 hours' AND reason IS DISTINCT FROM 'transferred'
            AND ended_at IS DISTINCT FROM offered_at
        GROUP BY contact_id),
    asked AS (
        SELECT c.queue, c.class, c.channel, coalesce(c.language, '') AS language, c.answered_at, c.state, offers, missed,
            c.answered_at <= c.deadline_at AS in_target,
            extract(epoch FROM c.answered_at - c.received_at) * 1000 AS wait_ms,
            extract(epoch FROM first_at - c.received_at) * 1000 AS first_offer_ms,
            coalesce(c.answered_at, c.ended_at, (SELECT helpline.now())) > greatest(c.received_at + make_interval(secs => $2), c.deadline_at) AS beyond_cap
        FROM helpline.contacts c LEFT JOIN offered USING (contact_id)
        WHERE c.centre_id = $1 AND c.brought_by IS NOT NULL AND c.state <> 'blocked' AND c.received_at > (SELECT helpline.now()) - interval '24 hours')
    SELECT queue, class, channel, language, count(*) AS received, count(answered_at) AS answered,
        count(*) FILTER (WHERE in_target) AS answered_in_target,
        count(*) FILTER (WHERE state IN ('abandoned', 'lost') AND answered_at IS NULL) AS abandoned,
        count(*) FILTER (WHERE state = 'short_abandoned' AND answered_at IS NULL) AS short_abandoned,
        coalesce(sum(offers), 0)::int8 AS offers, coalesce(sum(missed), 0)::int8 AS missed_offers,
        count(*) FILTER (WHERE beyond_cap) AS cap_breaches,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY wait_ms)::int8[] AS wait_ms,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_offer_ms)::int8[] AS first_offer_ms
    FROM asked GROUP BY GROUPING SETS ((class), (queue, class), (queue, class, channel, language))
    ORDER BY class, queue NULLS FIRST, channel NULLS FIRST, language";

/// One class of one queue in one quarter of an hour.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct SlotRow {
    pub slot_at: DateTime<Utc>,
    pub queue: String,
    pub class: i16,
    pub received: i64,
    pub answered: i64,
    pub answered_in_target: i64,
    pub abandoned: i64,
    pub short_abandoned: i64,
    pub longest_wait_ms: i64,
}

/// Sums of looks at the floor within one quarter of an hour.
#[derive(Clone, Copy, Debug, Default, FromRow)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct SampleRow {
    pub slot_at: DateTime<Utc>,
    pub samples: i32,
    pub on_shift: i64,
    pub free: i64,
    pub kept_free: i64,
}

/// How well some contacts of the last 24 hours were served; a part that is `None` is every one.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct ServiceRow {
    pub queue: Option<String>,
    pub class: i16,
    pub channel: Option<String>,
    pub language: Option<String>,
    pub received: i64,
    pub answered: i64,
    pub answered_in_target: i64,
    pub abandoned: i64,
    pub short_abandoned: i64,
    pub offers: i64,
    pub missed_offers: i64,
    pub cap_breaches: i64,
    /// Median and 95th percentile; `None` when nobody was answered.
    pub wait_ms: Option<Vec<i64>>,
    pub first_offer_ms: Option<Vec<i64>>,
}

impl Store {
    /// Presences of everybody on shift or with something in hand.
    pub async fn people(&self, centre: CentreId) -> Result<Vec<Presence>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, PresenceRow>(PEOPLE)
            .bind(centre.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(Presence::try_from).collect()
    }

    /// The last 24 hours by quarters of an hour, the running one included.
    pub async fn history(&self, centre: CentreId) -> Result<Vec<SlotRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as(HISTORY).bind(centre.as_uuid()).fetch_all(connection.postgres()).await;
        connection.settle(rows)
    }

    /// Looks at the floor in the last 24 hours.
    pub async fn floor_samples(&self, centre: CentreId) -> Result<Vec<SampleRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as(SAMPLES).bind(centre.as_uuid()).fetch_all(connection.postgres()).await;
        connection.settle(rows)
    }

    /// Adds a look at the floor: how many are on shift, how many of them free, how many of those kept free.
    pub async fn sample_floor(
        &self,
        centre: CentreId,
        (on_shift, free, kept_free): (i64, i64, i64),
    ) -> Result<(), StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(SAMPLE)
            .bind(centre.as_uuid())
            .bind(on_shift)
            .bind(free)
            .bind(kept_free)
            .execute(connection.postgres())
            .await;
        connection.settle(done).map(drop)
    }

    /// How well the contacts of the last 24 hours were served, `cap_s` being the cap.
    pub async fn service(&self, centre: CentreId, cap_s: u32) -> Result<Vec<ServiceRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as(SERVICE)
            .bind(centre.as_uuid())
            .bind(f64::from(cap_s))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)
    }
}
