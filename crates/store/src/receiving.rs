//! A contact is taken in: the statement that puts it in line, or finds the one that is there.

use std::collections::BTreeMap;

use helpline_domain::channel::Channel;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::{Class, Risk};
use helpline_domain::settings::Flood;
use helpline_vault::{Sensitive, normalise_identifier};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::block::block_in_force;
use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::diversion::Diverted;
use crate::sealing::{ANSWERS, DISPLAY_NAME, EXTERNAL, SENDER};
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
    /// Wait in seconds after which its queue asks for less for the first time.
    pub relax_after_s: Option<u32>,
    pub settings_version: i64,
    pub external_id: Option<Sensitive<String>>,
    /// The external id of the contact that this one continues.
    pub continues: Option<Sensitive<String>>,
    pub sender: Option<Sensitive<String>>,
    pub display_name: Option<Sensitive<String>>,
    /// Keys of the rules that raised the risk.
    pub risk_rules: Vec<String>,
    pub answers: Option<Sensitive<String>>,
    /// What a flood is told by; `None` when nothing is known of it.
    pub source: Option<Sensitive<String>>,
    /// Bounds of a flood from one source.
    pub flood: Flood,
    /// Target wait in seconds of the lowest class, for whoever comes beyond the bounds.
    pub lowest_target_s: u32,
    /// How it is diverted, if the queue it came for is.
    pub diverted: Option<Diverted>,
}

/// A contact taken in.
#[derive(Clone, Debug)]
pub struct Received {
    /// The contact.
    pub contact: Contact,
    /// Whether it was there before, in line or answered.
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

/// Builds the statement that takes a contact in: with the CTEs `before` (which may look at `promise`), this class, target
/// wait in seconds and whether it came beyond the bounds of a flood. Whoever is blocked is counted and not put in line, and
/// is no part of a flood. Whoever was promised a callback and comes back has the place that the promise kept, and nobody
/// calls them while they wait.
macro_rules! receive {
    ($before:literal, $class:literal, $target:literal, $limited:literal) => {
        change!(
            event: "contact_received", resource: "contact_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
            detail: "CASE WHEN block_id IS NOT NULL THEN jsonb_build_object('block_id', block_id)
                WHEN limited OR risk_rules <> '{}' THEN jsonb_build_object('rules', risk_rules, 'limited', limited) END",
            with: "promise AS (
                SELECT cb.callback_id AS id, w.received_at, coalesce(w.risk, cb.risk) AS risk, coalesce(w.class, cb.class) AS class,
                    coalesce(w.deadline_at, helpline.now() + make_interval(secs => cb.target_s)) AS deadline_at
                FROM helpline.callbacks cb
                LEFT JOIN helpline.contacts w ON w.centre_id = $1 AND w.contact_id = cb.work_contact_id
                WHERE cb.centre_id = $1 AND cb.number_index = $21 AND cb.state IN ('promised', 'due') AND cb.kind = 'callback'
                  AND cb.called_contact_id IS NULL
                ORDER BY cb.promised_at LIMIT 1), ", block_in_force!(), ", ", $before, "
            changed AS (
                INSERT INTO helpline.contacts (centre_id, contact_id, channel, medium, state, risk, class, queue, language, skills,
                    signature, received_at, deadline_at, brought_by, settings_version, external_index, external_sealed,
                    sender_index, sender_sealed, display_name_sealed, risk_rules, answers_sealed, source_index,
                    diversion_id, original_queue, original_skills, original_signature, directed_to, relax_at, limited,
                    block_id, ended_at)
                VALUES ($1, $7, $8, $9, CASE WHEN (SELECT id FROM block) IS NULL THEN 'waiting' ELSE 'blocked' END,
                    CASE WHEN $10 = -1 THEN coalesce((SELECT risk FROM promise), $10) ELSE $10 END,
                    CASE WHEN $10 = -1 THEN least(", $class, ", (SELECT class FROM promise)) ELSE ", $class, " END, $12, $13, $14, $15,
                    least(helpline.now(), (SELECT received_at FROM promise)),
                    least(helpline.now() + make_interval(secs => ", $target, "), (SELECT deadline_at FROM promise)), $17, $18, $19, $20, $21, $22, $23, $24, $25,
                    CASE WHEN (SELECT id FROM block) IS NULL THEN $26 END, $27, $28, $29, $30, $31, helpline.now() + make_interval(secs => $32), ",
                    $limited, " AND (SELECT id FROM block) IS NULL, (SELECT id FROM block),
                    CASE WHEN (SELECT id FROM block) IS NOT NULL THEN helpline.now() END)
                ON CONFLICT DO NOTHING
                RETURNING *),
            called AS (
                UPDATE helpline.callbacks cb SET called_contact_id = changed.contact_id, revision = cb.revision + 1
                FROM changed WHERE cb.centre_id = $1 AND cb.callback_id = (SELECT id FROM promise)
                  AND cb.state IN ('promised', 'due') AND cb.called_contact_id IS NULL)";
            returning: contact_columns!(), ", (SELECT roster_version FROM helpline.centres WHERE centre_id = $1) AS roster_version",
        )
    };
}

