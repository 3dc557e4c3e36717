//! Pages of escalations, without what was said: the sealed columns are not even read.

use helpline_domain::caller::Caller;
use helpline_domain::id::{ContactId, EscalationId};

use super::read::{Escalation, EscalationRow, classes, select};
use super::{agency_of, sees};
use crate::{Store, StoreError};

const LIST: &str = select!(
    " AND (NOT $6 OR e.ended_at IS NULL) AND ($7::uuid IS NULL OR e.escalation_id < $7) AND ($8::uuid IS NULL OR EXISTS (
        SELECT FROM helpline.escalation_contacts x WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id AND x.contact_id = $8))
      ORDER BY e.escalation_id DESC LIMIT $9"
);

const REPORTS: &str = select!(
    " AND e.kind = 'mandatory_report' AND e.ended_at IS NULL
      AND ($6::int8 IS NULL OR (e.deadline_at, e.escalation_id) > (to_timestamp($6), $7::uuid))
      ORDER BY e.deadline_at, e.escalation_id LIMIT $8"
);

/// Which escalations; what is `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct EscalationFilter {
    /// Only those that have not ended.
    pub open: bool,
    /// That a contact has part in.
    pub contact_id: Option<ContactId>,
}

impl Store {
    /// A page of escalations, newest first.
    pub async fn escalations(
        &self,
        caller: &Caller,
        filter: EscalationFilter,
        (size, before): (u32, Option<EscalationId>),
    ) -> Result<Vec<Escalation>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EscalationRow>(LIST)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(filter.open)
            .bind(before.map(|id| id.as_uuid()))
            .bind(filter.contact_id.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.escalation_from(caller, row)).collect()
    }

    /// A page of mandatory reports that are open, the nearest deadline first: those behind a deadline and an id.
    pub async fn open_reports(
        &self,
        caller: &Caller,
        (size, after): (u32, Option<(i64, EscalationId)>),
    ) -> Result<Vec<Escalation>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, EscalationRow>(REPORTS)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(after.map(|after| after.0))
            .bind(after.map(|after| after.1.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.escalation_from(caller, row)).collect()
    }
}
