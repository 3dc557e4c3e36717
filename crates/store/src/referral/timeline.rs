//! The timeline of a referral, as far as its reader may read it.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::field_class::FieldClass;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::REMARK;
use super::read::Referral;
use crate::escalation::agency_of;
use crate::escalation::timeline::Entry;
use crate::{Store, StoreError};

#[derive(FromRow)]
struct EventRow {
    sequence: i32,
    at: DateTime<Utc>,
    event: String,
    actor_id: Option<Uuid>,
    actor_role: Option<String>,
    agency_id: Option<Uuid>,
    detail: Option<Json<Value>>,
    remark_id: Option<Uuid>,
    remark_sealed: Option<Vec<u8>>,
    shared: bool,
}

impl Store {
    /// A part of the timeline behind a sequence, oldest first; the entry of one remark if it is named. An agency gets what it did
    /// itself and, while it is asked or has the referral, what is shared; remarks of others only if it may read narrative.
    pub async fn referral_timeline(
        &self,
        caller: &Caller,
        seen: &Referral,
        (size, after): (u32, i32),
        remark: Option<Uuid>,
    ) -> Result<Vec<Entry>, StoreError> {
        let over = caller.agency_id.is_some_and(|agency| seen.over_for(agency).is_some());
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EventRow>(
            "SELECT sequence, at, event, actor_id, actor_role, agency_id, detail, remark_id, remark_sealed, shared
             FROM helpline.referral_events
             WHERE centre_id = $1 AND referral_id = $2 AND sequence > $3
               AND ($4::uuid IS NULL OR agency_id = $4 OR shared AND agency_id IS NULL AND NOT $5)
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
        rows.into_iter()
            .map(|row| {
                let own = caller.role != Role::AgencyResponder || row.agency_id == agency_of(caller);
                let may_read = own || seen.classes.contains(&FieldClass::Narrative);
                let sealed = row.remark_sealed.as_deref().filter(|_| may_read);
                let place = row.remark_id.unwrap_or_default();
                Ok(Entry {
                    sequence: row.sequence,
                    at: row.at,
                    event: row.event,
                    actor_id: row.actor_id.filter(|_| own),
                    actor_role: row.actor_role,
                    agency_id: row.agency_id,
                    delivery_id: None,
                    detail: row.detail.map(|detail| detail.0),
                    remark: self.open_some(REMARK, caller.centre_id, place, sealed)?,
                    shared: row.shared,
                })
            })
            .collect()
    }
}
