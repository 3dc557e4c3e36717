//! What is done about contacts that nobody on shift can take, and when queues open and close.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::arrangement::{Outlook, Step};
use helpline_domain::id::{CentreId, ContactId};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::contact::{Contact, ContactRow, contact_columns, inconsistent};
use crate::overflow::{NewOverflow, asked};
use crate::{Store, StoreError};

/// What was done about a contact beside its waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Arrangement {
    pub outlook: Outlook,
    pub steps: Vec<Step>,
    pub from_queue: Option<String>,
    pub opens_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
    pub arranged_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct ArrangementRow {
    outlook: String,
    steps: Vec<String>,
    from_queue: Option<String>,
    opens_at: Option<DateTime<Utc>>,
    reference: Option<String>,
    arranged_at: DateTime<Utc>,
}

impl TryFrom<ArrangementRow> for Arrangement {
    type Error = StoreError;

    fn try_from(row: ArrangementRow) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "arrangements", column };
        Ok(Self {
            outlook: Outlook::from_key(&row.outlook).ok_or(wrong("outlook"))?,
            steps: row
                .steps
                .iter()
                .map(|step| Step::from_key(step).ok_or(wrong("steps")))
                .collect::<Result<_, _>>()?,
            from_queue: row.from_queue,
            opens_at: row.opens_at,
            reference: row.reference,
            arranged_at: row.arranged_at,
        })
    }
}

/// A step about to be taken.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// The contact.
    pub contact_id: ContactId,
    /// Its outlook.
    pub outlook: Outlook,
    /// What is done.
    pub step: Step,
    /// How many steps were taken before: of two who take the next one, one does.
    pub taken: usize,
    /// When its queue opens.
    pub opens_at: Option<DateTime<Utc>>,
    /// The queue it is placed in instead, with what it asks for there.
    pub placed: Option<Placed>,
    /// The partner that is asked.
    pub overflow: Option<NewOverflow>,
}

/// Where a contact is placed instead.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Key of the queue.
    pub queue: String,
    /// What it asks for in that queue.
    pub requirement: Requirement,
    /// Wait in seconds after which that queue asks for less for the first time.
    pub relax_after_s: Option<u32>,
}

/// Contacts that ask for the same in the same queue, and about which something may be to do.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct Unarranged {
    pub queue: String,
    pub class: Class,
    pub signature: Vec<u8>,
    pub requirement: Requirement,
}

#[derive(FromRow)]
struct UnarrangedRow {
    queue: String,
    class: i16,
    signature: Vec<u8>,
    medium: String,
    language: Option<String>,
    skills: Json<BTreeMap<String, u8>>,
}

/// Takes one step for a contact that nobody has answered. A contact that is placed elsewhere keeps arrival and deadline, and
/// is anybody's there; one that rings somewhere is not moved.
const ARRANGE: &str = concat!("
    WITH contact AS (
        SELECT c.* FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $2
          AND CASE c.state WHEN 'waiting' THEN true WHEN 'offered' THEN $8::text IS NULL END FOR UPDATE),
    arranged AS (
        INSERT INTO helpline.arrangements AS a (centre_id, contact_id, outlook, steps, from_queue, opens_at, reference, arranged_at)
        SELECT $1, contact_id, $3, ARRAY[$4::text], CASE WHEN $8::text IS NOT NULL THEN queue END, $6, $7, helpline.now() FROM contact
        ON CONFLICT (centre_id, contact_id) DO UPDATE SET outlook = excluded.outlook, steps = a.steps || excluded.steps,
            from_queue = coalesce(a.from_queue, excluded.from_queue), opens_at = excluded.opens_at,
            reference = coalesce(a.reference, excluded.reference), arranged_at = excluded.arranged_at
        WHERE cardinality(a.steps) = $5
        RETURNING a.*),
    moved AS (
        UPDATE helpline.contacts c SET queue = $8, skills = $9, signature = $10, directed_to = NULL, asked_skills = NULL,
            relaxation_step = 0, relax_at = helpline.now() + make_interval(secs => $11), revision = c.revision + 1
        FROM arranged WHERE c.centre_id = $1 AND c.contact_id = $2 AND $8::text IS NOT NULL
        RETURNING c.revision),
    asked AS (", asked!("$12", "$13", "$3", "$14", "arranged JOIN contact ON $12::uuid IS NOT NULL AND contact.overflow_id IS NULL"), "),
    asked_journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'overflow_requested', contact_id, revision,
            jsonb_build_object('overflow', overflow_id, 'partner', partner_id, 'reason', reason)
        FROM asked),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_arranged', contact_id, (SELECT revision FROM moved),
            jsonb_build_object('outlook', $3::text, 'step', $4::text, 'queue', $8::text)
        FROM arranged)
    SELECT outlook, steps, from_queue, opens_at, reference, arranged_at FROM arranged");

/// Who waits and about whom nothing was done yet. Intake has the first word; a callback was promised already.
macro_rules! unarranged {
    () => {
        "FROM helpline.contacts c
         WHERE c.centre_id = $1 AND c.state = 'waiting' AND c.callback_id IS NULL AND c.received_at < (SELECT helpline.now()) - interval '2 seconds'
           AND NOT EXISTS (SELECT FROM helpline.arrangements a WHERE a.centre_id = $1 AND a.contact_id = c.contact_id)"
    };
}

