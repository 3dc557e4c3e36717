//! Missing-child alerts: messages that are told to agencies, and their receipts.
//!
//! [`changes`] is what becomes of messages, [`receipts`] what agencies do with them. What a message says is one sealed text, and
//! is opened for those alone who may know all of it at this moment; for an agency that are the classes disclosed to it.

pub mod changes;
pub mod receipts;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::child_alert::{
    CancelReason, Certainty, Event, MessageKind, MessageState, Scope, Severity, Urgency,
};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{AgencyId, CentreId, ChildAlertId, EscalationId};
use helpline_vault::Sensitive;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use super::read::classes;
use super::{agency_of, sees};
use crate::disclosure::not_feared;
use crate::sealing::CHILD_ALERT;
use crate::{Store, StoreError};

/// What a message says. It has no `Debug`: hold it as [`Sensitive`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Content {
    pub event: Event,
    pub restriction: String,
    pub urgency: Urgency,
    pub severity: Severity,
    pub certainty: Certainty,
    pub area: Area,
    pub infos: Vec<Info>,
}

/// Shapes of an area.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Area {
    pub polygons: Vec<String>,
    pub circles: Vec<String>,
    /// Names of lists, and codes.
    pub geocodes: Vec<(String, String)>,
}

impl Area {
    /// Whether there is no shape.
    pub const fn is_empty(&self) -> bool {
        self.polygons.is_empty() && self.circles.is_empty() && self.geocodes.is_empty()
    }
}

/// The same in one language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Info {
    pub language: String,
    pub event: String,
    pub headline: String,
    pub description: String,
    pub instruction: String,
    pub audience: String,
    pub contact: String,
    pub area_description: String,
}

/// A message as far as somebody may see it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct ChildAlert {
    pub alert_id: ChildAlertId,
    pub escalation_id: EscalationId,
    pub series_id: ChildAlertId,
    pub replaces_id: Option<ChildAlertId>,
    pub position: i32,
    pub kind: MessageKind,
    pub state: MessageState,
    pub exercise: bool,
    pub field_classes: BTreeSet<FieldClass>,
    pub scope: Scope,
    pub content: Option<Sensitive<Content>>,
    /// Whether its reader may not know at this moment what it says.
    pub withheld: bool,
    pub cancel_reason: Option<CancelReason>,
    pub lifetime_s: i32,
    pub asked_by: Uuid,
    pub asked_at: DateTime<Utc>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
    pub sender: Option<String>,
    pub sent_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether its time is over.
    pub expired: bool,
    pub recipients: Vec<Recipient>,
    pub revision: i64,
}

/// An agency that a message is addressed to. An agency sees itself alone.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the column and on the message of the API")]
pub struct Recipient {
    pub agency_id: AgencyId,
    pub fetched_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub acknowledged_by: Option<Uuid>,
    pub receipt_id: Option<Uuid>,
}

/// What the document of a message needs beside the message: the centre's name, and the messages before it in its series.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Name of the centre.
    pub centre: String,
    /// Sender, identifier and time of each that was issued before, oldest first.
    pub earlier: Vec<(String, ChildAlertId, DateTime<Utc>)>,
}

/// Which messages; what is `None` does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildAlertFilter {
    /// Only those that were asked for or are in force.
    pub open: bool,
    /// About this escalation.
    pub escalation_id: Option<EscalationId>,
}

#[derive(FromRow)]
struct Row {
    alert_id: Uuid,
    escalation_id: Uuid,
    series_id: Uuid,
    replaces_id: Option<Uuid>,
    position: i32,
    kind: String,
    state: String,
    exercise: bool,
    field_classes: Vec<String>,
    scope: String,
    content_sealed: Option<Vec<u8>>,
    withheld: bool,
    cancel_reason: Option<String>,
    lifetime_s: i32,
    asked_by: Uuid,
    asked_at: DateTime<Utc>,
    decided_by: Option<Uuid>,
    decided_at: Option<DateTime<Utc>>,
    sender: Option<String>,
    sent_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    expired: bool,
    revision: i64,
}

#[derive(FromRow)]
struct RecipientRow {
    alert_id: Uuid,
    agency_id: Uuid,
    fetched_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<Uuid>,
    receipt_id: Option<Uuid>,
}

/// Columns of [`Row`] of messages that the caller may see: inside the centre by their escalation, agencies what was issued to
/// them in earnest. What is sealed is read if parameter 5 says so.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.alert_id, m.escalation_id, m.series_id, m.replaces_id, m.position, m.kind, m.state, m.exercise, m.field_classes, m.scope,
                CASE WHEN $5 AND NOT withheld THEN m.content_sealed END AS content_sealed, withheld, m.cancel_reason, m.lifetime_s, m.asked_by,
                m.asked_at, m.decided_by, m.decided_at, m.sender, m.sent_at, m.expires_at,
                coalesce(m.expires_at <= (SELECT helpline.now()), false) AS expired, m.revision
             FROM helpline.child_alerts m
             JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = m.escalation_id
             CROSS JOIN LATERAL (SELECT coalesce(NOT m.field_classes <@ ", classes!(), ", false) AS withheld) known
             WHERE m.centre_id = $1 AND CASE WHEN $3::text = 'agency_responder' THEN m.sent_at IS NOT NULL AND NOT m.exercise AND EXISTS (
                     SELECT FROM helpline.child_alert_recipients r
                     WHERE r.centre_id = $1 AND r.alert_id = m.alert_id AND r.agency_id = $4) AND ",
                 not_feared!("$4", "m.escalation_id", "NULL", "NULL"), "
                 AND coalesce(m.field_classes <@ helpline.gate_of($1, $4, m.escalation_id, NULL, NULL), true)
                 ELSE ", sees!("$2", "$3", "$4"), " END",
            $rest
        )
    };
}

