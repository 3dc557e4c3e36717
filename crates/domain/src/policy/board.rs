//! A standing board: who waits and who is free, kept in such an order that a decision costs next to nothing.
//!
//! [`Board`] is told what happens, one event at a time, and [`Board::run`] yields the pairs that follow. They are exactly
//! those that the policy gives for everybody who waits and is free at that moment, as if all were looked at anew:
//! [`super::decide`] is a new board that is run once, and a property test compares the two after random events.
//!
//! **Lines** (`lines.rs`): a requirement is a *signature*. Contacts with the same signature and the same privileges (critical, past the cap,
//! may go to those on call) wait in one ordered line: what the first of them cannot have, none behind it can have,
//! except where a contact has its own exclusions (cool-down, conflict); those are looked at one by one.
//!
//! **Counsellors** (`people.rs`): those with equal abilities are a *profile*, and within it those who hold the same a *cell*, longest
//! idle first. Each signature knows the profiles that can serve it as bit sets by rank, worked out once.
//!
//! **What is looked at**: after a run nothing more can be paired, and giving somebody away never makes another pair possible.
//! So a run looks only at lines with somebody new, at lines that somebody newly free can serve, and at all
//! lines when a group has one more counsellor than its reserve.
//!
//! With S signatures, P profiles, W waiting and C free counsellors an event costs O(log W + log C), the first of a new kind
//! O(S) or O(P); a run after an arrival one choice, a run after somebody became free O(S) comparisons and, as a rule, one
//! choice. A choice costs O(P / 64 + profiles of the best rank). Memory for signatures and profiles is only
//! given back by building a new board.

mod bits;
mod choose;
mod lines;
mod people;
mod run;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use self::lines::Lines;
use self::people::People;
use super::reserve::Reserve;
use super::{Free, Head, Rules};
use crate::counsellor::Abilities;
use crate::id::{ContactId, CounsellorId};
use crate::requirement::Requirement;

/// Everybody who waits and everybody who is free. See the module's documentation.
#[derive(Debug)]
pub struct Board {
    rules: Rules,
    lines: Lines,
    people: People,
    reserve: Reserve,
    signatures: Vec<people::Signature>,
    by_requirement: HashMap<Arc<Requirement>, usize>,
    by_abilities: HashMap<Arc<Abilities>, usize>,
    /// Who became free, or changed, since the last run.
    freed: HashSet<CounsellorId>,
    /// Whether everything must be looked at.
    unsettled: bool,
}

impl Board {
    /// An empty board.
    pub fn new(rules: Rules) -> Self {
        Self {
            reserve: Reserve::new(&rules),
            lines: Lines::new(&rules),
            rules,
            people: People::default(),
            signatures: Vec::new(),
            by_requirement: HashMap::new(),
            by_abilities: HashMap::new(),
            freed: HashSet::new(),
            unsettled: false,
        }
    }

    /// Other rules from now on. Costs as much as telling the board everything again, if they differ.
    pub fn set_rules(&mut self, rules: Rules) {
        if rules == self.rules {
            return;
        }
        let free = self.people.drain();
        self.reserve = Reserve::new(&rules);
        self.rules = rules;
        self.unsettled = true;
        for one in free {
            self.free(one);
        }
    }

    /// The rules in force.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A contact waits, or waits otherwise than before.
    pub fn arrive(&mut self, head: Head) {
        let signature = self.signature(&head.requirement);
        self.lines.insert(head, signature);
    }

    /// A contact waits no more.
    pub fn leave(&mut self, contact_id: ContactId) -> Option<Head> {
        self.lines.remove(contact_id)
    }

    /// A counsellor is free, or free otherwise than before. Who has no room at all may be given, and is offered nothing.
    pub fn free(&mut self, free: Free) {
        self.busy(free.counsellor_id);
        let profile = self.profile(&free.abilities);
        self.freed.insert(free.counsellor_id);
        let at_limit = self.rules.severe_limit > 0 && free.severe_in_a_row >= self.rules.severe_limit;
        self.people.seat(free, profile, at_limit, &mut self.reserve);
    }

    /// A counsellor is free no more, for a contact or for a pause.
    pub fn busy(&mut self, counsellor_id: CounsellorId) -> Option<Free> {
        let (free, place) = self.people.unseat(counsellor_id)?;
        self.reserve.remove(self.people.stake(place));
        self.freed.remove(&counsellor_id);
        Some(free)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lines.len()
    }

    /// How many are free.
    pub fn idle(&self) -> usize {
        self.people.len()
    }

    /// The number of a requirement; a new one is held against all profiles.
    fn signature(&mut self, requirement: &Arc<Requirement>) -> usize {
        if let Some(&signature) = self.by_requirement.get(requirement) {
            return signature;
        }
        let number = self.signatures.len();
        let mut signature = people::Signature::new(Arc::clone(requirement));
        for profile in 0..self.people.profiles.len() {
            self.people.introduce(profile, number, &mut signature);
        }
        self.signatures.push(signature);
        self.by_requirement.insert(Arc::clone(requirement), number);
        number
    }

    /// The number of a profile; a new one is held against all signatures.
    fn profile(&mut self, abilities: &Arc<Abilities>) -> usize {
        if let Some(&profile) = self.by_abilities.get(abilities) {
            return profile;
        }
        let number = self.people.add_profile(Arc::clone(abilities));
        for (signature, asked) in self.signatures.iter_mut().enumerate() {
            self.people.introduce(number, signature, asked);
        }
        self.by_abilities.insert(Arc::clone(abilities), number);
        number
    }
}
