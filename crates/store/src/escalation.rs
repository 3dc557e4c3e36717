//! Escalations as they stand in the store.
//!
//! [`raise`] makes them, [`answer`] is what those do who are told, [`ending`] how they end, [`notes`] what is added, [`calls`]
//! what became of ringing, [`steps`] what the clocks do, [`taken_back`] what becomes of those that a mission may not have any
//! more, [`read`], [`list`], [`desk`] and [`timeline`] who sees what of them, [`child_alert`] what is told of a missing child.
//!
//! Every change writes an entry of the timeline in its statement, and compares who asks: what somebody may not see, they
//! cannot change.

pub mod answer;
pub mod calls;
pub mod child_alert;
pub mod desk;
pub mod ending;
pub mod list;
pub mod notes;
pub mod raise;
pub mod read;
pub mod steps;
pub mod taken_back;
pub mod timeline;

use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, EscalationId};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, ChangeQuery, Command, change_query};
use crate::sealing::REMARK;
use crate::{Store, StoreError};

/// Whether a caller may know of an escalation `e`: supervisors of all; an agency of what was addressed to it, be it no alert
/// alone, or what somebody has decided that it may know, unless it is an exercise or the mission of a country that the child is
/// afraid of; somebody of it who came by a link of the one that it is for; a counsellor of what they raised, own, were told of or took on, of what a contact of theirs is about,
/// and of what somebody is to ring a number for.
macro_rules! sees {
    ($principal:literal, $role:literal, $agency:literal) => {
        concat!(
            "CASE ", $role, "::text WHEN 'supervisor' THEN true
                WHEN 'agency_responder' THEN NOT e.exercise AND NOT EXISTS (
                        SELECT FROM helpline.links bound
                        WHERE bound.centre_id = $1 AND bound.link_id = ", $principal, "::uuid AND bound.escalation_id IS DISTINCT FROM e.escalation_id)
                    AND ", $crate::disclosure::not_feared!($agency, "e.escalation_id", "NULL", "NULL"), " AND (
                    e.accepted_agency_id = ", $agency, "::uuid OR e.handed_to_agency_id = ", $agency, "::uuid OR EXISTS (
                        SELECT FROM helpline.deliveries d
                        WHERE d.centre_id = $1 AND d.agency_id = ", $agency, "::uuid AND d.escalation_id = e.escalation_id
                          AND d.kind <> 'call' AND d.state NOT IN ('withdrawn', 'held_back') AND d.child_alert_id IS NULL)
                    OR EXISTS (
                        SELECT FROM helpline.disclosures x
                        WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id AND x.agency_id = ", $agency, "::uuid
                          AND x.basis <> 'plan' AND ", $crate::disclosure::in_force!(), "))
                WHEN 'counsellor' THEN ", $principal, "::uuid IN (e.owner_id, e.raised_by, e.accepted_by, e.acknowledged_by) OR EXISTS (
                    SELECT FROM helpline.deliveries d
                    WHERE d.centre_id = $1 AND d.escalation_id = e.escalation_id
                      AND (d.counsellor_id = ", $principal, "::uuid AND d.state <> 'withdrawn' OR d.kind = 'call' AND d.last_result IS NULL
                        AND (d.state = 'pending' OR d.state = 'held_back' AND e.exercise)))
                  OR EXISTS (
                    SELECT FROM helpline.escalation_contacts x JOIN helpline.contacts c ON c.centre_id = $1 AND c.contact_id = x.contact_id
                    WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id AND (c.counsellor_id = ", $principal, "::uuid OR EXISTS (
                        SELECT FROM helpline.participations p
                        WHERE p.centre_id = $1 AND p.contact_id = c.contact_id AND p.counsellor_id = ", $principal, "::uuid
                          AND p.state = 'joined' AND p.kind <> 'consult')))
                ELSE false END"
        )
    };
}
pub(crate) use sees;

/// How much an escalation `e` presses: what nobody has assessed like a high risk, a report after every emergency.
macro_rules! gravity {
    () => {
        "CASE WHEN e.kind = 'mandatory_report' THEN -2 WHEN e.risk = -1 THEN 3 ELSE e.risk END"
    };
}
pub(crate) use gravity;

