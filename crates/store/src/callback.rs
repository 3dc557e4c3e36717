//! Callbacks as they stand in the store, and reading them.
//!
//! [`promise`] makes them, [`attempt`] records what a counsellor's call came to, [`plan`] moves and takes them back,
//! [`steps`] are what workers do when the time has come.

pub mod attempt;
pub mod plan;
pub mod promise;
pub mod steps;

use chrono::{DateTime, Utc};
use helpline_domain::callback::{CallbackKind, CallbackState};
use helpline_domain::caller::Caller;
use helpline_domain::channel::Channel;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CallbackId, CentreId, ContactId, CounsellorId, TokenId};
use helpline_domain::risk::{Class, Risk};
use helpline_vault::Sensitive;
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::offer::Ended;
use crate::presence::{Room, RoomRow, rooms};
use crate::sealing::{NUMBER, SAFE_WORDS, SENDER};
use crate::{Store, StoreError};

/// A callback, without anything personal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Callback {
    pub callback_id: CallbackId,
    pub kind: CallbackKind,
    pub state: CallbackState,
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub origin_contact_id: ContactId,
    pub work_contact_id: Option<ContactId>,
    pub called_contact_id: Option<ContactId>,
    pub due_at: DateTime<Utc>,
    pub until_at: DateTime<Utc>,
    pub next_attempt_at: DateTime<Utc>,
    pub alarmed_at: Option<DateTime<Utc>>,
    pub attempts: i32,
    pub most_attempts: i32,
    pub channel: Channel,
    pub class: Class,
    pub risk: Risk,
    pub queue: String,
    pub language: Option<String>,
    pub promised_by: Option<Uuid>,
    pub preferred: Option<CounsellorId>,
    pub brought_by: Option<TokenId>,
    pub promised_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
    /// Where its work stands.
    pub work_state: Option<ContactState>,
    /// Who has the work or had it last.
    pub work_with: Option<CounsellorId>,
}

impl Callback {
    /// Whether its work is with a counsellor who has not said what the attempt came to.
    pub fn is_attempting(&self) -> bool {
        self.state == CallbackState::Due && self.work_is_in_hand()
    }

    /// Whether its work is with a counsellor.
    pub fn work_is_in_hand(&self) -> bool {
        matches!(self.work_state, Some(ContactState::InProgress | ContactState::WrapUp))
    }
}

/// The number to call, and what may be said.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The number or handle.
    pub number: Option<Sensitive<String>>,
    /// What may be said, and to whom.
    pub safe_words: Option<Sensitive<String>>,
}

/// The columns of [`CallbackRow`], of a callback `cb` and the contact `w` that is its work.
macro_rules! callback_columns {
    () => {
        "cb.callback_id, cb.kind, cb.state, cb.reason, cb.reference, cb.origin_contact_id, cb.work_contact_id, \
         cb.called_contact_id, cb.due_at, cb.until_at, cb.next_attempt_at, cb.alarmed_at, cb.attempts, cb.most_attempts, \
         cb.channel, cb.class, cb.risk, cb.queue, cb.language, cb.promised_by, cb.preferred_counsellor_id, cb.brought_by, cb.promised_at, cb.ended_at, \
         cb.revision, w.state AS work_state, w.counsellor_id AS work_with"
    };
}

/// Callbacks with the contacts that are their work.
macro_rules! callbacks_with_work {
    () => {
        " FROM helpline.callbacks cb LEFT JOIN helpline.contacts w \
           ON w.centre_id = cb.centre_id AND w.contact_id = cb.work_contact_id "
    };
}

#[derive(FromRow)]
struct CallbackRow {
    callback_id: Uuid,
    kind: String,
    state: String,
    reason: Option<String>,
    reference: Option<String>,
    origin_contact_id: Uuid,
    work_contact_id: Option<Uuid>,
    called_contact_id: Option<Uuid>,
    due_at: DateTime<Utc>,
    until_at: DateTime<Utc>,
    next_attempt_at: DateTime<Utc>,
    alarmed_at: Option<DateTime<Utc>>,
    attempts: i32,
    most_attempts: i32,
    channel: String,
    class: i16,
    risk: i16,
    queue: String,
    language: Option<String>,
    promised_by: Option<Uuid>,
    preferred_counsellor_id: Option<Uuid>,
    brought_by: Option<Uuid>,
    promised_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
    work_state: Option<String>,
    work_with: Option<Uuid>,
}

/// A column of callbacks that holds what it cannot hold.
const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "callbacks", column }
}

impl TryFrom<CallbackRow> for Callback {
    type Error = StoreError;

