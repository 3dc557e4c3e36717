//! What residents of shelters are offered, and how they are helped to return.

use serde::{Deserialize, Serialize};

const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;

/// What residents of shelters are offered, and how they are helped to return.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shelter {
    /// What every resident is offered from admission on, each once.
    pub offers: Vec<OfferRule>,
    /// Days after which whoever left is called, each later than the one before.
    pub follow_up_days: Vec<u32>,
    /// What is needed to return, keys, each once.
    pub return_items: Vec<String>,
    /// How long before a grace period ends it is told, in seconds.
    pub grace_warning_s: u32,
    /// From the departure to the confirmed arrival, in seconds.
    pub arrival_s: u32,
}

/// Something that every resident is offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferRule {
    /// What it is, a key.
    pub service: String,
    /// From the admission until it must have been made, in seconds.
    pub within_s: u32,
}

impl OfferRule {
    /// The usual time in which it is made.
    pub const USUAL_S: u32 = 3 * DAY;
}

impl Default for Shelter {
    fn default() -> Self {
        let offer = |service: &str| OfferRule { service: service.to_owned(), within_s: OfferRule::USUAL_S };
        Self {
            offers: ["legal", "health", "psychological"].map(offer).into(),
            follow_up_days: vec![30, 90, 180],
            return_items: ["travel_document", "exit_permit", "ticket", "escort", "arrival_contact"]
                .map(str::to_owned)
                .into(),
            grace_warning_s: 14 * DAY,
            arrival_s: 3 * DAY,
        }
    }
}

impl Shelter {
    /// Calls to who has left, and after how many seconds.
    pub fn follow_ups(&self) -> Vec<(&'static str, f64)> {
        self.follow_up_days.iter().map(|&days| ("follow_up_call", f64::from(days) * f64::from(DAY))).collect()
    }

    /// The same for who has left for another country: first it is asked whether they arrived.
    pub fn follow_ups_abroad(&self) -> Vec<(&'static str, f64)> {
        let mut all = vec![("confirm_arrival", f64::from(self.arrival_s))];
        all.extend(self.follow_ups());
        all
    }

    /// How long a service has to be offered when it is offered again.
    pub fn within_s(&self, service: &str) -> u32 {
        let rule = self.offers.iter().find(|one| one.service == service);
        rule.map_or(OfferRule::USUAL_S, |one| one.within_s)
    }
}
