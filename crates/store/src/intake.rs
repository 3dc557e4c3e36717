//! Changes of a contact that intake makes: assess, depart, complete.

use helpline_domain::closing::Closing;
use helpline_domain::id::{CallbackId, CentreId, ContactId, CounsellorId};
use helpline_domain::risk::{Class, Risk};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::callback::promise::promised_columns;
use crate::change::{Change, ChangeQuery, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns, inconsistent, let_in};
use crate::offer::{Ended, ended_column, offer_is_seen, shorten_open, withdraw_open};
use crate::participation::{free_holds, part_all, participations_are_seen, rooms_column};
use crate::presence::{Room, RoomRow, rooms};
use crate::sealing::SUMMARY;
use crate::{Store, StoreError};

/// How often a change that did not see the contact's offer, or who takes part in it, is run at most. Each run sees what the
/// one before did not.
const RUNS: usize = 3;
/// The constraint by which a sender of messages has one open conversation.
const ONE_CONVERSATION: &str = "contacts_open_sender_unique";

const CHANGE_RISK: &str = change!(
    event: "risk_changed", resource: "contact_id", about: ("contact_id", "counsellor_id", "offer_id"),
    detail: "jsonb_build_object('from', old_risk, 'to', risk)",
    with: "before AS (
        SELECT contact_id AS id, risk AS old_risk, class AS old_class, offer_id AS old_offer FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND ($8::bigint = 0 OR revision = $8)
          AND (state IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up', 'waiting_offline', 'callback_promised')
            OR state = 'blocked' AND $9 >= 3) FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET ", let_in!(), ", risk = $9, class = $10,
            deadline_at = least(c.deadline_at, c.received_at + make_interval(secs => $11)), revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), "
        RETURNING c.*, old_risk, old_class),
    ", shorten_open!("$12::float8");
    returning: contact_columns!(), ", old_class, ARRAY(SELECT shown_to FROM shortened) AS shown_to",
);

/// Where a callback waits in line there is nobody who could leave. Whoever leaves unanswered at high risk or above, and can
/// be called, is promised a callback at the same instant, and so is whoever was lost to a fault of the channel, in
/// a talk at that risk alone; unless they are being called already, no less urgently.
const DEPART: &str = change!(
    event: "person_left", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('from', old_state, 'to', state, 'cut', cut_at IS NOT NULL)",
    with: "before AS (
        SELECT contact_id AS id, state AS old_state, medium AS old_medium, holder_id AS old_holder, offer_id AS old_offer,
            participations AS old_participations
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND (state IN ('received', 'waiting', 'offered', 'in_progress') OR $15 AND state = 'overflowed')
          AND (callback_id IS NULL OR state = 'in_progress')
        FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET
            state = CASE WHEN old_state = 'in_progress' THEN 'wrap_up'
                WHEN $14 THEN 'lost'
                WHEN c.answered_at IS NULL AND helpline.now() - c.received_at < make_interval(secs => $8) THEN 'short_abandoned'
                ELSE 'abandoned' END,
            ended_at = CASE WHEN old_state <> 'in_progress' THEN helpline.now() END,
            holder_id = CASE WHEN old_state = 'in_progress' THEN c.holder_id END, put_aside_at = NULL,
            offer_id = NULL, open_offers = '{}', participations = '{}', cut_at = CASE WHEN $13 THEN helpline.now() END,
            revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), " AND ", participations_are_seen!(), "
        RETURNING c.*, old_state, old_medium, old_holder, old_offer, old_participations),
    ", withdraw_open!("changed", "person_left"),
    part_all!("person_left"), ",
    holds AS (
        SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted
        UNION ALL SELECT ended_of, old_medium, false FROM ended CROSS JOIN changed)",
    free_holds!(""), ",
    rescued AS (
        INSERT INTO helpline.callbacks (", promised_columns!(), ")
        SELECT $1, $9, 'callback', 'promised', NULL, contact_id, NULL::uuid, helpline.now(), helpline.now() + make_interval(secs => $12),
            helpline.now(), helpline.now() + make_interval(secs => $11), $10, channel, medium, queue, language,
            CASE WHEN directed_to IS NULL THEN skills ELSE original_skills END,
            CASE WHEN directed_to IS NULL THEN signature ELSE original_signature END, risk, class, extract(epoch FROM deadline_at - received_at)::int, sender_index, NULL::bytea, NULL::bytea,
            NULL::uuid, NULL, counsellor_id, brought_by, settings_version, helpline.now()
        FROM changed
        WHERE ((state IN ('abandoned', 'short_abandoned') OR $14) AND risk >= 3 OR state = 'lost') AND sender_index IS NOT NULL
          AND channel IN ('voice', 'sms', 'whatsapp', 'telegram', 'email')
          AND NOT EXISTS (
            SELECT FROM helpline.callbacks cb
            WHERE cb.centre_id = $1 AND cb.number_index = changed.sender_index AND cb.state IN ('promised', 'due')
              AND cb.kind = 'callback' AND cb.class <= changed.class AND (cb.state = 'due' OR cb.next_attempt_at <= helpline.now())
              AND (changed.state <> 'wrap_up' OR cb.called_contact_id IS DISTINCT FROM changed.contact_id))
        RETURNING callback_id, origin_contact_id, revision),
    rescue_journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_promised', origin_contact_id, revision,
            jsonb_build_object('callback_id', callback_id, 'kind', 'callback', 'from', 'departure')
        FROM rescued)";
    returning: contact_columns!(), ", old_holder, ", ended_column!(), ", ", rooms_column!(),
);

