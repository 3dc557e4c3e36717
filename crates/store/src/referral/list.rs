//! Lists of referrals, and what is open for somebody.

use std::collections::BTreeSet;

use helpline_domain::caller::Caller;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{CaseId, ContactId, ReferralId};
use uuid::Uuid;

use super::read::{Referral, ReferralRow, read_classes, referral_classes, select};
use super::{in_force, sees_referral};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// One statement for each way to narrow the list, so that each has its index; whatever else is asked for narrows it further.
macro_rules! list {
    ($narrowed:literal) => {
        select!(
            $narrowed,
            " AND (NOT $6 OR r.ended_at IS NULL AND ($4::uuid IS NULL OR EXISTS (
                    SELECT FROM helpline.referral_choices c
                    WHERE c.centre_id = $1 AND c.referral_id = r.referral_id AND c.agency_id = $4 AND c.state IN ('offered', 'accepted'))))
              AND (NOT $7 OR r.unmet AND $4::uuid IS NULL) AND ($8::uuid IS NULL OR r.contact_id = $8 AND $4::uuid IS NULL)
              AND ($11::uuid IS NULL OR r.case_id = $11 AND $4::uuid IS NULL)
              AND ($9::uuid IS NULL OR r.referral_id < $9)
              ORDER BY r.referral_id DESC LIMIT $10"
        )
    };
}

const LIST_ALL: &str = list!("");
const LIST_OPEN: &str = list!(" AND r.ended_at IS NULL");
const LIST_UNMET: &str = list!(" AND r.unmet");
const LIST_OF_CONTACT: &str = list!(" AND r.contact_id = $8");
const LIST_OF_CASE: &str = list!(" AND r.case_id = $11");
const LIST_OF_AGENCY: &str = list!(
    " AND r.referral_id IN (
        SELECT n.referral_id FROM helpline.referral_choices n WHERE n.centre_id = $1 AND n.agency_id = $4 AND n.offered_at IS NOT NULL)"
);

/// What is open for its reader, as little of it as tells whether it must be shown again.
const OPEN: &str = concat!(
    "SELECT r.referral_id, r.revision, ",
    referral_classes!(),
    " AS classes FROM helpline.referrals r WHERE r.centre_id = $1 AND r.ended_at IS NULL AND ($4::uuid IS NULL OR EXISTS (
        SELECT FROM helpline.referral_choices c
        WHERE c.centre_id = $1 AND c.referral_id = r.referral_id AND c.agency_id = $4 AND c.state IN ('offered', 'accepted'))) AND ",
    sees_referral!("$2", "$3", "$4"),
    " ORDER BY r.urgency DESC, r.referral_id"
);

/// Which referrals; what is false or `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferralFilter {
    /// Only those that are not over.
    pub open: bool,
    /// Only those that no choice has met.
    pub unmet: bool,
    /// That come from a contact.
    pub contact_id: Option<ContactId>,
    /// That are of a case.
    pub case_id: Option<CaseId>,
}

impl Store {
    /// A page of referrals, newest first, without what was said: the sealed columns are not even read.
    pub async fn referrals(
        &self,
        caller: &Caller,
        filter: ReferralFilter,
        (size, before): (u32, Option<ReferralId>),
    ) -> Result<Vec<Referral>, StoreError> {
        let sql = match filter {
            _ if caller.agency_id.is_some() => LIST_OF_AGENCY,
            ReferralFilter { contact_id: Some(_), .. } => LIST_OF_CONTACT,
            ReferralFilter { case_id: Some(_), .. } => LIST_OF_CASE,
            ReferralFilter { unmet: true, .. } => LIST_UNMET,
            ReferralFilter { open: true, .. } => LIST_OPEN,
            ReferralFilter { .. } => LIST_ALL,
        };
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, ReferralRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(filter.open)
            .bind(filter.unmet)
            .bind(filter.contact_id.map(|id| id.as_uuid()))
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .bind(filter.case_id.map(|id| id.as_uuid()))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.referral_from(caller, row)).collect()
    }

    /// Every referral that is open for the caller, as which revision, and what they may read of it; what hurries first.
    pub async fn open_referrals(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(ReferralId, i64, BTreeSet<FieldClass>)>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, (Uuid, i64, Option<Vec<String>>)>(OPEN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?.into_iter();
        let glimpse = |(id, revision, keys): (Uuid, i64, Option<Vec<String>>)| {
            (id.into(), revision, read_classes(&keys.unwrap_or_default()))
        };
        Ok(rows.map(glimpse).collect())
    }
}
