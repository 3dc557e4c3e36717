//! What a desk shows: what is open, and what has arrived because it was shown.

use std::collections::BTreeSet;

use helpline_domain::caller::Caller;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::EscalationId;
use uuid::Uuid;

use super::read::{classes, classes_from};
use super::{agency_of, sees};
use crate::{Store, StoreError};

/// What is open, as little of it as tells whether it must be shown again.
const OPEN: &str = concat!(
    "SELECT e.escalation_id, e.revision, ",
    classes!(),
    " AS classes, EXISTS (
        SELECT FROM helpline.deliveries d
        WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id AND d.state = 'pending' AND (d.kind = 'person' AND d.counsellor_id = $2
            OR d.kind = 'supervisors' AND $3 = 'supervisor' OR d.kind = 'desk' AND d.agency_id = $4)) AS to_tell
     FROM helpline.escalations e WHERE e.centre_id = $1 AND e.ended_at IS NULL AND ",
    sees!("$2", "$3", "$4"),
    " ORDER BY CASE e.risk WHEN -1 THEN 3 ELSE e.risk END DESC, e.escalation_id"
);

/// What is shown to who was told on their stream has arrived.
const SHOWN: &str = "
    WITH before AS MATERIALIZED (
        SELECT e.escalation_id AS id FROM helpline.escalations e WHERE e.centre_id = $1 AND e.escalation_id = $5 AND e.ended_at IS NULL FOR UPDATE),
    told AS (
        UPDATE helpline.deliveries d SET state = 'delivered', delivered_at = helpline.now(), ended_at = helpline.now(), revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.escalation_id = $5 AND d.state = 'pending' AND (d.kind = 'person' AND d.counsellor_id = $2
            OR d.kind = 'supervisors' AND $3 = 'supervisor' OR d.kind = 'desk' AND d.agency_id = $4)
        RETURNING d.delivery_id, d.kind, d.agency_id),
    changed AS (
        UPDATE helpline.escalations e SET delivered_at = coalesce(e.delivered_at, helpline.now()),
            event_count = e.event_count + (SELECT count(*) FROM told)::int, changed_at = helpline.now(), revision = e.revision + 1
        FROM before WHERE e.centre_id = $1 AND e.escalation_id = $5 AND EXISTS (SELECT FROM told)
        RETURNING e.escalation_id, e.contact_id, e.event_count, e.revision),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, delivery_id, detail)
        SELECT $1, escalation_id, event_count + 1 - (row_number() OVER (ORDER BY delivery_id))::int, helpline.now(), 'delivered', $2, $3, agency_id,
            delivery_id, jsonb_build_object('way', kind)
        FROM changed CROSS JOIN told),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'escalation_delivered', $2, $3, contact_id, revision, jsonb_build_object('escalation_id', escalation_id)
        FROM changed)
    SELECT escalation_id FROM changed";

/// An open escalation, as little of it as tells whether it must be shown again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glimpse {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// Number of its last change.
    pub revision: i64,
    /// What its reader may read of it.
    pub classes: BTreeSet<FieldClass>,
    /// Whether its reader was told of it and it has not arrived.
    pub to_tell: bool,
}

impl Store {
    /// Every open escalation that the caller may see, the gravest first.
    pub async fn open_escalations(&self, caller: &Caller) -> Result<Vec<Glimpse>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, (Uuid, i64, Option<Vec<String>>, bool)>(OPEN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .fetch_all(connection.postgres())
            .await;
        let glimpse = |(id, revision, classes, to_tell): (Uuid, i64, Option<Vec<String>>, bool)| Glimpse {
            escalation_id: id.into(),
            revision,
            classes: classes_from(classes),
            to_tell,
        };
        Ok(connection.settle(rows)?.into_iter().map(glimpse).collect())
    }

    /// Notes that what the caller was told of an escalation has been shown to them; whether anything was.
    pub async fn escalation_shown(&self, caller: &Caller, id: EscalationId) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let found = sqlx::query_scalar::<_, Uuid>(SHOWN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(found)?.is_some())
    }
}