    fn try_from(row: CallbackRow) -> Result<Self, StoreError> {
        let work_state = row
            .work_state
            .map(|state| ContactState::from_key(&state).ok_or(inconsistent("work_state")))
            .transpose()?;
        Ok(Self {
            callback_id: row.callback_id.into(),
            kind: CallbackKind::from_key(&row.kind).ok_or(inconsistent("kind"))?,
            state: CallbackState::from_key(&row.state).ok_or(inconsistent("state"))?,
            reason: row.reason,
            reference: row.reference,
            origin_contact_id: row.origin_contact_id.into(),
            work_contact_id: row.work_contact_id.map(ContactId::from),
            called_contact_id: row.called_contact_id.map(ContactId::from),
            due_at: row.due_at,
            until_at: row.until_at,
            next_attempt_at: row.next_attempt_at,
            alarmed_at: row.alarmed_at,
            attempts: row.attempts,
            most_attempts: row.most_attempts,
            channel: Channel::from_key(&row.channel).ok_or(inconsistent("channel"))?,
            class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
            risk: Risk::from_number(row.risk).ok_or(inconsistent("risk"))?,
            queue: row.queue,
            language: row.language,
            promised_by: row.promised_by,
            preferred: row.preferred_counsellor_id.map(CounsellorId::from),
            brought_by: row.brought_by.map(TokenId::from),
            promised_at: row.promised_at,
            ended_at: row.ended_at,
            revision: row.revision,
            work_state,
            work_with: row.work_with.map(CounsellorId::from),
        })
    }
}

/// What a change of a callback did to the contact that is its work.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The callback.
    pub callback_id: CallbackId,
    /// The contact, if there is one.
    pub contact_id: Option<ContactId>,
    /// Where the contact stood.
    pub state_before: Option<ContactState>,
    /// The class in which it stood.
    pub class_before: Option<Class>,
    /// The offers that were open and have been withdrawn.
    pub ended: Vec<Ended>,
    /// How much room each of those has now whom it freed.
    pub rooms: Vec<Room>,
}

/// The columns of [`MovedRow`], from `changed`, which has the old values of the contact, `ended` and `freed`.
macro_rules! moved_columns {
    () => {
        concat!(
            "callback_id, work_contact_id, old_state, old_class, ",
            $crate::offer::ended_column!(),
            ", ",
            $crate::participation::rooms_column!()
        )
    };
}
use moved_columns;

#[derive(FromRow)]
struct MovedRow {
    callback_id: Uuid,
    work_contact_id: Option<Uuid>,
    old_state: Option<String>,
    old_class: Option<i16>,
    ended: Json<Vec<Ended>>,
    rooms: Json<Vec<RoomRow>>,
}

impl TryFrom<MovedRow> for Moved {
    type Error = StoreError;

    fn try_from(row: MovedRow) -> Result<Self, StoreError> {
        Ok(Self {
            callback_id: row.callback_id.into(),
            contact_id: row.work_contact_id.map(ContactId::from),
            state_before: row
                .old_state
                .map(|state| ContactState::from_key(&state).ok_or(inconsistent("old_state")))
                .transpose()?,
            class_before: row
                .old_class
                .map(|class| Class::from_number(class).ok_or(inconsistent("old_class")))
                .transpose()?,
            ended: row.ended.0,
            rooms: rooms(row.rooms)?,
        })
    }
}

/// Shows the number and the words to the counsellor who has the work in hand, and notes in the journal that it did.
const REVEAL: &str = "
    WITH callback AS (
        SELECT cb.callback_id, cb.origin_contact_id, cb.number_sealed, cb.safe_words_sealed, o.sender_sealed,
            cb.work_contact_id, w.revision
        FROM helpline.callbacks cb
        JOIN helpline.contacts w ON w.centre_id = $1 AND w.contact_id = cb.work_contact_id
        JOIN helpline.contacts o ON o.centre_id = $1 AND o.contact_id = cb.origin_contact_id
        WHERE cb.centre_id = $1 AND cb.callback_id = $2 AND w.counsellor_id = $3 AND w.state IN ('in_progress', 'wrap_up')),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_number_read', $3, $4, work_contact_id, revision,
            jsonb_build_object('callback_id', callback_id)
        FROM callback)
    SELECT origin_contact_id, number_sealed, safe_words_sealed, sender_sealed FROM callback";

