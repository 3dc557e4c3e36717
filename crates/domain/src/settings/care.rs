//! How a centre takes care of its counsellors.

use serde::{Deserialize, Serialize};

use crate::risk::Risk;

/// When severe contacts in a row lead to a pause. `migrations/0007_supervision.sql` reads the same document and knows the
/// same defaults.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Care {
    /// Severe contacts in a row after which a counsellor pauses.
    pub severe_limit: u32,
    /// How long the pause lasts, in seconds. An own pause of that length begins a new row too.
    pub pause_s: u32,
    /// The risk at the end of a contact from which it is severe.
    pub severe_from: Risk,
}

impl Default for Care {
    fn default() -> Self {
        Self { severe_limit: 3, pause_s: 300, severe_from: Risk::High }
    }
}

impl Care {
    /// Severe contacts in a row after which others come first for the next, so that the pause is rarely needed; 0 is never.
    pub const fn others_first_from(&self) -> u32 {
        self.severe_limit.saturating_sub(1)
    }
}
