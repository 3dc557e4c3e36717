//! What a mission has taken on of a child who is afraid of its country: it may learn nothing of them, and so can help nobody.

use helpline_domain::id::{CentreId, EscalationId};
use uuid::Uuid;

use crate::disclosure::not_feared;
use crate::{Store, StoreError};

/// As if the mission had declined, and a hand-over to it is over. Nobody outside is told whose it was and why: neither the entry names
/// an agency nor is it shared. Whoever else was told hears that it is given back. Where nobody is afraid of anything, nothing is read.
const TAKE_BACK: &str = concat!("
    WITH before AS MATERIALIZED (
        SELECT e.escalation_id AS id, e.state AS old_state, e.accepted_agency_id AS mission, e.handed_to_agency_id = e.accepted_agency_id AS handed
        FROM helpline.escalations e
        JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = e.accepted_agency_id AND a.kind = 'embassy'
        WHERE e.centre_id = $1 AND e.ended_at IS NULL AND e.state IN ('accepted', 'responding', 'on_scene')
          AND EXISTS (SELECT FROM helpline.protections p WHERE p.centre_id = $1 AND p.lifted_at IS NULL)
          AND NOT ", not_feared!("e.accepted_agency_id", "e.escalation_id", "NULL", "NULL"), "
        ORDER BY e.escalation_id FOR UPDATE OF e SKIP LOCKED),
    changed AS (
        UPDATE helpline.escalations e SET state = 'notifying', due_at = helpline.now(),
            accepted_at = NULL, accepted_by = NULL, accepted_agency_id = NULL, responding_at = NULL, on_scene_at = NULL,
            handed_to_agency_id = CASE WHEN handed IS NOT TRUE THEN e.handed_to_agency_id END,
            handed_at = CASE WHEN handed IS NOT TRUE THEN e.handed_at END,
            event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
        FROM before WHERE e.centre_id = $1 AND e.escalation_id = before.id
        RETURNING e.escalation_id, e.contact_id, e.revision, e.event_count, e.state, e.exercise, old_state, mission),
    news AS (
        INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, agency_id, endpoint_id, state, next_attempt_at, made_at)
        SELECT $1, md5(changed.escalation_id::text || changed.revision::text || p.endpoint_id::text)::uuid, changed.escalation_id,
            'escalation.given_back', p.kind, p.agency_id, p.endpoint_id, 'pending', helpline.now(), helpline.now()
        FROM changed CROSS JOIN LATERAL (
            SELECT DISTINCT d.endpoint_id FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = changed.escalation_id AND d.endpoint_id IS NOT NULL AND d.child_alert_id IS NULL
              AND (d.state = 'delivered' OR d.told_at IS NOT NULL)) was
        JOIN helpline.endpoints p ON p.centre_id = $1 AND p.endpoint_id = was.endpoint_id AND p.disabled_at IS NULL
        WHERE NOT changed.exercise AND ", not_feared!("p.agency_id", "changed.escalation_id", "NULL", "NULL"), "),
    noted AS (
        INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, detail)
        SELECT $1, escalation_id, event_count, helpline.now(), 'taken_back', jsonb_build_object('from', old_state, 'agency', mission)
        FROM changed),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail)
        SELECT $1, helpline.now(), 'escalation_taken_back', contact_id, revision,
            jsonb_build_object('escalation_id', escalation_id, 'from', old_state, 'state', state, 'agency', mission)
        FROM changed)
    SELECT escalation_id FROM changed");

/// A mission that may answer nothing any more is not waited for either: the next step is due, where it has seen the emergency, and where
/// it alone was told with the step.
const PASS_OVER: &str = concat!("
    UPDATE helpline.escalations e SET due_at = helpline.now(), changed_at = helpline.now(), revision = e.revision + 1
    WHERE e.centre_id = $1 AND e.ended_at IS NULL AND e.due_at > (SELECT helpline.now()) AND e.state IN ('acknowledged', 'notifying')
      AND EXISTS (SELECT FROM helpline.protections p WHERE p.centre_id = $1 AND p.lifted_at IS NULL)
      AND CASE e.state WHEN 'acknowledged' THEN NOT ", not_feared!("e.acknowledged_agency_id", "e.escalation_id", "NULL", "NULL"), "
        ELSE EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id AND d.rung = e.rung AND d.state IN ('pending', 'delivered')
              AND NOT ", not_feared!("d.agency_id", "e.escalation_id", "NULL", "NULL"), ")
          AND NOT EXISTS (
            SELECT FROM helpline.deliveries d
            WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id AND d.rung = e.rung AND d.state IN ('pending', 'delivered')
              AND ", not_feared!("d.agency_id", "e.escalation_id", "NULL", "NULL"), ") END
    RETURNING e.escalation_id");

impl Store {
    /// The next step is due of what a mission alone was told, or has seen, and may learn nothing of any more. Gives which.
    pub async fn pass_over_missions(&self, centre: CentreId) -> Result<Vec<EscalationId>, StoreError> {
        self.swept(PASS_OVER, centre).await
    }

    /// Takes back what a mission has accepted, or was handed, and may learn nothing of any more: the next step is due. Gives what was
    /// taken back.
    pub async fn take_back_escalations(&self, centre: CentreId) -> Result<Vec<EscalationId>, StoreError> {
        self.swept(TAKE_BACK, centre).await
    }

    async fn swept(&self, sql: &'static str, centre: CentreId) -> Result<Vec<EscalationId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let found =
            sqlx::query_scalar::<_, Uuid>(sql).bind(centre.as_uuid()).fetch_all(connection.postgres()).await;
        Ok(connection.settle(found)?.into_iter().map(EscalationId::from).collect())
    }
}
