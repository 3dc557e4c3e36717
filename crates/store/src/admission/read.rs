//! Stays as somebody may see them.

use chrono::{DateTime, Utc};
use helpline_domain::admission::{AdmissionState, ExitOutcome};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AdmissionId, CentreId, ReferralId};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Admission, sees_stay};
use crate::escalation::agency_of;
use crate::{Store, StoreError};

/// Two statements: a plan for both would walk all that is over to find one. With whom a child lives there is told to who may know of both.
macro_rules! stays {
    ($which:literal) => {
        concat!(
            "SELECT a.admission_id, a.referral_id, a.service_id, a.unit, a.state, a.planned_at, a.outcome, a.requested_at, a.admitted_at,
                a.exited_at, a.revision, (
                    SELECT a.admission_id FROM helpline.admissions a
                    WHERE a.centre_id = $1 AND a.admission_id = own.accompanies_id AND ",
            sees_stay!("$2", "$3", "$4"),
            ") AS accompanies_id, ARRAY(
                    SELECT a.admission_id FROM helpline.admissions a
                    WHERE a.centre_id = $1 AND a.accompanies_id = own.admission_id AND a.state <> 'exited' AND ",
            sees_stay!("$2", "$3", "$4"),
            " ORDER BY a.admission_id) AS accompanying, CASE a.state WHEN 'held' THEN h.expires_at END AS hold_expires_at
             FROM helpline.admissions a CROSS JOIN LATERAL (SELECT a.admission_id, a.accompanies_id) own
             LEFT JOIN helpline.holds h ON h.centre_id = $1 AND h.hold_id = a.hold_id
             WHERE a.centre_id = $1 AND ",
            $which,
            " AND ",
            sees_stay!("$2", "$3", "$4"),
            " ORDER BY a.admission_id LIMIT $6"
        )
    };
}

const ONE: &str = stays!("a.admission_id = $5");
const LIVE: &str = stays!("a.state <> 'exited' AND a.admission_id > $5");

#[derive(FromRow)]
struct AdmissionRow {
    admission_id: Uuid,
    referral_id: Uuid,
    service_id: Uuid,
    unit: String,
    state: String,
    hold_expires_at: Option<DateTime<Utc>>,
    planned_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    requested_at: DateTime<Utc>,
    admitted_at: Option<DateTime<Utc>>,
    exited_at: Option<DateTime<Utc>>,
    accompanies_id: Option<Uuid>,
    accompanying: Vec<Uuid>,
    revision: i64,
}

impl TryFrom<AdmissionRow> for Admission {
    type Error = StoreError;

    fn try_from(row: AdmissionRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "admissions", column };
        let outcome = row.outcome.map(|key| ExitOutcome::from_key(&key).ok_or(wrong("outcome")));
        Ok(Self {
            admission_id: row.admission_id.into(),
            referral_id: row.referral_id.into(),
            service_id: row.service_id.into(),
            unit: row.unit,
            state: AdmissionState::from_key(&row.state).ok_or(wrong("state"))?,
            hold_expires_at: row.hold_expires_at,
            planned_at: row.planned_at,
            outcome: outcome.transpose()?,
            requested_at: row.requested_at,
            admitted_at: row.admitted_at,
            exited_at: row.exited_at,
            accompanies: row.accompanies_id.map(AdmissionId::from),
            accompanying: row.accompanying,
            revision: row.revision,
        })
    }
}

impl Store {
    /// A stay that the caller may know of.
    pub async fn admission(&self, caller: &Caller, id: AdmissionId) -> Result<Option<Admission>, StoreError> {
        Ok(self.read_stays(caller, ONE, id.as_uuid(), 1).await?.pop())
    }

    /// A page of stays that are not over and that the caller may know of, in the order of their ids.
    pub async fn admissions(
        &self,
        caller: &Caller,
        after: Option<AdmissionId>,
        limit: u32,
    ) -> Result<Vec<Admission>, StoreError> {
        self.read_stays(caller, LIVE, after.map_or(Uuid::nil(), |id| id.as_uuid()), limit).await
    }

    async fn read_stays(
        &self,
        caller: &Caller,
        sql: &'static str,
        id: Uuid,
        limit: u32,
    ) -> Result<Vec<Admission>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, AdmissionRow>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(Admission::try_from).collect()
    }

    /// Whether a referral has a stay that is not over.
    pub async fn has_stay(&self, centre: CentreId, referral: ReferralId) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM helpline.admissions a WHERE a.centre_id = $1 AND a.referral_id = $2 AND a.state <> 'exited')",
        )
        .bind(centre.as_uuid())
        .bind(referral.as_uuid())
        .fetch_one(connection.postgres())
        .await;
        connection.settle(found)
    }
}
