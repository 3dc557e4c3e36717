//! The timeline of a referral, as far as its reader may read it.

use helpline_domain::caller::{Caller, Role};
use uuid::Uuid;

use super::REMARK;
use super::read::Referral;
use crate::escalation::agency_of;
use crate::escalation::timeline::{Entry, EntryRow};
use crate::{Store, StoreError};

impl Store {
    /// A part of the timeline behind a sequence, oldest first; the entry of one remark if it is named. An agency gets what it did
    /// itself and, while it is asked or has the referral, what is shared from then on; remarks of others only if it may read
    /// narrative. Whether others are asked or nobody is left is not its affair.
    pub async fn referral_timeline(
        &self,
        caller: &Caller,
        seen: &Referral,
        (size, after): (u32, i32),
        remark: Option<Uuid>,
    ) -> Result<Vec<Entry>, StoreError> {
        let over = caller.agency_id.is_some_and(|agency| seen.over_for(agency).is_some());
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EntryRow>(
            "SELECT sequence, at, event, actor_id, actor_role, agency_id, NULL::uuid AS delivery_id, remark_id, remark_sealed, shared,
                 CASE WHEN $4 IS NULL THEN detail ELSE nullif(detail - '{state,unmet}'::text[], '{}') END AS detail
             FROM helpline.referral_events
             WHERE centre_id = $1 AND referral_id = $2 AND sequence > $3
               AND ($4::uuid IS NULL OR agency_id = $4 OR shared AND agency_id IS NULL AND NOT $5 AND at >= (
                   SELECT min(c.offered_at) FROM helpline.referral_choices c
                   WHERE c.centre_id = $1 AND c.referral_id = $2 AND c.agency_id = $4))
               AND ($6::uuid IS NULL OR remark_id = $6)
             ORDER BY sequence LIMIT $7",
        )
        .bind(caller.centre_id.as_uuid())
        .bind(seen.referral_id.as_uuid())
        .bind(after)
        .bind(agency_of(caller))
        .bind(over)
        .bind(remark)
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        let inside = caller.role != Role::AgencyResponder;
        let read = |row: EntryRow| {
            let entry = self.entry_from(caller, &seen.classes, REMARK, row)?;
            let own = inside || entry.agency_id == agency_of(caller);
            Ok(Entry { actor_id: entry.actor_id.filter(|_| own), ..entry })
        };
        rows.into_iter().map(read).collect()
    }
}
