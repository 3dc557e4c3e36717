//! How children of a cohort fared, counted.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::CohortId;
use helpline_domain::reintegration::score::Count;
use sqlx::FromRow;

use crate::{Store, StoreError};

/// Everything as it was at one instant that is past, so that the same is counted again. Who does not come is counted with those who have
/// not come: that they were said not to may be taken back. Each part in a cohort counts, whatever records were merged since.
const COUNTS: &str = "
    WITH child AS MATERIALIZED (
        SELECT x.person_id, x.returnee_id, CASE WHEN x.settled_at < $5 THEN x.region ELSE '' END AS region,
            CASE WHEN x.state = 'closed' AND x.ended_at < $5 THEN 'closed' WHEN x.monitored_at < $5 THEN 'monitored'
                WHEN x.settled_at < $5 THEN 'settled' WHEN x.rehabilitated_at < $5 THEN 'first_rehabilitation'
                WHEN x.arrived_at < $5 THEN 'arrived' ELSE 'announced' END AS state
        FROM helpline.returnees x WHERE x.centre_id = $1 AND x.cohort_id = $4 AND x.announced_at < $5),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'scorecard_read', $2, $3, jsonb_build_object('cohort_id', $4::uuid)),
    planned AS (
        SELECT child.returnee_id, child.region, coalesce(k.domain, k.task) AS side,
            bool_or(k.due_at < $5 AND (k.ended_at IS NULL OR k.ended_at >= $5)) AS late, bool_or(k.due_at < $5) AS due
        FROM child CROSS JOIN LATERAL helpline.records_of($1, child.person_id) AS own (id)
        JOIN helpline.cases c ON c.centre_id = $1 AND c.person_id = own.id
        JOIN helpline.tasks k ON k.centre_id = $1 AND k.case_id = c.case_id AND k.plan IS NOT NULL AND k.plan NOT IN ('after_stay', 'after_shelter') AND k.made_at < $5
          AND NOT (k.state = 'cancelled' AND k.ended_at < $5)
        GROUP BY child.returnee_id, child.region, side)
    SELECT region, '' AS side, state AS key, count(*) AS children FROM child GROUP BY region, state
    UNION ALL
    SELECT region, side, CASE WHEN late THEN 'late' WHEN due THEN 'done' ELSE 'ahead' END AS key, count(*)
    FROM planned GROUP BY region, side, 3";

#[derive(FromRow)]
struct CountRow {
    region: String,
    side: String,
    key: String,
    children: i64,
}

impl Store {
    /// Children of a cohort as they stood at an instant: by region and state, and by region, side of life and standing of what was
    /// planned. The journal says that it was asked.
    pub async fn returnee_counts(
        &self,
        caller: &Caller,
        cohort: CohortId,
        at: DateTime<Utc>,
    ) -> Result<Vec<Count>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, CountRow>(COUNTS)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(cohort.as_uuid())
            .bind(at)
            .fetch_all(connection.postgres())
            .await;
        let count = |row: CountRow| Count {
            region: row.region,
            table: row.side,
            key: row.key,
            children: row.children,
        };
        Ok(connection.settle(rows)?.into_iter().map(count).collect())
    }
}
