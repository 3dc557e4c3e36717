//! Taking what is due to be sent, and writing down what came of it. Any replica may take a delivery; whoever took it must
//! have written down the result before the claim ends, or another sends it again under the same id.

use chrono::{DateTime, Utc};
use helpline_domain::delivery::{DeliveryKind, DeliveryState, Hurry};
use helpline_domain::id::{
    CentreId, ChildAlertId, CrossBorderId, DeliveryId, EndpointId, EscalationId, ReferralId,
};
use helpline_domain::risk::Risk;
use helpline_vault::{Sensitive, SigningKey};
use sqlx::FromRow;
use uuid::Uuid;

use super::wrong;
use crate::disclosure::not_feared;
use crate::sealing::{ENDPOINT, SECRET};
use crate::{Store, StoreError};

/// How much longer a claim lasts than the other side may take to answer, in seconds.
const CLAIM_BEYOND_S: f64 = 3.0;

/// A delivery to be sent now.
#[derive(Debug)]
pub struct Outgoing {
    /// Its id, the same with every try.
    pub delivery_id: DeliveryId,
    /// What it was when it was taken: a result is written down for this and no later state.
    pub revision: i64,
    /// How often it was tried, this time among them unless nothing goes there any more.
    pub tries: u32,
    /// The way.
    pub kind: DeliveryKind,
    /// What is told.
    pub event: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The database's time.
    pub now: DateTime<Utc>,
    /// The escalation it is about.
    pub escalation_id: Option<EscalationId>,
    /// The referral it is about.
    pub referral_id: Option<ReferralId>,
    /// The hand-over across a border that it is about.
    pub crossborder_id: Option<CrossBorderId>,
    /// The number of the escalation, the referral or the hand-over.
    pub number: Option<i64>,
    /// The message of a missing-child alert that it is about. Who is told of it is told nothing of the escalation.
    pub child_alert_id: Option<ChildAlertId>,
    /// How much it hurries.
    pub hurry: Hurry,
    /// Whether it belongs to an exercise, which never leaves the building.
    pub exercise: bool,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// Whether nothing goes there any more, or it is the mission of a country that the child is afraid of.
    pub disabled: bool,
    /// Whether somebody may have heard of it by an earlier try.
    pub told_before: bool,
    /// URL, address or number, and what a webhook is signed with. An error when it cannot be opened.
    pub target: Result<(Sensitive<String>, Vec<SigningKey>), StoreError>,
}

impl Outgoing {
    /// Whether it tells that something was taken back, or taken on by another.
    pub fn is_withdrawal(&self) -> bool {
        matches!(self.event.as_str(), "referral.withdrawn" | "crossborder.withdrawn")
    }

    /// Whether there is something to look at for whoever is told.
    pub fn is_to_be_opened(&self) -> bool {
        let subject = self.escalation_id.is_some() || self.referral_id.is_some();
        subject && self.child_alert_id.is_none() && !self.is_withdrawal()
    }
}

/// What came of a try.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Settled {
    /// It arrived.
    Delivered,
    /// It did not, and is tried again after so many seconds.
    Again(f64),
    /// It did not, and is not tried again.
    Failed,
    /// It was not sent, and will not be.
    HeldBack,
}

/// A result to be written down.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// What came of it.
    pub settled: Settled,
    /// The same as a key.
    pub result: String,
    /// The other side says that it is gone for good.
    pub gone: bool,
    /// The other side asks to be left alone for so many seconds.
    pub throttle_s: Option<f64>,
    /// Nobody can have heard of it by this try.
    pub unheard: bool,
}

#[derive(FromRow)]
struct OutgoingRow {
    delivery_id: Uuid,
    revision: i64,
    attempts: i32,
    kind: String,
    event: String,
    made_at: DateTime<Utc>,
    now: DateTime<Utc>,
    escalation_id: Option<Uuid>,
    referral_id: Option<Uuid>,
    crossborder_id: Option<Uuid>,
    number: Option<i64>,
    child_alert_id: Option<Uuid>,
    escalation_kind: Option<String>,
    risk: Option<i16>,
    exercise: bool,
    endpoint_id: Uuid,
    disabled: bool,
    told_before: bool,
    address_sealed: Vec<u8>,
    secret_sealed: Option<Vec<u8>>,
    old_secret_sealed: Option<Vec<u8>>,
}

