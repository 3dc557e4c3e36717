//! Whom what a child is afraid of shuts out, for whoever asks to tell them something. What they read is shut by the statements that read it.

use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, CaseId, CentreId, ContactId, PersonId, ReferralId};
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::casework::sees_case;
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
macro_rules! refused {
    () => {
            "SELECT a.id FROM unnest($2::uuid[]) AS a (id)
             WHERE helpline.gate($1, a.id, ARRAY(
                    SELECT $3::uuid UNION SELECT k.case_id FROM helpline.case_contacts k WHERE k.centre_id = $1 AND k.contact_id = $4)) = '{}'
                OR helpline.gate_of($1, a.id, $5, $6, $7) = '{}'
             LIMIT 1"
    };
}

const REFUSED: &str = refused!();

/// And whether the caller may read a case on which it stands: to nobody else it is told that there is one.
const REFUSED_TO: &str = concat!(
    "SELECT refused.id, EXISTS (
        SELECT FROM helpline.protections p JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = p.case_id
        WHERE p.centre_id = $1 AND p.lifted_at IS NULL AND p.case_id = ANY (helpline.cases_of_child($1, ARRAY(
            SELECT $3::uuid
            UNION SELECT k.case_id FROM helpline.case_contacts k WHERE k.centre_id = $1 AND k.contact_id = $4
            UNION SELECT e.case_id FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = $5
            UNION SELECT k.case_id FROM helpline.escalation_contacts x
                JOIN helpline.case_contacts k ON k.centre_id = $1 AND k.contact_id = x.contact_id
                WHERE x.centre_id = $1 AND x.escalation_id = $5
            UNION SELECT r.case_id FROM helpline.referrals r WHERE r.centre_id = $1 AND r.referral_id = $6
            UNION SELECT k.case_id FROM helpline.referrals r
                JOIN helpline.case_contacts k ON k.centre_id = $1 AND k.contact_id = r.contact_id
                WHERE r.centre_id = $1 AND r.referral_id = $6
            UNION SELECT h.case_id FROM helpline.crossborder_handovers h WHERE h.centre_id = $1 AND h.crossborder_id = $7)))
          AND ", sees_case!("$8", "$9"), ") AS told
     FROM (", refused!(), ") refused"
);

/// Whether a supervisor has asked for an override of what protects the person of a record: whoever wants the door open does not open it by
/// another way.
macro_rules! wants_it_open {
    ($principal:literal, $person:literal) => {
        concat!(
            "EXISTS (
                SELECT FROM helpline.consulate_overrides o
                JOIN helpline.protections p ON p.centre_id = $1 AND p.protection_id = ANY (o.covers) AND p.lifted_at IS NULL
                JOIN helpline.cases n ON n.centre_id = $1 AND n.case_id = p.case_id
                WHERE o.centre_id = $1 AND o.asked_by = ", $principal, "
                  AND n.person_id IN (SELECT helpline.records_of($1, ", $person, ")))"
        )
    };
}
pub(crate) use wants_it_open;

const WANTS_IT_OPEN: &str = concat!("SELECT ", wants_it_open!("$2", "$3::uuid"));

impl Store {
    /// Which of these agencies is a mission that must learn nothing of this, if one is.
    pub async fn feared_among(
        &self,
        centre: CentreId,
        agencies: &[AgencyId],
        about: About,
    ) -> Result<Option<AgencyId>, StoreError> {
        let found = self.refused::<(Uuid,)>(REFUSED, centre, (agencies, about), None).await?;
        Ok(found.map(|(agency,)| agency.into()))
    }

    /// The same for a caller who asks, and whether they may read a case because of which that is so.
    pub async fn feared_by(
        &self,
        caller: &Caller,
        agencies: &[AgencyId],
        about: About,
    ) -> Result<Option<(AgencyId, bool)>, StoreError> {
        let asked = (agencies, about);
        let found = self.refused::<(Uuid, bool)>(REFUSED_TO, caller.centre_id, asked, Some(caller)).await?;
        Ok(found.map(|(agency, told)| (agency.into(), told)))
    }

    async fn refused<Row: for<'row> FromRow<'row, PgRow> + Send + Unpin>(
        &self,
        sql: &'static str,
        centre: CentreId,
        (agencies, about): (&[AgencyId], About),
        caller: Option<&Caller>,
    ) -> Result<Option<Row>, StoreError> {
        let ids: Vec<Uuid> = agencies.iter().map(AgencyId::as_uuid).collect();
        let mut query = sqlx::query_as::<_, Row>(sql)
            .bind(centre.as_uuid())
            .bind(ids)
            .bind(about.case)
            .bind(about.contact.map(|id| id.as_uuid()))
            .bind(about.escalation)
            .bind(about.referral)
            .bind(about.crossborder);
        if let Some(caller) = caller {
            query = query.bind(caller.principal()).bind(caller.role.key());
        }
        let mut connection = self.bound(centre).await?;
        let found = query.fetch_optional(connection.postgres()).await;
        connection.settle(found)
    }

    /// Whether the caller has asked for an override of what protects somebody.
    pub async fn wants_it_open(&self, caller: &Caller, person: PersonId) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, bool>(WANTS_IT_OPEN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(person.as_uuid())
            .fetch_one(connection.postgres())
            .await;
        connection.settle(found)
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
