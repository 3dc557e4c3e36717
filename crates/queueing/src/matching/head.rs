//! Rows as the policy sees them: the same for deciding and for explaining.

use std::sync::Arc;

use helpline_domain::id::CounsellorId;
use helpline_domain::policy::{self, Aside, Head, Preference, cool_down_is_void, only_on_call};
use helpline_domain::presence::PresenceState;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use helpline_store::line::{LineEntry, OnShift};

/// The shift as the policy sees it, but for work that can be put aside.
pub(crate) fn shift(on_shift: &[OnShift]) -> Vec<policy::OnShift<'_>> {
    on_shift
        .iter()
        .map(|one| policy::OnShift {
            counsellor_id: one.counsellor_id,
            abilities: &one.abilities,
            held: one.held,
            ready: matches!(one.state, PresenceState::Ready | PresenceState::OnCall),
            on_call: one.state == PresenceState::OnCall,
            aside: Aside::default(),
        })
        .collect()
}

/// A row of the line as the policy sees it; `requirement` is the row's own.
pub(crate) fn head(entry: &LineEntry, requirement: Arc<Requirement>, on_shift: &[OnShift]) -> Head {
    let shift = shift(on_shift);
    let barred = barred(entry, &shift);
    let cooling_void =
        !entry.cooling.is_empty() && cool_down_is_void(&requirement, &entry.cooling, &barred, &shift);
    let only_on_call = only_on_call(&requirement, &barred, &shift);
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
        barred,
        preferred: entry
            .preferred
            .map(|(counsellor_id, until)| Preference { counsellor_id, until_ms: until.timestamp_millis() }),
        only_on_call,
    }
}

/// Who must not be offered it: whoever named a conflict, and everybody but the one it is directed to. A critical contact
/// waits for nobody: it is anybody's while that one is not free, or has just let it pass.
fn barred(entry: &LineEntry, shift: &[policy::OnShift<'_>]) -> Vec<CounsellorId> {
    let mut barred = entry.barred.clone();
    // Somebody who named a conflict is nobody to wait for.
    let Some(only) = entry.directed_to.filter(|only| !barred.contains(only)) else { return barred };
    let free = shift.iter().any(|one| {
        one.counsellor_id == only
            && !entry.cooling.contains(&only)
            && one.ready
            && one.abilities.capacity.allows(&one.held, entry.requirement.medium)
            && entry.requirement.lack(one.abilities).is_none()
    });
    if free || entry.class != Class::Critical {
        barred.extend(shift.iter().map(|one| one.counsellor_id).filter(|one| *one != only));
    }
    barred
}
