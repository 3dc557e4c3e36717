//! Whom what a child is afraid of shuts out, for whoever asks to tell them something. What they read is shut by the statements that read it.

use helpline_domain::id::{AgencyId, CaseId, CentreId, ContactId, ReferralId};
use uuid::Uuid;

use crate::{Store, StoreError};

/// What something is about that an agency may be asked to learn of.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// A case.
    pub case: Option<Uuid>,
    /// A contact.
    pub contact: Option<ContactId>,
    /// An escalation.
    pub escalation: Option<Uuid>,
    /// A referral.
    pub referral: Option<Uuid>,
    /// A hand-over across a border.
    pub crossborder: Option<Uuid>,
}

/// Which of these agencies would learn nothing of what something is about.
const REFUSED: &str = "
    SELECT a.id FROM unnest($2::uuid[]) AS a (id)
    WHERE helpline.gate($1, a.id, ARRAY(
            SELECT $3::uuid UNION SELECT k.case_id FROM helpline.case_contacts k WHERE k.centre_id = $1 AND k.contact_id = $4)) = '{}'
       OR helpline.gate_of($1, a.id, $5, $6, $7) = '{}'
    LIMIT 1";

impl Store {
    /// Which of these agencies is a mission that must learn nothing of this, if one is.
    pub async fn feared_among(
        &self,
        centre: CentreId,
        agencies: &[AgencyId],
        about: About,
    ) -> Result<Option<AgencyId>, StoreError> {
        let ids: Vec<Uuid> = agencies.iter().map(AgencyId::as_uuid).collect();
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Uuid>(REFUSED)
            .bind(centre.as_uuid())
            .bind(ids)
            .bind(about.case)
            .bind(about.contact.map(|id| id.as_uuid()))
            .bind(about.escalation)
            .bind(about.referral)
            .bind(about.crossborder)
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.map(AgencyId::from))
    }

    /// The agency that has a referral of a case.
    pub async fn agency_of_referral(
        &self,
        centre: CentreId,
        (case, referral): (CaseId, ReferralId),
    ) -> Result<Option<AgencyId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, Option<Uuid>>(
            "SELECT agency_id FROM helpline.referrals WHERE centre_id = $1 AND referral_id = $2 AND case_id = $3",
        )
        .bind(centre.as_uuid())
        .bind(referral.as_uuid())
        .bind(case.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(found)?.flatten().map(AgencyId::from))
    }

    /// Whether the child of a case is protected from a country.
    pub async fn is_feared(&self, centre: CentreId, case: CaseId, country: &str) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, bool>("SELECT helpline.is_feared($1, ARRAY[$2::uuid], $3)")
            .bind(centre.as_uuid())
            .bind(case.as_uuid())
            .bind(country.to_owned())
            .fetch_one(connection.postgres())
            .await;
        connection.settle(found)
    }
}
