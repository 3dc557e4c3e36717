//! Comparing what must agree, and the figures of the floor.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Medium;
use helpline_domain::id::CentreId;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::contact::inconsistent;
use crate::line::LineEntry;
use crate::{Store, StoreError};

/// Differences within Postgres. Each must be zero, always: they are counted and repaired, and an alarm is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Differences {
    /// Counsellors whose held capacity is not what live contacts and open offers take.
    pub capacity: i64,
    /// Open offers whose contact does not know of them.
    pub stray_offers: i64,
    /// Contacts that are offered and name an offer that is not open.
    pub stray_contacts: i64,
    /// Live participations in a contact that is not in progress, does not know of them, or is their own counsellor's.
    pub stray_participations: i64,
}

impl Differences {
    /// Whether everything agrees.
    pub const fn is_none(&self) -> bool {
        self.capacity == 0
            && self.stray_offers == 0
            && self.stray_contacts == 0
            && self.stray_participations == 0
    }
}

/// Held capacity as it should be: what contacts say, open offers, and who takes part in contacts of others.
macro_rules! live {
    () => {
        "live AS (
            SELECT holder_id, count(*) FILTER (WHERE medium = 'voice') AS voice, count(*) FILTER (WHERE medium = 'chat') AS chat,
                count(*) FILTER (WHERE medium = 'message') AS message
            FROM (
                SELECT holder_id, medium FROM helpline.contacts WHERE centre_id = $1 AND holder_id IS NOT NULL
                UNION ALL SELECT o.counsellor_id, c.medium
                FROM helpline.offers o JOIN helpline.contacts c USING (centre_id, contact_id)
                WHERE o.centre_id = $1 AND o.state = 'open'
                UNION ALL SELECT counsellor_id, medium FROM helpline.participations
                WHERE centre_id = $1 AND counsellor_id IS NOT NULL AND state IN ('invited', 'joined')) held
            GROUP BY holder_id)"
    };
}

const COMPARE: &str = concat!("
    WITH ", live!(), "
    SELECT
        (SELECT count(*) FROM helpline.presences p LEFT JOIN live ON live.holder_id = p.counsellor_id
         WHERE p.centre_id = $1 AND (p.held_voice, p.held_chat, p.held_message)
            IS DISTINCT FROM (coalesce(voice, 0), coalesce(chat, 0), coalesce(message, 0))) AS capacity,
        (SELECT count(*) FROM helpline.offers o LEFT JOIN helpline.contacts c USING (centre_id, contact_id)
         WHERE o.centre_id = $1 AND o.state = 'open'
            AND (c.offer_id IS DISTINCT FROM o.group_id OR o.offer_id <> ALL (c.open_offers))) AS stray_offers,
        (SELECT count(*) FROM helpline.contacts c WHERE c.centre_id = $1 AND c.offer_id IS NOT NULL AND EXISTS (
            SELECT FROM unnest(c.open_offers) AS open (id)
            LEFT JOIN helpline.offers o ON o.centre_id = $1 AND o.offer_id = open.id
            WHERE o.state IS DISTINCT FROM 'open')) AS stray_contacts,
        (SELECT count(*) FROM helpline.participations q JOIN helpline.contacts c USING (centre_id, contact_id)
         WHERE q.centre_id = $1 AND q.state IN ('invited', 'joined')
            AND (c.state <> 'in_progress' OR q.participation_id <> ALL (c.participations) OR q.counsellor_id = c.counsellor_id))
            AS stray_participations");

const REPAIR_CAPACITY: &str = concat!("
    WITH ", live!(), ",
    wrong AS (
        SELECT p.counsellor_id, coalesce(voice, 0) AS voice, coalesce(chat, 0) AS chat, coalesce(message, 0) AS message
        FROM helpline.presences p LEFT JOIN live ON live.holder_id = p.counsellor_id
        WHERE p.centre_id = $1 AND (p.held_voice, p.held_chat, p.held_message)
            IS DISTINCT FROM (coalesce(voice, 0), coalesce(chat, 0), coalesce(message, 0))),
    repaired AS (
        UPDATE helpline.presences p SET held_voice = wrong.voice, held_chat = wrong.chat, held_message = wrong.message,
            revision = p.revision + 1
        FROM wrong WHERE p.centre_id = $1 AND p.counsellor_id = wrong.counsellor_id
        RETURNING p.counsellor_id, p.revision)
    INSERT INTO helpline.journal (centre_id, at, event, counsellor_id, revision)
    SELECT $1, helpline.now(), 'capacity_repaired', counsellor_id, revision FROM repaired");

/// One class of one queue.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct ClassFigures {
    pub queue: String,
    pub class: Class,
    pub waiting: i64,
    pub offered: i64,
    pub overdue: i64,
    pub longest_wait_ms: i64,
}

#[derive(FromRow)]
struct ClassRow {
    queue: String,
    class: i16,
    waiting: i64,
    offered: i64,
    overdue: i64,
    longest_wait_ms: i64,
}

/// The floor over the last 24 hours.
#[derive(Clone, Copy, Debug, Default, FromRow)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct PeriodFigures {
    pub received: i64,
    pub answered: i64,
    pub answered_in_target: i64,
    pub abandoned: i64,
    pub short_abandoned: i64,
    pub blocked: i64,
}

#[derive(FromRow)]
struct PeriodRow {
    queue: String,
    #[sqlx(flatten)]
    figures: PeriodFigures,
}

