//! Coming back: after a cut, after a counsellor's client was lost, after an earlier contact.

use serde::{Deserialize, Serialize};

/// How contacts that were cut off, and children who have been here before, come back. Every time is in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resumption {
    /// How long a conversation waits for a counsellor whose client was lost before it goes back to the line.
    pub resume_after_s: u32,
    /// How long after a cut who comes back has their place.
    pub return_within_s: u32,
    /// How long the counsellor who knows the child comes first.
    pub prefer_s: u32,
    /// How long after a contact its counsellor counts as knowing the child.
    pub prefer_within_s: u32,
}

impl Default for Resumption {
    fn default() -> Self {
        Self { resume_after_s: 30, return_within_s: 300, prefer_s: 10, prefer_within_s: 24 * 3600 }
    }
}
