//! Rows as the policy sees them: the same for deciding and for explaining.

use std::sync::Arc;

use helpline_domain::policy::{self, Head, Preference, cool_down_is_void};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_store::line::{LineEntry, OnShift};

/// The shift as the policy sees it.
pub(crate) fn shift(on_shift: &[OnShift]) -> Vec<policy::OnShift<'_>> {
    on_shift
        .iter()
        .map(|one| policy::OnShift {
            counsellor_id: one.counsellor_id,
            abilities: &one.abilities,
            held: one.held,
            ready: one.state == PresenceState::Ready,
            on_call: false,
        })
        .collect()
}

/// A row of the line as the policy sees it; `requirement` is the row's own.
pub(crate) fn head(entry: &LineEntry, requirement: Arc<Requirement>, on_shift: &[OnShift]) -> Head {
    let cooling_void = !entry.cooling.is_empty()
        && cool_down_is_void(&requirement, &entry.cooling, &entry.barred, &shift(on_shift));
    Head {
        contact_id: entry.contact_id,
        class: entry.class,
        resumed: entry.resumed,
        deadline_ms: entry.deadline_at.timestamp_millis(),
        received_ms: entry.received_at.timestamp_millis(),
        sequence: entry.sequence,
        requirement,
        cooling: entry.cooling.clone(),
        cooling_void,
        barred: entry.barred.clone(),
        preferred: entry
            .preferred
            .map(|(counsellor_id, until)| Preference { counsellor_id, until_ms: until.timestamp_millis() }),
        only_on_call: false,
    }
}
