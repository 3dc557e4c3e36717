//! What was seen lately of those who come, of offers and of the line: what a forecast begins with.

use helpline_domain::id::CentreId;
use sqlx::FromRow;

use crate::{Store, StoreError};

/// Contacts taken in lately. Time of handling is until sign-off. The mean patience follows from all the time that people
/// waited and how many left meanwhile.
const ARRIVALS: &str = "
    SELECT class, medium, language, count(*) AS arrived,
        (avg(extract(epoch FROM ended_at - answered_at)) FILTER (WHERE state = 'closed' AND answered_at IS NOT NULL))::float8 AS handle_s,
        sum(extract(epoch FROM coalesce(answered_at, ended_at, (SELECT helpline.now())) - received_at))::float8 AS waited_s,
        count(*) FILTER (WHERE state IN ('abandoned', 'short_abandoned') AND answered_at IS NULL) AS gave_up
    FROM helpline.contacts
    WHERE centre_id = $1 AND brought_by IS NOT NULL AND state <> 'blocked' AND received_at > (SELECT helpline.now()) - make_interval(secs => $2)
    GROUP BY class, medium, language ORDER BY class, medium, language";

const OFFERS: &str = "
    SELECT (avg(extract(epoch FROM ended_at - offered_at)) FILTER (WHERE state = 'accepted'))::float8 AS accept_s,
        count(*) FILTER (WHERE state = 'expired') AS missed, count(*) FILTER (WHERE state IN ('accepted', 'declined', 'expired')) AS answered
    FROM helpline.offers
    WHERE centre_id = $1 AND offered_at > (SELECT helpline.now()) - make_interval(secs => $2)";

const WAITING: &str = "
    SELECT class, medium, language, extract(epoch FROM (SELECT helpline.now()) - received_at)::float8 AS waited_s
    FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting' ORDER BY class, signature, deadline_at LIMIT $2";

/// Contacts of one kind that came lately.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "each field is described in the statement")]
pub struct ArrivalsRow {
    pub class: i16,
    pub medium: String,
    pub language: Option<String>,
    pub arrived: i64,
    pub handle_s: Option<f64>,
    pub waited_s: f64,
    pub gave_up: i64,
}

/// How offers ended lately.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct OffersRow {
    /// Mean time until one was accepted.
    pub accept_s: Option<f64>,
    /// How many were missed.
    pub missed: i64,
    /// How many ended by the counsellor's doing or not doing.
    pub answered: i64,
}

/// A contact that waits now.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct WaitingRow {
    pub class: i16,
    pub medium: String,
    pub language: Option<String>,
    pub waited_s: f64,
}

impl Store {
    /// Contacts taken in within the last `seconds`, by class, medium and language.
    pub async fn lately_arrived(
        &self,
        centre: CentreId,
        seconds: u32,
    ) -> Result<Vec<ArrivalsRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as(ARRIVALS)
            .bind(centre.as_uuid())
            .bind(f64::from(seconds))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)
    }

    /// Offers made within the last `seconds`.
    pub async fn lately_offered(&self, centre: CentreId, seconds: u32) -> Result<OffersRow, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as(OFFERS)
            .bind(centre.as_uuid())
            .bind(f64::from(seconds))
            .fetch_one(connection.postgres())
            .await;
        connection.settle(row)
    }

    /// Who waits now, at most so many.
    pub async fn waiting_now(&self, centre: CentreId, most: u32) -> Result<Vec<WaitingRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as(WAITING)
            .bind(centre.as_uuid())
            .bind(i64::from(most))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)
    }
}
