//! An offer to one counsellor by name, out of turn: a supervisor assigns a contact, or a counsellor hands it to a colleague.
//!
//! Whether the counsellor is ready and has room is compared by the statement that makes the offer, and what held the
//! contact before is freed by it: nothing hangs between two people.

use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::requirement::Requirement;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Ended, ended_column, withdraw_open};
use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::handling::Destination;
use crate::offering::OfferDraft;
use crate::participation::{part_all, rooms_column};
use crate::presence::{Room, RoomRow, room_columns, rooms};
use crate::{Store, StoreError};

/// Offers the contact `$7`, as it was read at revision `$12`, to the counsellor `$8`, if they are ready and have room when
/// what they hold of this very contact is given back. Every other hold of it is freed.
macro_rules! offer_to {
    (when: $state:literal, set: $set:literal, withdrawn: $reason:literal) => {
        concat!(
            "before AS (
                SELECT contact_id AS id, medium AS old_medium, holder_id AS old_holder, participations AS old_participations
                FROM helpline.contacts
                WHERE centre_id = $1 AND contact_id = $7 AND revision = $12 AND ", $state, " FOR UPDATE),
            hold AS (
                SELECT o.counsellor_id AS given_by, old_medium AS given FROM before
                JOIN helpline.offers o ON o.centre_id = $1 AND o.contact_id = $7 AND o.state = 'open'
                UNION ALL SELECT old_holder, old_medium FROM before WHERE old_holder IS NOT NULL
                UNION ALL SELECT q.counsellor_id, q.medium FROM before
                JOIN helpline.participations q ON q.centre_id = $1 AND q.participation_id = ANY (old_participations)
                WHERE q.counsellor_id IS NOT NULL AND q.state IN ('invited', 'joined')),
            giver AS (
                SELECT given_by, count(*) FILTER (WHERE given = 'voice') AS voice, count(*) FILTER (WHERE given = 'chat') AS chat,
                    count(*) FILTER (WHERE given = 'message') AS message
                FROM hold GROUP BY given_by),
            locked AS MATERIALIZED (
                SELECT p.*, coalesce(voice, 0) AS voice, coalesce(chat, 0) AS chat, coalesce(message, 0) AS message
                FROM helpline.presences p LEFT JOIN giver ON given_by = p.counsellor_id
                WHERE p.centre_id = $1 AND p.counsellor_id = ANY (ARRAY(SELECT given_by FROM giver) || $8::uuid)
                ORDER BY p.counsellor_id FOR UPDATE OF p),
            target AS (
                SELECT old_holder, old_participations FROM before JOIN locked p ON p.counsellor_id = $8
                WHERE p.state = 'ready' AND p.held_voice = p.voice AND CASE old_medium
                    WHEN 'voice' THEN p.max_voice = 1 AND p.held_chat = p.chat AND p.held_message = p.message
                    WHEN 'chat' THEN p.held_chat - p.chat < p.max_chat
                    ELSE p.held_message - p.message < p.max_message END
                  AND NOT EXISTS (
                    SELECT FROM helpline.offers o WHERE o.centre_id = $1 AND o.contact_id = $7 AND o.counsellor_id = $8
                        AND o.state = 'declined' AND o.reason = 'conflict')
                  AND NOT EXISTS (
                    SELECT FROM helpline.participations q WHERE q.centre_id = $1 AND q.contact_id = $7 AND q.counsellor_id = $8
                        AND q.state = 'declined' AND q.reason = 'conflict')),
            changed AS (
                UPDATE helpline.contacts c SET state = 'offered', holder_id = NULL, put_aside_at = NULL, ", $set, "offer_id = $9, open_offers = ARRAY[$9],
                    participations = '{}', offer_count = c.offer_count + 1, revision = c.revision + 1
                FROM target WHERE c.centre_id = $1 AND c.contact_id = $7
                RETURNING c.*, old_holder, old_participations),
            ", withdraw_open!("changed", $reason), "
            ", part_all!("contact_transferred"), ",
            freed AS (
                UPDATE helpline.presences p SET
                    held_voice = p.held_voice - voice + (p.counsellor_id = $8 AND medium = 'voice')::int,
                    held_chat = p.held_chat - chat + (p.counsellor_id = $8 AND medium = 'chat')::int,
                    held_message = p.held_message - message + (p.counsellor_id = $8 AND medium = 'message')::int,
                    idle_since = CASE WHEN p.counsellor_id = $8 OR p.counsellor_id = old_holder THEN helpline.now() ELSE p.idle_since END,
                    revision = p.revision + 1
                FROM locked, changed WHERE p.centre_id = $1 AND p.counsellor_id = locked.counsellor_id
                RETURNING ", room_columns!(), "),
            offered AS (
                INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, offered_at, expires_at, explanation)
                SELECT $1, $9, contact_id, $8, $9, 'open', helpline.now(), helpline.now() + make_interval(secs => $10), $11
                FROM changed WHERE (SELECT count(*) FROM ended) >= 0)"
        )
    };
}

