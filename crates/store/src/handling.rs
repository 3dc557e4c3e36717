//! What a counsellor does with a contact they hold: release, finish the wrap-up, give it back to the line.

use std::collections::BTreeMap;

use helpline_domain::id::ContactId;
use helpline_domain::requirement::Requirement;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::intake::attempt_is_recorded;
use crate::participation::{free_holds, part_all, participations_are_seen, rooms_column};
use crate::presence::{Room, RoomRow, rooms};
use crate::{Store, StoreError};

const RELEASE: &str = change!(
    event: "contact_released", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "before AS (
        SELECT contact_id AS id, participations AS old_participations FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $2 AND state = 'in_progress'
          AND ", attempt_is_recorded!(), " FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET state = 'wrap_up', put_aside_at = NULL, participations = '{}', revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", participations_are_seen!(), "
        RETURNING c.*, old_participations)",
    part_all!("contact_released"), ",
    holds AS (SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted)",
    free_holds!("");
    returning: contact_columns!(), ", ", rooms_column!(),
);

const FINISH_WRAP_UP: &str = change!(
    event: "wrap_up_finished", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        UPDATE helpline.contacts SET holder_id = NULL, revision = revision + 1
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $2 AND state = 'wrap_up' AND holder_id = $2
        RETURNING *),
    holds AS (SELECT $2 AS counsellor_id, medium, true AS worked FROM changed)",
    free_holds!("");
    returning: contact_columns!(), ", ", rooms_column!(),
);

/// The giver is remembered by an offer row that says so, which keeps the contact from coming straight back. That the
/// revision is the one that was read means that every participation is seen.
const TRANSFER: &str = change!(
    event: "contact_transferred", resource: "contact_id", about: ("contact_id", "$2", "NULL::uuid"),
    detail: "jsonb_build_object('queue', queue)",
    with: "before AS (
        SELECT contact_id AS id, holder_id AS old_holder, participations AS old_participations FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $2 AND state = 'in_progress' AND revision = $12 FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET state = 'waiting', counsellor_id = NULL, holder_id = NULL, put_aside_at = NULL, queue = $8, language = $9,
            skills = $10, signature = $11, directed_to = NULL, asked_skills = NULL, relaxation_step = 0,
            relax_at = helpline.now() + make_interval(secs => $13), participations = '{}', epoch = c.epoch + 1, revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", participations_are_seen!(), "
        RETURNING c.*, old_holder, old_participations)",
    part_all!("contact_transferred"), ",
    holds AS (
        SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted
        UNION ALL SELECT old_holder, medium, true FROM changed)",
    free_holds!(""), ",
    cooled AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, reason, offered_at, expires_at, ended_at, explanation)
        SELECT $1, $5, contact_id, $2, $5, 'withdrawn', 'transferred', helpline.now(), helpline.now(), helpline.now(), '{}'
        FROM changed)";
    returning: contact_columns!(), ", ", rooms_column!(),
);

/// A contact that went on, and the room that gave its counsellor and who took part.
#[derive(Clone, Debug)]
pub struct Freed {
    /// The contact.
    pub contact: Contact,
    /// How much room each of those has now whom it freed.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
struct FreedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    rooms: Json<Vec<RoomRow>>,
}

/// Where a transferred contact goes.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Key of the queue.
    pub queue: String,
    /// Language wanted from now on.
    pub language: Option<String>,
    /// Skills wanted from now on, those of the queue included.
    pub skills: BTreeMap<String, u8>,
    /// Wait in seconds after which its queue asks for less for the first time.
    pub relax_after_s: Option<u32>,
}

impl Store {
    /// Ends the conversation of a contact the caller holds.
    pub async fn release_contact(
        &self,
        command: &Command,
        contact: ContactId,
    ) -> Result<Change<Freed>, StoreError> {
        let query = || change_query::<FreedRow>(RELEASE, command).bind(contact.as_uuid());
        self.change_seeing_offers(command, query).await?.try_map(|row| self.freed(command, row))
    }

    /// Frees the caller from a contact in wrap-up.
    pub async fn finish_wrap_up(
        &self,
        command: &Command,
        contact: ContactId,
    ) -> Result<Change<Freed>, StoreError> {
        let query = change_query::<FreedRow>(FINISH_WRAP_UP, command).bind(contact.as_uuid());
        self.change(command, query).await?.try_map(|row| self.freed(command, row))
    }

    /// Gives a contact that the caller holds back to the line. `seen` is the contact as read: the change is refused when
    /// it has changed since.
    pub async fn transfer_contact(
        &self,
        command: &Command,
        seen: &Contact,
        to: &Destination,
    ) -> Result<Change<Freed>, StoreError> {
        let requirement = Requirement {
            medium: seen.channel.medium(),
            language: to.language.clone(),
            skills: to.skills.clone(),
        };
        let query = change_query::<FreedRow>(TRANSFER, command)
            .bind(seen.contact_id.as_uuid())
            .bind(to.queue.clone())
            .bind(to.language.clone())
            .bind(Json(to.skills.clone()))
            .bind(self.signature(command.centre(), &requirement))
            .bind(seen.revision)
            .bind(to.relax_after_s.map(f64::from));
        self.change(command, query).await?.try_map(|row| self.freed(command, row))
    }

    fn freed(&self, command: &Command, row: FreedRow) -> Result<Freed, StoreError> {
        Ok(Freed { contact: self.contact_from(command.centre(), row.contact)?, rooms: rooms(row.rooms)? })
    }
}
