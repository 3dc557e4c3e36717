//! Plans for emergencies: every version ever published, and the one in force.

use helpline_domain::escalation::check::Known;
use helpline_domain::escalation::plan::Plan;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::CentreId;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A plan and its version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionedPlan {
    /// The version.
    pub version: i64,
    /// The plan.
    pub plan: Plan,
}

#[derive(FromRow)]
struct PlanRow {
    version: i64,
    plan: Json<Plan>,
}

impl From<PlanRow> for VersionedPlan {
    fn from(row: PlanRow) -> Self {
        Self { version: row.version, plan: row.plan.0 }
    }
}

const PUBLISH: &str = change!(
    event: "escalation_plan_published", resource: "centre_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('version', version)",
    with: "centre AS (
        UPDATE helpline.centres SET plan_version = plan_version + 1
        WHERE centre_id = $1 AND ($8::bigint = 0 OR plan_version = $8)
        RETURNING plan_version),
    changed AS (
        INSERT INTO helpline.escalation_plans (centre_id, version, plan, published_by)
        SELECT $1, plan_version, $7, $2 FROM centre
        RETURNING centre_id, version, plan, version AS revision)";
    returning: "version, plan",
);

impl Store {
    /// The plan in force. Every centre has one from its beginning.
    pub async fn plan_in_force(&self, centre: CentreId) -> Result<VersionedPlan, StoreError> {
        let plan = self.escalation_plan(centre, 0).await?;
        plan.ok_or(StoreError::Inconsistent { table: "centres", column: "plan_version" })
    }

    /// A version of the plan, or for 0 the one in force.
    pub async fn escalation_plan(
        &self,
        centre: CentreId,
        version: i64,
    ) -> Result<Option<VersionedPlan>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, PlanRow>(
            "SELECT p.version, p.plan FROM helpline.escalation_plans p JOIN helpline.centres c USING (centre_id)
             WHERE centre_id = $1 AND p.version = CASE WHEN $2 = 0 THEN c.plan_version ELSE $2 END",
        )
        .bind(centre.as_uuid())
        .bind(version)
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(row)?.map(VersionedPlan::from))
    }

    /// Whom a plan may name: counsellors who have not left, and agencies that are not disabled.
    pub async fn known_to_plans(&self, centre: CentreId) -> Result<Known, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Uuid, Option<Vec<String>>)>(
            "SELECT counsellor_id, NULL FROM helpline.counsellors WHERE centre_id = $1 AND disabled_at IS NULL
             UNION ALL SELECT agency_id, field_classes FROM helpline.agencies WHERE centre_id = $1 AND disabled_at IS NULL",
        )
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        let mut known = Known::default();
        for (id, classes) in connection.settle(rows)? {
            match classes {
                None => {
                    known.counsellors.insert(id.into());
                }
                Some(classes) => {
                    let most = classes.iter().filter_map(|key| FieldClass::from_key(key)).collect();
                    known.agencies.insert(id.into(), most);
                }
            }
        }
        Ok(known)
    }

    /// Publishes a plan as the next version, if `expected_version` is 0 or the one in force.
    pub async fn publish_plan(
        &self,
        command: &Command,
        plan: &Plan,
        expected_version: i64,
    ) -> Result<Change<VersionedPlan>, StoreError> {
        let query = change_query::<PlanRow>(PUBLISH, command).bind(Json(plan.clone())).bind(expected_version);
        self.change(command, query).await?.try_map(|row| Ok(row.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_that_are_there_already_begin_with_the_same_plan_as_new_ones() {
        let migration = include_str!("../../../migrations/0020_escalations.sql");
        let plan = serde_json::to_string(&Plan::to_begin_with("112")).unwrap();
        assert!(migration.contains(&format!("'{plan}'")), "{plan}");
    }
}
