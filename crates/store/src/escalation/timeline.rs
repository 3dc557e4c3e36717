//! The timeline of an escalation, as far as its reader may read it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::field_class::FieldClass;
use helpline_vault::Sensitive;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::agency_of;
use super::read::Escalation;
use crate::sealing::{Column, REMARK};
use crate::{Store, StoreError};

/// An entry of a timeline.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Entry {
    pub sequence: i32,
    pub at: DateTime<Utc>,
    pub event: String,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub agency_id: Option<Uuid>,
    pub delivery_id: Option<Uuid>,
    pub detail: Option<Value>,
    pub remark: Option<Sensitive<String>>,
    pub shared: bool,
}

/// A row of one of the two timelines.
#[derive(FromRow)]
pub(crate) struct EntryRow {
    sequence: i32,
    at: DateTime<Utc>,
    event: String,
    actor_id: Option<Uuid>,
    actor_role: Option<String>,
    agency_id: Option<Uuid>,
    delivery_id: Option<Uuid>,
    detail: Option<Json<Value>>,
    remark_id: Option<Uuid>,
    remark_sealed: Option<Vec<u8>>,
    shared: bool,
}

impl Store {
    /// A part of the timeline behind a sequence, oldest first; the entry of one remark if it is named. An agency gets what
    /// is shared, and remarks only if they are its own or it may read narrative.
    pub async fn timeline(
        &self,
        caller: &Caller,
        seen: &Escalation,
        (size, after): (u32, i32),
        remark: Option<Uuid>,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EntryRow>(
            "SELECT sequence, at, event, actor_id, actor_role, agency_id, delivery_id, detail, remark_id, remark_sealed, shared
             FROM helpline.escalation_events
             WHERE centre_id = $1 AND escalation_id = $2 AND sequence > $3 AND ($4::uuid IS NULL OR shared OR agency_id = $4)
               AND ($5::uuid IS NULL OR remark_id = $5)
             ORDER BY sequence LIMIT $6",
        )
        .bind(caller.centre_id.as_uuid())
        .bind(seen.escalation_id.as_uuid())
        .bind(after)
        .bind(agency_of(caller))
        .bind(remark)
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.entry_from(caller, &seen.classes, REMARK, row)).collect()
    }

    /// An entry as far as a caller may read it who may know these classes: what others remarked is narrative.
    pub(crate) fn entry_from(
        &self,
        caller: &Caller,
        classes: &BTreeSet<FieldClass>,
        column: Column,
        row: EntryRow,
    ) -> Result<Entry, StoreError> {
        let own = caller.role != Role::AgencyResponder || row.agency_id == agency_of(caller);
        let may_read = own || classes.contains(&FieldClass::Narrative);
        let sealed = row.remark_sealed.as_deref().filter(|_| may_read);
        let place = row.remark_id.unwrap_or_default();
        Ok(Entry {
            sequence: row.sequence,
            at: row.at,
            event: row.event,
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            agency_id: row.agency_id,
            delivery_id: row.delivery_id,
            detail: row.detail.map(|detail| detail.0),
            remark: self.open_some(column, caller.centre_id, place, sealed)?,
            shared: row.shared,
        })
    }
}