const RECEIVE: &str = receive!("", "$11", "$16", "false");

/// The same for a contact that could be part of a flood: unassessed, from a known source. Two at once may both be the
/// last within the bounds; that is near enough.
const RECEIVE_LIMITED: &str = receive!("
    recent AS (
        SELECT state FROM helpline.contacts
        WHERE centre_id = $1 AND source_index = $26 AND received_at > (SELECT helpline.now()) - make_interval(secs => $33)
        ORDER BY received_at DESC LIMIT $34),
    flood AS MATERIALIZED (
        SELECT (count(*) >= $34 OR count(*) FILTER (WHERE state IN ('waiting', 'offered')) >= $35)
            AND NOT EXISTS (SELECT FROM promise) AS beyond FROM recent),",
    "CASE WHEN (SELECT beyond FROM flood) THEN $36 ELSE $11 END",
    "CASE WHEN (SELECT beyond FROM flood) THEN $37 ELSE $16 END", "(SELECT beyond FROM flood)"
);

const EXISTING: &str = concat!(
    "SELECT ",
    contact_columns!(),
    ", (SELECT roster_version FROM helpline.centres WHERE centre_id = $1) AS roster_version
     FROM helpline.contacts
     WHERE centre_id = $1 AND channel = $2 AND (external_index = $3
        OR (sender_index = $4 AND state IN ('received', 'waiting', 'offered', 'in_progress', 'overflowed')
            AND channel IN ('web_chat', 'sms', 'whatsapp', 'telegram', 'email')))
     ORDER BY external_index = $3 DESC NULLS LAST LIMIT 1"
);

