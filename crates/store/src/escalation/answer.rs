//! What those do who are told: acknowledge, accept, decline, report how far they are.

use helpline_domain::escalation::EscalationState;
use helpline_domain::id::EscalationId;

use super::{Act, act};
use crate::change::{Change, Command};
use crate::disclosure::not_feared;
use crate::{Store, StoreError};

/// What was told to the caller: a person's own, a supervisor's, an agency's desk's.
macro_rules! own {
    () => {
        "(d.kind = 'person' AND d.counsellor_id = $2 OR d.kind = 'supervisors' AND $3 = 'supervisor' OR d.kind = 'desk' AND d.agency_id = $8)"
    };
}

/// Who answers has been told.
macro_rules! own_is_delivered {
    () => {
        concat!(
            ", told AS (
                UPDATE helpline.deliveries d SET state = 'delivered', delivered_at = helpline.now(), ended_at = helpline.now(), revision = d.revision + 1
                FROM changed WHERE d.centre_id = $1 AND d.escalation_id = $7 AND d.state = 'pending' AND ", own!(), ")"
        )
    };
}

/// Nobody else need be told any more what is not on its way yet.
macro_rules! others_are_withdrawn {
    () => {
        concat!(
            ", settled AS (
                UPDATE helpline.deliveries d SET state = CASE WHEN ",
            own!(),
            " THEN 'delivered' ELSE 'withdrawn' END,
                    delivered_at = CASE WHEN ",
            own!(),
            " THEN helpline.now() END, next_attempt_at = NULL, claimed_until = NULL,
                    ended_at = helpline.now(), revision = d.revision + 1
                FROM changed WHERE d.centre_id = $1 AND d.escalation_id = $7 AND d.state = 'pending' AND d.child_alert_id IS NULL)"
        )
    };
}
pub(crate) use others_are_withdrawn;
pub(crate) use own;

/// What has become of it is told to every endpoint that was told of it, once per entry of the timeline; not to the agency that
/// has done it. `when` says of `changed` whether there is anything to tell.
macro_rules! news {
    ($event:literal) => {
        $crate::escalation::answer::news!($event, when: "true")
    };
    ($event:literal, when: $when:literal) => {
        concat!(
            ", news AS (
                INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, agency_id, endpoint_id, state, next_attempt_at, made_at)
                SELECT $1, md5(($9::uuid)::text || p.endpoint_id::text)::uuid, changed.escalation_id, '", $event, "', p.kind, p.agency_id,
                    p.endpoint_id, 'pending', helpline.now(), helpline.now()
                FROM changed CROSS JOIN LATERAL (
                    SELECT DISTINCT d.endpoint_id FROM helpline.deliveries d
                    WHERE d.centre_id = $1 AND d.escalation_id = $7 AND d.endpoint_id IS NOT NULL AND d.child_alert_id IS NULL
                      AND (d.state = 'delivered' OR d.told_at IS NOT NULL)) was
                JOIN helpline.endpoints p ON p.centre_id = $1 AND p.endpoint_id = was.endpoint_id AND p.disabled_at IS NULL
                WHERE NOT changed.exercise AND p.agency_id IS DISTINCT FROM $8 AND ", $when, ")"
        )
    };
}
pub(crate) use news;

const ACKNOWLEDGE: &str = act!(
    event: "escalation_acknowledged",
    when: "e.state IN ('notifying', 'unanswered')",
    set: "state = 'acknowledged', due_at = helpline.now() + make_interval(secs => $11), acknowledged_at = helpline.now(),
        acknowledged_by = $2, acknowledged_agency_id = $8, delivered_at = coalesce(e.delivered_at, helpline.now())",
    note: ("'acknowledged'", "$8", "NULL::uuid", "NULL::jsonb", "true"),
    beside: own_is_delivered!()
);

const ACCEPT: &str = act!(
    event: "escalation_accepted",
    when: "e.state IN ('raised', 'notifying', 'unanswered', 'acknowledged')",
    set: "state = 'accepted', due_at = NULL, forced_at = NULL, accepted_at = helpline.now(), accepted_by = $2, accepted_agency_id = $8,
        delivered_at = coalesce(e.delivered_at, helpline.now())",
    note: ("'accepted'", "$8", "NULL::uuid", "NULL::jsonb", "true"),
    beside: others_are_withdrawn!(), news!("escalation.accepted")
);

