//! What is added to an escalation: remarks, locations, another owner, a step that somebody asks for.

use chrono::{DateTime, Utc};
use helpline_domain::escalation::LocationSource;
use helpline_domain::id::EscalationId;
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{Act, act};
use crate::change::{Change, Command};
use crate::sealing::PLACE;
use crate::{Store, StoreError};

const REMARK_ON: &str = act!(
    event: "escalation_remarked", resource: "$9",
    when: "true",
    set: "rung = e.rung",
    note: ("'remarked'", "$8", "NULL::uuid", "NULL::jsonb", "$11")
);

const LOCATE: &str = act!(
    event: "escalation_located",
    when: "e.ended_at IS NULL",
    set: "location_count = e.location_count + 1",
    note: ("'located'", "$8", "NULL::uuid", "jsonb_build_object('source', $11::text, 'sequence', location_count)", "true"),
    beside: ", located AS (
        INSERT INTO helpline.escalation_locations
            (centre_id, escalation_id, sequence, location_id, source, place_sealed, observed_at, reported_by, reported_at)
        SELECT $1, escalation_id, location_count, $9, $11, $12, $13, $2, helpline.now() FROM changed)"
);

const TAKE_OVER: &str = act!(
    event: "escalation_taken_over",
    when: "e.ended_at IS NULL",
    set: "owner_id = $2",
    note: ("'taken_over'", "NULL::uuid", "NULL::uuid", "jsonb_build_object('from', old_owner)", "false")
);

/// The worker takes the step; what is asked of it is kept until then.
const FORCE: &str = act!(
    event: "escalation_forced",
    when: "e.state IN ('raised', 'notifying', 'unanswered', 'acknowledged', 'accepted', 'responding', 'on_scene')",
    set: "forced_at = helpline.now()",
    note: ("'step_forced'", "NULL::uuid", "NULL::uuid", "NULL::jsonb", "false")
);

/// Where a child may be, as somebody reports it.
#[derive(Clone, Debug)]
pub struct NewLocation {
    /// Its new id.
    pub location_id: Uuid,
    /// Where it is known from.
    pub source: LocationSource,
    /// Address, coordinates or description.
    pub place: Sensitive<String>,
    /// When the child was there, as far as is known.
    pub observed_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Writes a remark; gives the id of its entry.
    pub async fn remark_on_escalation(
        &self,
        command: &Command,
        act: &Act,
        shared: bool,
    ) -> Result<Change<Uuid>, StoreError> {
        let change = self.act(command, self.act_query(REMARK_ON, command, act).bind(shared)).await?;
        Ok(change.map(|entry| entry.as_uuid()))
    }

    /// Adds where the child may be. Its id is that of the act's entry.
    pub async fn locate_child(
        &self,
        command: &Command,
        act: &Act,
        location: &NewLocation,
    ) -> Result<Change<EscalationId>, StoreError> {
        let sealed = self.seal(PLACE, command.centre(), act.remark_id, location.place.expose());
        let query = self.act_query(LOCATE, command, act).bind(location.source.key()).bind(sealed);
        self.act(command, query.bind(location.observed_at)).await
    }

    /// Makes the caller its owner.
    pub async fn take_over_escalation(
        &self,
        command: &Command,
        act: &Act,
    ) -> Result<Change<EscalationId>, StoreError> {
        self.act(command, self.act_query(TAKE_OVER, command, act)).await
    }

    /// Asks for the next step now.
    pub async fn force_next_step(
        &self,
        command: &Command,
        act: &Act,
    ) -> Result<Change<EscalationId>, StoreError> {
        self.act(command, self.act_query(FORCE, command, act)).await
    }
}