/// A partner's contact is connected: the adapter that takes the person over has it from now on.
const CONNECT: &str = "
    WITH changed AS (
        UPDATE helpline.contacts c SET brought_by = $4, revision = c.revision + 1
        WHERE c.centre_id = $1 AND c.channel = $2 AND c.external_index = $3 AND c.overflow_id IS NOT NULL AND c.brought_by IS NULL
        RETURNING c.contact_id, c.revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision)
        SELECT $1, helpline.now(), 'contact_connected', $4, 'channel_adapter', contact_id, revision FROM changed)
    SELECT contact_id FROM changed";

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
        let source_index = self.index_some(centre, "source", new.source.as_ref());
        let directed_to = new.diverted.as_ref().and_then(|by| by.directed_to);
        let limits = new.risk == Risk::Unassessed && source_index.is_some();
        let mut query = change_query::<ReceivedRow>(if limits { RECEIVE_LIMITED } else { RECEIVE }, command)
            .bind(row)
            .bind(new.channel.key())
            .bind(new.channel.medium().key())
            .bind(new.risk.number())
            .bind(new.class.number())
            .bind(new.queue.clone())
            .bind(new.language.clone())
            .bind(Json(new.skills.clone()))
            .bind(self.line_signature(centre, &requirement, directed_to))
            .bind(f64::from(new.target_s))
            .bind(command.caller.token_id.as_uuid())
            .bind(new.settings_version)
            .bind(external_index.clone())
            .bind(self.seal_some(EXTERNAL, centre, row, new.external_id.as_ref()))
            .bind(sender_index.clone())
            .bind(self.seal_some(SENDER, centre, row, new.sender.as_ref()))
            .bind(self.seal_some(DISPLAY_NAME, centre, row, new.display_name.as_ref()))
            .bind(new.risk_rules.clone())
            .bind(self.seal_some(ANSWERS, centre, row, new.answers.as_ref()))
            .bind(source_index)
            .bind(new.diverted.as_ref().map(|by| by.diversion_id.as_uuid()))
            .bind(new.diverted.as_ref().map(|by| by.original_queue.clone()))
            .bind(new.diverted.as_ref().map(|by| Json(by.original_skills.clone())))
            .bind(new.diverted.as_ref().map(|by| {
                let there = Requirement { skills: by.original_skills.clone(), ..requirement.clone() };
                self.signature(centre, &there)
            }))
            .bind(directed_to.map(|to| to.as_uuid()))
            .bind(new.relax_after_s.map(f64::from));
        if limits {
            query = query
                .bind(f64::from(new.flood.window_s))
                .bind(i64::from(new.flood.most_received))
                .bind(i64::from(new.flood.most_waiting))
                .bind(Class::Low.number())
                .bind(f64::from(new.lowest_target_s));
        }
        match self.change(command, query).await? {
            Change::Done(row) => Ok(Change::Done(self.received(centre, row, false)?)),
            Change::Refused => {
                self.connect_overflow(command, new.channel, external_index.clone()).await?;
                let Some(found) =
                    self.existing_contact(centre, new.channel, external_index, sender_index).await?
                else {
                    // It was there a moment ago and has ended since: the caller's next try takes a new contact in.
                    return Err(StoreError::Retry);
                };
                let found = self.received(centre, found, true)?;
                if found.contact.state == ContactState::Blocked && new.risk >= Risk::High {
                    return self.let_in(command, new, found).await;
                }
                self.remember(command, found.contact.contact_id.as_uuid(), found.contact.revision).await?;
                Ok(Change::Done(found))
            }
            Change::Replayed { resource_id } => Ok(Change::Replayed { resource_id }),
            Change::Reused => Ok(Change::Reused),
        }
    }

    /// What was blocked is in danger, as is known now: it is put in line as if it came now.
    async fn let_in(
        &self,
        command: &Command,
        new: &NewContact,
        found: Received,
    ) -> Result<Change<Received>, StoreError> {
        let risk = (new.risk, new.class);
        match self.change_risk(command, found.contact.contact_id, 0, risk, (new.target_s, 0)).await? {
            // Somebody else has let it in, or the sender has a conversation by now: the next try finds that.
            Change::Refused => Err(StoreError::Retry),
            change => {
                Ok(change.map(|assessed| Received { contact: assessed.contact, existing: false, ..found }))
            }
        }
    }

    async fn connect_overflow(
        &self,
        command: &Command,
        channel: Channel,
        external_index: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        if external_index.is_none() {
            return Ok(());
        }
        let mut connection = self.bound(command.centre()).await?;
        let done = sqlx::query(CONNECT)
            .bind(command.centre().as_uuid())
            .bind(channel.key())
            .bind(external_index)
            .bind(command.caller.token_id.as_uuid())
            .execute(connection.postgres())
            .await;
        connection.settle(done).map(drop)
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

    /// The signature of the line in which contacts with this requirement wait: a keyed hash, because a language may say
    /// something about a child and the signature names lines in Redis.
    pub fn signature(&self, centre: CentreId, requirement: &Requirement) -> Vec<u8> {
        self.vault().blind_index(centre.as_uuid(), "requirement", &requirement.canonical())[..8].to_vec()
    }

    /// The signature of the line in which a contact waits: those who are for one person alone have lines of their own, or
    /// the first of them would hide everybody behind them while that one is busy.
    pub fn line_signature(
        &self,
        centre: CentreId,
        requirement: &Requirement,
        directed_to: Option<CounsellorId>,
    ) -> Vec<u8> {
        let Some(only) = directed_to else { return self.signature(centre, requirement) };
        let line = format!("{} for {only}", requirement.canonical());
        self.vault().blind_index(centre.as_uuid(), "requirement", &line)[..8].to_vec()
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
