//! The timeline of a hand-over, as far as its reader may read it; and which hand-overs are due.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, CrossBorderId};
use uuid::Uuid;

use super::REMARK;
use super::read::CrossBorder;
use crate::disclosure::not_feared;
use crate::escalation::agency_of;
use crate::escalation::timeline::{Entry, EntryRow};
use crate::{Store, StoreError};

impl Store {
    /// A part of the timeline behind a sequence, oldest first. An agency gets what it did itself and, while it is asked or has accepted,
    /// what is shared from then on; remarks of others only if it may read narrative, and no decision by the rules.
    pub async fn crossborder_timeline(
        &self,
        caller: &Caller,
        seen: &CrossBorder,
        (size, after): (u32, i32),
    ) -> Result<Vec<Entry>, StoreError> {
        let over = caller.agency_id.is_some_and(|agency| seen.over_for(agency).is_some());
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EntryRow>(
            "SELECT sequence, at, event, CASE WHEN $4::uuid IS NULL OR agency_id = $4 THEN actor_id END AS actor_id, actor_role, agency_id,
                 NULL::uuid AS delivery_id, entry_id AS remark_id, remark_sealed, shared,
                 CASE WHEN $4 IS NULL THEN detail ELSE detail - 'decision' END AS detail
             FROM helpline.crossborder_events
             WHERE centre_id = $1 AND crossborder_id = $2 AND sequence > $3
               AND ($4 IS NULL OR agency_id = $4 OR shared AND agency_id IS NULL AND NOT $5 AND at >= (
                   SELECT min(o.offered_at) FROM helpline.crossborder_offers o
                   WHERE o.centre_id = $1 AND o.crossborder_id = $2 AND o.agency_id = $4))
             ORDER BY sequence LIMIT $6",
        )
        .bind(caller.centre_id.as_uuid())
        .bind(seen.crossborder_id.as_uuid())
        .bind(after)
        .bind(agency_of(caller))
        .bind(over)
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        let rows: Vec<EntryRow> = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.entry_from(caller, &seen.classes, REMARK, row)).collect()
    }

    /// Hand-overs whose step is overdue and that have not alarmed, or that were to travel, and those that a mission is asked of which the
    /// child is afraid: those on the way first, then the longest.
    pub async fn crossborders_due(
        &self,
        centre: CentreId,
        most: i64,
    ) -> Result<Vec<CrossBorderId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(
            concat!(
                "SELECT crossborder_id FROM (
                    SELECT h.crossborder_id, h.state, h.due_at FROM helpline.crossborder_handovers h
                    WHERE h.centre_id = $1 AND (h.alarms = 0 OR h.state = 'travel_planned') AND h.due_at <= (SELECT helpline.now())
                    UNION
                    SELECT h.crossborder_id, h.state, h.due_at FROM helpline.crossborder_handovers h
                    WHERE h.centre_id = $1 AND h.ended_at IS NULL AND h.state IN ('offered', 'receiving_assessment') AND EXISTS (
                        SELECT FROM helpline.crossborder_offers o
                        WHERE o.centre_id = $1 AND o.crossborder_id = h.crossborder_id AND o.state IN ('offered', 'assessing') AND NOT ",
                not_feared!("o.agency_id", "NULL", "NULL", "h.crossborder_id"),
                ")) h
                 ORDER BY state NOT IN ('travel_planned', 'departed'), due_at LIMIT $2"
            ),
        )
        .bind(centre.as_uuid())
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(found)?.into_iter().map(Into::into).collect())
    }
}
