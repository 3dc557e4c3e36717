//! What a desk shows: what is open, and what has arrived because it was shown.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{CentreId, EscalationId};
use uuid::Uuid;

use super::read::{classes, classes_from};
use super::{agency_of, gravity, sees};
use crate::{Store, StoreError};

/// What is open, as little of it as tells whether it must be shown again.
const OPEN: &str = concat!(
    "SELECT e.escalation_id, e.revision, ",
    classes!(),
    " AS classes FROM helpline.escalations e WHERE e.centre_id = $1 AND e.ended_at IS NULL AND ",
    sees!("$2", "$3", "$4"),
    " ORDER BY ",
    gravity!(),
    " DESC, e.escalation_id"
);

/// What has changed since.
const CHANGED: &str = "
    SELECT escalation_id, revision, changed_at FROM helpline.escalations WHERE centre_id = $1 AND changed_at > $2";

/// Whom escalations may concern: everybody of whom `sees!` asks.
const NEWS: &str = concat!("
    SELECT e.escalation_id, e.revision, told.calls, array_remove(
        ARRAY[e.owner_id, e.raised_by, e.accepted_by, e.acknowledged_by, e.accepted_agency_id, e.handed_to_agency_id] || told.whom
        || ARRAY(SELECT x.agency_id FROM helpline.disclosures x WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id)
        || ARRAY(SELECT c.counsellor_id FROM helpline.escalation_contacts x
            JOIN helpline.contacts c ON c.centre_id = $1 AND c.contact_id = x.contact_id
            WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id)
        || ARRAY(SELECT p.counsellor_id FROM helpline.escalation_contacts x
            JOIN helpline.participations p ON p.centre_id = $1 AND p.contact_id = x.contact_id
            WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id AND p.state = 'joined'), NULL) AS whom
    FROM helpline.escalations e CROSS JOIN LATERAL (
        SELECT array_agg(coalesce(d.counsellor_id, d.agency_id)) AS whom,
            coalesce(bool_or(d.kind = 'call' AND d.last_result IS NULL), false) AS calls
        FROM helpline.deliveries d WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id) told
    WHERE e.centre_id = $1 AND e.escalation_id = ANY ($2)
    ORDER BY ", gravity!(), " DESC, e.changed_at");

/// Whether a delivery `d` waits to be shown to the caller.
macro_rules! to_tell {
    () => {
        "d.state = 'pending' AND (d.kind = 'person' AND d.counsellor_id = $2 OR d.kind = 'supervisors' AND $3 = 'supervisor'
            OR d.kind = 'desk' AND d.agency_id = $4)"
    };
}

/// What was shown to who was told on their stream has arrived, if it is still what was shown.
const SHOWN: &str = concat!("
    WITH shown AS (SELECT * FROM unnest($5::uuid[], $6::int8[]) AS s (id, revision)),
    before AS MATERIALIZED (
        SELECT e.escalation_id AS id FROM helpline.escalations e JOIN shown ON shown.id = e.escalation_id AND shown.revision = e.revision
        WHERE e.centre_id = $1 AND e.escalation_id = ANY ($5) AND e.ended_at IS NULL AND EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id AND ", to_tell!(), ")
        ORDER BY e.escalation_id FOR UPDATE OF e),
    told AS (
        UPDATE helpline.deliveries d SET state = 'delivered', delivered_at = helpline.now(), ended_at = helpline.now(), revision = d.revision + 1
        FROM before WHERE d.centre_id = $1 AND d.escalation_id = before.id AND ", to_tell!(), "
        RETURNING d.escalation_id AS id, d.delivery_id, d.kind, d.agency_id),
    changed AS (
        UPDATE helpline.escalations e SET delivered_at = coalesce(e.delivered_at, helpline.now()),
            event_count = e.event_count + ways, changed_at = helpline.now(), revision = e.revision + 1
        FROM (SELECT id, count(*)::int AS ways FROM told GROUP BY id) counted
        WHERE e.centre_id = $1 AND e.escalation_id = ANY ($5) AND e.escalation_id = counted.id
        RETURNING e.escalation_id, e.contact_id, e.event_count, e.revision),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, delivery_id, detail)
        SELECT $1, escalation_id, event_count + 1 - (row_number() OVER (PARTITION BY escalation_id ORDER BY delivery_id))::int, helpline.now(),
            'delivered', $2, $3, agency_id, delivery_id, jsonb_build_object('way', kind)
        FROM changed JOIN told ON told.id = changed.escalation_id),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'escalation_delivered', $2, $3, contact_id, revision, jsonb_build_object('escalation_id', escalation_id)
        FROM changed)
    SELECT count(*) > 0 FROM changed"
);

