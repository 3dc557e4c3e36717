//! Alerts, and the floor as the function that judges it needs to know it.

mod due;

use chrono::{DateTime, Utc};
use helpline_domain::alert::{Alert, AlertKind, Open, Subject};
use helpline_domain::channel::Medium;
use helpline_domain::id::{CentreId, ContactId};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::contact::inconsistent;
use crate::{Store, StoreError};

/// An alert as it was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct AlertRow {
    pub alert_id: Uuid,
    pub sequence: i64,
    pub alert: Alert,
    pub grave: bool,
    pub opened_at: DateTime<Utc>,
    pub clear_since: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub acknowledged_by: Option<Uuid>,
    pub revision: i64,
}

impl AlertRow {
    /// The alert as far as judging it needs to know.
    pub fn open(&self) -> Open {
        Open {
            alert: self.alert.clone(),
            clear_since_ms: self.clear_since.map(|since| since.timestamp_millis()),
        }
    }
}

#[derive(FromRow)]
struct Row {
    alert_id: Uuid,
    sequence: i64,
    kind: String,
    subject: String,
    grave: bool,
    opened_at: DateTime<Utc>,
    clear_since_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<Uuid>,
    revision: i64,
}

impl TryFrom<Row> for AlertRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "alerts", column };
        Ok(Self {
            alert_id: row.alert_id,
            sequence: row.sequence,
            alert: Alert {
                kind: AlertKind::from_key(&row.kind).ok_or(wrong("kind"))?,
                subject: Subject::from_key(&row.subject).ok_or(wrong("subject"))?,
            },
            grave: row.grave,
            opened_at: row.opened_at,
            clear_since: row.clear_since_at,
            closed_at: row.closed_at,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by,
            revision: row.revision,
        })
    }
}

macro_rules! alert_columns {
    () => {
        "alert_id, sequence, kind, subject, grave, opened_at, clear_since_at, closed_at, acknowledged_at, acknowledged_by, revision"
    };
}

/// The first contacts of every class, cut off or not, and signature, hopping from line to line over the index: the cost
/// grows with the number of lines and not with how many wait. Of critical ones `$3` are read, because each is alerted of
/// by itself.
const FIRST_IN_LINE: &str = "
    WITH RECURSIVE lines AS (
        (SELECT class, resumed, signature FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting'
         ORDER BY class, resumed, signature LIMIT 1)
        UNION ALL
        SELECT next.class, next.resumed, next.signature FROM lines CROSS JOIN LATERAL (
            SELECT class, resumed, signature FROM helpline.contacts
            WHERE centre_id = $1 AND state = 'waiting'
              AND (class, resumed, signature) > (lines.class, lines.resumed, lines.signature)
            ORDER BY class, resumed, signature LIMIT 1) next
    )
    SELECT head.* FROM lines CROSS JOIN LATERAL (
        SELECT contact_id, queue, class, medium, language, skills, received_at, deadline_at FROM helpline.contacts
        WHERE centre_id = $1 AND state = 'waiting' AND class = lines.class AND resumed = lines.resumed
          AND signature = lines.signature
        ORDER BY deadline_at, sequence LIMIT CASE lines.class WHEN 1 THEN $3 ELSE $2 END) head";

/// A contact at the head of its line.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct First {
    pub contact_id: ContactId,
    pub queue: String,
    pub class: Class,
    pub requirement: Requirement,
    pub received_at: DateTime<Utc>,
    pub deadline_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct FirstRow {
    contact_id: Uuid,
    queue: String,
    class: i16,
    medium: String,
    language: Option<String>,
    skills: Json<std::collections::BTreeMap<String, u8>>,
    received_at: DateTime<Utc>,
    deadline_at: DateTime<Utc>,
}

/// Who is held by whom, offers included, and whether that counsellor's client was lost.
const HELD: &str = "
    WITH held AS (
        SELECT contact_id, holder_id FROM helpline.contacts WHERE centre_id = $1 AND holder_id IS NOT NULL
        UNION ALL SELECT contact_id, counsellor_id FROM helpline.offers WHERE centre_id = $1 AND state = 'open')
    SELECT c.contact_id, c.queue, c.channel, c.class, c.medium, c.state, c.received_at, c.deadline_at, c.answered_at, held.holder_id,
        coalesce(p.reason = 'client_lost' AND p.last_seen_at < p.since_at, false) AS lost
    -- The offset lets each be looked up by its key, whatever the planner knew of the table.
    FROM held CROSS JOIN LATERAL (
        SELECT * FROM helpline.contacts WHERE centre_id = $1 AND contact_id = held.contact_id OFFSET 0) c
    JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = held.holder_id
    ORDER BY held.holder_id, c.received_at, c.contact_id";

