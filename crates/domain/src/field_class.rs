//! Classes of what is known about a child, by which need-to-know is granted.

use serde::{Deserialize, Serialize};

/// A class of fields. What a recipient sees is what was granted, within consent, without what is withheld.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldClass {
    /// Names and identifiers.
    Identity,
    /// Addresses, numbers and handles by which somebody can be reached.
    Contact,
    /// Where the child is.
    Location,
    /// What was said or written.
    Narrative,
    /// Health.
    Health,
    /// Legal matters and status.
    Legal,
    /// Who is said to have done harm.
    Perpetrator,
    /// Pictures and recordings.
    Media,
    /// Coded facts that statistics need.
    Statistics,
}

impl FieldClass {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Contact,
        Self::Location,
        Self::Narrative,
        Self::Health,
        Self::Legal,
        Self::Perpetrator,
        Self::Media,
        Self::Statistics,
    ];

    /// The stable key under which the class is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Contact => "contact",
            Self::Location => "location",
            Self::Narrative => "narrative",
            Self::Health => "health",
            Self::Legal => "legal",
            Self::Perpetrator => "perpetrator",
            Self::Media => "media",
            Self::Statistics => "statistics",
        }
    }

    /// The class with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.key() == key)
    }
}
