//! The matcher's lease, and the generation of the view in Redis.

use helpline_domain::id::CentreId;
use uuid::Uuid;

use crate::{Store, StoreError};

/// A lease held. Commits carry its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Grows with every change of owner.
    pub epoch: i64,
}

impl Store {
    /// Takes or renews the lease on a centre for `ttl_s` seconds; `None` when another owner holds it.
    pub async fn lease_matcher(
        &self,
        centre: CentreId,
        owner: Uuid,
        ttl_s: f64,
    ) -> Result<Option<Lease>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let epoch = sqlx::query_scalar::<_, i64>(
            "INSERT INTO helpline.matchers AS m (centre_id, owner_id, epoch, until_at)
             VALUES ($1, $2, 1, helpline.now() + make_interval(secs => $3))
             ON CONFLICT (centre_id) DO UPDATE SET
                 owner_id = $2, until_at = excluded.until_at,
                 epoch = m.epoch + (m.owner_id <> $2)::int
             WHERE m.owner_id = $2 OR m.until_at <= helpline.now()
             RETURNING epoch",
        )
        .bind(centre.as_uuid())
        .bind(owner)
        .bind(ttl_s)
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(epoch)?.map(|epoch| Lease { epoch }))
    }

    /// Gives the lease back, so that another replica need not wait for its end.
    pub async fn release_matcher(&self, centre: CentreId, owner: Uuid) -> Result<(), StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(
            "UPDATE helpline.matchers SET until_at = helpline.now() WHERE centre_id = $1 AND owner_id = $2",
        )
        .bind(centre.as_uuid())
        .bind(owner)
        .execute(connection.postgres())
        .await;
        connection.settle(done).map(drop)
    }

    /// The generation of the centre's view in Redis.
    pub async fn generation(&self, centre: CentreId) -> Result<i64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let generation = sqlx::query_scalar("SELECT generation FROM helpline.centres WHERE centre_id = $1")
            .bind(centre.as_uuid())
            .fetch_one(connection.postgres())
            .await;
        connection.settle(generation)
    }

    /// Raises the generation if it is still `seen`; returns the one in force. Of several replicas that noticed the same
    /// loss, one raises it and the others find it raised. It never falls below the clock in milliseconds, so that a
    /// database restored from a backup does not repeat one that Redis may still hold.
    pub async fn raise_generation(&self, centre: CentreId, seen: i64) -> Result<i64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let raised = sqlx::query("UPDATE helpline.centres SET generation = greatest(generation + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) WHERE centre_id = $1 AND generation = $2")
            .bind(centre.as_uuid())
            .bind(seen)
            .execute(connection.postgres())
            .await;
        connection.settle(raised)?;
        drop(connection);
        self.generation(centre).await
    }
}
