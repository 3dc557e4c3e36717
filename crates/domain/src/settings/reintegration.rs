//! How a centre receives children who come back together.

use serde::{Deserialize, Serialize};

/// How a centre receives children who come back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reintegration {
    /// How long after a child was expected it alarms that nobody has said whether they came, in seconds.
    pub not_arrived_after_s: u32,
    /// How long after the arrival it alarms that a child is not settled, in seconds.
    pub settle_s: u32,
    /// The plan that must go on before a child is settled. Its key and tasks are told to every reader of the case: a plan that other
    /// children have, too, says nothing of where a child came from.
    pub plan: String,
}

impl Default for Reintegration {
    fn default() -> Self {
        const DAY: u32 = 24 * 3600;
        Self { not_arrived_after_s: DAY, settle_s: 60 * DAY, plan: "new_start".to_owned() }
    }
}
