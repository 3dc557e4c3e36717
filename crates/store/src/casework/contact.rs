//! Contacts of cases: whether one can be parted from its case.

use helpline_domain::id::{CaseId, CentreId, ContactId};

use crate::{Store, StoreError};

/// Whether a contact cannot be unlinked from a case, also by its owner alone. While the child is afraid of a country, it may be the link
/// alone that keeps from a mission what comes, or came, from the contact, whatever case is named.
macro_rules! in_use {
    ($case:literal, $contact:literal, $owner:literal) => {
        concat!(
            "(SELECT (", $owner, ") AND afraid OR EXISTS (
                SELECT FROM helpline.referrals r WHERE r.centre_id = $1 AND r.contact_id = ", $contact, "
                  AND (r.ended_at IS NULL AND (r.case_id = ", $case, " OR (", $owner, ") AND r.case_id IS NULL)
                    OR afraid AND r.case_id IS DISTINCT FROM ", $case, "))
              OR EXISTS (
                SELECT FROM helpline.escalations e
                JOIN helpline.escalation_contacts x ON x.centre_id = $1 AND x.escalation_id = e.escalation_id AND x.contact_id = ", $contact, "
                WHERE e.centre_id = $1 AND (e.ended_at IS NULL AND (e.case_id = ", $case, " OR (", $owner, ") AND e.case_id IS NULL)
                    OR afraid AND e.case_id IS DISTINCT FROM ", $case, "))
             FROM helpline.is_feared($1, ARRAY[", $case, "], NULL) AS child (afraid))"
        )
    };
}
pub(super) use in_use;

const IN_USE: &str = concat!("SELECT ", in_use!("$2::uuid", "$3::uuid", "$4::boolean"));

impl Store {
    /// Whether a contact is kept by what comes from it for a case, or if `any` for none, or by what its child is afraid of.
    pub async fn contact_in_use(
        &self,
        centre: CentreId,
        case: CaseId,
        (contact, any): (ContactId, bool),
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, bool>(IN_USE)
            .bind(centre.as_uuid())
            .bind(case.as_uuid())
            .bind(contact.as_uuid())
            .bind(any)
            .fetch_one(connection.postgres())
            .await;
        connection.settle(found)
    }
}
