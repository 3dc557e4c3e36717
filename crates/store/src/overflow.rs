//! Contacts that a partner centre takes on: what each of the two centres knows of it, and what people say to it.
//!
//! Each centre has a row of its own with the same random id, and no statement touches two centres. What follows by
//! itself is in [`steps`], and what moves the child in [`custody`].

pub mod custody;
pub mod steps;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, OverflowId};
use helpline_domain::overflow::{Origin, OverflowReason, OverflowState, Receiver};
use helpline_domain::risk::{Class, Risk};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::{Store, StoreError};

/// An overflow as one of the two centres knows it. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Overflow {
    pub overflow_id: OverflowId,
    /// Whether this centre asks; else it is asked.
    pub out: bool,
    pub partner_id: CentreId,
    pub state: OverflowState,
    pub reason: OverflowReason,
    pub contact_id: Option<ContactId>,
    pub channel: Channel,
    pub class: Class,
    pub risk: Risk,
    pub language: Option<String>,
    pub received_at: DateTime<Utc>,
    pub deadline_at: DateTime<Utc>,
    pub requested_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub left_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub connect_to: Option<String>,
    pub revision: i64,
    /// Where this centre's contact stands.
    pub contact_state: Option<ContactState>,
    /// Whether the time is over until which it must be accepted, or answered.
    pub overdue: bool,
}

impl Overflow {
    /// It as the centre that asks.
    pub fn origin(&self) -> Origin {
        Origin {
            state: self.state,
            contact: self.contact_state.unwrap_or(ContactState::Received),
            overdue: self.overdue,
            left: self.left_at.is_some(),
        }
    }

    /// It as the centre that is asked.
    pub const fn receiver(&self) -> Receiver {
        Receiver { state: self.state, contact: self.contact_state }
    }
}

/// The columns of [`OverflowRow`], of an overflow `o` and its contact `oc`.
macro_rules! overflow_columns {
    () => {
        "o.overflow_id, o.direction, o.partner_id, o.state, o.reason, o.contact_id, o.channel, o.class, o.risk, o.language, \
         o.received_at, o.deadline_at, o.requested_at, o.expires_at, o.accepted_at, o.answered_at, o.left_at, o.ended_at, \
         o.connect_to, o.revision, oc.state AS contact_state, o.expires_at <= helpline.now() AS overdue"
    };
}

/// Overflows with their contacts.
macro_rules! overflows_with_contacts {
    () => {
        " FROM helpline.overflows o LEFT JOIN helpline.contacts oc \
           ON oc.centre_id = o.centre_id AND oc.contact_id = o.contact_id "
    };
}

/// The row of a request for the contact of the CTE `contact`: by this id, of this partner, for this reason, open for so
/// many seconds.
macro_rules! asked {
    ($id:literal, $partner:literal, $reason:literal, $seconds:literal, $from:literal) => {
        concat!(
            "INSERT INTO helpline.overflows (centre_id, overflow_id, direction, partner_id, state, reason, contact_id, channel, class,
                risk, language, received_at, deadline_at, requested_at, expires_at)
            SELECT $1, ", $id, ", 'out', ", $partner, ", 'requested', ", $reason, ", contact.contact_id, contact.channel, contact.class,
                contact.risk, contact.language, contact.received_at, contact.deadline_at, helpline.now(),
                helpline.now() + make_interval(secs => ", $seconds, ")
            FROM ", $from, "
            ON CONFLICT (centre_id, contact_id) WHERE state IN ('requested', 'accepted', 'serving') AND contact_id IS NOT NULL DO NOTHING
            RETURNING *"
        )
    };
}
pub(crate) use asked;

#[derive(FromRow)]
struct OverflowRow {
    overflow_id: Uuid,
    direction: String,
    partner_id: Uuid,
    state: String,
    reason: String,
    contact_id: Option<Uuid>,
    channel: String,
    class: i16,
    risk: i16,
    language: Option<String>,
    received_at: DateTime<Utc>,
    deadline_at: DateTime<Utc>,
    requested_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    answered_at: Option<DateTime<Utc>>,
    left_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    connect_to: Option<String>,
    revision: i64,
    contact_state: Option<String>,
    overdue: bool,
}

impl TryFrom<OverflowRow> for Overflow {
    type Error = StoreError;

