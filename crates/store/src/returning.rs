//! Somebody comes back: after a cut to the place they had, else to the counsellor who knows them.

use helpline_domain::channel::Channel;
use helpline_domain::id::{CentreId, ContactId};
use helpline_domain::settings::resumption::Resumption;
use helpline_vault::Sensitive;
use sqlx::FromRow;

use crate::contact::{Contact, ContactRow, contact_columns};
use crate::presence::{Room, RoomRow, room_columns};
use crate::{Store, StoreError};

/// Gives a contact that has just been taken in what an earlier one left it. A cut is used once, and who is known by the
/// channel's own reference comes before who is known by the sender alone. Unassessed, it is what the earlier one was; else
/// its deadline is the earlier of both. Who was with a counsellor is ahead of the
/// class, and that counsellor is freed from the wrap-up, to be the first to be asked. Without a cut there is only the
/// preference: who hung up comes back to the end of the line.
///
/// Locks: the earlier contact, the new one, the presence. Two who come back at once do not wait for each other.
const RETURN: &str = concat!(
    "WITH cut AS MATERIALIZED (
        SELECT c.contact_id AS id, c.state AS was, c.received_at AS came_at, c.deadline_at AS due_at, c.risk AS old_risk,
            c.class AS old_class, c.resumed AS was_resumed, c.counsellor_id AS by, c.holder_id AS old_holder, c.medium AS old_medium
        FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.cut_at IS NOT NULL AND c.state IN ('wrap_up', 'abandoned', 'short_abandoned') AND c.contact_id = (
            SELECT found.contact_id FROM (
                (SELECT contact_id, cut_at, 1 AS place FROM helpline.contacts
                 WHERE centre_id = $1 AND channel = $3 AND external_index = $5 AND external_index IS NOT NULL
                   AND cut_at > (SELECT helpline.now()) - make_interval(secs => $6) AND state IN ('wrap_up', 'abandoned', 'short_abandoned')
                 LIMIT 1)
                UNION ALL
                (SELECT contact_id, cut_at, 2 AS place FROM helpline.contacts
                 WHERE centre_id = $1 AND channel = $3 AND sender_index = $4 AND cut_at IS NOT NULL
                   AND cut_at > (SELECT helpline.now()) - make_interval(secs => $6) AND state IN ('wrap_up', 'abandoned', 'short_abandoned')
                 ORDER BY cut_at LIMIT 1)) found
            ORDER BY found.place, found.cut_at LIMIT 1)
        FOR UPDATE OF c SKIP LOCKED),
    known AS MATERIALIZED (
        SELECT counsellor_id AS by FROM helpline.contacts
        WHERE centre_id = $1 AND sender_index = $4 AND sender_index IS NOT NULL AND counsellor_id IS NOT NULL
          AND state IN ('wrap_up', 'closed') AND received_at > (SELECT helpline.now()) - make_interval(secs => $7)
        ORDER BY received_at DESC LIMIT 1),
    before AS (
        SELECT contact_id AS id FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $2 AND CASE state WHEN 'waiting' THEN true END
          AND preferred_counsellor_id IS NULL AND returned_from_contact_id IS NULL
          AND ((SELECT id FROM cut) IS NOT NULL OR (SELECT by FROM known) IS NOT NULL)
        FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET
            received_at = least(c.received_at, (SELECT came_at FROM cut)),
            deadline_at = CASE WHEN c.risk = -1 THEN coalesce((SELECT due_at FROM cut), c.deadline_at)
                ELSE least(c.deadline_at, (SELECT due_at FROM cut)) END,
            risk = CASE WHEN c.risk = -1 THEN coalesce((SELECT old_risk FROM cut), c.risk) ELSE c.risk END,
            class = CASE WHEN c.risk = -1 THEN coalesce((SELECT old_class FROM cut), c.class) ELSE c.class END,
            resumed = coalesce((SELECT was = 'wrap_up' OR was_resumed FROM cut), false),
            preferred_counsellor_id = coalesce((SELECT by FROM cut), (SELECT by FROM known)),
            preferred_until = CASE WHEN coalesce((SELECT by FROM cut), (SELECT by FROM known)) IS NOT NULL
                THEN helpline.now() + make_interval(secs => $8) END,
            returned_from_contact_id = (SELECT id FROM cut), revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $2
        RETURNING c.*),
    used AS (
        UPDATE helpline.contacts c SET cut_at = NULL, holder_id = NULL, revision = c.revision + 1
        FROM changed WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM cut)
        RETURNING c.contact_id, c.counsellor_id, c.revision),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (old_medium = 'voice')::int, held_chat = p.held_chat - (old_medium = 'chat')::int,
            held_message = p.held_message - (old_medium = 'message')::int, revision = p.revision + 1
        FROM changed CROSS JOIN cut WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT old_holder FROM cut)
        RETURNING ", room_columns!(), "),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), CASE WHEN returned_from_contact_id IS NULL THEN 'counsellor_preferred' ELSE 'contact_returned' END,
            contact_id, preferred_counsellor_id, revision,
            CASE WHEN returned_from_contact_id IS NOT NULL THEN jsonb_build_object('from', returned_from_contact_id, 'resumed', resumed) END
        FROM changed
        UNION ALL
        SELECT $1, helpline.now(), 'wrap_up_finished', contact_id, counsellor_id, revision, jsonb_build_object('reason', 'person_returned')
        FROM used WHERE (SELECT old_holder FROM cut) IS NOT NULL)
    SELECT ", contact_columns!(), ", freed.* FROM changed LEFT JOIN freed ON true"
);

/// A contact that has taken the place of an earlier one, or is to be offered to somebody first.
#[derive(Clone, Debug)]
pub struct Back {
    /// The contact as it waits now.
    pub contact: Contact,
    /// How much room the counsellor has who was freed for it.
    pub room: Option<Room>,
}

#[derive(FromRow)]
struct BackRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    #[sqlx(flatten)]
    room: RoomRow,
}

/// How the person who came can be known again.
#[derive(Clone, Copy, Debug)]
pub struct Traces<'a> {
    /// The channel they came by.
    pub channel: Channel,
    /// The sender.
    pub sender: Option<&'a Sensitive<String>>,
    /// The channel's own id of the contact that this one continues.
    pub continues: Option<&'a Sensitive<String>>,
}

impl Store {
    /// Gives a waiting contact the place of the one it continues, or the counsellor who knows the sender; `None` when it
    /// is nobody's return or has been given that before.
    pub async fn take_place(
        &self,
        centre: CentreId,
        contact: ContactId,
        traces: Traces<'_>,
        rules: &Resumption,
    ) -> Result<Option<Back>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, BackRow>(RETURN)
            .bind(centre.as_uuid())
            .bind(contact.as_uuid())
            .bind(traces.channel.key())
            .bind(self.index_some(centre, "sender", traces.sender))
            .bind(self.index_some(centre, "external", traces.continues))
            .bind(f64::from(rules.return_within_s))
            .bind(f64::from(rules.prefer_within_s))
            .bind(f64::from(rules.prefer_s))
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| Ok(Back { contact: self.contact_from(centre, row.contact)?, room: row.room.room()? }))
            .transpose()
    }
}