/// Whether a delivery with its escalation `e` hurries, as [`Hurry::of`] has it.
macro_rules! hurries {
    () => {
        "coalesce(e.kind = 'emergency' OR e.risk >= 4, false)"
    };
}

/// What hurries first, then by the kind, in the alphabet an emergency before a report, then the gravest. What goes nowhere any more is not
/// tried. A mission that is feared hears that something was taken back where it may have heard of that, and of nothing else. Whoever dies with a claim may have told it.
const CLAIM: &str = concat!(
    "WITH due AS MATERIALIZED (
        SELECT d.delivery_id, make_interval(secs => CASE WHEN ", hurries!(), " THEN $4 ELSE $5 END) AS claim,
            d.told_at IS NOT NULL AS told_before, n.disabled_at IS NOT NULL OR a.disabled_at IS NOT NULL
              OR NOT (d.event IN ('referral.withdrawn', 'crossborder.withdrawn') AND EXISTS (
                SELECT FROM helpline.deliveries o
                WHERE o.centre_id = $1 AND o.endpoint_id = d.endpoint_id AND o.delivery_id <> d.delivery_id AND o.told_at IS NOT NULL
                  AND (o.referral_id = d.referral_id OR o.crossborder_id = d.crossborder_id)))
                AND NOT ", not_feared!("n.agency_id", "d.escalation_id", "d.referral_id", "d.crossborder_id"), " AS disabled
        FROM helpline.deliveries d
        JOIN helpline.endpoints n ON n.centre_id = $1 AND n.endpoint_id = d.endpoint_id
        JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = n.agency_id
        LEFT JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = d.escalation_id
        WHERE d.centre_id = $1 AND d.next_attempt_at <= (SELECT helpline.now())
          AND (d.claimed_until IS NULL OR d.claimed_until <= (SELECT helpline.now()))
          AND (", hurries!(), " OR (NOT $3 AND (n.throttled_until IS NULL OR n.throttled_until <= (SELECT helpline.now()))))
        ORDER BY ", hurries!(), " DESC, e.kind, e.risk DESC NULLS LAST, d.next_attempt_at LIMIT $2
        FOR UPDATE OF d SKIP LOCKED),
    claimed AS (
        UPDATE helpline.deliveries d SET attempts = d.attempts + (NOT disabled)::int, claimed_until = helpline.now() + claim,
            told_at = CASE WHEN disabled THEN d.told_at ELSE coalesce(d.told_at, helpline.now()) END, revision = d.revision + 1
        FROM due WHERE d.centre_id = $1 AND d.delivery_id = due.delivery_id
        RETURNING d.*, disabled, told_before)
    SELECT c.delivery_id, c.revision, c.attempts, c.kind, c.event, c.made_at, helpline.now() AS now, c.escalation_id, c.child_alert_id,
        c.referral_id, c.crossborder_id, coalesce(e.number, r.number, h.number) AS number,
        e.kind AS escalation_kind, e.risk, coalesce(e.exercise, false) AS exercise, c.endpoint_id,
        c.disabled, c.told_before, n.address_sealed, n.secret_sealed,
        CASE WHEN n.old_secret_until > helpline.now() THEN n.old_secret_sealed END AS old_secret_sealed
    FROM claimed c
    JOIN helpline.endpoints n ON n.centre_id = $1 AND n.endpoint_id = c.endpoint_id
    LEFT JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = c.escalation_id
    LEFT JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = c.referral_id
    LEFT JOIN helpline.crossborder_handovers h ON h.centre_id = $1 AND h.crossborder_id = c.crossborder_id
    ORDER BY ", hurries!(), " DESC, e.kind, e.risk DESC NULLS LAST, c.made_at"
);