/// A change of one escalation by somebody who may see it, with its entry of the timeline. Parameters after those of the
/// command: 7 the escalation, 8 the caller's agency, 9 and 10 the remark and what it is sealed for; a change counts its own
/// from 11. `before` has the old values that some ask for. `note` is the entry: event, agency, delivery, detail, shared.
macro_rules! act {
    (event: $event:literal, when: $when:expr, set: $set:expr, note: $note:tt $(, beside: $($beside:expr),+)?) => {
        $crate::escalation::act!(event: $event, resource: "escalation_id", when: $when, set: $set, note: $note
            $(, beside: $($beside),+)?)
    };
    (event: $event:literal, resource: $resource:literal, when: $when:expr, set: $set:expr,
     note: ($note:literal, $agency:literal, $delivery:literal, $detail:literal, $shared:literal)
     $(, beside: $($beside:expr),+)?) => {
        $crate::change::change!(
            event: $event, resource: $resource, about: ("contact_id", "NULL::uuid", "NULL::uuid"),
            detail: "jsonb_build_object('escalation_id', escalation_id, 'from', old_state, 'state', state)",
            with: "before AS MATERIALIZED (
                SELECT e.escalation_id AS id, e.state AS old_state, e.owner_id AS old_owner, e.end_asked AS old_end
                FROM helpline.escalations e
                WHERE e.centre_id = $1 AND e.escalation_id = $7 AND ", $when, " AND ",
                $crate::escalation::sees!("$2", "$3", "$8"), "
                FOR UPDATE OF e),
            changed AS (
                UPDATE helpline.escalations e SET ", $set, ",
                    event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
                FROM before WHERE e.centre_id = $1 AND e.escalation_id = $7
                RETURNING e.*, old_state, old_owner, old_end),
            noted AS (
                INSERT INTO helpline.escalation_events
                    (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, delivery_id, detail, remark_id, remark_sealed, shared)
                SELECT $1, escalation_id, event_count, helpline.now(), ", $note, ", $2, $3, ", $agency, ", ", $delivery, ", ", $detail,
                    ", $9, $10, ", $shared, " FROM changed)" $($(, $beside)+)?;
            returning: $resource, " AS resource_id"
        )
    };
}
pub(crate) use act;

/// The entry of the timeline about the row in `settled`, which names its escalation, and `changed` with the contact that the
/// escalation is about: event, agency and detail of the entry.
macro_rules! settled_is_noted {
    ($event:literal, $agency:literal, $detail:literal) => {
        concat!(
            "escalation AS (
                UPDATE helpline.escalations e SET event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
                FROM settled WHERE e.centre_id = $1 AND e.escalation_id = settled.escalation_id
                RETURNING e.escalation_id AS id, e.event_count, e.contact_id),
            noted AS (
                INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, detail)
                SELECT $1, id, event_count, helpline.now(), '", $event, "', $2, $3, ", $agency, ", ", $detail, "
                FROM escalation CROSS JOIN settled),
            changed AS (SELECT settled.*, contact_id FROM settled CROSS JOIN escalation)"
        )
    };
}
pub(crate) use settled_is_noted;

/// What is asked of an escalation, whatever it is.
#[derive(Clone, Debug)]
pub struct Act {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// A new id: of the entry of the timeline.
    pub remark_id: Uuid,
    /// What is remarked with it.
    pub remark: Option<Sensitive<String>>,
}

#[derive(FromRow)]
struct ChangedRow {
    resource_id: Uuid,
}

/// A column of escalations that holds what it cannot hold.
pub(crate) const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "escalations", column }
}

/// The agency of a caller as a parameter.
pub(crate) fn agency_of(caller: &Caller) -> Option<Uuid> {
    caller.agency_id.map(|id: AgencyId| id.as_uuid())
}

impl Store {
    /// Begins the query of a change of an escalation with its first ten parameters.
    fn act_query(&self, sql: &'static str, command: &Command, act: &Act) -> ChangeQuery<ChangedRow> {
        let sealed = self.seal_some(REMARK, command.centre(), act.remark_id, act.remark.as_ref());
        change_query(sql, command)
            .bind(act.escalation_id.as_uuid())
            .bind(agency_of(&command.caller))
            .bind(act.remark_id)
            .bind(sealed)
    }

    /// Runs such a change.
    async fn act(
        &self,
        command: &Command,
        query: ChangeQuery<ChangedRow>,
    ) -> Result<Change<EscalationId>, StoreError> {
        Ok(self.change(command, query).await?.map(|row| row.resource_id.into()))
    }
}
