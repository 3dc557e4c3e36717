//! How a flood from one source is limited.

use serde::{Deserialize, Serialize};

/// Bounds for contacts of one source: a number, or what the adapter names as where it comes from. Whoever comes beyond
/// them is taken in like everybody, but waits in the lowest class until assessed: behind the same exchange, shelter or
/// school network there may be a child in danger, and nobody is shut out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flood {
    /// Contacts of one source that wait at once before the next is limited.
    pub most_waiting: u32,
    /// Contacts of one source within [`Flood::window_s`] before the next is limited.
    pub most_received: u32,
    /// The window, in seconds.
    pub window_s: u32,
}

impl Default for Flood {
    fn default() -> Self {
        Self { most_waiting: 10, most_received: 30, window_s: 600 }
    }
}