const BY_ID: &str = select!(" AND m.alert_id = $6");

const LIST: &str = select!(
    " AND ($6::uuid IS NULL OR m.escalation_id = $6) AND (NOT $7 OR m.state = 'asked'
          OR m.state = 'issued' AND m.kind <> 'cancel' AND m.expires_at > (SELECT helpline.now()))
      AND ($8::uuid IS NULL OR m.alert_id < $8)
      ORDER BY m.alert_id DESC LIMIT $9"
);

const RECIPIENTS: &str = "
    SELECT alert_id, agency_id, fetched_at, acknowledged_at, acknowledged_by, receipt_id FROM helpline.child_alert_recipients
    WHERE centre_id = $1 AND alert_id = ANY ($2) AND ($3::uuid IS NULL OR agency_id = $3) ORDER BY agency_id";

const fn wrong(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "child_alerts", column }
}

impl Store {
    /// One message, as far as the caller may see it.
    pub async fn child_alert(
        &self,
        caller: &Caller,
        alert: ChildAlertId,
    ) -> Result<Option<ChildAlert>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, Row>(BY_ID)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(true)
            .bind(alert.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        Ok(self.addressed(caller, rows).await?.pop())
    }

    /// A page of messages, newest first, without what they say.
    pub async fn child_alerts(
        &self,
        caller: &Caller,
        filter: ChildAlertFilter,
        (size, before): (u32, Option<ChildAlertId>),
    ) -> Result<Vec<ChildAlert>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, Row>(LIST)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(false)
            .bind(filter.escalation_id.map(|id| id.as_uuid()))
            .bind(filter.open)
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        self.addressed(caller, rows).await
    }

    /// Messages with whom they are addressed to.
    async fn addressed(&self, caller: &Caller, rows: Vec<Row>) -> Result<Vec<ChildAlert>, StoreError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.alert_id).collect();
        let mut connection = self.bound(caller.centre_id).await?;
        let recipients = sqlx::query_as::<_, RecipientRow>(RECIPIENTS)
            .bind(caller.centre_id.as_uuid())
            .bind(ids)
            .bind(agency_of(caller))
            .fetch_all(connection.postgres())
            .await;
        let recipients = connection.settle(recipients)?;
        drop(connection);
        let of = |row: &Row| {
            let own = recipients.iter().filter(|one| one.alert_id == row.alert_id);
            own.map(|one| Recipient {
                agency_id: one.agency_id.into(),
                fetched_at: one.fetched_at,
                acknowledged_at: one.acknowledged_at,
                acknowledged_by: one.acknowledged_by,
                receipt_id: one.receipt_id,
            })
            .collect()
        };
        rows.into_iter()
            .map(|row| {
                let recipients = of(&row);
                self.child_alert_from(caller.centre_id, row, recipients)
            })
            .collect()
    }

    fn child_alert_from(
        &self,
        centre: CentreId,
        row: Row,
        recipients: Vec<Recipient>,
    ) -> Result<ChildAlert, StoreError> {
        let sealed = self.open_some(CHILD_ALERT, centre, row.alert_id, row.content_sealed.as_deref())?;
        let content = sealed.map(|text| {
            let content = serde_json::from_str(text.expose()).map_err(|_| wrong("content"))?;
            Ok::<_, StoreError>(Sensitive::new(CHILD_ALERT.kind, content))
        });
        let classes = row.field_classes.iter().map(|key| FieldClass::from_key(key));
        let reason = row.cancel_reason.map(|key| CancelReason::from_key(&key).ok_or(wrong("cancel_reason")));
        Ok(ChildAlert {
            alert_id: row.alert_id.into(),
            escalation_id: row.escalation_id.into(),
            series_id: row.series_id.into(),
            replaces_id: row.replaces_id.map(ChildAlertId::from),
            position: row.position,
            kind: MessageKind::from_key(&row.kind).ok_or(wrong("kind"))?,
            state: MessageState::from_key(&row.state).ok_or(wrong("state"))?,
            exercise: row.exercise,
            field_classes: classes.collect::<Option<_>>().ok_or(wrong("field_classes"))?,
            scope: Scope::from_key(&row.scope).ok_or(wrong("scope"))?,
            content: content.transpose()?,
            withheld: row.withheld,
            cancel_reason: reason.transpose()?,
            lifetime_s: row.lifetime_s,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            sender: row.sender,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            expired: row.expired,
            recipients,
            revision: row.revision,
        })
    }

    /// What the document of a message needs beside it.
    pub async fn surroundings_of(
        &self,
        centre: CentreId,
        message: &ChildAlert,
    ) -> Result<Surroundings, StoreError> {
        let mut connection = self.bound(centre).await?;
        let name = sqlx::query_scalar::<_, String>("SELECT name FROM helpline.centres WHERE centre_id = $1")
            .bind(centre.as_uuid())
            .fetch_one(connection.postgres())
            .await;
        let name = connection.settle(name)?;
        let earlier = sqlx::query_as::<_, (String, Uuid, DateTime<Utc>)>(
            "SELECT sender, alert_id, sent_at FROM helpline.child_alerts
             WHERE centre_id = $1 AND series_id = $2 AND position < $3 AND sent_at IS NOT NULL ORDER BY position",
        )
        .bind(centre.as_uuid())
        .bind(message.series_id.as_uuid())
        .bind(message.position)
        .fetch_all(connection.postgres())
        .await;
        let earlier = connection.settle(earlier)?.into_iter();
        Ok(Surroundings {
            centre: name,
            earlier: earlier.map(|(sender, id, at)| (sender, id.into(), at)).collect(),
        })
    }
}
