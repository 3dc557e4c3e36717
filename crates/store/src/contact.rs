//! A contact as it stands in the store, and reading it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::closing::Closing;
use helpline_domain::contact::{ContactState, Direction};
use helpline_domain::id::{CallbackId, CentreId, ContactId, CounsellorId, OfferId, TokenId};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::{Class, Risk};
use helpline_vault::Sensitive;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::sealing::{ANSWERS, DISPLAY_NAME, SENDER, SUMMARY};
use crate::{Store, StoreError};

/// A contact.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Contact {
    pub contact_id: ContactId,
    pub channel: Channel,
    pub state: ContactState,
    pub risk: Risk,
    pub class: Class,
    pub queue: String,
    pub language: Option<String>,
    pub skills: BTreeMap<String, u8>,
    pub received_at: DateTime<Utc>,
    pub deadline_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub counsellor_id: Option<CounsellorId>,
    pub holder_id: Option<CounsellorId>,
    pub offer_id: Option<OfferId>,
    pub offer_count: i32,
    pub brought_by: Option<TokenId>,
    pub settings_version: i64,
    pub epoch: i64,
    pub revision: i64,
    pub message_count: i64,
    pub sequence: i64,
    /// The queue it came for, when that was diverted.
    pub original_queue: Option<String>,
    /// The only person it is offered to while it was not answered.
    pub directed_to: Option<CounsellorId>,
    pub sender: Option<Sensitive<String>>,
    pub display_name: Option<Sensitive<String>>,
    pub closing: Option<Closing>,
    pub summary: Option<Sensitive<String>>,
    pub risk_rules: Vec<String>,
    pub limited: bool,
    pub answers: Option<Sensitive<String>>,
    pub resumed: bool,
    pub returned_from: Option<ContactId>,
    pub preferred: Option<CounsellorId>,
    pub asked_skills: Option<BTreeMap<String, u8>>,
    pub relaxation_step: i16,
    pub relax_at: Option<DateTime<Utc>>,
    pub direction: Direction,
    pub callback_id: Option<CallbackId>,
    pub put_aside_at: Option<DateTime<Utc>>,
}

impl Contact {
    /// What it asks of a counsellor.
    pub fn requirement(&self) -> Requirement {
        Requirement {
            medium: self.channel.medium(),
            language: self.language.clone(),
            skills: self.skills.clone(),
        }
    }
}

/// The columns of [`ContactRow`], as selected from `helpline.contacts` or from a CTE named like it.
macro_rules! contact_columns {
    () => {
        "contact_id, channel, state, risk, class, queue, language, skills, received_at, deadline_at, answered_at, ended_at, \
         counsellor_id, holder_id, offer_id, offer_count, brought_by, settings_version, epoch, revision, message_count, sequence, \
         resumed, returned_from_contact_id, preferred_counsellor_id, asked_skills, relaxation_step, relax_at, \
         original_queue, directed_to, sender_sealed, display_name_sealed, closing, summary_sealed, risk_rules, limited, \
         answers_sealed, direction, callback_id, put_aside_at"
    };
}
pub(crate) use contact_columns;

/// Puts a contact `c` in line that was blocked, as an update to high risk does; every other stays where it is.
macro_rules! let_in {
    () => {
        "state = CASE c.state WHEN 'blocked' THEN 'waiting' ELSE c.state END, \
         ended_at = CASE c.state WHEN 'blocked' THEN NULL ELSE c.ended_at END"
    };
}
pub(crate) use let_in;

