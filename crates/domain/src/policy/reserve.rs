//! The reserve: free counsellors kept for critical contacts.
//!
//! In a sentence, with a reserve of two from eight: when eight or more are on shift, two stay free for each language and
//! medium that eight of them could serve, one where four to seven could, and nobody where fewer could.

use std::collections::{BTreeMap, BTreeSet};

use super::{Aside, Group, Reach, Rules};
use crate::channel::Medium;
use crate::counsellor::{Abilities, Capacity};
use crate::requirement::{Lack, Requirement};

/// How many free counsellors there are for each group in which critical contacts come.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// What each group asks for; only those that keep anybody are here.
    groups: Vec<Requirement>,
    /// Counsellors kept for each group.
    kept: Vec<u32>,
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

impl Rules {
    /// Counsellors kept free for a group: the whole reserve where as many could serve it as there must be on shift, one
    /// where half as many could, and nobody where fewer could. One of two or three would be away from everybody else
    /// for most of their shift.
    fn kept_for(&self, group: &Group) -> u32 {
        if self.on_shift < self.reserve_from {
            0
        } else if group.on_shift >= self.reserve_from {
            self.reserve
        } else if group.on_shift >= self.reserve_from.div_ceil(2) {
            self.reserve.min(1)
        } else {
            0
        }
    }
}

impl Group {
    /// The groups of these requirements, each once, with how many of these abilities on shift could serve it.
    pub fn of<'a>(
        asked: impl IntoIterator<Item = &'a Requirement>,
        on_shift: impl IntoIterator<Item = &'a Abilities>,
    ) -> Vec<Self> {
        let kinds: BTreeSet<(Medium, Option<&str>)> =
            asked.into_iter().map(|asked| (asked.medium, asked.language.as_deref())).collect();
        let on_shift: Vec<&Abilities> = on_shift.into_iter().collect();
        let group = |(medium, language): (Medium, Option<&str>)| {
            let asks = Requirement { medium, language: language.map(str::to_owned), skills: BTreeMap::new() };
            let able = on_shift.iter().filter(|abilities| asks.lack(abilities).is_none()).count();
            Self { medium, language: asks.language, on_shift: u32::try_from(able).unwrap_or(u32::MAX) }
        };
        kinds.into_iter().map(group).collect()
    }
}

impl Reserve {
    /// The reserve on an empty floor.
    pub(super) fn new(rules: &Rules) -> Self {
        let mut groups: Vec<&Group> = rules.groups.iter().filter(|group| rules.kept_for(group) > 0).collect();
        groups.sort_unstable();
        groups.dedup();
        let asks = |group: &Group| Requirement {
            medium: group.medium,
            language: group.language.clone(),
            skills: BTreeMap::new(),
        };
        let none = vec![0; groups.len()];
        let kept = groups.iter().map(|group| rules.kept_for(group)).collect();
        Self { kept, groups: groups.into_iter().map(asks).collect(), able: none.clone(), settled: none }
    }

    /// What somebody who holds this means to the reserve. Who is on call is no part of it; who would put aside what they hold
    /// is, like somebody free.
    pub(super) fn stake(&self, abilities: &Abilities, held: Capacity, on_call: bool, aside: Aside) -> Stake {
        let serves = |asked: &Requirement, held: &Capacity| {
            abilities.capacity.allows(held, asked.medium) && asked.lack(abilities) != Some(Lack::Language)
        };
        if on_call {
            return Stake::default();
        }
        let at_once: Vec<usize> = (0..self.groups.len())
            .filter(|&group| serves(&self.groups[group], &aside.left_of(held)))
            .collect();
        let lost = Medium::ALL.map(|medium| {
            let interrupted = aside.must_be(abilities.capacity, held, medium);
            if !interrupted && !abilities.capacity.allows(&held, medium) {
                return Vec::new();
            }
            let held = if interrupted { aside.left_of(held) } else { held }.plus(medium);
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
        let most = match reach {
            Reach::None => u32::MAX,
            Reach::AllButLast => 1,
            Reach::All => return true,
        };
        stake.lost[place(medium)].iter().all(|&group| self.able[group] > self.kept[group].min(most))
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
        let has_passed = |group: usize, kept: u32| self.able[group] > kept && self.settled[group] <= kept;
        (0..self.groups.len()).any(|group| has_passed(group, self.kept[group]) || has_passed(group, 1))
    }

    /// Nothing more can be given with things as they are.
    pub(super) fn settle(&mut self) {
        self.settled.clone_from(&self.able);
    }
}
