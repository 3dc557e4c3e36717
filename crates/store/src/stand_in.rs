//! Who stands in on an on-call schedule, instead of whoever has the turn.

use chrono::{DateTime, Utc};
use helpline_domain::escalation::on_call;
use helpline_domain::id::{CentreId, CounsellorId, StandInId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// Longest time from now until which somebody may stand in, in seconds: 90 days.
pub const LONGEST_S: u32 = 90 * 86_400;

/// Somebody who stands in.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct StandIn {
    pub stand_in_id: StandInId,
    pub schedule: String,
    pub counsellor_id: CounsellorId,
    pub from_at: DateTime<Utc>,
    pub until_at: DateTime<Utc>,
    pub made_by: Uuid,
    pub made_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// Somebody who is to stand in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewStandIn {
    pub stand_in_id: StandInId,
    pub schedule: String,
    pub counsellor_id: CounsellorId,
    /// Now, when it is missing.
    pub from_at: Option<DateTime<Utc>>,
    pub until_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    stand_in_id: Uuid,
    schedule: String,
    counsellor_id: Uuid,
    from_at: DateTime<Utc>,
    until_at: DateTime<Utc>,
    made_by: Uuid,
    made_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    revision: i64,
}

macro_rules! columns {
    () => {
        "stand_in_id, schedule, counsellor_id, from_at, until_at, made_by, made_at, revoked_at, revision"
    };
}

impl From<Row> for StandIn {
    fn from(row: Row) -> Self {
        Self {
            stand_in_id: row.stand_in_id.into(),
            schedule: row.schedule,
            counsellor_id: row.counsellor_id.into(),
            from_at: row.from_at,
            until_at: row.until_at,
            made_by: row.made_by,
            made_at: row.made_at,
            revoked_at: row.revoked_at,
            revision: row.revision,
        }
    }
}

/// A time that has begun (but for the minute that a clock may be slow), that ends before it begins or is too far away makes
/// nobody stand in, and who has left does not.
const MAKE: &str = change!(
    event: "stand_in_made", resource: "stand_in_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('stand_in', stand_in_id, 'schedule', schedule, 'from', from_at, 'until', until_at)",
    with: "changed AS (
        INSERT INTO helpline.stand_ins (centre_id, stand_in_id, schedule, counsellor_id, from_at, until_at, made_by, made_at)
        SELECT $1, $7, $8, c.counsellor_id, coalesce($10, helpline.now()), $11, $2, helpline.now()
        FROM helpline.counsellors c
        WHERE c.centre_id = $1 AND c.counsellor_id = $9 AND c.disabled_at IS NULL
          AND coalesce($10, helpline.now()) >= helpline.now() - interval '1 minute' AND coalesce($10, helpline.now()) < $11
          AND $11 <= helpline.now() + make_interval(secs => $12)
        RETURNING *)";
    returning: columns!(),
);

const REVOKE: &str = change!(
    event: "stand_in_revoked", resource: "stand_in_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('stand_in', stand_in_id, 'schedule', schedule)",
    with: "changed AS (
        UPDATE helpline.stand_ins SET revoked_at = helpline.now(), revision = revision + 1
        WHERE centre_id = $1 AND stand_in_id = $7 AND revoked_at IS NULL AND until_at > helpline.now()
        RETURNING *)";
    returning: columns!(),
);

impl Store {
    /// Makes somebody stand in. Refused when they have left, and for a time that is over or too far away.
    pub async fn make_stand_in(
        &self,
        command: &Command,
        new: &NewStandIn,
    ) -> Result<Change<StandIn>, StoreError> {
        let query = change_query::<Row>(MAKE, command)
            .bind(new.stand_in_id.as_uuid())
            .bind(new.schedule.clone())
            .bind(new.counsellor_id.as_uuid())
            .bind(new.from_at)
            .bind(new.until_at)
            .bind(f64::from(LONGEST_S));
        Ok(self.change(command, query).await?.map(StandIn::from))
    }

    /// Takes it back. Refused when it is over or taken back already.
    pub async fn revoke_stand_in(
        &self,
        command: &Command,
        stand_in: StandInId,
    ) -> Result<Change<StandIn>, StoreError> {
        let query = change_query::<Row>(REVOKE, command).bind(stand_in.as_uuid());
        Ok(self.change(command, query).await?.map(StandIn::from))
    }

    /// One that was made.
    pub async fn stand_in(
        &self,
        centre: CentreId,
        stand_in: StandInId,
    ) -> Result<Option<StandIn>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.stand_ins WHERE centre_id = $1 AND stand_in_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(stand_in.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(row)?.map(StandIn::from))
    }

    /// Who stands in now or later, and with `include_past` who ever did, in the order in which they were made.
    pub async fn stand_ins(
        &self,
        centre: CentreId,
        include_past: bool,
        after: Option<StandInId>,
        limit: u32,
    ) -> Result<Vec<StandIn>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.stand_ins
              WHERE centre_id = $1 AND stand_in_id > $3 AND ($2 OR (revoked_at IS NULL AND until_at > helpline.now()))
              ORDER BY stand_in_id LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(include_past)
        .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
        .bind(i64::from(limit))
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(rows)?.into_iter().map(StandIn::from).collect())
    }

    /// Who stands in at a time or later, as far as finding out who is on call needs to know. Who has left is not among them.
    pub async fn stand_ins_from(
        &self,
        centre: CentreId,
        at: DateTime<Utc>,
    ) -> Result<Vec<on_call::StandIn>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(
            "SELECT s.* FROM helpline.stand_ins s JOIN helpline.counsellors c USING (centre_id, counsellor_id)
             WHERE centre_id = $1 AND s.revoked_at IS NULL AND s.until_at > $2 AND c.disabled_at IS NULL",
        )
        .bind(centre.as_uuid())
        .bind(at)
        .fetch_all(connection.postgres())
        .await;
        let stand_in = |row: Row| on_call::StandIn {
            schedule: row.schedule,
            counsellor_id: row.counsellor_id.into(),
            from: row.from_at,
            until: row.until_at,
        };
        Ok(connection.settle(rows)?.into_iter().map(stand_in).collect())
    }
}