/// One statement, and the escalation is locked before its deliveries. The other deliveries of the step are locked too, not
/// only read: of two that end at the same moment the second must see that the first has, or neither would move the ladder.
/// The desk of an agency that is told by other ways is waited for only as long as one of them is: it may have no screen. A mission of
/// a country that the child is afraid of is not waited for. What was taken back while it was tried has told nobody either.
const SETTLE: &str = concat!("
    WITH escalation AS MATERIALIZED (
        SELECT e.state, e.rung FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = $4 FOR UPDATE),
    delivery AS MATERIALIZED (
        SELECT d.rung FROM helpline.deliveries d
        WHERE d.centre_id = $1 AND d.delivery_id = $2 AND d.state = 'pending' AND d.revision = $3
          AND (SELECT count(*) FROM escalation) >= 0
        FOR UPDATE),
    others AS MATERIALIZED (
        SELECT o.state, o.kind, o.agency_id, o.endpoint_id FROM helpline.deliveries o
        WHERE o.centre_id = $1 AND o.escalation_id = $4 AND o.rung = (SELECT rung FROM delivery) AND o.delivery_id <> $2
        FOR UPDATE),
    settled AS (
        UPDATE helpline.deliveries d SET state = $5, last_result = $6, claimed_until = NULL,
            next_attempt_at = CASE WHEN $5 = 'pending' THEN helpline.now() + make_interval(secs => $7) END,
            delivered_at = CASE WHEN $5 = 'delivered' THEN coalesce(d.delivered_at, helpline.now()) ELSE d.delivered_at END,
            ended_at = CASE WHEN $5 <> 'pending' THEN helpline.now() END, told_at = CASE WHEN $11 THEN NULL ELSE d.told_at END,
            revision = d.revision + 1
        FROM delivery WHERE d.centre_id = $1 AND d.delivery_id = $2
        RETURNING d.*, $5 IN ('failed', 'held_back')
            AND EXISTS (SELECT FROM escalation e WHERE e.state = 'notifying' AND e.rung = d.rung)
            AND NOT EXISTS (
                SELECT FROM others o WHERE (o.state = 'delivered' OR o.state = 'pending' AND (o.kind <> 'desk' OR o.agency_id <> d.agency_id
                    AND NOT EXISTS (SELECT FROM others w WHERE w.agency_id = o.agency_id AND w.endpoint_id IS NOT NULL)))
                  AND ", not_feared!("o.agency_id", "d.escalation_id", "NULL", "NULL"), ") AS hastens),
    moved AS (
        UPDATE helpline.escalations e SET
            delivered_at = CASE WHEN $5 = 'delivered' AND child_alert_id IS NULL THEN coalesce(e.delivered_at, helpline.now())
                ELSE e.delivered_at END,
            due_at = CASE WHEN hastens THEN least(e.due_at, helpline.now()) ELSE e.due_at END,
            event_count = e.event_count + 1 + hastens::int, changed_at = helpline.now(), revision = e.revision + 1
        FROM settled WHERE e.centre_id = $1 AND e.escalation_id = $4 AND $5 <> 'pending'
        RETURNING e.event_count, e.revision),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, agency_id, delivery_id, detail)
        SELECT $1, $4, moved.event_count - hastens::int, helpline.now(),
            CASE $5 WHEN 'delivered' THEN 'delivered' ELSE 'delivery_failed' END, agency_id, delivery_id,
            jsonb_build_object('kind', kind, 'rung', rung, 'state', $5, 'result', $6, 'attempts', attempts)
        FROM settled CROSS JOIN moved
        UNION ALL
        SELECT $1, $4, moved.event_count, helpline.now(), 'step_failed', NULL, NULL, jsonb_build_object('rung', rung)
        FROM settled CROSS JOIN moved WHERE hastens),
    unheard AS (
        UPDATE helpline.deliveries d SET told_at = NULL
        WHERE $11 AND d.centre_id = $1 AND d.delivery_id = $2 AND d.state = 'withdrawn'),
    endpoint AS (
        UPDATE helpline.endpoints n SET
            throttled_until = CASE WHEN $10::float8 IS NULL THEN n.throttled_until ELSE helpline.now() + make_interval(secs => $10) END,
            disabled_at = CASE WHEN $9 THEN coalesce(n.disabled_at, helpline.now()) ELSE n.disabled_at END,
            disabled_because = CASE WHEN $9 THEN coalesce(n.disabled_because, 'gone') ELSE n.disabled_because END,
            revision = n.revision + CASE WHEN $9 THEN 1 ELSE 0 END
        FROM settled WHERE n.centre_id = $1 AND n.endpoint_id = $8 AND ($9 OR $10 IS NOT NULL)
        RETURNING n.revision),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'delivery_ended', moved.revision,
            jsonb_build_object('delivery_id', delivery_id, 'escalation_id', escalation_id, 'kind', kind, 'state', $5, 'result', $6)
        FROM settled LEFT JOIN moved ON true WHERE $5 <> 'pending'
        UNION ALL
        SELECT $1, helpline.now(), 'endpoint_disabled', revision, jsonb_build_object('endpoint_id', $8::uuid, 'because', 'gone')
        FROM endpoint WHERE $9)
    SELECT hastens FROM settled");

