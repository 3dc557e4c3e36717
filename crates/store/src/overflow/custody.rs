//! The steps by which a child goes from one centre's line to the other's and back.

use std::collections::BTreeMap;

use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, OverflowId};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::types::Json;

use super::Overflow;
use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns, inconsistent};
use crate::offer::{Ended, ended_column, offer_is_seen, withdraw_open};
use crate::participation::{free_holds, rooms_column};
use crate::presence::{Room, RoomRow, rooms};
use crate::sealing::{DISPLAY_NAME, EXTERNAL, SENDER};
use crate::{Store, StoreError};

/// The contact of the origin leaves its line, where it waits or rings: whoever it rings at is told and free.
const RELEASE: &str = concat!(
    "WITH asked AS (
        SELECT contact_id FROM helpline.overflows
        WHERE centre_id = $1 AND overflow_id = $2 AND direction = 'out' AND state = 'requested'),
    before AS (
        SELECT contact_id AS id, state AS old_state, class AS old_class, medium AS old_medium, offer_id AS old_offer
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = (SELECT contact_id FROM asked) AND state IN ('waiting', 'offered') FOR UPDATE),
    overflow AS (
        UPDATE helpline.overflows o SET state = 'accepted', accepted_at = helpline.now(),
            expires_at = helpline.now() + make_interval(secs => $3), connect_to = $4, revision = o.revision + 1
        FROM before WHERE o.centre_id = $1 AND o.overflow_id = $2 AND o.state = 'requested' AND ", offer_is_seen!(), "
        RETURNING o.overflow_id, o.partner_id),
    changed AS (
        UPDATE helpline.contacts c SET state = 'overflowed', offer_id = NULL, open_offers = '{}', epoch = c.epoch + 1,
            revision = c.revision + 1
        FROM overflow CROSS JOIN before WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
        RETURNING c.*, old_state, old_class, old_medium, overflow.overflow_id AS by_overflow, partner_id),
    ", withdraw_open!("changed", "overflowed"), ",
    holds AS (SELECT ended_of AS counsellor_id, old_medium AS medium, false AS worked FROM ended CROSS JOIN before)",
    free_holds!(""), ",
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_overflowed', contact_id, revision,
            jsonb_build_object('overflow', by_overflow, 'partner', partner_id, 'from', old_state)
        FROM changed)
    SELECT ", contact_columns!(), ", old_state, old_class, ", ended_column!(), ", ", rooms_column!(), " FROM changed"
);

/// The receiving centre has a contact of its own, at the place the child had. Where its channel was quicker and has
/// connected the person already, it is that contact.
const PLACE: &str = concat!(
    "WITH overflow AS (
        SELECT o.* FROM helpline.overflows o
        WHERE o.centre_id = $1 AND o.overflow_id = $2 AND o.direction = 'in' AND o.state IN ('requested', 'accepted')
          AND o.contact_id IS NULL
        FOR UPDATE),
    made AS (
        INSERT INTO helpline.contacts (centre_id, contact_id, overflow_id, channel, medium, state, risk, class, queue, language, skills,
            signature, received_at, deadline_at, settings_version, external_index, external_sealed, sender_sealed,
            display_name_sealed, relax_at)
        SELECT $1, $3, overflow_id, channel, $4, 'waiting', risk, class, $5, language, $6, $7, received_at, deadline_at, $8, $9, $10,
            $11, $12, helpline.now() + make_interval(secs => $13)
        FROM overflow
        ON CONFLICT (centre_id, channel, external_index) WHERE external_index IS NOT NULL DO UPDATE SET
            overflow_id = excluded.overflow_id, received_at = least(contacts.received_at, excluded.received_at),
            deadline_at = least(contacts.deadline_at, excluded.deadline_at), risk = greatest(contacts.risk, excluded.risk),
            class = least(contacts.class, excluded.class), revision = contacts.revision + 1
        WHERE contacts.ended_at IS NULL
        RETURNING *),
    placed AS (
        UPDATE helpline.overflows o SET state = 'accepted', contact_id = made.contact_id, revision = o.revision + 1
        FROM made WHERE o.centre_id = $1 AND o.overflow_id = $2),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_received', contact_id, revision, jsonb_build_object('overflow', overflow_id) FROM made)
    SELECT ", contact_columns!(), " FROM made"
);

/// The receiving centre gives back what nobody there has answered: its contact and its row end together.
macro_rules! give_back {
    ($contact:literal) => {
        concat!(
            "before AS (
                SELECT contact_id AS id, overflow_id AS by_overflow, state AS old_state, class AS old_class, medium AS old_medium,
                    offer_id AS old_offer
                FROM helpline.contacts
                WHERE centre_id = $1 AND contact_id = ", $contact, " AND state IN ('waiting', 'offered') AND overflow_id IS NOT NULL
                  AND answered_at IS NULL
                FOR UPDATE),
            overflow AS (
                UPDATE helpline.overflows o SET state = 'returned', ended_at = helpline.now(), revision = o.revision + 1
                FROM before WHERE o.centre_id = $1 AND o.overflow_id = (SELECT by_overflow FROM before)
                  AND o.state = 'accepted' AND ", offer_is_seen!(), "
                RETURNING o.overflow_id),
            changed AS (
                UPDATE helpline.contacts c SET state = 'passed_on', ended_at = helpline.now(), offer_id = NULL, open_offers = '{}',
                    epoch = c.epoch + 1, revision = c.revision + 1
                FROM overflow CROSS JOIN before WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
                RETURNING c.*, old_state, old_class, old_medium),
            ", withdraw_open!("changed", "returned"), ",
            holds AS (SELECT ended_of AS counsellor_id, old_medium AS medium, false AS worked FROM ended CROSS JOIN before)",
            free_holds!("")
        )
    };
}

