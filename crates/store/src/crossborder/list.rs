//! Lists of hand-overs.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CaseId, CrossBorderId};
use helpline_domain::settings::crossborder::CrossBorder as Rules;

use super::read::{CrossBorder, CrossBorderRow, select};
use super::sees_crossborder;
use crate::crossborder::in_force;
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// One statement for each way to narrow the list, so that each has its index; whatever else is asked for narrows it further.
macro_rules! list {
    ($narrowed:literal) => {
        select!(
            sees_crossborder!("$2", "$3", "$4"),
            $narrowed,
            " AND (NOT $8 OR h.ended_at IS NULL AND ($4::uuid IS NULL OR EXISTS (
                    SELECT FROM helpline.crossborder_offers o
                    WHERE o.centre_id = $1 AND o.crossborder_id = h.crossborder_id AND o.agency_id = $4
                      AND o.state IN ('offered', 'assessing', 'accepted'))))
              AND ($9::uuid IS NULL OR h.case_id = $9 AND $4::uuid IS NULL)
              AND ($10::uuid IS NULL OR h.crossborder_id < $10)
              ORDER BY h.crossborder_id DESC LIMIT $11"
        )
    };
}

const ALL: &str = list!("");
const OPEN: &str = list!(" AND h.ended_at IS NULL");
const OF_CASE: &str = list!(" AND h.case_id = $9");
const OF_AGENCY: &str = list!(
    " AND h.crossborder_id IN (SELECT n.crossborder_id FROM helpline.crossborder_offers n WHERE n.centre_id = $1 AND n.agency_id = $4)"
);
const OF_COUNSELLOR: &str = list!(
    " AND h.case_id IN (
        SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.owner_id = $2
        UNION SELECT n.case_id FROM helpline.cases n WHERE n.centre_id = $1 AND n.transfer_to = $2
        UNION SELECT n.case_id FROM helpline.case_grants n WHERE n.centre_id = $1 AND n.counsellor_id = $2)"
);

impl Store {
    /// A page of hand-overs, newest first, without who the child is: open ones alone, or of a case alone, if asked so.
    pub async fn crossborders(
        &self,
        caller: &Caller,
        rules: &Rules,
        (open, case): (bool, Option<CaseId>),
        (size, before): (u32, Option<CrossBorderId>),
    ) -> Result<Vec<CrossBorder>, StoreError> {
        let sql = match (caller.role, case) {
            (Role::AgencyResponder, _) => OF_AGENCY,
            (_, Some(_)) => OF_CASE,
            (Role::Counsellor, None) => OF_COUNSELLOR,
            _ if open => OPEN,
            _ => ALL,
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, CrossBorderRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(rules.accepted_bases())
            .bind(rules.forbidden())
            .bind(open)
            .bind(case.map(|id| id.as_uuid()))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.crossborder_from(Some(caller), caller.centre_id, row)).collect()
    }
}