    fn try_from(row: OverflowRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "overflows", column };
        Ok(Self {
            overflow_id: row.overflow_id.into(),
            out: row.direction == "out",
            partner_id: row.partner_id.into(),
            state: OverflowState::from_key(&row.state).ok_or(wrong("state"))?,
            reason: OverflowReason::from_key(&row.reason).ok_or(wrong("reason"))?,
            contact_id: row.contact_id.map(ContactId::from),
            channel: Channel::from_key(&row.channel).ok_or(wrong("channel"))?,
            class: Class::from_number(row.class).ok_or(wrong("class"))?,
            risk: Risk::from_number(row.risk).ok_or(wrong("risk"))?,
            language: row.language,
            received_at: row.received_at,
            deadline_at: row.deadline_at,
            requested_at: row.requested_at,
            expires_at: row.expires_at,
            accepted_at: row.accepted_at,
            answered_at: row.answered_at,
            left_at: row.left_at,
            ended_at: row.ended_at,
            connect_to: row.connect_to,
            revision: row.revision,
            contact_state: row
                .contact_state
                .map(|state| ContactState::from_key(&state).ok_or(wrong("contact_state")))
                .transpose()?,
            overdue: row.overdue,
        })
    }
}

/// A contact that came from a partner or is a callback is not passed on: nobody is sent from centre to centre.
const REQUEST: &str = change!(
    event: "overflow_requested", resource: "overflow_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('overflow', overflow_id, 'partner', partner_id, 'reason', reason)",
    with: "contact AS (
        SELECT * FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND state IN ('waiting', 'offered') AND callback_id IS NULL AND overflow_id IS NULL
        FOR UPDATE),
    changed AS (", asked!("$8", "$9", "'by_hand'", "$10", "contact"), ")";
    returning: "overflow_id",
);

/// Whether there is room for another contact of the partner. Two at once may both be the last; that is near enough.
macro_rules! accept {
    ($id:literal, $most:literal) => {
        concat!(
            "changed AS (
                UPDATE helpline.overflows o SET state = 'accepted', accepted_at = helpline.now(), revision = o.revision + 1
                WHERE o.centre_id = $1 AND o.overflow_id = ", $id, " AND o.direction = 'in' AND o.state = 'requested'
                  AND o.expires_at > helpline.now()
                  AND (SELECT count(*) FROM helpline.overflows taken
                       WHERE taken.centre_id = $1 AND taken.direction = 'in' AND taken.partner_id = o.partner_id
                         AND taken.state IN ('accepted', 'serving')) < ", $most, "
                RETURNING o.*)"
        )
    };
}
pub(crate) use accept;

const ACCEPT: &str = change!(
    event: "overflow_accepted", resource: "overflow_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('overflow', overflow_id, 'partner', partner_id)",
    with: accept!("$7", "$8");
    returning: "overflow_id",
);

const DECLINE: &str = change!(
    event: "overflow_ended", resource: "overflow_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('overflow', overflow_id, 'partner', partner_id, 'to', state)",
    with: "changed AS (
        UPDATE helpline.overflows SET state = CASE direction WHEN 'in' THEN 'declined' ELSE 'withdrawn' END,
            ended_at = helpline.now(), revision = revision + 1
        WHERE centre_id = $1 AND overflow_id = $7
          AND (state = 'requested' OR (direction = 'in' AND state = 'accepted' AND contact_id IS NULL))
        RETURNING *)";
    returning: "overflow_id",
);

/// The person left while the partner has the contact; what becomes of it is known when the partner has been told.
const NOTE_LEFT: &str = change!(
    event: "person_left", resource: "contact_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('from', 'overflowed')",
    with: "before AS (
        SELECT contact_id AS id FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND state = 'overflowed' FOR UPDATE),
    noted AS (
        UPDATE helpline.overflows o SET left_at = helpline.now(), revision = o.revision + 1
        FROM before WHERE o.centre_id = $1 AND o.contact_id = $7 AND o.state IN ('accepted', 'serving') AND o.left_at IS NULL
        RETURNING o.overflow_id),
    changed AS (
        UPDATE helpline.contacts c SET revision = c.revision + 1
        FROM noted WHERE c.centre_id = $1 AND c.contact_id = $7
        RETURNING c.*)";
    returning: contact_columns!(),
);

/// A request about to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewOverflow {
    /// Its id.
    pub overflow_id: OverflowId,
    /// Who is asked.
    pub partner_id: CentreId,
    /// How long they may take to accept, in seconds.
    pub accept_within_s: u32,
}

