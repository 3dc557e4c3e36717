//! When a supervisor is alerted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::risk::Class;

/// Thresholds of the alerts. Shares are in per cent, times in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Share of its target that a critical contact may wait.
    pub critical_target_share: u32,
    /// Share of its target that any other contact may wait.
    pub target_share: u32,
    /// How long a contact may wait while nobody on shift could take it.
    pub nobody_available_s: u32,
    /// How long a contact may last, by class; what is missing has the default. A conversation by asynchronous messages that
    /// is neither critical nor high may last for [`LONG_MESSAGES_S`] whatever its class.
    pub long_contact_s: BTreeMap<Class, u32>,
    /// Severe contacts in a row.
    pub severe_in_a_row: u32,
    /// How long the cause of an alert must be gone before it closes.
    pub settle_s: u32,
}

/// How long a conversation by asynchronous messages may last, in seconds: three days.
pub const LONG_MESSAGES_S: u32 = 3 * 24 * 3600;

impl Default for Alerts {
    fn default() -> Self {
        Self {
            critical_target_share: 50,
            target_share: 80,
            nobody_available_s: 5,
            long_contact_s: BTreeMap::new(),
            severe_in_a_row: 3,
            settle_s: 10,
        }
    }
}

impl Alerts {
    /// How long a contact of this class may last, in seconds. A critical one is given more time: it ends with a rescue. One
    /// by asynchronous messages waits for its child most of the time.
    pub fn long_contact_for(&self, class: Class, channel: Channel) -> u32 {
        if channel.is_asynchronous() && class > Class::High {
            return LONG_MESSAGES_S;
        }
        self.long_contact_s.get(&class).copied().unwrap_or(match class {
            Class::Critical => 5400,
            Class::High => 3600,
            Class::Medium => 2700,
            Class::Low => 1800,
        })
    }
}