/// A contact that occupies a counsellor.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "each field is described on the column")]
pub struct Held {
    pub contact_id: Uuid,
    pub queue: String,
    pub channel: String,
    pub class: i16,
    pub medium: String,
    pub state: String,
    pub received_at: DateTime<Utc>,
    pub deadline_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub holder_id: Uuid,
    pub lost: bool,
}

const OPEN: &str = "
    WITH changed AS (
        INSERT INTO helpline.alerts (centre_id, kind, subject, grave, opened_at)
        SELECT $1, a.kind, a.subject, a.grave, helpline.now() FROM unnest($2::text[], $3::text[], $4::bool[]) AS a (kind, subject, grave)
        ON CONFLICT (centre_id, kind, subject) WHERE closed_at IS NULL DO NOTHING
        RETURNING kind, subject, revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'alert_opened', revision, jsonb_build_object('kind', kind, 'subject', subject) FROM changed)
    SELECT count(*) FROM changed";

const CLOSE: &str = "
    WITH changed AS (
        UPDATE helpline.alerts a SET closed_at = helpline.now(), revision = a.revision + 1
        FROM unnest($2::text[], $3::text[]) AS over (kind, subject)
        WHERE a.centre_id = $1 AND a.kind = over.kind AND a.subject = over.subject AND a.closed_at IS NULL
        RETURNING a.kind, a.subject, a.revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'alert_closed', revision, jsonb_build_object('kind', kind, 'subject', subject) FROM changed)
    SELECT count(*) FROM changed";

/// Whether the cause is gone is no change of the alert: nobody is told.
const SETTLE: &str = "
    UPDATE helpline.alerts a SET clear_since_at = CASE WHEN one.gone THEN helpline.now() END
    FROM unnest($2::text[], $3::text[], $4::bool[]) AS one (kind, subject, gone)
    WHERE a.centre_id = $1 AND a.kind = one.kind AND a.subject = one.subject AND a.closed_at IS NULL
      AND (a.clear_since_at IS NULL) = one.gone";

const ACKNOWLEDGE: &str = change!(
    event: "alert_acknowledged", resource: "alert_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('kind', kind, 'subject', subject)",
    with: "changed AS (
        UPDATE helpline.alerts SET acknowledged_at = helpline.now(), acknowledged_by = $2, revision = revision + 1
        WHERE centre_id = $1 AND alert_id = $7 AND closed_at IS NULL AND acknowledged_at IS NULL
        RETURNING *)";
    returning: alert_columns!(),
);

