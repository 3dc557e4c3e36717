//! Numbers that steps ask somebody to ring, and what became of it.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::escalation::plan;
use helpline_domain::id::{DeliveryId, EscalationId};
use helpline_domain::risk::Risk;
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::answer::news;
use super::{Act, act, gravity, inconsistent};
use crate::change::{Change, Command};
use crate::disclosure::not_feared;
use crate::sealing::THEIR_INCIDENT;
use crate::{Store, StoreError};

/// A call that nobody has made: what remains of it in an exercise is rung by nobody and answered for.
macro_rules! to_ring {
    () => {
        "d.kind = 'call' AND (d.state = 'pending' OR d.state = 'held_back' AND e.exercise) AND d.last_result IS NULL"
    };
}

/// What the other side says counts as if they had said it themselves.
const RECORD: &str = act!(
    event: "escalation_called",
    when: concat!("e.ended_at IS NULL AND EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.delivery_id = $11 AND d.escalation_id = $7 AND d.kind = 'call'
              AND (d.state = 'pending' OR d.state = 'held_back' AND e.exercise) AND d.last_result IS NULL
              AND ", not_feared!("d.agency_id", "e.escalation_id", "NULL", "NULL"), ")
        AND ($12::text <> 'accepted' OR e.state IN ('raised', 'notifying', 'unanswered', 'acknowledged'))"),
    set: "state = CASE WHEN $12 = 'accepted' THEN 'accepted'
                WHEN $12 = 'acknowledged' AND e.state IN ('notifying', 'unanswered') THEN 'acknowledged' ELSE e.state END,
        due_at = CASE WHEN $12 = 'accepted' THEN NULL
                WHEN $12 = 'acknowledged' AND e.state IN ('notifying', 'unanswered') THEN helpline.now() + make_interval(secs => $13)
                ELSE e.due_at END,
        forced_at = CASE WHEN $12 <> 'accepted' THEN e.forced_at END,
        delivered_at = CASE WHEN $12 = 'no_answer' THEN e.delivered_at ELSE coalesce(e.delivered_at, helpline.now()) END,
        acknowledged_at = CASE WHEN $12 = 'acknowledged' AND e.state IN ('notifying', 'unanswered') THEN helpline.now() ELSE e.acknowledged_at END,
        acknowledged_by = CASE WHEN $12 = 'acknowledged' AND e.state IN ('notifying', 'unanswered') THEN $2 ELSE e.acknowledged_by END,
        acknowledged_agency_id = CASE WHEN $12 = 'acknowledged' AND e.state IN ('notifying', 'unanswered') THEN (
            SELECT d.agency_id FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.delivery_id = $11) ELSE e.acknowledged_agency_id END,
        accepted_at = CASE WHEN $12 = 'accepted' THEN helpline.now() ELSE e.accepted_at END,
        accepted_by = CASE WHEN $12 = 'accepted' THEN $2 ELSE e.accepted_by END,
        accepted_agency_id = CASE WHEN $12 = 'accepted' THEN (
            SELECT d.agency_id FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.delivery_id = $11) ELSE e.accepted_agency_id END,
        their_incident_sealed = coalesce($14, e.their_incident_sealed)",
    note: ("'called'", "NULL::uuid", "$11", "jsonb_build_object('result', $12::text)", "false"),
    beside: ", rung AS (
        UPDATE helpline.deliveries d SET last_result = $12, attempts = d.attempts + 1, revision = d.revision + 1,
            state = CASE WHEN d.state = 'held_back' THEN d.state WHEN $12 IN ('no_answer', 'declined') THEN 'failed' ELSE 'delivered' END,
            delivered_at = CASE WHEN d.state <> 'held_back' AND $12 <> 'no_answer' THEN helpline.now() END,
            ended_at = coalesce(d.ended_at, helpline.now())
        FROM changed WHERE d.centre_id = $1 AND d.delivery_id = $11),
    settled AS (
        UPDATE helpline.deliveries d SET state = 'withdrawn', next_attempt_at = NULL, claimed_until = NULL, ended_at = helpline.now(),
            revision = d.revision + 1
        FROM changed WHERE d.centre_id = $1 AND d.escalation_id = $7 AND d.state = 'pending' AND d.child_alert_id IS NULL
          AND d.delivery_id <> $11 AND $12 = 'accepted')",
    news!("escalation.accepted", when: "$12 = 'accepted'")
);