impl Store {
    /// What was done about a contact.
    pub async fn arrangement(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Option<Arrangement>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, ArrangementRow>(
            "SELECT outlook, steps, from_queue, opens_at, reference, arranged_at FROM helpline.arrangements
             WHERE centre_id = $1 AND contact_id = $2",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Arrangement::try_from).transpose()
    }

    /// Takes a step; `None` when the contact does not wait any more or somebody else took a step first.
    pub async fn arrange(&self, centre: CentreId, new: &NewStep) -> Result<Option<Arrangement>, StoreError> {
        let reference = (new.step == Step::Callback).then(|| self.reference(centre, new.contact_id));
        let placed = new.placed.as_ref();
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, ArrangementRow>(ARRANGE)
            .bind(centre.as_uuid())
            .bind(new.contact_id.as_uuid())
            .bind(new.outlook.key())
            .bind(new.step.key())
            .bind(i32::try_from(new.taken).unwrap_or(i32::MAX))
            .bind(new.opens_at)
            .bind(reference)
            .bind(placed.map(|placed| placed.queue.clone()))
            .bind(placed.map(|placed| Json(placed.requirement.skills.clone())))
            .bind(placed.map(|placed| self.signature(centre, &placed.requirement)))
            .bind(placed.and_then(|placed| placed.relax_after_s).map(f64::from))
            .bind(new.overflow.map(|new| new.overflow_id.as_uuid()))
            .bind(new.overflow.map(|new| new.partner_id.as_uuid()))
            .bind(new.overflow.map(|new| f64::from(new.accept_within_s)))
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)?.map(Arrangement::try_from).transpose()
    }

    /// The number by which a person can ask about a contact later: eight digits that say nothing about it, from a keyed
    /// hash of its id.
    fn reference(&self, centre: CentreId, contact: ContactId) -> String {
        let hash = self.vault().blind_index(centre.as_uuid(), "reference", &contact.to_string());
        let number = hash[..8].iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        format!("{:08}", number % 100_000_000)
    }

    /// The kinds of waiting contacts about which nothing was done yet.
    pub async fn unarranged(&self, centre: CentreId) -> Result<Vec<Unarranged>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, UnarrangedRow>(concat!(
            "SELECT c.queue, c.class, c.signature, c.medium, c.language, c.skills ",
            unarranged!(),
            " GROUP BY c.queue, c.class, c.signature, c.medium, c.language, c.skills"
        ))
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        connection
            .settle(rows)?
            .into_iter()
            .map(|row| {
                let medium = helpline_domain::channel::Medium::ALL
                    .into_iter()
                    .find(|medium| medium.key() == row.medium)
                    .ok_or(inconsistent("medium"))?;
                Ok(Unarranged {
                    queue: row.queue,
                    class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
                    signature: row.signature,
                    requirement: Requirement { medium, language: row.language, skills: row.skills.0 },
                })
            })
            .collect()
    }

    /// Contacts of one kind, the most urgent first.
    pub async fn unarranged_of(
        &self,
        centre: CentreId,
        kind: &Unarranged,
        most: i64,
    ) -> Result<Vec<Contact>, StoreError> {
        let query = sqlx::query_as::<_, ContactRow>(concat!(
            "SELECT ",
            contact_columns!(),
            " FROM helpline.contacts WHERE centre_id = $1 AND contact_id IN (SELECT c.contact_id ",
            unarranged!(),
            " AND c.class = $2 AND c.signature = $3 AND c.queue = $4 ORDER BY c.deadline_at, c.sequence LIMIT $5)"
        ))
        .bind(centre.as_uuid())
        .bind(kind.class.number())
        .bind(kind.signature.clone())
        .bind(kind.queue.clone())
        .bind(most);
        self.contacts_found(centre, query).await
    }

    /// Contacts for which something was done within the last day that brought nobody in `grace_s` seconds. A partner that
    /// was asked is waited for.
    pub async fn unanswered(
        &self,
        centre: CentreId,
        grace_s: u32,
        most: i64,
    ) -> Result<Vec<Contact>, StoreError> {
        let query = sqlx::query_as::<_, ContactRow>(concat!(
            "SELECT ",
            contact_columns!(),
            " FROM helpline.contacts WHERE centre_id = $1 AND state IN ('waiting', 'offered') AND contact_id IN (
                SELECT a.contact_id FROM helpline.arrangements a
                WHERE a.centre_id = $1 AND a.steps[cardinality(a.steps)] <> 'callback'
                  AND a.arranged_at > (SELECT helpline.now()) - interval '1 day'
                  AND a.arranged_at < (SELECT helpline.now()) - make_interval(secs => $2)
                  AND NOT EXISTS (SELECT FROM helpline.overflows o WHERE o.centre_id = $1 AND o.contact_id = a.contact_id
                    AND o.state IN ('requested', 'accepted', 'serving')))
             ORDER BY deadline_at, sequence LIMIT $3"
        ))
        .bind(centre.as_uuid())
        .bind(f64::from(grace_s))
        .bind(most);
        self.contacts_found(centre, query).await
    }

    /// Notes that a queue is open or closed; whether that is news, which the journal then tells once.
    pub async fn note_opening(&self, centre: CentreId, queue: &str, open: bool) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let noted = sqlx::query_scalar::<_, Uuid>(
            "WITH noted AS (
                INSERT INTO helpline.queue_openings AS q (centre_id, queue, open, since_at) VALUES ($1, $2, $3, helpline.now())
                ON CONFLICT (centre_id, queue) DO UPDATE SET open = $3, since_at = helpline.now() WHERE q.open <> $3
                RETURNING q.centre_id)
             , journalled AS (
                INSERT INTO helpline.journal (centre_id, at, event, detail)
                SELECT $1, helpline.now(), CASE WHEN $3 THEN 'queue_opened' ELSE 'queue_closed' END, jsonb_build_object('queue', $2::text)
                FROM noted)
             SELECT centre_id FROM noted",
        )
        .bind(centre.as_uuid())
        .bind(queue.to_owned())
        .bind(open)
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(noted)?.is_some())
    }
}