/// Whether the attempt of a contact that is a callback has been recorded, or it is none.
macro_rules! attempt_is_recorded {
    () => {
        "(contacts.callback_id IS NULL OR NOT EXISTS (SELECT FROM helpline.callbacks cb
            WHERE cb.centre_id = $1 AND cb.callback_id = contacts.callback_id AND cb.state IN ('promised', 'due')))"
    };
}
pub(crate) use attempt_is_recorded;

/// Whether no escalation that the contact has part in is open, and every one is seen: one that was raised while this
/// statement waited for the contact is not in its snapshot, but counted on the contact.
macro_rules! nothing_is_escalated {
    () => {
        "(contacts.escalation_count = 0
            OR contacts.escalation_count = (SELECT count(*) FROM helpline.escalation_contacts x
                WHERE x.centre_id = $1 AND x.contact_id = contacts.contact_id)
              AND NOT EXISTS (SELECT FROM helpline.escalation_contacts x
                JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = x.escalation_id
                WHERE x.centre_id = $1 AND x.contact_id = contacts.contact_id AND e.ended_at IS NULL))"
    };
}

const COMPLETE: &str = change!(
    event: "contact_completed", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "before AS (
        SELECT contact_id AS id, holder_id AS old_holder, medium AS old_medium, participations AS old_participations
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $8 AND ($9::bigint = 0 OR revision = $9)
          AND state IN ('in_progress', 'wrap_up', 'waiting_offline') AND ", attempt_is_recorded!(), "
          AND ", nothing_is_escalated!(), " FOR UPDATE),
    changed AS (
        UPDATE helpline.contacts c SET state = 'closed', ended_at = helpline.now(), holder_id = NULL, put_aside_at = NULL, closing = $10,
            summary_sealed = $11, participations = '{}', revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", participations_are_seen!(), "
        RETURNING c.*, old_holder, old_medium, old_participations)",
    part_all!("contact_completed"), ",
    holds AS (
        SELECT counsellor_id, medium, joined_at IS NOT NULL AS worked FROM parted
        UNION ALL SELECT old_holder, old_medium, true FROM changed)",
    free_holds!("");
    returning: contact_columns!(), ", old_holder, '[]'::jsonb AS ended, ", rooms_column!(),
);

/// The callback that whoever leaves unanswered at high risk is promised.
#[derive(Clone, Copy, Debug)]
pub struct Rescue {
    /// Its id, if one is promised.
    pub callback_id: CallbackId,
    /// Attempts at most.
    pub most_attempts: u32,
    /// From now to the alarm, in seconds.
    pub overdue_after_s: u32,
    /// How long they may be called, in seconds.
    pub window_s: u32,
}

