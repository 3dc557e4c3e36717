//! Changes of a contact that intake makes: receive, assess, depart, complete.

use std::collections::BTreeMap;

use helpline_domain::channel::Channel;
use helpline_domain::closing::Closing;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::{Class, Risk};
use helpline_vault::{Sensitive, normalise_identifier};
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, ChangeQuery, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns, inconsistent};
use crate::presence::{Room, RoomRow, room_columns};
use crate::sealing::{DISPLAY_NAME, EXTERNAL, SENDER, SUMMARY};
use crate::{Store, StoreError};

/// A contact about to be taken in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct NewContact {
    pub contact_id: ContactId,
    pub channel: Channel,
    pub risk: Risk,
    pub class: Class,
    pub queue: String,
    pub language: Option<String>,
    pub skills: BTreeMap<String, u8>,
    /// Target wait in seconds.
    pub target_s: u32,
    pub settings_version: i64,
    pub external_id: Option<Sensitive<String>>,
    pub sender: Option<Sensitive<String>>,
    pub display_name: Option<Sensitive<String>>,
}

/// A contact taken in.
#[derive(Clone, Debug)]
pub struct Received {
    /// The contact.
    pub contact: Contact,
    /// Whether it was there before.
    pub existing: bool,
    /// Version of the roster at that moment: whether anybody on shift could take it is asked of this version.
    pub roster_version: i64,
}

#[derive(FromRow)]
struct ReceivedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    roster_version: i64,
}

const RECEIVE: &str = change!(
    event: "contact_received", resource: "contact_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        INSERT INTO helpline.contacts (centre_id, contact_id, channel, medium, state, risk, class, queue, language, skills,
            signature, received_at, deadline_at, brought_by, settings_version, external_index, external_sealed,
            sender_index, sender_sealed, display_name_sealed)
        VALUES ($1, $7, $8, $9, 'waiting', $10, $11, $12, $13, $14, $15, helpline.now(),
            helpline.now() + make_interval(secs => $16), $17, $18, $19, $20, $21, $22, $23)
        ON CONFLICT DO NOTHING
        RETURNING *)";
    returning: contact_columns!(), ", (SELECT roster_version FROM helpline.centres WHERE centre_id = $1) AS roster_version",
);

const EXISTING: &str = concat!(
    "SELECT ",
    contact_columns!(),
    ", (SELECT roster_version FROM helpline.centres WHERE centre_id = $1) AS roster_version
     FROM helpline.contacts
     WHERE centre_id = $1 AND channel = $2 AND (external_index = $3
        OR (sender_index = $4 AND state IN ('received', 'waiting', 'offered', 'in_progress')
            AND channel IN ('web_chat', 'sms', 'whatsapp', 'telegram', 'email')))
     ORDER BY external_index = $3 DESC NULLS LAST LIMIT 1"
);

/// Whether the statement sees the offer of the contact it has locked. An offer committed while the statement waited for
/// the lock is in the contact's row, which is read again, but not among the offers, which are not: the statement would
/// leave it open. It changes nothing then, and is run again.
macro_rules! offer_is_seen {
    () => {
        "(old_offer IS NULL OR EXISTS (SELECT FROM helpline.offers o WHERE o.centre_id = $1 AND o.offer_id = old_offer))"
    };
}

/// How often a change that did not see the contact's offer is run at most. Each run sees what the one before did not.
const RUNS: usize = 3;

const CHANGE_RISK: &str = change!(
    event: "risk_changed", resource: "contact_id", about: ("contact_id", "counsellor_id", "offer_id"),
    detail: "jsonb_build_object('from', old_risk, 'to', risk)",
    with: "before AS (
        SELECT contact_id AS id, risk AS old_risk, class AS old_class, offer_id AS old_offer FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND ($8::bigint = 0 OR revision = $8)
          AND state IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up', 'waiting_offline') FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET risk = $9, class = $10,
            deadline_at = least(c.deadline_at, c.received_at + make_interval(secs => $11)), revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), "
        RETURNING c.*, old_risk, old_class),
    shortened AS (
        UPDATE helpline.offers o SET expires_at = least(o.expires_at, helpline.now() + make_interval(secs => $12))
        FROM changed WHERE o.centre_id = $1 AND o.offer_id = (SELECT offer_id FROM changed))";
    returning: contact_columns!(), ", old_class",
);