impl Store {
    /// The first `per_line` contacts of every line, or `critical` where they are critical, as far as alerts need to know
    /// them.
    pub async fn first_in_line(
        &self,
        centre: CentreId,
        per_line: u32,
        critical: u32,
    ) -> Result<Vec<First>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, FirstRow>(FIRST_IN_LINE)
            .bind(centre.as_uuid())
            .bind(i64::from(per_line))
            .bind(i64::from(critical))
            .fetch_all(connection.postgres())
            .await;
        let first = |row: FirstRow| {
            let medium = Medium::ALL.into_iter().find(|medium| medium.key() == row.medium);
            Ok(First {
                contact_id: row.contact_id.into(),
                queue: row.queue,
                class: Class::from_number(row.class).ok_or(inconsistent("class"))?,
                requirement: Requirement {
                    medium: medium.ok_or(inconsistent("medium"))?,
                    language: row.language,
                    skills: row.skills.0,
                },
                received_at: row.received_at,
                deadline_at: row.deadline_at,
            })
        };
        connection.settle(rows)?.into_iter().map(first).collect()
    }

    /// Contacts that occupy counsellors.
    pub async fn held_contacts(&self, centre: CentreId) -> Result<Vec<Held>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as(HELD).bind(centre.as_uuid()).fetch_all(connection.postgres()).await;
        connection.settle(rows)
    }

    /// Opens alerts that are not open; returns how many were not.
    pub async fn open_alerts(&self, centre: CentreId, alerts: &[(Alert, bool)]) -> Result<i64, StoreError> {
        let (kinds, subjects) = keys(alerts.iter().map(|(alert, _)| alert));
        let grave: Vec<bool> = alerts.iter().map(|(_, grave)| *grave).collect();
        let mut connection = self.bound(centre).await?;
        let count = sqlx::query_scalar(OPEN)
            .bind(centre.as_uuid())
            .bind(kinds)
            .bind(subjects)
            .bind(grave)
            .fetch_one(connection.postgres())
            .await;
        connection.settle(count)
    }

    /// Closes alerts that are open; returns how many were.
    pub async fn close_alerts(&self, centre: CentreId, alerts: &[Alert]) -> Result<i64, StoreError> {
        let (kinds, subjects) = keys(alerts.iter());
        let mut connection = self.bound(centre).await?;
        let count = sqlx::query_scalar(CLOSE)
            .bind(centre.as_uuid())
            .bind(kinds)
            .bind(subjects)
            .fetch_one(connection.postgres())
            .await;
        connection.settle(count)
    }

    /// Notes of open alerts whether their cause is gone for the moment.
    pub async fn settle_alerts(&self, centre: CentreId, alerts: &[(Alert, bool)]) -> Result<(), StoreError> {
        let (kinds, subjects) = keys(alerts.iter().map(|(alert, _)| alert));
        let gone: Vec<bool> = alerts.iter().map(|(_, gone)| *gone).collect();
        let mut connection = self.bound(centre).await?;
        let done = sqlx::query(SETTLE)
            .bind(centre.as_uuid())
            .bind(kinds)
            .bind(subjects)
            .bind(gone)
            .execute(connection.postgres())
            .await;
        connection.settle(done).map(drop)
    }

    /// Alerts that are open, and those that closed within the last `closed_s` seconds, oldest first.
    pub async fn alerts_now(&self, centre: CentreId, closed_s: u32) -> Result<Vec<AlertRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(concat!(
            "SELECT * FROM (
                 (SELECT ", alert_columns!(), " FROM helpline.alerts WHERE centre_id = $1 AND closed_at IS NULL)
                 UNION ALL
                 (SELECT ", alert_columns!(), " FROM (SELECT * FROM helpline.alerts WHERE centre_id = $1 ORDER BY sequence DESC LIMIT 1000) lately
                  WHERE $2 > 0 AND closed_at > (SELECT helpline.now()) - make_interval(secs => $2))) now
             ORDER BY sequence"
        ))
        .bind(centre.as_uuid())
        .bind(f64::from(closed_s))
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(AlertRow::try_from).collect()
    }

    /// A page of alerts, the latest first: `most` that opened before the one with the sequence `before`. Those that
    /// are for supervisors only for who is one.
    pub async fn alerts(
        &self,
        centre: CentreId,
        (open_only, supervises): (bool, bool),
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM helpline.alerts
             WHERE centre_id = $1 AND sequence < $2 AND (NOT $3 OR closed_at IS NULL)
               AND ($5 OR split_part(subject, ' ', 1) IN ('contact', 'counsellor', 'line', 'on_call', 'opinion', 'escalation', 'floor')
                 AND kind NOT IN ('stay_ends_soon', 'stay_too_long', 'mission_in_charge')) ORDER BY sequence DESC LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(before.unwrap_or(i64::MAX))
        .bind(open_only)
        .bind(i64::from(most))
        .bind(supervises)
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(AlertRow::try_from).collect()
    }

    /// One alert.
    pub async fn alert(&self, centre: CentreId, alert: Uuid) -> Result<Option<AlertRow>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, Row>(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM helpline.alerts WHERE centre_id = $1 AND alert_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(alert)
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(AlertRow::try_from).transpose()
    }

    /// Takes note of an open alert as a supervisor.
    pub async fn acknowledge_alert(
        &self,
        command: &Command,
        alert: Uuid,
    ) -> Result<Change<AlertRow>, StoreError> {
        let query = change_query::<Row>(ACKNOWLEDGE, command).bind(alert);
        self.change(command, query).await?.try_map(AlertRow::try_from)
    }
}

fn keys<'a>(alerts: impl Iterator<Item = &'a Alert>) -> (Vec<String>, Vec<String>) {
    alerts.map(|alert| (alert.kind.key().to_owned(), alert.subject.key())).unzip()
}
