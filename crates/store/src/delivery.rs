//! What is on its way to somebody: the record, and sending it again by hand. [`sending`] is what the sender does.

pub mod sending;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Subject;
use helpline_domain::delivery::{DeliveryKind, DeliveryState};
use helpline_domain::id::{
    AgencyId, CentreId, ChildAlertId, CounsellorId, DeliveryId, EndpointId, EscalationId, ReferralId,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// A delivery, without what was told and without the address.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Delivery {
    pub delivery_id: DeliveryId,
    pub escalation_id: Option<EscalationId>,
    pub child_alert_id: Option<ChildAlertId>,
    pub referral_id: Option<ReferralId>,
    pub rung: Option<i32>,
    pub event: String,
    pub kind: DeliveryKind,
    pub counsellor_id: Option<CounsellorId>,
    pub agency_id: Option<AgencyId>,
    pub endpoint_id: Option<EndpointId>,
    pub state: DeliveryState,
    pub attempts: i32,
    pub last_result: Option<String>,
    pub made_at: DateTime<Utc>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Why a delivery is not sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotSent {
    /// It only goes to screens or is rung, or it is not over, or it was withdrawn.
    State(DeliveryState),
    /// It goes to a screen or is rung.
    Shown,
    /// It belongs to an exercise.
    Exercise,
    /// Its endpoint is disabled.
    Disabled,
}

#[derive(FromRow)]
struct DeliveryRow {
    delivery_id: Uuid,
    escalation_id: Option<Uuid>,
    child_alert_id: Option<Uuid>,
    referral_id: Option<Uuid>,
    rung: Option<i32>,
    event: String,
    kind: String,
    counsellor_id: Option<Uuid>,
    agency_id: Option<Uuid>,
    endpoint_id: Option<Uuid>,
    state: String,
    attempts: i32,
    last_result: Option<String>,
    made_at: DateTime<Utc>,
    next_attempt_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

macro_rules! columns {
    () => {
        "delivery_id, escalation_id, child_alert_id, referral_id, rung, event, kind, counsellor_id, agency_id, endpoint_id, state, attempts,
         last_result, made_at, next_attempt_at, delivered_at, ended_at"
    };
}

const fn wrong(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "deliveries", column }
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(Self {
            delivery_id: row.delivery_id.into(),
            escalation_id: row.escalation_id.map(EscalationId::from),
            child_alert_id: row.child_alert_id.map(ChildAlertId::from),
            referral_id: row.referral_id.map(ReferralId::from),
            rung: row.rung,
            event: row.event,
            kind: DeliveryKind::from_key(&row.kind).ok_or(wrong("kind"))?,
            counsellor_id: row.counsellor_id.map(CounsellorId::from),
            agency_id: row.agency_id.map(AgencyId::from),
            endpoint_id: row.endpoint_id.map(EndpointId::from),
            state: DeliveryState::from_key(&row.state).ok_or(wrong("state"))?,
            attempts: row.attempts,
            last_result: row.last_result,
            made_at: row.made_at,
            next_attempt_at: row.next_attempt_at,
            delivered_at: row.delivered_at,
            ended_at: row.ended_at,
        })
    }
}

/// Whether a delivery asks or tells an agency about a referral or a hand-over that is not theirs any more. That it was taken back they may be told again.
macro_rules! passed_on {
    ($delivery:literal) => {
        concat!(
            "(",
            $delivery,
            ".referral_id IS NOT NULL AND ",
            $delivery,
            ".event <> 'referral.withdrawn' AND NOT EXISTS (
                SELECT FROM helpline.referral_choices c
                WHERE c.centre_id = $1 AND c.referral_id = ",
            $delivery,
            ".referral_id AND c.agency_id = ",
            $delivery,
            ".agency_id
                  AND c.state IN ('offered', 'accepted'))
              OR ",
            $delivery,
            ".crossborder_id IS NOT NULL AND ",
            $delivery,
            ".event <> 'crossborder.withdrawn' AND NOT EXISTS (
                SELECT FROM helpline.crossborder_offers c
                WHERE c.centre_id = $1 AND c.crossborder_id = ",
            $delivery,
            ".crossborder_id AND c.agency_id = ",
            $delivery,
            ".agency_id
                  AND c.state IN ('offered', 'assessing', 'accepted')))"
        )
    };
}