/// An open escalation, as little of it as tells whether it must be shown again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glimpse {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// Number of its last change.
    pub revision: i64,
    /// What its reader may read of it.
    pub classes: BTreeSet<FieldClass>,
}

/// An escalation has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// Number of the change.
    pub revision: i64,
    /// Counsellors, tokens and agencies whom it may concern.
    pub whom: Vec<Uuid>,
    /// Whether a number may be to ring, which concerns every counsellor.
    pub calls: bool,
}

/// What a reading of changes found.
#[derive(Debug, Default)]
pub struct Changed {
    /// When the statement of the last change began, if there was any.
    pub until: Option<DateTime<Utc>>,
    /// Everything that was found: the escalation and its revision.
    pub all: HashMap<EscalationId, i64>,
    /// What of it was not known, the gravest first.
    pub news: Vec<News>,
}

impl News {
    /// Whether somebody may have come to see it, or see it otherwise. A hint: what they see is asked when it is read.
    pub fn concerns(&self, caller: &Caller) -> bool {
        match caller.role {
            Role::Supervisor => true,
            Role::AgencyResponder => agency_of(caller).is_some_and(|agency| self.whom.contains(&agency)),
            Role::Counsellor => self.calls || self.whom.contains(&caller.principal()),
            Role::ChannelAdapter | Role::Administrator | Role::AgencyLink => false,
        }
    }
}

impl Store {
    /// Every open escalation that the caller may see, the gravest first.
    pub async fn open_escalations(&self, caller: &Caller) -> Result<Vec<Glimpse>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_as::<_, (Uuid, i64, Option<Vec<String>>)>(OPEN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .fetch_all(connection.postgres())
            .await;
        let glimpse = |(id, revision, classes): (Uuid, i64, Option<Vec<String>>)| Glimpse {
            escalation_id: id.into(),
            revision,
            classes: classes_from(classes),
        };
        Ok(connection.settle(rows)?.into_iter().map(glimpse).collect())
    }

    /// Escalations that have changed since, whoever may see them; `known` are those that are no news, as of their revisions.
    pub async fn changed_escalations(
        &self,
        centre: CentreId,
        since: DateTime<Utc>,
        known: &HashMap<EscalationId, i64>,
    ) -> Result<Changed, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Uuid, i64, DateTime<Utc>)>(CHANGED)
            .bind(centre.as_uuid())
            .bind(since)
            .fetch_all(connection.postgres())
            .await;
        let mut changed = Changed::default();
        let mut fresh = Vec::new();
        for (id, revision, at) in connection.settle(rows)? {
            changed.until = changed.until.max(Some(at));
            changed.all.insert(id.into(), revision);
            if known.get(&id.into()) != Some(&revision) {
                fresh.push(id);
            }
        }
        if fresh.is_empty() {
            return Ok(changed);
        }
        let rows = sqlx::query_as::<_, (Uuid, i64, bool, Vec<Uuid>)>(NEWS)
            .bind(centre.as_uuid())
            .bind(fresh)
            .fetch_all(connection.postgres())
            .await;
        let news = |(id, revision, calls, whom): (Uuid, i64, bool, Vec<Uuid>)| News {
            escalation_id: id.into(),
            revision,
            whom,
            calls,
        };
        changed.news = connection.settle(rows)?.into_iter().map(news).collect();
        Ok(changed)
    }

    /// Notes that what the caller was told of these escalations has been shown to them, each as of a revision; whether
    /// anything was. Of what has changed since nothing is noted: it is shown again.
    pub async fn escalations_shown(
        &self,
        caller: &Caller,
        shown: &[(EscalationId, i64)],
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let noted = sqlx::query_scalar::<_, bool>(SHOWN)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.principal())
            .bind(caller.role.key())
            .bind(agency_of(caller))
            .bind(shown.iter().map(|(id, _)| id.as_uuid()).collect::<Vec<_>>())
            .bind(shown.iter().map(|(_, revision)| *revision).collect::<Vec<_>>())
            .fetch_one(connection.postgres())
            .await;
        connection.settle(noted)
    }
}
