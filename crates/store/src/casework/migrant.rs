//! Cases of migrant children: [`protection`] is what they are afraid of, [`gate`] whom that
//! shuts out, [`redirect`] their case handed to an organisation as a whole,
//! [`detention`] that they are held, [`stay`] until when they stay somewhere.
//!
//! Every change locks the case before its rows, and is noted on its timeline.

pub mod detention;
pub mod gate;
pub mod protection;
pub mod redirect;
pub mod stay;

use helpline_domain::caller::Caller;
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::{Store, StoreError};

impl Store {
    /// One row of what a caller may know of, by the id in parameter 4.
    async fn one_of<Row: for<'row> FromRow<'row, PgRow> + Send + Unpin>(
        &self,
        sql: &'static str,
        caller: &Caller,
        of: Uuid,
    ) -> Result<Option<Row>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Row>(sql)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(of)
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)
    }
}

/// What protects the child of a case from a country is not lifted because somebody has asked for it before: it is said again. `said` is what
/// is recorded by the rows of `feared` or kept so, with how many entries of the timeline come after each.
macro_rules! keep {
    ($rows:literal, $case:literal, $country:literal, $when:literal) => {
        concat!(
            "kept AS (
                UPDATE helpline.protections p SET lift_asked_by = NULL, lift_asked_at = NULL, revision = p.revision + 1
                FROM ", $rows, "
                WHERE ", $when, " AND p.centre_id = $1 AND p.case_id = ", $case, " AND p.lifted_at IS NULL AND p.lift_asked_by IS NOT NULL
                  AND (p.country IS NULL OR p.country = ", $country, ")
                RETURNING p.protection_id, p.case_id),
            said AS (
                SELECT protection_id, case_id, event, row_number() OVER (ORDER BY protection_id) - 1 AS after FROM (
                    SELECT protection_id, case_id, 'protection_recorded' AS event FROM feared
                    UNION ALL SELECT protection_id, case_id, 'protection_kept' FROM kept) AS one),
            said_journalled AS (
                INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
                SELECT $1, helpline.now(), event, $2, $3, jsonb_build_object('protection_id', protection_id, 'case_id', case_id) FROM said)"
        )
    };
}
pub(crate) use keep;

/// The timeline of the case in `parent` says what happened to the row in `changed`: an event, the key under which its id stands, and the
/// parameters of the entry and of its sealed text.
macro_rules! noted {
    ($event:literal, $actor:literal, $detail:literal, $entry:literal, $text:literal) => {
        concat!(
            "noted AS (
                INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed)
                SELECT $1, parent.case_id, parent.event_count, helpline.now(), ",
            $event,
            ", ",
            $actor,
            ", ",
            $detail,
            ", ",
            $entry,
            ", ",
            $text,
            " FROM parent CROSS JOIN changed)"
        )
    };
}
pub(crate) use noted;

/// The case `c` that a condition finds counts what happens to it.
macro_rules! parent {
    ($from:literal, $($when:expr),+) => {
        concat!(
            "parent AS (
                UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1 ",
            $from,
            " WHERE c.centre_id = $1 AND ",
            $($when,)+
            " RETURNING c.case_id, c.event_count, c.owner_id, c.closed_at)"
        )
    };
}
pub(crate) use parent;

/// The case `c` of a row `x` of a table whose key is parameter 7: both are locked, the case first, and then the row is as a condition says,
/// so that who comes second counts nothing and gives nothing.
macro_rules! parent_of {
    ($table:literal, $key:literal, $row:literal, $($when:expr),+) => {
        concat!(
            "held AS MATERIALIZED (
                SELECT c.case_id AS id FROM helpline.cases c
                WHERE c.centre_id = $1 AND c.case_id = (SELECT x.case_id FROM ",
            $table,
            " x WHERE x.centre_id = $1 AND x.",
            $key,
            " = $7) AND ",
            $($when,)+
            " FOR NO KEY UPDATE OF c),
            ours AS MATERIALIZED (
                SELECT x.case_id FROM held JOIN ",
            $table,
            " x ON x.centre_id = $1 AND x.case_id = held.id WHERE x.",
            $key,
            " = $7 AND ",
            $row,
            " FOR NO KEY UPDATE OF x), ",
            $crate::casework::migrant::parent!("FROM ours", "c.case_id = ours.case_id")
        )
    };
}
pub(crate) use parent_of;