/// The ladder climbs on at once when the caller had it, or when nobody else of this step is left to answer: a mission of
/// a country that the child is afraid of is not.
const DECLINE: &str = act!(
    event: "escalation_declined",
    when: "(e.state IN ('raised', 'notifying', 'unanswered', 'acknowledged')
            OR e.state IN ('accepted', 'responding', 'on_scene') AND (e.accepted_by = $2 OR e.accepted_agency_id = $8))",
    set: concat!("state = CASE WHEN e.state IN ('accepted', 'responding', 'on_scene')
                OR e.state = 'acknowledged' AND (e.acknowledged_by = $2 OR e.acknowledged_agency_id = $8) THEN 'notifying' ELSE e.state END,
        due_at = CASE WHEN e.state IN ('accepted', 'responding', 'on_scene')
                OR e.state = 'acknowledged' AND (e.acknowledged_by = $2 OR e.acknowledged_agency_id = $8)
                OR e.state = 'notifying' AND NOT EXISTS (
                    SELECT FROM helpline.deliveries d
                    WHERE d.centre_id = $1 AND d.escalation_id = $7 AND d.rung = e.rung AND d.state IN ('pending', 'delivered')
                      AND d.counsellor_id IS DISTINCT FROM $2 AND (d.agency_id IS NULL OR d.agency_id IS DISTINCT FROM $8)
                      AND NOT (d.kind = 'supervisors' AND $3 = 'supervisor')
                      AND ", not_feared!("d.agency_id", "e.escalation_id", "NULL", "NULL"), ")
            THEN helpline.now() ELSE e.due_at END,
        accepted_at = NULL, accepted_by = NULL, accepted_agency_id = NULL, responding_at = NULL, on_scene_at = NULL"),
    note: ("'declined'", "$8", "NULL::uuid", "jsonb_build_object('reason', $11::text)", "false"),
    beside: own_is_delivered!(), news!("escalation.given_back", when: "old_state IN ('accepted', 'responding', 'on_scene')")
);

/// Whoever took it on reports, or somebody of the centre for them. Later steps may be reported without the earlier.
const PROGRESS: &str = act!(
    event: "escalation_progressed",
    when: "CASE $11::text WHEN 'responding' THEN e.state = 'accepted' WHEN 'on_scene' THEN e.state IN ('accepted', 'responding')
            WHEN 'child_reached' THEN e.kind = 'emergency' AND e.state IN ('accepted', 'responding', 'on_scene') ELSE false END
        AND ($3 <> 'agency_responder' OR e.accepted_agency_id = $8)",
    set: "state = $11, responding_at = CASE $11 WHEN 'responding' THEN helpline.now() ELSE e.responding_at END,
        on_scene_at = CASE $11 WHEN 'on_scene' THEN helpline.now() ELSE e.on_scene_at END,
        child_reached_at = CASE $11 WHEN 'child_reached' THEN helpline.now() END,
        child_reached_by = CASE $11 WHEN 'child_reached' THEN $2 END,
        reach_due_at = CASE WHEN $11 <> 'child_reached' THEN e.reach_due_at END,
        forced_at = CASE WHEN $11 <> 'child_reached' THEN e.forced_at END,
        end_asked = CASE WHEN $11 <> 'child_reached' THEN e.end_asked END, end_reason = CASE WHEN $11 <> 'child_reached' THEN e.end_reason END,
        end_asked_by = CASE WHEN $11 <> 'child_reached' THEN e.end_asked_by END,
        end_asked_at = CASE WHEN $11 <> 'child_reached' THEN e.end_asked_at END",
    note: ("$11", "$8", "NULL::uuid", "NULL::jsonb", "true")
);

impl Store {
    /// Notes that the caller has seen it; they have `accept_s` to take it on.
    pub async fn acknowledge_escalation(
        &self,
        command: &Command,
        act: &Act,
        accept_s: u32,
    ) -> Result<Change<EscalationId>, StoreError> {
        let query = self.act_query(ACKNOWLEDGE, command, act).bind(f64::from(accept_s));
        self.act(command, query).await
    }

    /// Makes it the caller's, for their agency if they have one.
    pub async fn accept_escalation(
        &self,
        command: &Command,
        act: &Act,
    ) -> Result<Change<EscalationId>, StoreError> {
        self.act(command, self.act_query(ACCEPT, command, act)).await
    }

    /// Notes that the caller cannot, for this reason.
    pub async fn decline_escalation(
        &self,
        command: &Command,
        act: &Act,
        reason: &'static str,
    ) -> Result<Change<EscalationId>, StoreError> {
        self.act(command, self.act_query(DECLINE, command, act).bind(reason)).await
    }

    /// Notes how far the help is.
    pub async fn report_progress(
        &self,
        command: &Command,
        act: &Act,
        state: EscalationState,
    ) -> Result<Change<EscalationId>, StoreError> {
        self.act(command, self.act_query(PROGRESS, command, act).bind(state.key())).await
    }
}
