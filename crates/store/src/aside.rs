//! Work that a counsellor puts aside for a critical contact, and how they take it up again. The statement that offers them the
//! critical contact puts it aside: [`crate::offering`].
//!
//! The paperwork of a talk that has ended is freed as if it were finished; its sign-off is due as before. A conversation that
//! nobody sits and waits in stays its counsellor's and takes no room of theirs until it is taken up again.

use chrono::{DateTime, Utc};
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::contact::contact_columns;
use crate::participation::{free_holds, part_all, participations_are_seen, rooms_column};
use crate::presence::{Room, RoomRow, room_columns};
use crate::resumption::Resumed;
use crate::{Store, StoreError};

/// Whether what holds its counsellor can be put aside: paperwork, or a conversation that nobody sits and waits in, if the
/// child is not in the greatest danger and nobody else is in it.
macro_rules! can_be_put_aside {
    ($contact:literal) => {
        concat!(
            "(",
            $contact,
            ".state = 'wrap_up' OR (",
            $contact,
            ".state = 'in_progress' AND ",
            $contact,
            ".class > 1
                AND ",
            $contact,
            ".channel IN ('sms', 'email', 'letter') AND ",
            $contact,
            ".participations = '{}'))"
        )
    };
}
pub(crate) use can_be_put_aside;

/// One conversation whose counsellor is ready, has room, and is done with what is critical. The presence is compared once more
/// under its lock.
const TAKE_UP_ONE: &str = concat!(
    "WITH found AS (
        SELECT c.contact_id AS id, c.counsellor_id AS owner FROM helpline.contacts c
        JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = c.counsellor_id
        WHERE c.centre_id = $1 AND c.put_aside_at IS NOT NULL
          AND p.state = 'ready' AND p.held_voice = 0 AND p.held_message < p.max_message
          AND NOT EXISTS (SELECT FROM helpline.contacts held
            WHERE held.centre_id = $1 AND held.holder_id = c.counsellor_id AND held.class = 1)
          AND NOT EXISTS (SELECT FROM helpline.offers o JOIN helpline.contacts offered USING (centre_id, contact_id)
            WHERE o.centre_id = $1 AND o.counsellor_id = c.counsellor_id AND o.state = 'open' AND offered.class = 1)
        ORDER BY c.put_aside_at LIMIT 1 FOR UPDATE OF c SKIP LOCKED),
    ready AS MATERIALIZED (
        SELECT p.counsellor_id FROM helpline.presences p
        WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT owner FROM found)
          AND p.state = 'ready' AND p.held_voice = 0 AND p.held_message < p.max_message
        FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET holder_id = c.counsellor_id, put_aside_at = NULL, revision = c.revision + 1
        FROM ready WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM found)
        RETURNING c.contact_id, c.counsellor_id, c.revision),
    held AS (
        UPDATE helpline.presences p SET held_message = p.held_message + 1, revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT counsellor_id FROM changed)
        RETURNING ", room_columns!(), "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision)
        SELECT $1, helpline.now(), 'contact_taken_up', contact_id, counsellor_id, revision FROM changed)
    SELECT contact_id, counsellor_id, held.* FROM changed CROSS JOIN held"
);

/// One conversation that has become critical while it was put aside: it is the line's, ahead of everybody, and its counsellor's
/// first should they be free.
const GIVE_BACK_ONE: &str = concat!(
    "WITH aside AS (
        SELECT c.contact_id AS id, c.counsellor_id AS owner, c.participations AS old_participations FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.put_aside_at IS NOT NULL AND c.class = 1
        ORDER BY c.put_aside_at LIMIT 1 FOR UPDATE OF c SKIP LOCKED),
    changed AS (
        UPDATE helpline.contacts c SET state = 'waiting', counsellor_id = NULL, put_aside_at = NULL, resumed = true, lost_at = NULL,
            preferred_counsellor_id = owner, preferred_until = helpline.now() + make_interval(secs => $2),
            participations = '{}', epoch = c.epoch + 1, revision = c.revision + 1
        FROM aside WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM aside) AND ", participations_are_seen!(), "
        RETURNING c.*, owner AS old_owner, old_participations)",
    part_all!("put_aside", "NULL::uuid, NULL"), ",
    holds AS (SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted)",
    free_holds!(""), ",
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_resumed', contact_id, old_owner, revision, jsonb_build_object('reason', 'put_aside')
        FROM changed)
    SELECT ", contact_columns!(), ", old_owner, ", rooms_column!(), " FROM changed"
);

/// A conversation that its counsellor has taken up again.
#[derive(Clone, Copy, Debug)]
pub struct TakenUp {
    /// The conversation.
    pub contact_id: ContactId,
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// How much room they have now.
    pub room: Option<Room>,
}

#[derive(FromRow)]
struct TakenUpRow {
    contact_id: Uuid,
    counsellor_id: Uuid,
    #[sqlx(flatten)]
    room: RoomRow,
}

/// A conversation that is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutAside {
    /// The conversation.
    pub contact_id: ContactId,
    /// Whose it is.
    pub counsellor_id: CounsellorId,
    /// Since when.
    pub since_at: DateTime<Utc>,
}

impl Store {
    /// Gives one conversation its room again; `None` when there is none that can have it now.
    pub async fn take_up_one(&self, centre: CentreId) -> Result<Option<TakenUp>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, TakenUpRow>(TAKE_UP_ONE)
            .bind(centre.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let taken = |row: TakenUpRow| {
            Ok(TakenUp {
                contact_id: row.contact_id.into(),
                counsellor_id: row.counsellor_id.into(),
                room: row.room.room()?,
            })
        };
        connection.settle(row)?.map(taken).transpose()
    }

    /// Gives one conversation back to the line that has become critical while it was put aside; `None` when there is none. Its
    /// counsellor is preferred for `prefer_s`.
    pub async fn give_back_one(
        &self,
        centre: CentreId,
        prefer_s: u32,
    ) -> Result<Option<Resumed>, StoreError> {
        let query = sqlx::query_as(GIVE_BACK_ONE).bind(centre.as_uuid()).bind(f64::from(prefer_s));
        self.resumed(centre, query).await
    }

    /// What is put aside, of one counsellor or of everybody, longest first.
    pub async fn put_aside(
        &self,
        centre: CentreId,
        counsellor: Option<CounsellorId>,
    ) -> Result<Vec<PutAside>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Uuid, Uuid, DateTime<Utc>)>(
            "SELECT contact_id, counsellor_id, put_aside_at FROM helpline.contacts
             WHERE centre_id = $1 AND put_aside_at IS NOT NULL AND ($2::uuid IS NULL OR counsellor_id = $2)
             ORDER BY put_aside_at, contact_id",
        )
        .bind(centre.as_uuid())
        .bind(counsellor.map(|counsellor| counsellor.as_uuid()))
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?.into_iter();
        let aside = |(contact, counsellor, since_at): (Uuid, Uuid, DateTime<Utc>)| PutAside {
            contact_id: contact.into(),
            counsellor_id: counsellor.into(),
            since_at,
        };
        Ok(rows.map(aside).collect())
    }
}

#[cfg(test)]
mod tests {
    use helpline_domain::channel::Channel;

    #[test]
    fn what_can_be_put_aside_comes_by_a_channel_on_which_nobody_sits_and_waits() {
        for channel in Channel::ALL {
            let named = can_be_put_aside!("c").contains(&format!("'{}'", channel.key()));
            assert_eq!(named, channel.is_asynchronous(), "{channel:?}");
        }
    }
}