/// What the floor looks like now.
#[derive(Clone, Debug)]
pub struct Floor {
    /// The database's clock.
    pub now: DateTime<Utc>,
    /// Each queue and class in which somebody waits.
    pub classes: Vec<ClassFigures>,
    /// The last 24 hours.
    pub period: PeriodFigures,
    /// The last 24 hours of each queue.
    pub periods: BTreeMap<String, PeriodFigures>,
    /// How many of each queue nobody on shift could ever take, by whoever looked.
    pub unserved: BTreeMap<String, i32>,
}

impl Store {
    /// Compares held capacity, open offers and contacts.
    pub async fn compare(&self, centre: CentreId) -> Result<Differences, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as(COMPARE).bind(centre.as_uuid()).fetch_one(connection.postgres()).await;
        connection.settle(row)
    }

    /// Sets held capacity to what contacts say, where it differs; returns for how many counsellors.
    pub async fn repair_capacity(&self, centre: CentreId) -> Result<u64, StoreError> {
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(REPAIR_CAPACITY).bind(centre.as_uuid()).execute(connection.postgres()).await;
        Ok(connection.settle(done)?.rows_affected())
    }

    /// The floor now and over the last 24 hours.
    pub async fn floor(&self, centre: CentreId) -> Result<Floor, StoreError> {
        let mut connection = self.bound(centre).await?;
        let now = sqlx::query_scalar("SELECT helpline.now()").fetch_one(connection.postgres()).await;
        let now = connection.settle(now)?;
        let rows = sqlx::query_as::<_, ClassRow>(
            "SELECT queue, class, count(*) FILTER (WHERE state = 'waiting') AS waiting,
                count(*) FILTER (WHERE state = 'offered') AS offered,
                count(*) FILTER (WHERE deadline_at < (SELECT helpline.now())) AS overdue,
                (extract(epoch FROM max((SELECT helpline.now()) - received_at)) * 1000)::int8 AS longest_wait_ms
             FROM helpline.contacts WHERE centre_id = $1 AND state IN ('waiting', 'offered')
             GROUP BY queue, class ORDER BY queue, class",
        )
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        let classes = connection
            .settle(rows)?
            .into_iter()
            .map(|row| {
                Ok(ClassFigures {
                    queue: row.queue,
                    class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
                    waiting: row.waiting,
                    offered: row.offered,
                    overdue: row.overdue,
                    longest_wait_ms: row.longest_wait_ms,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let periods = self.periods(centre).await?;
        let mut period = PeriodFigures::default();
        for of in periods.values() {
            period.received += of.received;
            period.answered += of.answered;
            period.answered_in_target += of.answered_in_target;
            period.abandoned += of.abandoned;
            period.short_abandoned += of.short_abandoned;
            period.blocked += of.blocked;
        }
        Ok(Floor { now, classes, period, periods, unserved: BTreeMap::new() })
    }

    /// The figures of the last 24 hours by queue. Recorded afterwards and still waiting are not among them, who was blocked is counted apart; who left without an
    /// answer counts as missed, whatever they waited. Who was answered, given back to the line and left it then was
    /// answered, and is counted once. For what the helpline began itself nobody waited.
    pub async fn periods(&self, centre: CentreId) -> Result<BTreeMap<String, PeriodFigures>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, PeriodRow>(
            "SELECT queue, count(*) FILTER (WHERE state <> 'blocked') AS received, count(answered_at) AS answered,
                count(*) FILTER (WHERE answered_at <= deadline_at) AS answered_in_target,
                count(*) FILTER (WHERE state IN ('abandoned', 'lost') AND answered_at IS NULL) AS abandoned,
                count(*) FILTER (WHERE state = 'short_abandoned' AND answered_at IS NULL) AS short_abandoned,
                count(*) FILTER (WHERE state = 'blocked') AS blocked
             FROM helpline.contacts
             WHERE centre_id = $1 AND received_at > (SELECT helpline.now()) - interval '24 hours' AND brought_by IS NOT NULL
                AND direction = 'inbound'
             GROUP BY queue",
        )
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(rows)?.into_iter().map(|row| (row.queue, row.figures)).collect())
    }

    /// How many wait for what.
    pub async fn waiting_by_requirement(
        &self,
        centre: CentreId,
    ) -> Result<Vec<(String, Requirement, i64)>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (String, String, Option<String>, Json<BTreeMap<String, u8>>, i64)>(
            "SELECT queue, medium, language, skills, count(*) FROM helpline.contacts
             WHERE centre_id = $1 AND state = 'waiting' GROUP BY queue, medium, language, skills",
        )
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        connection
            .settle(rows)?
            .into_iter()
            .map(|(queue, medium, language, skills, count)| {
                let medium = Medium::ALL
                    .into_iter()
                    .find(|known| known.key() == medium)
                    .ok_or(inconsistent("medium"))?;
                Ok((queue, Requirement { medium, language, skills: skills.0 }, count))
            })
            .collect()
    }

    /// How many waiting contacts come before this one in the order of the line.
    pub async fn waiting_ahead(&self, centre: CentreId, entry: &LineEntry) -> Result<u32, StoreError> {
        let mut connection = self.bound(centre).await?;
        let count = sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM helpline.contacts
             WHERE centre_id = $1 AND state = 'waiting' AND (class <> 1, NOT resumed, deadline_at, sequence) < ($2 <> 1, NOT $5, $3, $4)",
        )
        .bind(centre.as_uuid())
        .bind(entry.class.number())
        .bind(entry.deadline_at)
        .bind(entry.sequence)
        .bind(entry.resumed)
        .fetch_one(connection.postgres())
        .await;
        Ok(u32::try_from(connection.settle(count)?).unwrap_or(u32::MAX))
    }
}
