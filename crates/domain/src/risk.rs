//! How much danger a child is in, and the place in line that follows from it.

mod rules;
mod words;

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Medium};

pub use rules::{Answer, Raise, RiskRule, found};
pub use words::is_phrase;

/// Risk as assessed, from R0 to R5; `Unassessed` is not R0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Not assessed yet.
    Unassessed,
    /// R0.
    None,
    /// R1.
    Low,
    /// R2.
    Medium,
    /// R3.
    High,
    /// R4: harm is imminent.
    Imminent,
    /// R5: harm is happening now.
    HarmNow,
}

/// Place in line. The order of the variants is the order of urgency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Served before all others.
    Critical,
    /// High.
    High,
    /// Medium.
    Medium,
    /// Low.
    Low,
}

impl Class {
    /// Every class, most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The number under which the class is stored: 1 is most urgent.
    pub const fn number(self) -> i16 {
        match self {
            Self::Critical => 1,
            Self::High => 2,
            Self::Medium => 3,
            Self::Low => 4,
        }
    }

    /// The class with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    /// The stable key of the class, for metrics and documents.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl Risk {
    /// Every risk.
    pub const ALL: [Self; 7] =
        [Self::Unassessed, Self::None, Self::Low, Self::Medium, Self::High, Self::Imminent, Self::HarmNow];

    /// The number under which the risk is stored: -1 for unassessed, else 0 to 5 for R0 to R5.
    pub const fn number(self) -> i16 {
        match self {
            Self::Unassessed => -1,
            Self::None => 0,
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Imminent => 4,
            Self::HarmNow => 5,
        }
    }

    /// The risk with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|risk| risk.number() == number)
    }

    /// The class a contact at this risk on this channel waits in. An unassessed call waits as high, because a silent
    /// child is not a child at low risk; an unassessed text as medium.
    pub const fn class(self, channel: Channel) -> Class {
        match self {
            Self::Imminent | Self::HarmNow => Class::Critical,
            Self::High => Class::High,
            Self::Medium | Self::Low => Class::Medium,
            Self::None => Class::Low,
            Self::Unassessed => match channel.medium() {
                Medium::Voice => Class::High,
                Medium::Chat | Medium::Message => Class::Medium,
            },
        }
    }
}
