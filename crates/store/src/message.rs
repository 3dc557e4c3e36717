//! Messages of a contact: sequenced, sealed, stored once per message id.

use chrono::{DateTime, Utc};
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, MessageId, TokenId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::contact::inconsistent;
use crate::sealing::TEXT;
use crate::{Store, StoreError};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The child, or whoever writes for them.
    Child,
    /// The counsellor.
    Counsellor,
}

impl Author {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::Counsellor => "counsellor",
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Message {
    pub message_id: MessageId,
    pub contact_id: ContactId,
    pub sequence: i64,
    pub author: Author,
    pub text: Sensitive<String>,
    pub sent_at: DateTime<Utc>,
}

/// How a conversation stands: what whoever follows it must know, without opening anything sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Where the contact stands.
    pub state: ContactState,
    /// Who has the contact or had it last.
    pub counsellor_id: Option<CounsellorId>,
    /// The adapter's token that brought the contact.
    pub brought_by: Option<TokenId>,
    /// How many messages there are, which is also the last one's sequence.
    pub message_count: i64,
}

#[derive(FromRow)]
struct MessageRow {
    message_id: Uuid,
    contact_id: Uuid,
    sequence: i64,
    author: String,
    text_sealed: Vec<u8>,
    sent_at: DateTime<Utc>,
}

/// The contact's row is the lock that numbers its messages without gaps.
const SEND: &str = change!(
    event: "message_sent", resource: "message_id", about: ("contact_id", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('sequence', sequence)",
    with: "contact AS (
        UPDATE helpline.contacts SET message_count = message_count + 1
        WHERE centre_id = $1 AND contact_id = $7 AND state IN ('received', 'waiting', 'offered', 'in_progress')
          AND CASE $9 WHEN 'child' THEN brought_by = $11 ELSE state = 'in_progress' AND (counsellor_id = $2 OR EXISTS (
            SELECT FROM helpline.participations q
            WHERE q.centre_id = $1 AND q.participation_id = ANY (contacts.participations) AND q.counsellor_id = $2
              AND q.state = 'joined' AND q.kind <> 'consult')) END
        RETURNING contact_id, counsellor_id, message_count, revision),
    written AS (
        INSERT INTO helpline.messages (centre_id, contact_id, sequence, message_id, author, text_sealed, sent_at)
        SELECT $1, contact_id, message_count, $8, $9, $10, helpline.now() FROM contact
        RETURNING message_id, contact_id, sequence, author, text_sealed, sent_at),
    changed AS (SELECT written.*, contact.counsellor_id, contact.revision FROM written JOIN contact USING (contact_id))";
    returning: "message_id, contact_id, sequence, author, text_sealed, sent_at",
);

impl Store {
    /// Adds a message. The child's comes from the adapter that brought the contact, the counsellor's from who holds it or has joined to write;
    /// otherwise, and when the contact is over, it is refused. A message id that is there already gives
    /// `Constraint { name: "messages_id_unique" }`.
    pub async fn send_message(
        &self,
        command: &Command,
        contact: ContactId,
        message: MessageId,
        author: Author,
        text: &Sensitive<String>,
    ) -> Result<Change<Message>, StoreError> {
        let query = change_query::<MessageRow>(SEND, command)
            .bind(contact.as_uuid())
            .bind(message.as_uuid())
            .bind(author.key())
            .bind(self.seal(TEXT, command.centre(), message.as_uuid(), text.expose()))
            .bind(command.caller.token_id.as_uuid());
        self.change(command, query).await?.try_map(|row| self.message_from(command.centre(), &row))
    }

    /// How the conversation of a contact stands.
    pub async fn conversation(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Option<Conversation>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, (String, Option<Uuid>, Option<Uuid>, i64)>(
            "SELECT state, counsellor_id, brought_by, message_count FROM helpline.contacts
             WHERE centre_id = $1 AND contact_id = $2",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        let Some((state, counsellor, brought_by, message_count)) = connection.settle(row)? else {
            return Ok(None);
        };
        Ok(Some(Conversation {
            state: ContactState::from_key(&state).ok_or(inconsistent("state"))?,
            counsellor_id: counsellor.map(CounsellorId::from),
            brought_by: brought_by.map(TokenId::from),
            message_count,
        }))
    }

    /// One message of a contact.
    pub async fn message(
        &self,
        centre: CentreId,
        contact: ContactId,
        message: MessageId,
    ) -> Result<Option<Message>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, MessageRow>(
            "SELECT message_id, contact_id, sequence, author, text_sealed, sent_at FROM helpline.messages
             WHERE centre_id = $1 AND contact_id = $2 AND message_id = $3",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .bind(message.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(|row| self.message_from(centre, &row)).transpose()
    }

    /// Up to `most` messages of a contact behind a sequence, in order.
    pub async fn messages_after(
        &self,
        centre: CentreId,
        contact: ContactId,
        after: i64,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, MessageRow>(
            "SELECT message_id, contact_id, sequence, author, text_sealed, sent_at FROM helpline.messages
             WHERE centre_id = $1 AND contact_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .bind(after)
        .bind(i64::from(most))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(|row| self.message_from(centre, &row)).collect()
    }

    fn message_from(&self, centre: CentreId, row: &MessageRow) -> Result<Message, StoreError> {
        Ok(Message {
            message_id: row.message_id.into(),
            contact_id: row.contact_id.into(),
            sequence: row.sequence,
            author: match row.author.as_str() {
                "child" => Author::Child,
                "counsellor" => Author::Counsellor,
                _ => return Err(StoreError::Inconsistent { table: "messages", column: "author" }),
            },
            text: self.open(TEXT, centre, row.message_id, &row.text_sealed)?,
            sent_at: row.sent_at,
        })
    }
}
