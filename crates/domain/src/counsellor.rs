//! What a counsellor can take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::channel::Medium;

/// How many contacts of each medium a counsellor can hold, or holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Capacity {
    /// Speech: at most 1, and then nothing else.
    pub voice: u8,
    /// Chats.
    pub chat: u8,
    /// Conversations by messages.
    pub message: u8,
}

impl Capacity {
    /// The number for one medium.
    pub const fn of(&self, medium: Medium) -> u8 {
        match medium {
            Medium::Voice => self.voice,
            Medium::Chat => self.chat,
            Medium::Message => self.message,
        }
    }

    /// The same with one more of a medium.
    #[must_use]
    pub const fn plus(mut self, medium: Medium) -> Self {
        match medium {
            Medium::Voice => self.voice += 1,
            Medium::Chat => self.chat += 1,
            Medium::Message => self.message += 1,
        }
        self
    }

    /// Whether nothing is held.
    pub const fn is_empty(&self) -> bool {
        self.voice == 0 && self.chat == 0 && self.message == 0
    }

    /// Whether somebody with this capacity who holds `held` can take one more of `medium`. Speech excludes everything:
    /// who speaks takes nothing, and only who holds nothing can begin to speak.
    pub const fn allows(&self, held: &Self, medium: Medium) -> bool {
        match medium {
            Medium::Voice => self.voice > 0 && held.is_empty(),
            Medium::Chat | Medium::Message => held.voice == 0 && held.of(medium) < self.of(medium),
        }
    }
}

/// Languages, skills and capacity of a counsellor: what eligibility is decided from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Abilities {
    /// Languages spoken with children, as lower-case BCP 47 tags.
    pub languages: Vec<String>,
    /// Languages served through an interpreter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interpreted: Vec<String>,
    /// Skills with levels from 1 to 5.
    pub skills: BTreeMap<String, u8>,
    /// How much at once.
    pub capacity: Capacity,
}
