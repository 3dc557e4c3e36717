//! Whose work a critical contact may interrupt.

use helpline_domain::policy::Aside;
use helpline_domain::presence::PresenceState;
use helpline_domain::settings::Settings;
use helpline_store::line::OnShift;

/// What of somebody's work can be, or was, put aside. Whom the next severe contact sends into a pause is not interrupted: what
/// is put aside may be that one.
pub(crate) fn aside(one: &OnShift, settings: &Settings) -> Aside {
    let held = usize::from(one.held.voice) + usize::from(one.held.chat) + usize::from(one.held.message);
    Aside {
        can_be: settings.interrupt_for_critical
            && one.state == PresenceState::Ready
            && held > 0
            && one.can_put_aside.len() == held
            && u32::from(one.severe_in_a_row) + 1 < settings.care.severe_limit,
        was: one.has_put_aside,
    }
}
