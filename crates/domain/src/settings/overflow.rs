//! What a centre has agreed with partner centres: whom it may ask, and from whom it takes contacts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::CentreId;

/// Agreements with partner centres. One holds while both centres publish their side of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overflow {
    /// How long a partner may take to accept, in seconds.
    pub accept_within_s: u32,
    /// How long a partner may take to answer from then on, in seconds.
    pub answer_within_s: u32,
    /// Partners that may be asked, in the order in which they are.
    pub to: Vec<OverflowTo>,
    /// Partners whose contacts are taken on.
    pub from: Vec<OverflowFrom>,
}

/// A partner that may be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverflowTo {
    /// The partner.
    pub partner_id: CentreId,
    /// Queues whose contacts may go there; empty for every queue.
    #[serde(default)]
    pub queues: BTreeSet<String>,
    /// Languages that may go there; empty for every language.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// Whether the partner is told the name that the sender uses.
    #[serde(default)]
    pub shares_identity: bool,
    /// Whether the partner is told the number or handle of the sender.
    #[serde(default)]
    pub shares_contact: bool,
}

/// A partner whose contacts are taken on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverflowFrom {
    /// The partner.
    pub partner_id: CentreId,
    /// The queue in which its contacts wait here, and whose opening hours hold for them.
    pub queue: String,
    /// Languages that are taken on; empty for every language.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// How many of its contacts are taken on at once.
    pub most: u32,
    /// Whether they are accepted without anybody being asked, while somebody on shift could take them.
    #[serde(default)]
    pub automatic: bool,
    /// Where the partner's channel is to connect the person.
    pub connect_to: String,
}

impl Default for Overflow {
    fn default() -> Self {
        Self { accept_within_s: 60, answer_within_s: 120, to: Vec::new(), from: Vec::new() }
    }
}

impl OverflowTo {
    /// Whether contacts of this queue and language may go there. A language that is not known may.
    pub fn covers(&self, queue: &str, language: Option<&str>) -> bool {
        (self.queues.is_empty() || self.queues.contains(queue)) && covers(&self.languages, language)
    }
}

impl OverflowFrom {
    /// Whether contacts of this language are taken on. One that is not known is.
    pub fn covers(&self, language: Option<&str>) -> bool {
        covers(&self.languages, language)
    }
}

fn covers(languages: &BTreeSet<String>, language: Option<&str>) -> bool {
    languages.is_empty() || language.is_none_or(|language| languages.contains(language))
}