const GIVE_BACK: &str = concat!(
    "WITH ",
    give_back!(
        "(SELECT contact_id FROM helpline.overflows WHERE centre_id = $1 AND overflow_id = $2 AND direction = 'in')"
    ),
    ", journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_given_back', contact_id, revision,
            jsonb_build_object('overflow', overflow_id, 'from', old_state)
        FROM changed)
    SELECT ",
    contact_columns!(),
    ", old_state, old_class, ",
    ended_column!(),
    ", ",
    rooms_column!(),
    " FROM changed"
);

const GIVE_BACK_BY_HAND: &str = change!(
    event: "contact_given_back", resource: "overflow_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('overflow', overflow_id, 'from', old_state)",
    with: give_back!("$7");
    returning: contact_columns!(), ", old_state, old_class, ", ended_column!(), ", ", rooms_column!(),
);

/// The contact that has left a line, and whom that freed.
#[derive(Clone, Debug)]
pub struct Released {
    /// The contact.
    pub contact: Contact,
    /// Where it stood.
    pub state_before: ContactState,
    /// The class in which it stood.
    pub class_before: Class,
    /// The offers that were open and have been withdrawn.
    pub ended: Vec<Ended>,
    /// How much room each of those has now whom it freed.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
struct ReleasedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_state: String,
    old_class: i16,
    ended: Json<Vec<Ended>>,
    rooms: Json<Vec<RoomRow>>,
}

/// The contact that the receiving centre is to have.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Its id.
    pub contact_id: ContactId,
    /// Key of its queue.
    pub queue: String,
    /// What that queue asks for.
    pub skills: BTreeMap<String, u8>,
    /// Version of the receiving centre's settings.
    pub settings_version: i64,
    /// Wait in seconds after which its queue asks for less for the first time.
    pub relax_after_s: Option<u32>,
    /// Number or handle of the sender, if that is agreed.
    pub sender: Option<Sensitive<String>>,
    /// Name of the sender, if that is agreed.
    pub display_name: Option<Sensitive<String>>,
}

impl Store {
    /// Lets the origin's contact go to the partner, which has so many seconds to answer; `None` when it does not wait.
    pub async fn release_to_partner(
        &self,
        origin: CentreId,
        overflow: OverflowId,
        answer_within_s: u32,
        connect_to: &str,
    ) -> Result<Option<Released>, StoreError> {
        let query = sqlx::query_as::<_, ReleasedRow>(RELEASE)
            .bind(origin.as_uuid())
            .bind(overflow.as_uuid())
            .bind(f64::from(answer_within_s))
            .bind(connect_to.to_owned());
        let mut connection = self.bound(origin).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.released(origin, row)).transpose()
    }

    /// Gives the receiving centre its contact; `None` when it has one, or its part is over.
    pub async fn place_overflow(
        &self,
        receiver: CentreId,
        overflow: &Overflow,
        new: &Linked,
    ) -> Result<Option<Contact>, StoreError> {
        let row = new.contact_id.as_uuid();
        let requirement = Requirement {
            medium: overflow.channel.medium(),
            language: overflow.language.clone(),
            skills: new.skills.clone(),
        };
        // By this id the channel that is connected finds it.
        let external = Sensitive::new("contact", overflow.overflow_id.to_string());
        let query = sqlx::query_as::<_, ContactRow>(PLACE)
            .bind(receiver.as_uuid())
            .bind(overflow.overflow_id.as_uuid())
            .bind(row)
            .bind(requirement.medium.key())
            .bind(new.queue.clone())
            .bind(Json(new.skills.clone()))
            .bind(self.signature(receiver, &requirement))
            .bind(new.settings_version)
            .bind(self.index_some(receiver, "external", Some(&external)))
            .bind(self.seal_some(EXTERNAL, receiver, row, Some(&external)))
            .bind(self.seal_some(SENDER, receiver, row, new.sender.as_ref()))
            .bind(self.seal_some(DISPLAY_NAME, receiver, row, new.display_name.as_ref()))
            .bind(new.relax_after_s.map(f64::from));
        let mut connection = self.bound(receiver).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.contact_from(receiver, row)).transpose()
    }

    /// Gives back what nobody at the receiving centre has answered; `None` when somebody has.
    pub async fn give_back(
        &self,
        receiver: CentreId,
        overflow: OverflowId,
    ) -> Result<Option<Released>, StoreError> {
        let query =
            sqlx::query_as::<_, ReleasedRow>(GIVE_BACK).bind(receiver.as_uuid()).bind(overflow.as_uuid());
        let mut connection = self.bound(receiver).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.released(receiver, row)).transpose()
    }

    /// The same by a supervisor.
    pub async fn give_back_by_hand(
        &self,
        command: &Command,
        contact: ContactId,
    ) -> Result<Change<Released>, StoreError> {
        let query = || change_query::<ReleasedRow>(GIVE_BACK_BY_HAND, command).bind(contact.as_uuid());
        let change = self.change_seeing_offers(command, query).await?;
        change.try_map(|row| self.released(command.centre(), row))
    }

    fn released(&self, centre: CentreId, row: ReleasedRow) -> Result<Released, StoreError> {
        Ok(Released {
            contact: self.contact_from(centre, row.contact)?,
            state_before: ContactState::from_key(&row.old_state).ok_or(inconsistent("old_state"))?,
            class_before: Class::from_number(row.old_class).ok_or(inconsistent("old_class"))?,
            ended: row.ended.0,
            rooms: rooms(row.rooms)?,
        })
    }
}