const ASSIGN: &str = change!(
    event: "contact_assigned", resource: "contact_id", about: ("contact_id", "$8", "$9"), detail: "NULL::jsonb",
    with: offer_to!(when: "state IN ('waiting', 'offered')", set: "", withdrawn: "assigned_elsewhere");
    returning: contact_columns!(), ", old_holder, ", ended_column!(), ", ", rooms_column!(),
);

/// The giver is remembered by an offer row that says so, as when a contact goes back to the line.
const HAND_TO: &str = change!(
    event: "contact_transferred", resource: "contact_id", about: ("contact_id", "$2", "NULL::uuid"),
    detail: "jsonb_build_object('queue', queue, 'to', $8, 'open', 1)",
    with: offer_to!(
        when: "counsellor_id = $2 AND state = 'in_progress'",
        set: "counsellor_id = NULL, queue = $13, language = $14, skills = $15, signature = $16, directed_to = NULL,
            asked_skills = NULL, relaxation_step = 0, relax_at = helpline.now() + make_interval(secs => $17), epoch = c.epoch + 1, ",
        withdrawn: "transferred"
    ), ", cooled AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, reason, offered_at, expires_at, ended_at, explanation)
        SELECT $1, $5, contact_id, $2, $5, 'withdrawn', 'transferred', helpline.now(), helpline.now(), helpline.now(), '{}'
        FROM changed),
    told AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, offer_id)
        SELECT $1, helpline.now(), 'contact_offered', contact_id, $8, $9 FROM changed)";
    returning: contact_columns!(), ", old_holder, ", ended_column!(), ", ", rooms_column!(),
);

/// A contact that was taken from those who held it, and perhaps offered to somebody else.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The contact.
    pub contact: Contact,
    /// Offers of it that were open.
    pub ended: Vec<Ended>,
    /// Who talked with the person.
    pub giver: Option<CounsellorId>,
    /// How much room everybody has now who held it or holds it.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
pub(super) struct MovedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_holder: Option<Uuid>,
    ended: Json<Vec<Ended>>,
    rooms: Json<Vec<RoomRow>>,
}

impl Store {
    /// Offers a contact that waits or is offered to the counsellor of the draft. `seen` is the contact as read: the change
    /// is refused when it has changed since, and when the counsellor is not ready, has no room, or named a conflict.
    pub async fn assign_contact(
        &self,
        command: &Command,
        seen: &Contact,
        to: &OfferDraft,
    ) -> Result<Change<Moved>, StoreError> {
        let query = change_query::<MovedRow>(ASSIGN, command)
            .bind(seen.contact_id.as_uuid())
            .bind(to.counsellor_id.as_uuid())
            .bind(to.offer_id.as_uuid())
            .bind(f64::from(to.timeout_s))
            .bind(Json(to.explanation.clone()))
            .bind(seen.revision);
        self.change(command, query).await?.try_map(|row| self.moved_on(command.centre(), row))
    }

    /// Hands a contact that the caller holds to the counsellor of the draft, with the same conditions. It keeps its
    /// arrival and deadline; where they do not take it, it waits as `destination` says.
    pub async fn hand_contact_to(
        &self,
        command: &Command,
        seen: &Contact,
        destination: &Destination,
        to: &OfferDraft,
    ) -> Result<Change<Moved>, StoreError> {
        let requirement = Requirement {
            medium: seen.channel.medium(),
            language: destination.language.clone(),
            skills: destination.skills.clone(),
        };
        let query = change_query::<MovedRow>(HAND_TO, command)
            .bind(seen.contact_id.as_uuid())
            .bind(to.counsellor_id.as_uuid())
            .bind(to.offer_id.as_uuid())
            .bind(f64::from(to.timeout_s))
            .bind(Json(to.explanation.clone()))
            .bind(seen.revision)
            .bind(destination.queue.clone())
            .bind(destination.language.clone())
            .bind(Json(destination.skills.clone()))
            .bind(self.signature(command.centre(), &requirement))
            .bind(destination.relax_after_s.map(f64::from));
        self.change(command, query).await?.try_map(|row| self.moved_on(command.centre(), row))
    }

    pub(super) fn moved_on(&self, centre: CentreId, row: MovedRow) -> Result<Moved, StoreError> {
        Ok(Moved {
            contact: self.contact_from(centre, row.contact)?,
            ended: row.ended.0,
            giver: row.old_holder.map(CounsellorId::from),
            rooms: rooms(row.rooms)?,
        })
    }
}
