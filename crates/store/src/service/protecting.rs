//! Which services have a protected address, for statements that cannot open their rules.

use helpline_domain::id::CentreId;
use helpline_domain::service::rules::Rules;
use uuid::Uuid;

use crate::sealing::SERVICE_RULES;
use crate::{Store, StoreError};

/// Rules that were written again meanwhile are left alone.
const OPEN: &str = "
    UPDATE helpline.services s SET protected = false
    FROM unnest($2::uuid[], $3::bytea[]) AS known (id, rules)
    WHERE s.centre_id = $1 AND s.service_id = known.id AND s.rules_sealed = known.rules AND s.protected";

impl Store {
    /// Reads the rules of services that are taken to have a protected address, and says so of those alone whose rules do, or cannot be read; how
    /// many had been taken wrongly. They are after a schema came that could not read their rules.
    pub async fn know_protected(&self, centre: CentreId) -> Result<u64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Uuid, Vec<u8>)>(
            "SELECT service_id, rules_sealed FROM helpline.services WHERE centre_id = $1 AND protected AND rules_sealed IS NOT NULL",
        )
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        let (mut ids, mut known) = (Vec::new(), Vec::new());
        for (id, sealed) in connection.settle(rows)? {
            let rules = self.open_record(SERVICE_RULES, centre, id, &sealed);
            if rules.is_ok_and(|rules| !Rules::of(&rules).protected_address) {
                ids.push(id);
                known.push(sealed);
            }
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let query = sqlx::query(OPEN).bind(centre.as_uuid()).bind(ids).bind(known);
        let done = query.execute(connection.postgres()).await;
        Ok(connection.settle(done)?.rows_affected())
    }
}
