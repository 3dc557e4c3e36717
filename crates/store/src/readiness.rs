//! What a centre has laid down for emergencies, as the doctor asks for it.

use std::collections::BTreeMap;

use helpline_domain::escalation::check::Known;
use helpline_domain::escalation::on_call::StandIn;
use helpline_domain::id::{AgencyId, CentreId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::escalation_plan::VersionedPlan;
use crate::{Store, StoreError};

/// By which ways an agency can be told, and whether anybody of it can answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ways {
    /// Its name.
    pub display_name: String,
    /// Tokens of responders in force.
    pub responders: i64,
    /// Webhooks in use.
    pub webhooks: i64,
    /// E-mail addresses in use.
    pub emails: i64,
    /// Telephone numbers for SMS in use.
    pub numbers: i64,
}

/// What a centre has laid down.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// Name of the centre.
    pub name: String,
    /// Its plan in force.
    pub plan: VersionedPlan,
    /// Whom a plan of it may name.
    pub known: Known,
    /// Its agencies that are not disabled.
    pub agencies: BTreeMap<AgencyId, Ways>,
    /// Who stands in now or later.
    pub stand_ins: Vec<StandIn>,
    /// Tokens of supervisors in force.
    pub supervisors: i64,
    /// The database's time.
    pub now: chrono::DateTime<chrono::Utc>,
}

#[derive(FromRow)]
struct WaysRow {
    agency_id: Uuid,
    display_name: String,
    responders: i64,
    webhooks: i64,
    emails: i64,
    numbers: i64,
}

const WAYS: &str = "
    SELECT a.agency_id, a.display_name,
        (SELECT count(*) FROM helpline.tokens k
         WHERE k.centre_id = $1 AND k.agency_id = a.agency_id AND k.revoked_at IS NULL AND k.expires_at > helpline.now()) AS responders,
        count(*) FILTER (WHERE p.kind = 'webhook') AS webhooks, count(*) FILTER (WHERE p.kind = 'email') AS emails,
        count(*) FILTER (WHERE p.kind = 'sms') AS numbers
    FROM helpline.agencies a
    LEFT JOIN helpline.endpoints p ON p.centre_id = $1 AND p.agency_id = a.agency_id AND p.disabled_at IS NULL
    WHERE a.centre_id = $1 AND a.disabled_at IS NULL GROUP BY a.agency_id, a.display_name";

impl Store {
    /// What a centre has laid down for emergencies.
    pub async fn readiness(&self, centre: CentreId) -> Result<Readiness, StoreError> {
        let plan = self.plan_in_force(centre).await?;
        let known = self.known_to_plans(centre).await?;
        let now = self.now().await?;
        let stand_ins = self.stand_ins_from(centre, now).await?;
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, (String, i64)>(
            "SELECT name, (SELECT count(*) FROM helpline.tokens k
                WHERE k.centre_id = $1 AND k.role = 'supervisor' AND k.revoked_at IS NULL AND k.expires_at > helpline.now())
             FROM helpline.centres WHERE centre_id = $1",
        )
        .bind(centre.as_uuid())
        .fetch_one(connection.postgres())
        .await;
        let (name, supervisors) = connection.settle(row)?;
        let rows =
            sqlx::query_as::<_, WaysRow>(WAYS).bind(centre.as_uuid()).fetch_all(connection.postgres()).await;
        let ways = |row: WaysRow| {
            let WaysRow { agency_id, display_name, responders, webhooks, emails, numbers } = row;
            (agency_id.into(), Ways { display_name, responders, webhooks, emails, numbers })
        };
        let agencies = connection.settle(rows)?.into_iter().map(ways).collect();
        Ok(Readiness { name, plan, known, agencies, stand_ins, supervisors, now })
    }
}
