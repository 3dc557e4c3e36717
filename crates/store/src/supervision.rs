//! What supervisors do with counsellors, and which clients are connected.

use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::presence::ForceReason;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::presence::{Presence, PresenceRow, presence_columns};
use crate::{Store, StoreError};

const FORCE: &str = change!(
    event: "presence_forced", resource: "counsellor_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('from', old_state, 'to', state, 'reason', forced_reason, 'hold', on_hold)",
    with: "before AS (
        SELECT p.counsellor_id AS id, p.state AS old_state FROM helpline.presences p
        JOIN helpline.counsellors c USING (centre_id, counsellor_id)
        WHERE p.centre_id = $1 AND p.counsellor_id = $7 AND p.state IN ('ready', 'not_ready') AND c.disabled_at IS NULL FOR UPDATE OF p),
    changed AS (
        UPDATE helpline.presences p SET state = 'not_ready', reason = 'supervisor', since_at = helpline.now(),
            forced_by = $2, forced_reason = $8, on_hold = $9, revision = p.revision + 1
        FROM before WHERE p.centre_id = $1 AND p.counsellor_id = $7
        RETURNING p.*, old_state)";
    returning: presence_columns!("changed"),
);

/// Whoever lifts a pause has looked: the row of severe contacts begins anew.
const LIFT: &str = change!(
    event: "pause_lifted", resource: "counsellor_id", about: ("NULL::uuid", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('hold', old_hold, 'not_before', old_not_before)",
    with: "before AS (
        SELECT counsellor_id AS id, on_hold AS old_hold, not_before_at AS old_not_before FROM helpline.presences
        WHERE centre_id = $1 AND counsellor_id = $7 AND (on_hold OR not_before_at > helpline.now()) FOR UPDATE),
    changed AS (
        UPDATE helpline.presences p SET on_hold = false, not_before_at = NULL, severe_in_a_row = 0, revision = p.revision + 1
        FROM before WHERE p.centre_id = $1 AND p.counsellor_id = $7
        RETURNING p.*, old_hold, old_not_before)";
    returning: presence_columns!("changed"),
);

impl Store {
    /// Sets a counsellor on shift not ready as a supervisor.
    pub async fn force_not_ready(
        &self,
        command: &Command,
        counsellor: CounsellorId,
        reason: ForceReason,
        hold: bool,
    ) -> Result<Change<Presence>, StoreError> {
        let query = change_query::<PresenceRow>(FORCE, command)
            .bind(counsellor.as_uuid())
            .bind(reason.key())
            .bind(hold);
        self.change(command, query).await?.try_map(Presence::try_from)
    }

    /// Lifts a hold, or a pause that still lasts.
    pub async fn lift_pause(
        &self,
        command: &Command,
        counsellor: CounsellorId,
    ) -> Result<Change<Presence>, StoreError> {
        let query = change_query::<PresenceRow>(LIFT, command).bind(counsellor.as_uuid());
        self.change(command, query).await?.try_map(Presence::try_from)
    }

    /// Notes how many streams of offers each of these counsellors has open at a server, good for `ttl_s` seconds.
    pub async fn note_sessions(
        &self,
        centre: CentreId,
        server: Uuid,
        streams: &[(CounsellorId, i32)],
        ttl_s: f64,
    ) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = streams.iter().map(|(counsellor, _)| counsellor.as_uuid()).collect();
        let counts: Vec<i32> = streams.iter().map(|(_, count)| *count).collect();
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(
            "INSERT INTO helpline.sessions (centre_id, counsellor_id, server_id, streams, until_at)
             SELECT $1, s.counsellor_id, $3, s.streams, helpline.now() + make_interval(secs => $5)
             FROM unnest($2::uuid[], $4::int[]) AS s (counsellor_id, streams) ORDER BY s.counsellor_id
             ON CONFLICT (centre_id, counsellor_id, server_id) DO UPDATE SET streams = excluded.streams, until_at = excluded.until_at",
        )
        .bind(centre.as_uuid())
        .bind(ids)
        .bind(server)
        .bind(counts)
        .bind(ttl_s)
        .execute(connection.postgres())
        .await;
        connection.settle(done).map(drop)
    }

    /// Forgets sessions of servers that are gone for an hour.
    pub async fn forget_sessions(&self, centre: CentreId) -> Result<u64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(
            "DELETE FROM helpline.sessions WHERE centre_id = $1 AND until_at < (SELECT helpline.now()) - interval '1 hour'",
        )
        .bind(centre.as_uuid())
        .execute(connection.postgres())
        .await;
        Ok(connection.settle(done)?.rows_affected())
    }
}
