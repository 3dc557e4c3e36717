//! What becomes of an overflow by itself. Each step is one statement in one centre that compares what it changes, so any
//! number of replicas may try it, and whoever dies between two steps is followed by somebody else.

use helpline_domain::id::{CentreId, OverflowId};
use helpline_domain::overflow::OverflowState;
use uuid::Uuid;

use super::{Overflow, accept};
use crate::{Store, StoreError};

/// The receiving centre learns that it is asked.
const ASK: &str = "
    WITH changed AS (
        INSERT INTO helpline.overflows (centre_id, overflow_id, direction, partner_id, state, reason, channel, class, risk, language,
            received_at, deadline_at, requested_at, expires_at)
        VALUES ($1, $2, 'in', $3, 'requested', $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT DO NOTHING
        RETURNING *),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'overflow_requested', revision,
            jsonb_build_object('overflow', overflow_id, 'partner', partner_id, 'reason', reason)
        FROM changed)
    SELECT overflow_id FROM changed";

const ACCEPT_BY_ITSELF: &str = concat!(
    "WITH ",
    accept!("$2", "$3"),
    ", journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'overflow_accepted', revision, jsonb_build_object('overflow', overflow_id, 'partner', partner_id)
        FROM changed)
    SELECT overflow_id FROM changed"
);

/// Somebody at the receiving centre has answered: noted first there, then at the origin.
const SERVE: &str = "
    WITH changed AS (
        UPDATE helpline.overflows o SET state = 'serving', revision = o.revision + 1,
            answered_at = coalesce($3, (SELECT c.answered_at FROM helpline.contacts c
                WHERE c.centre_id = $1 AND c.contact_id = o.contact_id), helpline.now())
        WHERE o.centre_id = $1 AND o.overflow_id = $2 AND o.state = 'accepted'
        RETURNING o.*),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'overflow_serving', contact_id, revision, jsonb_build_object('overflow', overflow_id) FROM changed)
    SELECT overflow_id FROM changed";

/// The receiving centre's row ends. Its contact, if it has one, has ended by itself.
const END_RECEIVER: &str = "
    WITH changed AS (
        UPDATE helpline.overflows SET state = $3, ended_at = helpline.now(), revision = revision + 1
        WHERE centre_id = $1 AND overflow_id = $2 AND direction = 'in' AND state = $4 AND (contact_id IS NULL) = $5
        RETURNING *),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'overflow_ended', contact_id, revision, jsonb_build_object('overflow', overflow_id, 'to', state)
        FROM changed)
    SELECT overflow_id FROM changed";

/// The origin's row ends. Served, its contact ends with it; else it waits again, with the arrival and deadline it had.
const END_ORIGIN: &str = "
    WITH asked AS (
        SELECT contact_id FROM helpline.overflows
        WHERE centre_id = $1 AND overflow_id = $2 AND direction = 'out' AND state = $4),
    before AS (
        SELECT contact_id AS id FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = (SELECT contact_id FROM asked) FOR UPDATE),
    changed AS (
        UPDATE helpline.overflows o SET state = $3, ended_at = helpline.now(), revision = o.revision + 1
        FROM before WHERE o.centre_id = $1 AND o.overflow_id = $2 AND o.state = $4
        RETURNING o.*),
    contact AS (
        UPDATE helpline.contacts c SET state = CASE changed.state WHEN 'served' THEN 'passed_on' ELSE 'waiting' END,
            ended_at = CASE changed.state WHEN 'served' THEN helpline.now() END,
            answered_at = CASE changed.state WHEN 'served' THEN coalesce(c.answered_at, changed.answered_at) ELSE c.answered_at END,
            epoch = c.epoch + 1, revision = c.revision + 1
        FROM changed WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before) AND c.state = 'overflowed'
        RETURNING c.revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'overflow_ended', contact_id, (SELECT revision FROM contact),
            jsonb_build_object('overflow', overflow_id, 'partner', partner_id, 'to', state)
        FROM changed)
    SELECT overflow_id FROM changed";