#[derive(FromRow)]
pub(crate) struct ContactRow {
    contact_id: Uuid,
    channel: String,
    state: String,
    risk: i16,
    class: i16,
    queue: String,
    language: Option<String>,
    skills: Json<BTreeMap<String, u8>>,
    received_at: DateTime<Utc>,
    deadline_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    counsellor_id: Option<Uuid>,
    holder_id: Option<Uuid>,
    offer_id: Option<Uuid>,
    offer_count: i32,
    brought_by: Option<Uuid>,
    settings_version: i64,
    epoch: i64,
    revision: i64,
    message_count: i64,
    sequence: i64,
    original_queue: Option<String>,
    directed_to: Option<Uuid>,
    sender_sealed: Option<Vec<u8>>,
    display_name_sealed: Option<Vec<u8>>,
    closing: Option<Json<Closing>>,
    summary_sealed: Option<Vec<u8>>,
    risk_rules: Vec<String>,
    limited: bool,
    answers_sealed: Option<Vec<u8>>,
    resumed: bool,
    returned_from_contact_id: Option<Uuid>,
    preferred_counsellor_id: Option<Uuid>,
    asked_skills: Option<Json<BTreeMap<String, u8>>>,
    relaxation_step: i16,
    relax_at: Option<DateTime<Utc>>,
    direction: String,
    callback_id: Option<Uuid>,
    put_aside_at: Option<DateTime<Utc>>,
}

/// A column of contacts that holds what it cannot hold.
pub(crate) const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "contacts", column }
}

impl Store {
    /// Opens a row: the sealed columns become readable, the keys become types.
    pub(crate) fn contact_from(&self, centre: CentreId, row: ContactRow) -> Result<Contact, StoreError> {
        let id = row.contact_id;
        Ok(Contact {
            contact_id: id.into(),
            channel: Channel::from_key(&row.channel).ok_or(inconsistent("channel"))?,
            state: ContactState::from_key(&row.state).ok_or(inconsistent("state"))?,
            risk: Risk::from_number(row.risk).ok_or(inconsistent("risk"))?,
            class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
            queue: row.queue,
            language: row.language,
            skills: row.skills.0,
            received_at: row.received_at,
            deadline_at: row.deadline_at,
            answered_at: row.answered_at,
            ended_at: row.ended_at,
            counsellor_id: row.counsellor_id.map(CounsellorId::from),
            holder_id: row.holder_id.map(CounsellorId::from),
            offer_id: row.offer_id.map(OfferId::from),
            offer_count: row.offer_count,
            brought_by: row.brought_by.map(TokenId::from),
            settings_version: row.settings_version,
            epoch: row.epoch,
            revision: row.revision,
            message_count: row.message_count,
            sequence: row.sequence,
            original_queue: row.original_queue,
            directed_to: row.directed_to.map(CounsellorId::from),
            sender: self.open_some(SENDER, centre, id, row.sender_sealed.as_deref())?,
            display_name: self.open_some(DISPLAY_NAME, centre, id, row.display_name_sealed.as_deref())?,
            closing: row.closing.map(|closing| closing.0),
            summary: self.open_some(SUMMARY, centre, id, row.summary_sealed.as_deref())?,
            risk_rules: row.risk_rules,
            limited: row.limited,
            answers: self.open_some(ANSWERS, centre, id, row.answers_sealed.as_deref())?,
            resumed: row.resumed,
            returned_from: row.returned_from_contact_id.map(ContactId::from),
            preferred: row.preferred_counsellor_id.map(CounsellorId::from),
            asked_skills: row.asked_skills.map(|skills| skills.0),
            relaxation_step: row.relaxation_step,
            relax_at: row.relax_at,
            direction: Direction::from_key(&row.direction).ok_or(inconsistent("direction"))?,
            callback_id: row.callback_id.map(CallbackId::from),
            put_aside_at: row.put_aside_at,
        })
    }