impl Store {
    /// Takes at most `most` deliveries that are due, the gravest first; only those that hurry, if asked so. Each is this
    /// process's until its claim ends.
    pub async fn claim_deliveries(
        &self,
        centre: CentreId,
        most: u32,
        only_hurrying: bool,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let claim = |hurry: Hurry| hurry.patience().as_secs_f64() + CLAIM_BEYOND_S;
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, OutgoingRow>(CLAIM)
            .bind(centre.as_uuid())
            .bind(i64::from(most))
            .bind(only_hurrying)
            .bind(claim(Hurry::Emergency))
            .bind(claim(Hurry::Ordinary))
            .fetch_all(connection.postgres())
            .await;
        connection.settle(rows)?.into_iter().map(|row| self.outgoing(centre, row)).collect()
    }

    fn outgoing(&self, centre: CentreId, row: OutgoingRow) -> Result<Outgoing, StoreError> {
        let target = self.target(centre, &row);
        let risk = row.risk.and_then(Risk::from_number).unwrap_or(Risk::Unassessed);
        Ok(Outgoing {
            delivery_id: row.delivery_id.into(),
            revision: row.revision,
            tries: u32::try_from(row.attempts).map_err(|_| wrong("attempts"))?,
            kind: DeliveryKind::from_key(&row.kind).ok_or(wrong("kind"))?,
            event: row.event,
            made_at: row.made_at,
            now: row.now,
            escalation_id: row.escalation_id.map(EscalationId::from),
            referral_id: row.referral_id.map(ReferralId::from),
            crossborder_id: row.crossborder_id.map(CrossBorderId::from),
            number: row.number,
            child_alert_id: row.child_alert_id.map(ChildAlertId::from),
            hurry: Hurry::of(row.escalation_kind.as_deref() == Some("emergency"), risk),
            exercise: row.exercise,
            endpoint_id: row.endpoint_id.into(),
            disabled: row.disabled,
            told_before: row.told_before,
            target,
        })
    }

    fn target(
        &self,
        centre: CentreId,
        row: &OutgoingRow,
    ) -> Result<(Sensitive<String>, Vec<SigningKey>), StoreError> {
        let address = self.open(ENDPOINT, centre, row.endpoint_id, &row.address_sealed)?;
        let secrets = row.secret_sealed.iter().chain(&row.old_secret_sealed);
        let keys = secrets.map(|sealed| {
            let text = self.open(SECRET, centre, row.endpoint_id, sealed)?;
            Ok(SigningKey::parse(text.expose())?)
        });
        Ok((address, keys.collect::<Result<_, StoreError>>()?))
    }

    /// Writes down what came of a try, on the timeline of its escalation too when that was the last. Whether the ladder moves
    /// on because nothing of its step arrived; `None` when somebody else has taken the delivery meanwhile.
    pub async fn settle_delivery(
        &self,
        centre: CentreId,
        outgoing: &Outgoing,
        settlement: &Settlement,
    ) -> Result<Option<bool>, StoreError> {
        let (state, wait) = match settlement.settled {
            Settled::Delivered => (DeliveryState::Delivered, None),
            Settled::Again(wait) => (DeliveryState::Pending, Some(wait)),
            Settled::Failed => (DeliveryState::Failed, None),
            Settled::HeldBack => (DeliveryState::HeldBack, None),
        };
        let mut connection = self.bound(centre).await?;
        let hastens = sqlx::query_scalar::<_, bool>(SETTLE)
            .bind(centre.as_uuid())
            .bind(outgoing.delivery_id.as_uuid())
            .bind(outgoing.revision)
            .bind(outgoing.escalation_id.map(|id| id.as_uuid()))
            .bind(state.key())
            .bind(settlement.result.clone())
            .bind(wait)
            .bind(outgoing.endpoint_id.as_uuid())
            .bind(settlement.gone)
            .bind(settlement.throttle_s)
            .bind(settlement.unheard && !outgoing.told_before)
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(hastens)
    }
}