impl Store {
    /// Tells the receiving centre that it is asked; whether that was news to it.
    pub async fn ask_for_overflow(
        &self,
        receiver: CentreId,
        origin: CentreId,
        asked: &Overflow,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar::<_, Uuid>(ASK)
            .bind(receiver.as_uuid())
            .bind(asked.overflow_id.as_uuid())
            .bind(origin.as_uuid())
            .bind(asked.reason.key())
            .bind(asked.channel.key())
            .bind(asked.class.number())
            .bind(asked.risk.number())
            .bind(asked.language.clone())
            .bind(asked.received_at)
            .bind(asked.deadline_at)
            .bind(asked.requested_at)
            .bind(asked.expires_at);
        let mut connection = self.bound(receiver).await?;
        let found = query.fetch_optional(connection.postgres()).await;
        Ok(connection.settle(found)?.is_some())
    }

    /// Accepts without anybody being asked, while fewer than `most` of the partner's contacts are taken on.
    pub async fn accept_overflow_by_itself(
        &self,
        receiver: CentreId,
        overflow: OverflowId,
        most: u32,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar::<_, Uuid>(ACCEPT_BY_ITSELF)
            .bind(receiver.as_uuid())
            .bind(overflow.as_uuid())
            .bind(i64::from(most));
        let mut connection = self.bound(receiver).await?;
        let found = query.fetch_optional(connection.postgres()).await;
        Ok(connection.settle(found)?.is_some())
    }

    /// Notes in one of the two centres that somebody has answered: when its own contact was, or at this time.
    pub async fn note_overflow_answered(
        &self,
        centre: CentreId,
        overflow: OverflowId,
        at: Option<chrono::DateTime<chrono::Utc>>,
    ) -> Result<bool, StoreError> {
        let query =
            sqlx::query_scalar::<_, Uuid>(SERVE).bind(centre.as_uuid()).bind(overflow.as_uuid()).bind(at);
        let mut connection = self.bound(centre).await?;
        let found = query.fetch_optional(connection.postgres()).await;
        Ok(connection.settle(found)?.is_some())
    }

    /// Ends one side, which must stand as it was `seen`; whether it did.
    pub async fn end_overflow(
        &self,
        centre: CentreId,
        seen: &Overflow,
        to: OverflowState,
    ) -> Result<bool, StoreError> {
        let mut query = sqlx::query_scalar::<_, Uuid>(if seen.out { END_ORIGIN } else { END_RECEIVER })
            .bind(centre.as_uuid())
            .bind(seen.overflow_id.as_uuid())
            .bind(to.key())
            .bind(seen.state.key());
        if !seen.out {
            query = query.bind(seen.contact_id.is_none());
        }
        let mut connection = self.bound(centre).await?;
        let found = query.fetch_optional(connection.postgres()).await;
        Ok(connection.settle(found)?.is_some())
    }

    /// How many contacts partners ask a centre to take on that nobody there has answered.
    pub async fn unanswered_overflows(&self, centre: CentreId) -> Result<i64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let count = sqlx::query_scalar(
            "SELECT count(*) FROM helpline.overflows WHERE centre_id = $1 AND direction = 'in' AND state = 'requested'",
        )
        .bind(centre.as_uuid())
        .fetch_one(connection.postgres())
        .await;
        connection.settle(count)
    }

    /// What may need a step, the oldest first: everything this centre asks, and what it is asked and has no contact of.
    /// Which overflow, and of which other centre if this one is asked.
    pub async fn open_overflows(
        &self,
        centre: CentreId,
        most: i64,
    ) -> Result<Vec<(OverflowId, bool, CentreId)>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Uuid, bool, Uuid)>(
            "SELECT overflow_id, direction = 'out', partner_id FROM helpline.overflows
             WHERE centre_id = $1 AND state IN ('requested', 'accepted', 'serving') AND (direction = 'out' OR contact_id IS NULL)
             ORDER BY requested_at LIMIT $2",
        )
        .bind(centre.as_uuid())
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        Ok(rows.into_iter().map(|(id, out, partner)| (id.into(), out, partner.into())).collect())
    }
}