const DEPART: &str = change!(
    event: "person_left", resource: "contact_id", about: ("contact_id", "coalesce(counsellor_id, old_holder)", "old_offer"),
    detail: "jsonb_build_object('from', old_state, 'to', state)",
    with: "before AS (
        SELECT contact_id AS id, state AS old_state, medium AS old_medium, holder_id AS old_holder, offer_id AS old_offer
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND state IN ('received', 'waiting', 'offered', 'in_progress') FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET
            state = CASE WHEN old_state = 'in_progress' THEN 'wrap_up'
                WHEN c.answered_at IS NULL AND helpline.now() - c.received_at < make_interval(secs => $8) THEN 'short_abandoned'
                ELSE 'abandoned' END,
            ended_at = CASE WHEN old_state <> 'in_progress' THEN helpline.now() END,
            holder_id = CASE WHEN old_state = 'in_progress' THEN c.holder_id END,
            offer_id = NULL, revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), "
        RETURNING c.*, old_state, old_medium, old_holder, old_offer),
    ended AS (
        UPDATE helpline.offers o SET state = 'withdrawn', reason = 'person_left', ended_at = helpline.now()
        FROM changed WHERE o.centre_id = $1 AND o.offer_id = (SELECT old_offer FROM changed)),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (old_medium = 'voice')::int, held_chat = p.held_chat - (old_medium = 'chat')::int,
            held_message = p.held_message - (old_medium = 'message')::int, revision = p.revision + 1
        FROM changed WHERE old_state = 'offered' AND p.centre_id = $1 AND p.counsellor_id = (SELECT old_holder FROM changed)
        RETURNING ", room_columns!(), ")";
    returning: contact_columns!(), ", old_holder, old_offer, freed.*"; from: "changed LEFT JOIN freed ON true"
);

const COMPLETE: &str = change!(
    event: "contact_completed", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "before AS (
        SELECT contact_id AS id, holder_id AS old_holder, medium AS old_medium FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $8 AND ($9::bigint = 0 OR revision = $9)
          AND state IN ('in_progress', 'wrap_up', 'waiting_offline') FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET state = 'closed', ended_at = helpline.now(), holder_id = NULL, closing = $10,
            summary_sealed = $11, revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7
        RETURNING c.*, old_holder, old_medium),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice - (old_medium = 'voice')::int, held_chat = p.held_chat - (old_medium = 'chat')::int,
            held_message = p.held_message - (old_medium = 'message')::int, idle_since = helpline.now(), revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT old_holder FROM changed)
        RETURNING ", room_columns!(), ")";
    returning: contact_columns!(), ", old_holder, NULL::uuid AS old_offer, freed.*"; from: "changed LEFT JOIN freed ON true"
);

/// A contact assessed.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The contact.
    pub contact: Contact,
    /// The class in which it stood.
    pub class_before: Class,
}

#[derive(FromRow)]
struct AssessedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_class: i16,
}

/// A contact changed, and whose capacity that freed.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The contact.
    pub contact: Contact,
    /// The counsellor who held it before, if one did.
    pub held_before: Option<CounsellorId>,
    /// The offer that was open before, if one was.
    pub offer_before: Option<OfferId>,
    /// How much room that counsellor has now, if it changed.
    pub room: Option<Room>,
}

#[derive(FromRow)]
struct MovedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_holder: Option<Uuid>,
    old_offer: Option<Uuid>,
    #[sqlx(flatten)]
    room: RoomRow,
}

impl Store {
    /// Takes a contact in and puts it in line, or finds the one that is there: the same external id on the channel, or
    /// the open conversation of the same sender.
    pub async fn receive_contact(
        &self,
        command: &Command,
        new: &NewContact,
    ) -> Result<Change<Received>, StoreError> {
        let centre = command.centre();
        let row = new.contact_id.as_uuid();
        let external_index = self.index_some(centre, "external", new.external_id.as_ref());
        let sender_index = self.index_some(centre, "sender", new.sender.as_ref());
        let requirement = Requirement {
            medium: new.channel.medium(),
            language: new.language.clone(),
            skills: new.skills.clone(),
        };
        let query = change_query::<ReceivedRow>(RECEIVE, command)
            .bind(row)
            .bind(new.channel.key())
            .bind(new.channel.medium().key())
            .bind(new.risk.number())
            .bind(new.class.number())
            .bind(new.queue.clone())
            .bind(new.language.clone())
            .bind(Json(new.skills.clone()))
            .bind(self.signature(centre, &requirement))
            .bind(f64::from(new.target_s))
            .bind(command.caller.token_id.as_uuid())
            .bind(new.settings_version)
            .bind(external_index.clone())
            .bind(self.seal_some(EXTERNAL, centre, row, new.external_id.as_ref()))
            .bind(sender_index.clone())
            .bind(self.seal_some(SENDER, centre, row, new.sender.as_ref()))
            .bind(self.seal_some(DISPLAY_NAME, centre, row, new.display_name.as_ref()));
        match self.change(command, query).await? {
            Change::Done(row) => Ok(Change::Done(self.received(centre, row, false)?)),
            Change::Refused => {
                let Some(found) =
                    self.existing_contact(centre, new.channel, external_index, sender_index).await?
                else {
                    // It was there a moment ago and has ended since: the caller's next try takes a new contact in.
                    return Err(StoreError::Retry);
                };
                let found = self.received(centre, found, true)?;
                self.remember(command, found.contact.contact_id.as_uuid(), found.contact.revision).await?;
                Ok(Change::Done(found))
            }
            Change::Replayed { resource_id } => Ok(Change::Replayed { resource_id }),
            Change::Reused => Ok(Change::Reused),
        }
    }

