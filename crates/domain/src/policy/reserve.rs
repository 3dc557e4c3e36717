//! The reserve: free counsellors kept for critical contacts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Group, Rules};
use crate::channel::Medium;
use crate::counsellor::{Abilities, Capacity};
use crate::requirement::{Lack, Requirement};

/// Which groups each of some counsellors can serve at once, and how many there are for each group.
///
/// The numbers only ever fall during a pass, so whoever is kept once is kept to its end.
pub(super) struct Reserve {
    /// Counsellors kept for each group; 0 if the reserve is not kept at all.
    least: u32,
    /// Medium of each group.
    media: Vec<Medium>,
    /// Counsellors who can take a contact of the group at once.
    able: Vec<u32>,
    /// The groups each counsellor can serve at once.
    serves: Vec<Vec<usize>>,
}

impl Reserve {
    /// The reserve among these counsellors, each with abilities and what is held.
    pub(super) fn new<'a>(rules: &Rules, free: impl Iterator<Item = (&'a Abilities, Capacity)>) -> Self {
        let least = if rules.on_shift >= rules.reserve_from { rules.reserve } else { 0 };
        if least == 0 || rules.groups.is_empty() {
            return Self { least: 0, media: Vec::new(), able: Vec::new(), serves: Vec::new() };
        }
        let groups: BTreeSet<&Group> = rules.groups.iter().collect();
        // Languages are compared once for all media: that is what costs time on a large floor.
        let languages: BTreeSet<&Option<String>> = groups.iter().map(|group| &group.language).collect();
        let mut by_language: Vec<(Requirement, Vec<usize>)> = Vec::new();
        for language in languages {
            let of_language = groups.iter().enumerate().filter(|(_, group)| group.language == *language);
            by_language.push((asks(language.clone()), of_language.map(|(index, _)| index).collect()));
        }
        let media: Vec<Medium> = groups.iter().map(|group| group.medium).collect();
        let mut able = vec![0; media.len()];
        let serves = free
            .map(|(abilities, held)| {
                let mut served = Vec::new();
                for (asks, groups) in &by_language {
                    if asks.lack(abilities) != Some(Lack::Language) {
                        served.extend(
                            groups.iter().filter(|&&group| abilities.capacity.allows(&held, media[group])),
                        );
                    }
                }
                for &group in &served {
                    able[group] += 1;
                }
                served
            })
            .collect();
        Self { least, media, able, serves }
    }

    /// Whether the counsellor at `index` may be given something of `medium` without touching the reserve.
    pub(super) fn spares(&self, index: usize, abilities: &Abilities, held: Capacity, medium: Medium) -> bool {
        self.lost(index, abilities, held, medium).all(|group| self.able[group] > self.least)
    }

    /// Records that the counsellor at `index` is given something of `medium`.
    pub(super) fn take(&mut self, index: usize, abilities: &Abilities, held: Capacity, medium: Medium) {
        let lost: Vec<usize> = self.lost(index, abilities, held, medium).collect();
        for group in lost {
            self.able[group] = self.able[group].saturating_sub(1);
        }
    }

    /// The groups the counsellor at `index` can no longer serve with one more of `medium`.
    fn lost<'a>(
        &'a self,
        index: usize,
        abilities: &'a Abilities,
        held: Capacity,
        medium: Medium,
    ) -> impl Iterator<Item = usize> + 'a {
        let held = held.plus(medium);
        let served =
            if self.least == 0 { &[] } else { self.serves.get(index).map_or(&[][..], Vec::as_slice) };
        served.iter().copied().filter(move |&group| !abilities.capacity.allows(&held, self.media[group]))
    }
}

/// What asks for the language and nothing else; the medium is looked at with the room for it.
fn asks(language: Option<String>) -> Requirement {
    Requirement { medium: Medium::Voice, language, skills: BTreeMap::new() }
}