/// Which overflows; `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct OverflowFilter {
    /// Only those by which this centre asks, or is asked.
    pub out: Option<bool>,
    /// Only those that are not over.
    pub open_only: bool,
}

impl Store {
    /// Asks a partner to take on a contact that waits.
    pub async fn request_overflow(
        &self,
        command: &Command,
        contact: ContactId,
        new: &NewOverflow,
    ) -> Result<Change<OverflowId>, StoreError> {
        let query = change_query::<(Uuid,)>(REQUEST, command)
            .bind(contact.as_uuid())
            .bind(new.overflow_id.as_uuid())
            .bind(new.partner_id.as_uuid())
            .bind(f64::from(new.accept_within_s));
        Ok(self.change(command, query).await?.map(|(id,)| id.into()))
    }

    /// Accepts what a partner asks, while fewer than `most` of its contacts are taken on.
    pub async fn accept_overflow(
        &self,
        command: &Command,
        overflow: OverflowId,
        most: u32,
    ) -> Result<Change<OverflowId>, StoreError> {
        let query = change_query::<(Uuid,)>(ACCEPT, command).bind(overflow.as_uuid()).bind(i64::from(most));
        Ok(self.change(command, query).await?.map(|(id,)| id.into()))
    }

    /// Declines what a partner asks, or takes back what this centre asks.
    pub async fn decline_overflow(
        &self,
        command: &Command,
        overflow: OverflowId,
    ) -> Result<Change<OverflowId>, StoreError> {
        let query = change_query::<(Uuid,)>(DECLINE, command).bind(overflow.as_uuid());
        Ok(self.change(command, query).await?.map(|(id,)| id.into()))
    }

    /// Notes that the person left whose contact a partner has.
    pub async fn note_left(
        &self,
        command: &Command,
        contact: ContactId,
    ) -> Result<Change<Contact>, StoreError> {
        let query = change_query::<ContactRow>(NOTE_LEFT, command).bind(contact.as_uuid());
        self.change(command, query).await?.try_map(|row| self.contact_from(command.centre(), row))
    }

    /// One overflow as a centre knows it.
    pub async fn overflow(
        &self,
        centre: CentreId,
        overflow: OverflowId,
    ) -> Result<Option<Overflow>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            overflow_columns!(),
            overflows_with_contacts!(),
            "WHERE o.centre_id = $1 AND o.overflow_id = $2"
        );
        self.one_overflow(centre, SQL, overflow.as_uuid()).await
    }

    /// The latest overflow of a contact.
    pub async fn overflow_of(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Option<Overflow>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            overflow_columns!(),
            overflows_with_contacts!(),
            "WHERE o.centre_id = $1 AND o.contact_id = $2 ORDER BY o.requested_at DESC LIMIT 1"
        );
        self.one_overflow(centre, SQL, contact.as_uuid()).await
    }

    async fn one_overflow(
        &self,
        centre: CentreId,
        sql: &'static str,
        of: Uuid,
    ) -> Result<Option<Overflow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, OverflowRow>(sql)
            .bind(centre.as_uuid())
            .bind(of)
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)?.map(Overflow::try_from).transpose()
    }

    /// A page of overflows, newest first: at most `size`, only those with ids smaller than `before`.
    pub async fn overflows(
        &self,
        centre: CentreId,
        filter: OverflowFilter,
        (size, before): (u32, Option<OverflowId>),
    ) -> Result<Vec<Overflow>, StoreError> {
        let mut query = QueryBuilder::<sqlx::Postgres>::new(concat!(
            "SELECT ",
            overflow_columns!(),
            overflows_with_contacts!(),
            "WHERE o.centre_id = "
        ));
        query.push_bind(centre.as_uuid());
        if let Some(out) = filter.out {
            query.push(" AND o.direction = ").push_bind(if out { "out" } else { "in" });
        }
        if filter.open_only {
            query.push(" AND o.state IN ('requested', 'accepted', 'serving')");
        }
        if let Some(before) = before {
            query.push(" AND o.overflow_id < ").push_bind(before.as_uuid());
        }
        query.push(" ORDER BY o.overflow_id DESC LIMIT ").push_bind(i64::from(size));
        let mut connection = self.bound(centre).await?;
        let rows = query.build_query_as::<OverflowRow>().fetch_all(connection.postgres()).await;
        connection.settle(rows)?.into_iter().map(Overflow::try_from).collect()
    }
}