/// The escalation is locked before its delivery, as everywhere. The schedule of tries begins anew.
const REPLAY: &str = change!(
    event: "delivery_replayed", resource: "delivery_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('delivery_id', delivery_id, 'escalation_id', escalation_id, 'kind', kind)",
    with: "escalation AS MATERIALIZED (
        SELECT e.escalation_id, e.exercise FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = $8 FOR UPDATE),
    changed AS (
        UPDATE helpline.deliveries d SET state = 'pending', attempts = 0, next_attempt_at = helpline.now(), claimed_until = NULL,
            ended_at = NULL, revision = d.revision + 1
        WHERE d.centre_id = $1 AND d.delivery_id = $7 AND d.state IN ('delivered', 'failed', 'held_back')
          AND d.kind IN ('webhook', 'email', 'sms') AND d.escalation_id IS NOT DISTINCT FROM $8
          AND NOT EXISTS (SELECT FROM escalation WHERE exercise) AND NOT ", passed_on!("d"), "
          AND EXISTS (SELECT FROM helpline.endpoints n
              WHERE n.centre_id = $1 AND n.endpoint_id = d.endpoint_id AND n.disabled_at IS NULL)
        RETURNING d.*),
    counted AS (
        UPDATE helpline.escalations e SET event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
        FROM changed WHERE e.centre_id = $1 AND e.escalation_id = $8 AND EXISTS (SELECT FROM escalation)
        RETURNING e.event_count),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, delivery_id)
        SELECT $1, $8, event_count, helpline.now(), 'delivery_replayed', $2, $3, agency_id, delivery_id
        FROM changed CROSS JOIN counted)";
    returning: columns!(),
);

impl Store {
    /// Sends a delivery of an escalation again. Refused as [`NotSent`] says.
    pub async fn replay_delivery(
        &self,
        command: &Command,
        delivery: DeliveryId,
        escalation: Option<EscalationId>,
    ) -> Result<Change<Delivery>, StoreError> {
        let query = change_query::<DeliveryRow>(REPLAY, command)
            .bind(delivery.as_uuid())
            .bind(escalation.map(|id| id.as_uuid()));
        self.change(command, query).await?.try_map(Delivery::try_from)
    }

    /// Why a delivery is not sent again; `None` when nothing stands against it.
    pub async fn why_not_replayed(
        &self,
        centre: CentreId,
        delivery: &Delivery,
    ) -> Result<Option<NotSent>, StoreError> {
        if !delivery.kind.is_sent() {
            return Ok(Some(NotSent::Shown));
        }
        if matches!(delivery.state, DeliveryState::Pending | DeliveryState::Withdrawn) {
            return Ok(Some(NotSent::State(delivery.state)));
        }
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, (bool, bool, bool)>(concat!(
            "SELECT coalesce((SELECT exercise FROM helpline.escalations WHERE centre_id = $1 AND escalation_id = $2), false),
                 (SELECT disabled_at IS NOT NULL FROM helpline.endpoints WHERE centre_id = $1 AND endpoint_id = $3),
                 (SELECT ", passed_on!("d"), " FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.delivery_id = $4)"
        ))
        .bind(centre.as_uuid())
        .bind(delivery.escalation_id.map(|id| id.as_uuid()))
        .bind(delivery.endpoint_id.map(|id| id.as_uuid()))
        .bind(delivery.delivery_id.as_uuid())
        .fetch_one(connection.postgres())
        .await;
        Ok(match connection.settle(row)? {
            (true, ..) => Some(NotSent::Exercise),
            (_, true, _) => Some(NotSent::Disabled),
            (_, _, true) => Some(NotSent::State(DeliveryState::Withdrawn)),
            _ => None,
        })
    }

    /// One delivery.
    pub async fn delivery(
        &self,
        centre: CentreId,
        delivery: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, DeliveryRow>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.deliveries WHERE centre_id = $1 AND delivery_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(delivery.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Delivery::try_from).transpose()
    }

    /// A page of the deliveries of an escalation or a referral, oldest first: those behind `after`; `None` when the centre has no
    /// such thing.
    pub async fn deliveries(
        &self,
        centre: CentreId,
        about: Subject,
        after: Option<DeliveryId>,
        size: u32,
    ) -> Result<Option<Vec<Delivery>>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let known = sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM helpline.escalations WHERE centre_id = $1 AND escalation_id = $2)
                 OR EXISTS (SELECT FROM helpline.referrals WHERE centre_id = $1 AND referral_id = $3)",
        )
        .bind(centre.as_uuid())
        .bind(about.escalation())
        .bind(about.referral())
        .fetch_one(connection.postgres())
        .await;
        if !connection.settle(known)? {
            return Ok(None);
        }
        let rows = sqlx::query_as::<_, DeliveryRow>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.deliveries WHERE centre_id = $1 AND (escalation_id = $2 OR referral_id = $5)
                  AND ($3::uuid IS NULL OR (made_at, delivery_id) > (
                    SELECT a.made_at, a.delivery_id FROM helpline.deliveries a WHERE a.centre_id = $1 AND a.delivery_id = $3))
             ORDER BY made_at, delivery_id LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(about.escalation())
        .bind(after.map(|id| id.as_uuid()))
        .bind(i64::from(size))
        .bind(about.referral())
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Delivery::try_from).collect::<Result<_, _>>().map(Some)
    }
}