    async fn existing_contact(
        &self,
        centre: CentreId,
        channel: Channel,
        external_index: Option<Vec<u8>>,
        sender_index: Option<Vec<u8>>,
    ) -> Result<Option<ReceivedRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found = sqlx::query_as::<_, ReceivedRow>(EXISTING)
            .bind(centre.as_uuid())
            .bind(channel.key())
            .bind(external_index)
            .bind(sender_index)
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(found)
    }

    fn received(&self, centre: CentreId, row: ReceivedRow, existing: bool) -> Result<Received, StoreError> {
        Ok(Received {
            roster_version: row.roster_version,
            contact: self.contact_from(centre, row.contact)?,
            existing,
        })
    }

    /// Records a new assessment. The deadline may only move earlier, and so may the end of an open offer, which rings on
    /// for `offer_timeout_s` at most; `target_s` and `offer_timeout_s` are those of the new class.
    pub async fn change_risk(
        &self,
        command: &Command,
        contact: ContactId,
        expected_revision: i64,
        (risk, class): (Risk, Class),
        (target_s, offer_timeout_s): (u32, u32),
    ) -> Result<Change<Assessed>, StoreError> {
        let query = || {
            change_query::<AssessedRow>(CHANGE_RISK, command)
                .bind(contact.as_uuid())
                .bind(expected_revision)
                .bind(risk.number())
                .bind(class.number())
                .bind(f64::from(target_s))
                .bind(f64::from(offer_timeout_s))
        };
        self.change_seeing_offers(command, query).await?.try_map(|row| {
            Ok(Assessed {
                contact: self.contact_from(command.centre(), row.contact)?,
                class_before: Class::from_number(row.old_class).ok_or(inconsistent("class"))?,
            })
        })
    }

    /// Records that the person left: in line the contact ends, with a counsellor the wrap-up begins.
    pub async fn depart(
        &self,
        command: &Command,
        contact: ContactId,
        short_abandon_s: u32,
    ) -> Result<Change<Moved>, StoreError> {
        let query = || {
            change_query::<MovedRow>(DEPART, command).bind(contact.as_uuid()).bind(f64::from(short_abandon_s))
        };
        self.change_seeing_offers(command, query).await?.try_map(|row| self.moved(command.centre(), row))
    }

    /// Runs a change with [`offer_is_seen`], again when it was refused: it may not have seen an offer.
    async fn change_seeing_offers<R>(
        &self,
        command: &Command,
        query: impl Fn() -> ChangeQuery<R>,
    ) -> Result<Change<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        for _ in 1..RUNS {
            match self.change(command, query()).await? {
                Change::Refused => {}
                change => return Ok(change),
            }
        }
        self.change(command, query()).await
    }

    /// Signs a contact off as its counsellor.
    pub async fn complete(
        &self,
        command: &Command,
        contact: ContactId,
        expected_revision: i64,
        closing: &Closing,
        summary: &Sensitive<String>,
    ) -> Result<Change<Moved>, StoreError> {
        let query = change_query::<MovedRow>(COMPLETE, command)
            .bind(contact.as_uuid())
            .bind(command.caller.principal())
            .bind(expected_revision)
            .bind(Json(closing.clone()))
            .bind(self.seal_some(SUMMARY, command.centre(), contact.as_uuid(), Some(summary)));
        self.change(command, query).await?.try_map(|row| self.moved(command.centre(), row))
    }

    fn moved(&self, centre: CentreId, row: MovedRow) -> Result<Moved, StoreError> {
        Ok(Moved {
            contact: self.contact_from(centre, row.contact)?,
            held_before: row.old_holder.map(CounsellorId::from),
            offer_before: row.old_offer.map(OfferId::from),
            room: row.room.room()?,
        })
    }

    /// The signature of the line in which contacts with this requirement wait: a keyed hash, because a language may say
    /// something about a child and the signature names lines in Redis.
    pub fn signature(&self, centre: CentreId, requirement: &Requirement) -> Vec<u8> {
        self.vault().blind_index(centre.as_uuid(), "requirement", &requirement.canonical())[..8].to_vec()
    }

    pub(crate) fn index_some(
        &self,
        centre: CentreId,
        domain: &'static str,
        text: Option<&Sensitive<String>>,
    ) -> Option<Vec<u8>> {
        let text = text.filter(|text| !text.expose().is_empty())?;
        // An external id is the channel's and compared to the letter; a sender may write the same number in several ways.
        let normalised =
            if domain == "external" { text.expose().clone() } else { normalise_identifier(text.expose()) };
        Some(self.vault().blind_index(centre.as_uuid(), domain, &normalised).to_vec())
    }
}
