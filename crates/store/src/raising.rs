//! A rule raises the risk of a contact, by what a child answers or writes. One statement with what made it do so.

use chrono::{DateTime, Utc};
use helpline_domain::id::{ContactId, MessageId};
use helpline_domain::risk::{Class, Risk};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{contact_columns, let_in};
use crate::intake::{Assessed, AssessedRow};
use crate::message::{Author, Message};
use crate::offer::{offer_is_seen, shorten_open};
use crate::sealing::{ANSWERS, TEXT};
use crate::{Store, StoreError};

/// What a rule would do to a contact. The statement looks once more whether it still raises anything.
#[derive(Clone, Debug)]
pub struct Raising {
    /// Key of the rule; each raises a contact once.
    pub rule: String,
    /// The risk to raise to.
    pub risk: Risk,
    /// Its class.
    pub class: Class,
    /// Target wait of the class, in seconds.
    pub target_s: u32,
    /// How long an open offer rings on at most, in seconds.
    pub offer_timeout_s: u32,
}

/// The contact, locked, and whether rule `$8` raises its risk to `$9`. One that was blocked is found only when it does so to
/// high risk.
macro_rules! before {
    ($who:literal) => {
        concat!(
            "before AS (
                SELECT contact_id AS id, risk AS old_risk, class AS old_class, offer_id AS old_offer,
                    $8::text IS NOT NULL AND risk < $9 AND NOT $8 = ANY (risk_rules) AS raises
                FROM helpline.contacts WHERE centre_id = $1 AND contact_id = $7 ",
            $who,
            " AND (state IN ('received', 'waiting', 'offered', 'in_progress')
                    OR state = 'blocked' AND $9 >= 3 AND NOT $8 = ANY (risk_rules)) FOR UPDATE)"
        )
    };
}

/// What a raise sets: class `$10`, the deadline by a target wait of `$11` seconds and never later than it was.
macro_rules! raised {
    () => {
        concat!(let_in!(), ", risk = CASE WHEN raises THEN $9 ELSE c.risk END, class = CASE WHEN raises THEN $10 ELSE c.class END,
         deadline_at = CASE WHEN raises THEN least(c.deadline_at, c.received_at + make_interval(secs => $11)) ELSE c.deadline_at END,
         risk_rules = CASE WHEN raises THEN c.risk_rules || $8::text ELSE c.risk_rules END")
    };
}

/// An open offer rings on for `$12` seconds at most, and the journal says which rule raised what.
macro_rules! raise_told {
    () => {
        concat!(shorten_open!("CASE WHEN raises THEN $12::float8 END"), ",
        explained AS (
            INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, counsellor_id, offer_id, revision, detail)
            SELECT $1, helpline.now(), 'risk_changed', $2, $3, contact_id, counsellor_id, offer_id, revision,
                jsonb_build_object('from', old_risk, 'to', risk, 'rule', $8)
            FROM changed WHERE raises)")
    };
}

const RECORD_ANSWERS: &str = change!(
    event: "answers_recorded", resource: "contact_id", about: ("contact_id", "counsellor_id", "offer_id"), detail: "NULL::jsonb",
    with: before!(""),
    ", changed AS (
        UPDATE helpline.contacts c SET answers_sealed = $13, ", raised!(), ", revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), "
        RETURNING c.*, old_risk, old_class, raises), ",
    raise_told!();
    returning: contact_columns!(), ", old_class, ARRAY(SELECT shown_to FROM shortened) AS shown_to",
);

const SEND_AND_RAISE: &str = change!(
    event: "message_sent", resource: "message_id", about: ("contact_id", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('sequence', message_count)",
    with: before!("AND brought_by = $16"),
    ", changed AS (
        UPDATE helpline.contacts c SET message_count = message_count + 1, ", raised!(), ", revision = c.revision + raises::int
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), "
        RETURNING c.*, old_risk, old_class, raises, $13::uuid AS message_id),
    written AS (
        INSERT INTO helpline.messages (centre_id, contact_id, sequence, message_id, author, text_sealed, sent_at)
        SELECT $1, contact_id, message_count, message_id, $14, $15, helpline.now() FROM changed
        RETURNING sent_at AS written_at), ",
    raise_told!();
    returning: contact_columns!(), ", old_class, ARRAY(SELECT shown_to FROM shortened) AS shown_to, message_id, written_at"; from: "changed CROSS JOIN written"
);

/// A message stored, and the contact as it stands with it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// The contact.
    pub assessed: Assessed,
}

#[derive(FromRow)]
struct SentRow {
    #[sqlx(flatten)]
    assessed: AssessedRow,
    message_id: Uuid,
    written_at: DateTime<Utc>,
}

impl Store {
    /// Records what a person has answered so far, and raises the risk if a rule says so. `answers` is one text, sealed as
    /// a whole.
    pub async fn record_answers(
        &self,
        command: &Command,
        contact: ContactId,
        answers: &Sensitive<String>,
        raising: Option<&Raising>,
    ) -> Result<Change<Assessed>, StoreError> {
        let sealed = self.seal_some(ANSWERS, command.centre(), contact.as_uuid(), Some(answers));
        let query =
            || raise_query::<AssessedRow>(RECORD_ANSWERS, command, contact, raising).bind(sealed.clone());
        self.change_seeing_offers(command, query).await?.try_map(|row| self.assessed(command.centre(), row))
    }

    /// Adds a child's message in which a rule has found something, and raises the risk in the same statement.
    pub async fn send_and_raise(
        &self,
        command: &Command,
        contact: ContactId,
        message: MessageId,
        text: &Sensitive<String>,
        raising: &Raising,
    ) -> Result<Change<Sent>, StoreError> {
        let sealed = self.seal(TEXT, command.centre(), message.as_uuid(), text.expose());
        let query = || {
            raise_query::<SentRow>(SEND_AND_RAISE, command, contact, Some(raising))
                .bind(message.as_uuid())
                .bind(Author::Child.key())
                .bind(sealed.clone())
                .bind(command.caller.token_id.as_uuid())
        };
        self.change_seeing_offers(command, query).await?.try_map(|row| {
            let assessed = self.assessed(command.centre(), row.assessed)?;
            let message = Message {
                message_id: row.message_id.into(),
                contact_id: contact,
                sequence: assessed.contact.message_count,
                author: Author::Child,
                text: text.clone(),
                sent_at: row.written_at,
            };
            Ok(Sent { message, assessed })
        })
    }
}

fn raise_query<R>(
    sql: &'static str,
    command: &Command,
    contact: ContactId,
    raising: Option<&Raising>,
) -> crate::change::ChangeQuery<R>
where
    R: for<'r> FromRow<'r, sqlx::postgres::PgRow>,
{
    let number = |number: fn(&Raising) -> f64| raising.map(number);
    change_query::<R>(sql, command)
        .bind(contact.as_uuid())
        .bind(raising.map(|raising| raising.rule.clone()))
        .bind(raising.map(|raising| raising.risk.number()))
        .bind(raising.map(|raising| raising.class.number()))
        .bind(number(|raising| f64::from(raising.target_s)))
        .bind(number(|raising| f64::from(raising.offer_timeout_s)))
}