/// Which callbacks; what is empty or `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CallbackFilter {
    /// Any of these states; `attempting` is due with its work in hand.
    pub states: Vec<&'static str>,
    /// Nobody has begun them in time, or check-ins that failed and whose work nobody has signed off.
    pub alarming: bool,
    /// With this reference.
    pub reference: Option<String>,
    /// Promised by this counsellor, or taken on by them.
    pub kept_by: Option<CounsellorId>,
}

impl Store {
    /// The open promises that a counsellor is to keep, or everybody who is not on shift, the first due first.
    pub async fn open_promises(
        &self,
        centre: CentreId,
        counsellor: Option<CounsellorId>,
        most: i64,
    ) -> Result<Vec<Callback>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, CallbackRow>(concat!(
            "SELECT ",
            callback_columns!(),
            " FROM helpline.presences p JOIN helpline.callbacks cb ON cb.centre_id = $1
                AND cb.preferred_counsellor_id = p.counsellor_id AND cb.state IN ('promised', 'due')
             LEFT JOIN helpline.contacts w ON w.centre_id = $1 AND w.contact_id = cb.work_contact_id
             WHERE p.centre_id = $1 AND CASE WHEN $2::uuid IS NULL THEN p.state = 'offline' ELSE p.counsellor_id = $2 END
             ORDER BY cb.due_at LIMIT $3"
        ))
        .bind(centre.as_uuid())
        .bind(counsellor.map(|counsellor| counsellor.as_uuid()))
        .bind(most)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Callback::try_from).collect()
    }

    /// One callback.
    pub async fn callback(&self, centre: CentreId, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, CallbackRow>(concat!(
            "SELECT ",
            callback_columns!(),
            callbacks_with_work!(),
            "WHERE cb.centre_id = $1 AND cb.callback_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Callback::try_from).transpose()
    }

    /// Number and safe words of a callback whose work the caller has in hand; `None` for everybody else. The look is
    /// journalled with it.
    pub async fn reveal_callback(
        &self,
        caller: &Caller,
        id: CallbackId,
    ) -> Result<Option<Secrets>, StoreError> {
        let centre = caller.centre_id;
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, (Uuid, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>)>(REVEAL)
            .bind(centre.as_uuid())
            .bind(id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .fetch_optional(connection.postgres())
            .await;
        let Some((origin, number, safe_words, sender)) = connection.settle(row)? else { return Ok(None) };
        drop(connection);
        let number = match number {
            Some(number) => Some(self.open(NUMBER, centre, id.as_uuid(), &number)?),
            None => self.open_some(SENDER, centre, origin, sender.as_deref())?,
        };
        let safe_words = self.open_some(SAFE_WORDS, centre, id.as_uuid(), safe_words.as_deref())?;
        Ok(Some(Secrets { number, safe_words }))
    }

    /// A page of callbacks, newest first: at most `size`, only those with ids smaller than `before`.
    pub async fn callbacks(
        &self,
        centre: CentreId,
        filter: &CallbackFilter,
        (size, before): (u32, Option<CallbackId>),
    ) -> Result<Vec<Callback>, StoreError> {
        let mut query = QueryBuilder::<sqlx::Postgres>::new(concat!(
            "SELECT ",
            callback_columns!(),
            callbacks_with_work!(),
            "WHERE cb.centre_id = "
        ));
        query.push_bind(centre.as_uuid());
        if !filter.states.is_empty() {
            query
                .push(
                    " AND CASE WHEN cb.state = 'due' AND w.state IN ('in_progress', 'wrap_up') THEN 'attempting' \
                     ELSE cb.state END = ANY(",
                )
                .push_bind(filter.states.clone())
                .push(")");
        }
        if filter.alarming {
            query.push(
                " AND (cb.state IN ('promised', 'due') AND cb.alarmed_at IS NOT NULL \
                 OR cb.kind = 'check_in' AND cb.state = 'failed' AND w.ended_at IS NULL)",
            );
        }
        if let Some(reference) = &filter.reference {
            query.push(" AND cb.reference = ").push_bind(reference.clone());
        }
        if let Some(counsellor) = filter.kept_by {
            query
                .push(" AND ")
                .push_bind(counsellor.as_uuid())
                .push(" IN (cb.promised_by, cb.preferred_counsellor_id)");
        }
        if let Some(before) = before {
            query.push(" AND cb.callback_id < ").push_bind(before.as_uuid());
        }
        query.push(" ORDER BY cb.callback_id DESC LIMIT ").push_bind(i64::from(size));
        let mut connection = self.bound(centre).await?;
        let rows = query.build_query_as::<CallbackRow>().fetch_all(connection.postgres()).await;
        connection.settle(rows)?.into_iter().map(Callback::try_from).collect()
    }
}
