//! The reserve: free counsellors kept for critical contacts.

use std::collections::BTreeMap;

use super::{Group, Reach, Rules};
use crate::channel::Medium;
use crate::counsellor::{Abilities, Capacity};
use crate::requirement::{Lack, Requirement};

/// How many free counsellors there are for each group in which critical contacts come.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// Counsellors kept for each group; 0 if the reserve is not kept at all.
    least: u32,
    /// What each group asks for.
    groups: Vec<Requirement>,
    /// Counsellors who can take a contact of the group at once.
    able: Vec<u32>,
    /// The same when [`Reserve::settle`] was last called.
    settled: Vec<u32>,
}

/// What a counsellor means to the reserve.
#[derive(Clone, Debug, Default)]
pub(super) struct Stake {
    /// The groups they can serve at once.
    served: Vec<usize>,
    /// Of those, the ones they can no longer serve with one more of each medium.
    lost: [Vec<usize>; 3],
}

const fn place(medium: Medium) -> usize {
    match medium {
        Medium::Voice => 0,
        Medium::Chat => 1,
        Medium::Message => 2,
    }
}

impl Reserve {
    /// The reserve on an empty floor.
    pub(super) fn new(rules: &Rules) -> Self {
        let least = if rules.on_shift >= rules.reserve_from { rules.reserve } else { 0 };
        let mut groups: Vec<&Group> = if least == 0 { Vec::new() } else { rules.groups.iter().collect() };
        groups.sort_unstable();
        groups.dedup();
        let asks = |group: &Group| Requirement {
            medium: group.medium,
            language: group.language.clone(),
            skills: BTreeMap::new(),
        };
        let none = vec![0; groups.len()];
        Self { least, groups: groups.into_iter().map(asks).collect(), able: none.clone(), settled: none }
    }

    /// What somebody who holds this means to the reserve. Who is on call is no part of it.
    pub(super) fn stake(&self, abilities: &Abilities, held: Capacity, on_call: bool) -> Stake {
        let serves = |asked: &Requirement, held: &Capacity| {
            abilities.capacity.allows(held, asked.medium) && asked.lack(abilities) != Some(Lack::Language)
        };
        if on_call {
            return Stake::default();
        }
        let at_once: Vec<usize> =
            (0..self.groups.len()).filter(|&group| serves(&self.groups[group], &held)).collect();
        let lost = Medium::ALL.map(|medium| {
            if !abilities.capacity.allows(&held, medium) {
                return Vec::new();
            }
            let held = held.plus(medium);
            let gone = |&group: &usize| !abilities.capacity.allows(&held, self.groups[group].medium);
            at_once.iter().copied().filter(gone).collect()
        });
        Stake { served: at_once, lost }
    }

    /// Somebody is free.
    pub(super) fn add(&mut self, stake: &Stake) {
        for &group in &stake.served {
            self.able[group] += 1;
        }
    }

    /// Somebody is free no more.
    pub(super) fn remove(&mut self, stake: &Stake) {
        for &group in &stake.served {
            self.able[group] = self.able[group].saturating_sub(1);
        }
    }

    /// Whether somebody may be given something of `medium` by reaching so far into the reserve.
    pub(super) fn spares(&self, stake: &Stake, medium: Medium, reach: Reach) -> bool {
        let kept = match reach {
            Reach::None => self.least,
            Reach::AllButLast => self.least.min(1),
            Reach::All => return true,
        };
        stake.lost[place(medium)].iter().all(|&group| self.able[group] > kept)
    }

    /// Somebody is given something of `medium`, and counts on for what they can still serve with it.
    pub(super) fn give(&mut self, stake: &Stake, medium: Medium) {
        for &group in &stake.lost[place(medium)] {
            self.able[group] = self.able[group].saturating_sub(1);
        }
    }

    /// Who was given something of `medium` is out of the floor for what they still counted for.
    pub(super) fn remove_given(&mut self, stake: &Stake, medium: Medium) {
        for &group in stake.served.iter().filter(|group| !stake.lost[place(medium)].contains(group)) {
            self.able[group] = self.able[group].saturating_sub(1);
        }
    }

    /// Whether a group has somebody to spare now that had not when things were last settled. As long as none has, whoever
    /// was kept then is kept still.
    pub(super) fn has_opened(&self) -> bool {
        let has_passed =
            |kept: u32| self.able.iter().zip(&self.settled).any(|(&now, &then)| now > kept && then <= kept);
        has_passed(self.least) || has_passed(1)
    }

    /// Nothing more can be given with things as they are.
    pub(super) fn settle(&mut self) {
        self.settled.clone_from(&self.able);
    }
}
