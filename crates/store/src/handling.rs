//! What a counsellor does with a contact they hold: release, finish the wrap-up, give it back to the line.

use std::collections::BTreeMap;

use helpline_domain::id::ContactId;
use helpline_domain::requirement::Requirement;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::intake::attempt_is_recorded;
use crate::presence::{Room, RoomRow, room_columns};
use crate::{Store, StoreError};

const RELEASE: &str = change!(
    event: "contact_released", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        UPDATE helpline.contacts SET state = 'wrap_up', revision = revision + 1
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $2 AND state = 'in_progress'
          AND ", attempt_is_recorded!(), "
        RETURNING *)";
    returning: contact_columns!(),
);

const FINISH_WRAP_UP: &str = change!(
    event: "wrap_up_finished", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        UPDATE helpline.contacts SET holder_id = NULL, revision = revision + 1
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $2 AND state = 'wrap_up' AND holder_id = $2
        RETURNING *),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice')::int, held_chat = p.held_chat - (medium = 'chat')::int,
            held_message = p.held_message - (medium = 'message')::int, idle_since = helpline.now(), revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = $2
        RETURNING ", room_columns!(), ")";
    returning: contact_columns!(), ", freed.*"; from: "changed LEFT JOIN freed ON true"
);

/// The giver is remembered by an offer row that says so, which keeps the contact from coming straight back.
const TRANSFER: &str = change!(
    event: "contact_transferred", resource: "contact_id", about: ("contact_id", "$2", "NULL::uuid"),
    detail: "jsonb_build_object('queue', queue)",
    with: "changed AS (
        UPDATE helpline.contacts SET state = 'waiting', counsellor_id = NULL, holder_id = NULL, queue = $8, language = $9,
            skills = $10, signature = $11, epoch = epoch + 1, revision = revision + 1
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $2 AND state = 'in_progress' AND revision = $12
        RETURNING *),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (medium = 'voice')::int, held_chat = p.held_chat - (medium = 'chat')::int,
            held_message = p.held_message - (medium = 'message')::int, idle_since = helpline.now(), revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = $2
        RETURNING ", room_columns!(), "),
    cooled AS (
        INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, state, reason, offered_at, expires_at, ended_at, explanation)
        SELECT $1, $5, contact_id, $2, 'withdrawn', 'transferred', helpline.now(), helpline.now(), helpline.now(), '{}'
        FROM changed)";
    returning: contact_columns!(), ", freed.*"; from: "changed LEFT JOIN freed ON true"
);

/// A contact handed on, and the room that gave its counsellor.
#[derive(Clone, Debug)]
pub struct Freed {
    /// The contact.
    pub contact: Contact,
    /// How much room the counsellor has now.
    pub room: Option<Room>,
}

#[derive(FromRow)]
struct FreedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    #[sqlx(flatten)]
    room: RoomRow,
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
}

impl Store {
    /// Ends the conversation of a contact the caller holds.
    pub async fn release_contact(
        &self,
        command: &Command,
        contact: ContactId,
    ) -> Result<Change<Contact>, StoreError> {
        let query = change_query::<ContactRow>(RELEASE, command).bind(contact.as_uuid());
        self.change(command, query).await?.try_map(|row| self.contact_from(command.centre(), row))
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
            .bind(seen.revision);
        self.change(command, query).await?.try_map(|row| self.freed(command, row))
    }

    fn freed(&self, command: &Command, row: FreedRow) -> Result<Freed, StoreError> {
        Ok(Freed { contact: self.contact_from(command.centre(), row.contact)?, room: row.room.room()? })
    }
}