/// A contact assessed.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The contact.
    pub contact: Contact,
    /// The class in which it stood.
    pub class_before: Class,
    /// To whom it is being offered.
    pub offered_to: Vec<CounsellorId>,
}

#[derive(FromRow)]
pub(crate) struct AssessedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_class: i16,
    shown_to: Vec<Uuid>,
}

/// A contact changed, and whose capacity that freed.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The contact.
    pub contact: Contact,
    /// The counsellor who held it before, if one did.
    pub held_before: Option<CounsellorId>,
    /// The offers of it that were open.
    pub ended: Vec<Ended>,
    /// How much room each of those has now whom it freed.
    pub rooms: Vec<Room>,
}

impl Moved {
    /// A contact that changed without anybody being freed.
    pub const fn nothing_else(contact: Contact) -> Self {
        Self { contact, held_before: None, ended: Vec::new(), rooms: Vec::new() }
    }
}

#[derive(FromRow)]
struct MovedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_holder: Option<Uuid>,
    ended: Json<Vec<Ended>>,
    rooms: Json<Vec<RoomRow>>,
}

impl Store {
    /// Records a new assessment; who was blocked is let in by one of high risk or above. The deadline may only move earlier, and so may the end of an open offer, which rings on
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
        self.change_seeing_offers(command, query).await?.try_map(|row| self.assessed(command.centre(), row))
    }

    pub(crate) fn assessed(&self, centre: CentreId, row: AssessedRow) -> Result<Assessed, StoreError> {
        Ok(Assessed {
            contact: self.contact_from(centre, row.contact)?,
            class_before: Class::from_number(row.old_class).ok_or(inconsistent("class"))?,
            offered_to: row.shown_to.into_iter().map(CounsellorId::from).collect(),
        })
    }

    /// Records that the person left: in line the contact ends, with a counsellor the wrap-up begins. Who was `cut` off may
    /// come back to the place they had. One that was `given_away` to a partner ends only when the partner says so.
    pub async fn depart(
        &self,
        command: &Command,
        contact: ContactId,
        short_abandon_s: u32,
        rescue: &Rescue,
        (cut, lost): (bool, bool),
        given_away: bool,
    ) -> Result<Change<Moved>, StoreError> {
        let query = || {
            change_query::<MovedRow>(DEPART, command)
                .bind(contact.as_uuid())
                .bind(f64::from(short_abandon_s))
                .bind(rescue.callback_id.as_uuid())
                .bind(i64::from(rescue.most_attempts))
                .bind(f64::from(rescue.overdue_after_s))
                .bind(f64::from(rescue.window_s))
                .bind(cut)
                .bind(lost)
                .bind(given_away)
        };
        self.change_seeing_offers(command, query).await?.try_map(|row| self.moved(command.centre(), row))
    }

    /// Runs a change that asks whether it sees the contact's offer ([`offer_is_seen`]) or who takes part in it, again when it
    /// was refused: it may not have seen one.
    pub(crate) async fn change_seeing_offers<R>(
        &self,
        command: &Command,
        query: impl Fn() -> ChangeQuery<R>,
    ) -> Result<Change<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        for _ in 1..RUNS {
            match self.change(command, query()).await {
                Ok(Change::Refused) => {}
                // Somebody who was blocked cannot be let in beside the conversation that they have begun since.
                Err(error) if error.constraint() == Some(ONE_CONVERSATION) => return Ok(Change::Refused),
                change => return change,
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
        let sealed = self.seal_some(SUMMARY, command.centre(), contact.as_uuid(), Some(summary));
        let query = || {
            change_query::<MovedRow>(COMPLETE, command)
                .bind(contact.as_uuid())
                .bind(command.caller.principal())
                .bind(expected_revision)
                .bind(Json(closing.clone()))
                .bind(sealed.clone())
        };
        self.change_seeing_offers(command, query).await?.try_map(|row| self.moved(command.centre(), row))
    }

    fn moved(&self, centre: CentreId, row: MovedRow) -> Result<Moved, StoreError> {
        Ok(Moved {
            contact: self.contact_from(centre, row.contact)?,
            held_before: row.old_holder.map(CounsellorId::from),
            ended: row.ended.0,
            rooms: rooms(row.rooms)?,
        })
    }
}