const CALLS: &str = concat!(
    "SELECT d.delivery_id, d.escalation_id, e.number, e.risk, d.call, d.made_at, e.exercise, gravity
     FROM helpline.escalations e CROSS JOIN LATERAL (SELECT (",
    gravity!(),
    ")::int2 AS gravity) presses JOIN helpline.deliveries d ON d.centre_id = $1 AND d.escalation_id = e.escalation_id
     WHERE e.centre_id = $1 AND e.ended_at IS NULL AND e.due_at IS NOT NULL AND ",
    to_ring!(),
    " AND ",
    not_feared!("d.agency_id", "e.escalation_id", "NULL", "NULL"),
    " AND ($2::int2 IS NULL OR (-gravity, d.made_at, d.delivery_id) > (-$2, $3, $4))
     ORDER BY -gravity, d.made_at, d.delivery_id LIMIT $5"
);

/// What became of ringing a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallResult {
    /// Nobody answered.
    NoAnswer,
    /// Somebody has it in hand now.
    Acknowledged,
    /// Somebody takes it on.
    Accepted,
    /// Somebody answered and cannot.
    Declined,
}

impl CallResult {
    /// The stable key under which the result is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Acknowledged => "acknowledged",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
        }
    }
}

/// A number that somebody is to ring.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Call {
    pub delivery_id: DeliveryId,
    pub escalation_id: EscalationId,
    pub number: i64,
    pub risk: Risk,
    pub call: plan::Call,
    pub made_at: DateTime<Utc>,
    pub exercise: bool,
    /// How much it presses, for pages.
    pub gravity: i16,
}

#[derive(FromRow)]
struct CallRow {
    delivery_id: Uuid,
    escalation_id: Uuid,
    number: i64,
    risk: i16,
    call: Json<plan::Call>,
    made_at: DateTime<Utc>,
    exercise: bool,
    gravity: i16,
}

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Rung {
    /// The call.
    pub delivery_id: DeliveryId,
    /// What became of it.
    pub result: CallResult,
    /// Seconds in which it must be taken on, if it was seen.
    pub accept_s: u32,
    /// The number under which they keep it.
    pub their_incident: Option<Sensitive<String>>,
}

impl Store {
    /// Numbers to ring, the gravest first: at most so many behind a place.
    pub async fn calls_to_ring(
        &self,
        caller: &Caller,
        most: u32,
        after: Option<(i16, DateTime<Utc>, Uuid)>,
    ) -> Result<Vec<Call>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, CallRow>(CALLS)
            .bind(caller.centre_id.as_uuid())
            .bind(after.map(|after| after.0))
            .bind(after.map(|after| after.1))
            .bind(after.map(|after| after.2))
            .bind(i64::from(most))
            .fetch_all(connection.postgres())
            .await;
        let call = |row: CallRow| {
            Ok(Call {
                delivery_id: row.delivery_id.into(),
                escalation_id: row.escalation_id.into(),
                number: row.number,
                risk: Risk::from_number(row.risk).ok_or(inconsistent("risk"))?,
                call: row.call.0,
                made_at: row.made_at,
                exercise: row.exercise,
                gravity: row.gravity,
            })
        };
        connection.settle(rows)?.into_iter().map(call).collect()
    }

    /// The escalation of a call.
    pub async fn escalation_of_call(
        &self,
        caller: &Caller,
        call: DeliveryId,
    ) -> Result<Option<EscalationId>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, Uuid>(
            "SELECT escalation_id FROM helpline.deliveries
             WHERE centre_id = $1 AND delivery_id = $2 AND kind = 'call' AND escalation_id IS NOT NULL",
        )
        .bind(caller.centre_id.as_uuid())
        .bind(call.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(found)?.map(EscalationId::from))
    }

    /// Records what became of ringing.
    pub async fn record_call(
        &self,
        command: &Command,
        act: &Act,
        rung: &Rung,
    ) -> Result<Change<EscalationId>, StoreError> {
        let row = act.escalation_id.as_uuid();
        let query = self
            .act_query(RECORD, command, act)
            .bind(rung.delivery_id.as_uuid())
            .bind(rung.result.key())
            .bind(f64::from(rung.accept_s))
            .bind(self.seal_some(THEIR_INCIDENT, command.centre(), row, rung.their_incident.as_ref()));
        self.act(command, query).await
    }
}