    /// One contact with everything that is known of it.
    pub async fn contact(&self, centre: CentreId, id: ContactId) -> Result<Option<Contact>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, ContactRow>(concat!(
            "SELECT ",
            contact_columns!(),
            " FROM helpline.contacts WHERE centre_id = $1 AND contact_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.contact_from(centre, row)).transpose()
    }

    /// A page of contacts, newest first, without anything personal: the sealed columns are not even read.
    pub async fn contacts(
        &self,
        centre: CentreId,
        filter: &ContactFilter,
        page: ContactPage,
    ) -> Result<Vec<Contact>, StoreError> {
        let mut query = QueryBuilder::<sqlx::Postgres>::new(
            "SELECT contact_id, channel, state, risk, class, queue, language, skills, received_at, deadline_at, answered_at, \
             ended_at, counsellor_id, holder_id, offer_id, offer_count, brought_by, settings_version, epoch, revision, \
             message_count, sequence, resumed, returned_from_contact_id, preferred_counsellor_id, asked_skills, \
             relaxation_step, relax_at, original_queue, directed_to, NULL::bytea AS sender_sealed, \
             NULL::bytea AS display_name_sealed, NULL::jsonb AS closing, NULL::bytea AS summary_sealed, risk_rules, limited, \
             NULL::bytea AS answers_sealed, direction, callback_id, put_aside_at FROM helpline.contacts WHERE centre_id = ",
        );
        query.push_bind(centre.as_uuid());
        if !filter.states.is_empty() {
            let states: Vec<&'static str> = filter.states.iter().map(|state| state.key()).collect();
            query.push(" AND state = ANY(").push_bind(states).push(")");
        }
        if !filter.channels.is_empty() {
            let channels: Vec<&'static str> = filter.channels.iter().map(|channel| channel.key()).collect();
            query.push(" AND channel = ANY(").push_bind(channels).push(")");
        }
        if let Some(queue) = &filter.queue {
            query.push(" AND queue = ").push_bind(queue.clone());
        }
        if let Some(counsellor) = filter.counsellor_id {
            query.push(" AND counsellor_id = ").push_bind(counsellor.as_uuid());
        }
        if let Some(from) = filter.received_from {
            query.push(" AND received_at >= ").push_bind(from);
        }
        if let Some(before) = filter.received_before {
            query.push(" AND received_at < ").push_bind(before);
        }
        if let Some(reference) = &filter.reference {
            query.push(" AND contact_id IN (SELECT contact_id FROM helpline.arrangements WHERE centre_id = ");
            query.push_bind(centre.as_uuid());
            query.push(" AND reference = ").push_bind(reference.clone()).push(")");
        }
        if let Some(before) = page.before {
            query.push(" AND contact_id < ").push_bind(before.as_uuid());
        }
        query.push(" ORDER BY contact_id DESC LIMIT ").push_bind(i64::from(page.size));
        let mut connection = self.bound(centre).await?;
        let rows = query.build_query_as::<ContactRow>().fetch_all(connection.postgres()).await;
        let rows = connection.settle(rows)?;
        drop(connection);
        self.contacts_from(centre, rows)
    }

    /// Opens rows.
    pub(crate) fn contacts_from(
        &self,
        centre: CentreId,
        rows: Vec<ContactRow>,
    ) -> Result<Vec<Contact>, StoreError> {
        rows.into_iter().map(|row| self.contact_from(centre, row)).collect()
    }

    /// The contacts that a query finds.
    pub(crate) async fn contacts_found(
        &self,
        centre: CentreId,
        query: QueryAs<'static, sqlx::Postgres, ContactRow, PgArguments>,
    ) -> Result<Vec<Contact>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = query.fetch_all(connection.postgres()).await;
        let rows = connection.settle(rows)?;
        drop(connection);
        self.contacts_from(centre, rows)
    }
}

/// Which contacts; what is empty or `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct ContactFilter {
    /// Any of these states.
    pub states: Vec<ContactState>,
    /// Any of these channels.
    pub channels: Vec<Channel>,
    /// In this queue.
    pub queue: Option<String>,
    /// Had by this counsellor, now or last.
    pub counsellor_id: Option<CounsellorId>,
    /// Taken in at this time or later.
    pub received_from: Option<DateTime<Utc>>,
    /// Taken in before this time.
    pub received_before: Option<DateTime<Utc>>,
    /// Whose person was told this reference.
    pub reference: Option<String>,
}

/// A page: ids sort by time, so the page begins below the last id of the one before.
#[derive(Clone, Copy, Debug)]
pub struct ContactPage {
    /// How many at most.
    pub size: u32,
    /// Only contacts with smaller ids.
    pub before: Option<ContactId>,
}
