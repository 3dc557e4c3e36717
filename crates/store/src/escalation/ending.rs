//! How an escalation ends, and how it is handed over.

use helpline_domain::escalation::{EscalationState, Outcome};
use helpline_domain::id::{AgencyId, EscalationId};
use helpline_vault::Sensitive;

use super::answer::{news, others_are_withdrawn, own};
use super::{Act, act};
use crate::change::{Change, Command};
use crate::sealing::THEIR_INCIDENT;
use crate::{Store, StoreError};

/// A report is over when the authority has given it a number, wherever it stands once somebody has taken it on.
const RESOLVE: &str = act!(
    event: "escalation_resolved",
    when: "CASE e.kind WHEN 'emergency' THEN e.state = 'child_reached'
            ELSE e.state IN ('accepted', 'responding', 'on_scene') AND coalesce($12::text, e.report ->> 'reference_number') IS NOT NULL END",
    set: "state = 'resolved', outcome = $11, ended_at = helpline.now(), reach_due_at = NULL, forced_at = NULL,
        end_asked = NULL, end_reason = NULL, end_asked_by = NULL, end_asked_at = NULL,
        report = CASE WHEN $12::text IS NULL THEN e.report ELSE e.report || jsonb_build_object('reference_number', $12::text) END",
    note: ("'resolved'", "NULL::uuid", "NULL::uuid", "jsonb_build_object('outcome', $11::text)", "true"),
    beside: others_are_withdrawn!(), news!("escalation.ended")
);

const ASK_END: &str = act!(
    event: "escalation_end_asked",
    when: "e.reach_due_at IS NOT NULL AND e.end_asked IS NULL",
    set: "end_asked = $11, end_reason = $12, end_asked_by = $2, end_asked_at = helpline.now()",
    note: ("'end_asked'", "NULL::uuid", "NULL::uuid", "jsonb_build_object('state', $11::text, 'reason', $12::text)", "false")
);

/// Nobody decides what they asked for.
const APPROVE_END: &str = act!(
    event: "escalation_ended",
    when: "e.reach_due_at IS NOT NULL AND e.end_asked IS NOT NULL AND e.end_asked_by <> $2",
    set: "state = e.end_asked, end_approved_by = $2, ended_at = helpline.now(), due_at = NULL, reach_due_at = NULL, forced_at = NULL",
    note: ("state", "NULL::uuid", "NULL::uuid", "jsonb_build_object('reason', end_reason, 'asked_by', end_asked_by)", "true"),
    beside: others_are_withdrawn!(), news!("escalation.ended")
);

const REFUSE_END: &str = act!(
    event: "escalation_end_refused",
    when: "e.reach_due_at IS NOT NULL AND e.end_asked IS NOT NULL AND e.end_asked_by <> $2",
    set: "end_asked = NULL, end_reason = NULL, end_asked_by = NULL, end_asked_at = NULL",
    note: ("'end_refused'", "NULL::uuid", "NULL::uuid", "jsonb_build_object('state', old_end)", "false")
);

/// The clock of reaching the child runs on. It is not handed to the mission of a country that the child is afraid of.
const HAND_OVER: &str = act!(
    event: "escalation_handed_over",
    when: "e.reach_due_at IS NOT NULL AND EXISTS (
            SELECT FROM helpline.agencies a WHERE a.centre_id = $1 AND a.agency_id = $11 AND a.disabled_at IS NULL
              AND coalesce(cardinality(helpline.gate_of($1, a.agency_id, e.escalation_id, NULL, NULL)) > 0, true))",
    set: "state = CASE WHEN e.state IN ('responding', 'on_scene') THEN e.state ELSE 'accepted' END, due_at = NULL, forced_at = NULL,
        accepted_at = coalesce(e.accepted_at, helpline.now()), accepted_by = $2, accepted_agency_id = $11,
        handed_to_agency_id = $11, handed_at = helpline.now(), their_incident_sealed = $12,
        delivered_at = coalesce(e.delivered_at, helpline.now())",
    note: ("'handed_over'", "$11", "NULL::uuid", "NULL::jsonb", "true"),
    beside: others_are_withdrawn!(), news!("escalation.accepted")
);

impl Store {
    /// Ends it with what became of the child. `reference_number` is the authority's, of a mandatory report.
    pub async fn resolve_escalation(
        &self,
        command: &Command,
        act: &Act,
        outcome: Outcome,
        reference_number: Option<&str>,
    ) -> Result<Change<EscalationId>, StoreError> {
        let query = self.act_query(RESOLVE, command, act).bind(outcome.key());
        self.act(command, query.bind(reference_number.map(str::to_owned))).await
    }

    /// Asks to end it without the child reached.
    pub async fn ask_to_end(
        &self,
        command: &Command,
        act: &Act,
        state: EscalationState,
        reason: &str,
    ) -> Result<Change<EscalationId>, StoreError> {
        let query = self.act_query(ASK_END, command, act).bind(state.key()).bind(reason.to_owned());
        self.act(command, query).await
    }

    /// Approves or refuses the end that another has asked for.
    pub async fn decide_end(
        &self,
        command: &Command,
        act: &Act,
        approve: bool,
    ) -> Result<Change<EscalationId>, StoreError> {
        let sql = if approve { APPROVE_END } else { REFUSE_END };
        self.act(command, self.act_query(sql, command, act)).await
    }

    /// Notes that an agency has it under a number of its own.
    pub async fn hand_over_escalation(
        &self,
        command: &Command,
        act: &Act,
        agency: AgencyId,
        their_incident: &Sensitive<String>,
    ) -> Result<Change<EscalationId>, StoreError> {
        let row = act.escalation_id.as_uuid();
        let sealed = self.seal(THEIR_INCIDENT, command.centre(), row, their_incident.expose());
        let query = self.act_query(HAND_OVER, command, act).bind(agency.as_uuid()).bind(sealed);
        self.act(command, query).await
    }
}
