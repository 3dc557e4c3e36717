//! Conversations whose counsellor's client was lost: flagged, and given back to the line ahead of their class.
//!
//! The flag is void as soon as the client has been seen later than it was set, so nothing has to be taken back when the
//! counsellor returns. A call is never given back here: its sound may be up although the screen is gone.

use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::types::Json;
use sqlx::{FromRow, Postgres};
use uuid::Uuid;

use crate::contact::{Contact, ContactRow, contact_columns};
use crate::participation::{free_holds, part_all, participations_are_seen, rooms_column};
use crate::presence::{Room, RoomRow, rooms};
use crate::{Store, StoreError};

/// One conversation of a counsellor who has been silent for `$2` seconds, and with whom nobody else is. The counsellors come first and each one's
/// contacts by their index, whatever the planner believes of empty tables.
const FLAG_ONE: &str = "
    WITH lost AS (
        SELECT held.id FROM helpline.presences p CROSS JOIN LATERAL (
            SELECT c.contact_id AS id FROM helpline.contacts c
            WHERE c.centre_id = $1 AND c.counsellor_id = p.counsellor_id AND c.state = 'in_progress'
              AND c.medium <> 'voice' AND (c.lost_at IS NULL OR c.lost_at <= p.last_seen_at)
            LIMIT 1 FOR UPDATE SKIP LOCKED) held
        WHERE p.centre_id = $1 AND (p.held_chat + p.held_message > 0 OR EXISTS (SELECT FROM helpline.contacts aside
            WHERE aside.centre_id = $1 AND aside.counsellor_id = p.counsellor_id AND aside.put_aside_at IS NOT NULL))
          AND p.last_seen_at < (SELECT helpline.now()) - make_interval(secs => $2)
        LIMIT 1),
    changed AS (
        UPDATE helpline.contacts c SET lost_at = helpline.now()
        FROM lost WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM lost)
        RETURNING c.contact_id, c.counsellor_id, c.revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision)
        SELECT $1, helpline.now(), 'counsellor_lost', contact_id, counsellor_id, revision FROM changed)
    SELECT contact_id FROM changed";

/// One conversation whose counsellor has been lost for `$2` seconds and has not been seen since. The presence is compared
/// once more under its lock: a client that comes back in the same instant either keeps the conversation or finds it gone.
/// While somebody is with the child, and not to advise alone, it is theirs and not the line's. Presences are locked in the
/// order of their ids, as by every statement that frees several.
const RESUME_ONE: &str = concat!(
    "WITH lost AS (
        SELECT c.contact_id AS id, c.counsellor_id AS owner, c.holder_id AS old_holder, c.medium AS old_medium, c.lost_at AS since,
            c.participations AS old_participations
        FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.state = 'in_progress' AND c.lost_at <= (SELECT helpline.now()) - make_interval(secs => $2)
          AND (SELECT p.last_seen_at < c.lost_at FROM helpline.presences p WHERE p.centre_id = $1 AND p.counsellor_id = c.counsellor_id)
          AND NOT EXISTS (SELECT FROM helpline.participations q
            JOIN helpline.presences guest ON guest.centre_id = $1 AND guest.counsellor_id = q.counsellor_id
            WHERE q.centre_id = $1 AND q.participation_id = ANY (c.participations) AND q.state = 'joined' AND q.kind <> 'consult'
              AND guest.last_seen_at >= c.lost_at)
        ORDER BY c.lost_at LIMIT 1 FOR UPDATE OF c SKIP LOCKED),
    there AS MATERIALIZED (
        SELECT p.counsellor_id, p.last_seen_at FROM helpline.presences p
        WHERE p.centre_id = $1 AND p.counsellor_id = ANY (ARRAY(
            SELECT owner FROM lost
            UNION SELECT q.counsellor_id FROM helpline.participations q
            WHERE q.centre_id = $1 AND q.participation_id = ANY (ARRAY(SELECT unnest(old_participations) FROM lost))))
        ORDER BY p.counsellor_id FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET state = 'waiting', counsellor_id = NULL, holder_id = NULL, put_aside_at = NULL, resumed = true, lost_at = NULL,
            preferred_counsellor_id = owner, preferred_until = helpline.now() + make_interval(secs => $3),
            participations = '{}', epoch = c.epoch + 1, revision = c.revision + 1
        FROM lost WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM lost) AND EXISTS (
            SELECT FROM there WHERE there.counsellor_id = owner AND there.last_seen_at < since)
          AND ", participations_are_seen!(), "
        RETURNING c.*, owner AS old_owner, old_holder, old_medium, old_participations)",
    part_all!("client_lost", "NULL::uuid, NULL"), ",
    holds AS (
        SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted
        UNION ALL SELECT old_holder, old_medium, false FROM changed)",
    free_holds!(""), ",
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_resumed', contact_id, old_owner, revision, jsonb_build_object('reason', 'client_lost')
        FROM changed)
    SELECT ", contact_columns!(), ", old_owner, ", rooms_column!(), " FROM changed"
);

/// A conversation given back to the line.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// The contact, waiting again.
    pub contact: Contact,
    /// Who had it.
    pub counsellor_id: CounsellorId,
    /// How much room they have now, and who took part in it.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
pub(crate) struct ResumedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_owner: Uuid,
    rooms: Json<Vec<RoomRow>>,
}

impl Store {
    /// Flags one conversation of a counsellor who has been silent for `ttl_s`; `None` when there is none.
    pub async fn flag_lost(&self, centre: CentreId, ttl_s: u32) -> Result<Option<ContactId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let flagged = sqlx::query_scalar::<_, Uuid>(FLAG_ONE)
            .bind(centre.as_uuid())
            .bind(f64::from(ttl_s))
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(flagged)?.map(ContactId::from))
    }

    /// Gives one conversation back to the line whose counsellor has been lost for `after_s`; `None` when there is none.
    /// Its counsellor is preferred for `prefer_s`.
    pub async fn resume_one(
        &self,
        centre: CentreId,
        after_s: u32,
        prefer_s: u32,
    ) -> Result<Option<Resumed>, StoreError> {
        let query = sqlx::query_as(RESUME_ONE)
            .bind(centre.as_uuid())
            .bind(f64::from(after_s))
            .bind(f64::from(prefer_s));
        self.resumed(centre, query).await
    }

    /// What a statement gave back to the line.
    pub(crate) async fn resumed(
        &self,
        centre: CentreId,
        query: QueryAs<'_, Postgres, ResumedRow, PgArguments>,
    ) -> Result<Option<Resumed>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        let row = connection.settle(row)?;
        drop(connection);
        let resumed = |row: ResumedRow| {
            Ok(Resumed {
                contact: self.contact_from(centre, row.contact)?,
                counsellor_id: row.old_owner.into(),
                rooms: rooms(row.rooms)?,
            })
        };
        row.map(resumed).transpose()
    }
}
