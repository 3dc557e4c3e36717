//! The policy once more, as plainly as it can be said: for each contact in order, sort all who can be offered it.

use std::collections::{BTreeMap, BTreeSet};

use super::samples::{Floor, NOW};
use super::*;

/// Whether the counsellor has the abilities and the room, and is not barred; cool-down apart.
pub(super) fn can_take(head: &Head, person: &Free) -> bool {
    head.requirement.lack(&person.abilities).is_none()
        && (has_room(head, person) || must_interrupt(head, person))
        && !head.barred.contains(&person.counsellor_id)
        && (!person.on_call || head.takes_on_call())
}

/// Whether they have room as they are, and it may be this contact's.
fn has_room(head: &Head, person: &Free) -> bool {
    person.abilities.capacity.allows(&person.held, head.requirement.medium)
        && (head.class == Class::Critical || !person.aside.was)
}

/// Whether it is a critical contact for which they would put aside everything they hold, and must.
pub(super) fn must_interrupt(head: &Head, person: &Free) -> bool {
    head.class == Class::Critical
        && person.aside.can_be
        && !has_room(head, person)
        && person.abilities.capacity.of(head.requirement.medium) > 0
}

/// What counts of what they hold when a critical contact comes.
pub(super) fn held_for_critical(person: &Free) -> Capacity {
    if person.aside.can_be { Capacity::default() } else { person.held }
}

/// What they hold with the contact.
pub(super) fn held_with(head: &Head, person: &Free) -> Capacity {
    if must_interrupt(head, person) { Capacity::default() } else { person.held }.plus(head.requirement.medium)
}

/// The same, and not cooling down either.
pub(super) fn can_be_offered(head: &Head, person: &Free) -> bool {
    can_take(head, person) && (head.cooling_void || !head.cooling.contains(&person.counsellor_id))
}

/// How many of these could take a contact of the group at once.
pub(super) fn able_for<'a>(
    group: &Group,
    floor: impl IntoIterator<Item = (&'a Abilities, Capacity)>,
) -> usize {
    let asks =
        Requirement { medium: group.medium, language: group.language.clone(), skills: BTreeMap::new() };
    floor
        .into_iter()
        .filter(|(abilities, held)| {
            asks.lack(abilities).is_none() && abilities.capacity.allows(held, group.medium)
        })
        .count()
}

/// How many are kept for the group.
pub(super) const fn kept_for(group: &Group, rules: &Rules) -> u32 {
    match group.on_shift {
        _ if rules.on_shift < rules.reserve_from => 0,
        able if able >= rules.reserve_from => rules.reserve,
        able if 2 * able >= rules.reserve_from && rules.reserve > 0 => 1,
        _ => 0,
    }
}

/// Who is on the floor and what they hold by now.
struct Plain<'a> {
    floor: &'a Floor,
    held: BTreeMap<CounsellorId, Capacity>,
}

impl Plain<'_> {
    fn now(&self, person: &Free) -> Capacity {
        self.held.get(&person.counsellor_id).copied().unwrap_or(held_for_critical(person))
    }

    /// Whether that leaves as many in each group as are kept, but at most so many.
    fn spares(&self, person: &Free, medium: Medium, at_most: u32) -> bool {
        let rules = &self.floor.rules;
        let shift = || self.floor.free.iter().filter(|person| !person.on_call);
        person.on_call
            || rules.groups.iter().all(|group| {
                let kept = kept_for(group, rules).min(at_most);
                let before = able_for(group, [(&*person.abilities, held_for_critical(person))]);
                let left = able_for(group, [(&*person.abilities, person.held.plus(medium))]);
                let free = shift().map(|person| (&*person.abilities, self.now(person)));
                kept == 0 || before == left || able_for(group, free) > kept as usize
            })
    }

    /// Everybody who can be offered it now, best first, with what decides between them.
    fn candidates(&self, head: &Head) -> Vec<(&Free, [i64; 9])> {
        let medium = head.requirement.medium;
        let severe = matches!(head.class, Class::Critical | Class::High);
        let limit = self.floor.rules.severe_limit;
        let waited = NOW - head.received_ms;
        let high_cap = self.floor.rules.high_cap_ms;
        let keeps = if head.may_use_reserve(&self.floor.rules, NOW) {
            0
        } else if head.class == Class::High && high_cap > 0 && waited >= high_cap {
            1
        } else {
            u32::MAX
        };
        let place = |person: &Free| {
            let surplus = person.abilities.skills.len() + person.abilities.languages.len();
            let asked = head.requirement.skills.len() + usize::from(head.requirement.language.is_some());
            let knows = head.preferred.is_some_and(|preference| {
                preference.counsellor_id == person.counsellor_id && NOW < preference.until_ms
            });
            [
                i64::from(head.cooling.contains(&person.counsellor_id)),
                i64::from(head.class != Class::Critical && !self.spares(person, medium, u32::MAX)),
                if person.on_call { 2 } else { i64::from(must_interrupt(head, person)) },
                i64::from(severe && limit > 0 && person.severe_in_a_row >= limit),
                i64::from(!knows),
                i64::from(head.requirement.needs_interpreter(&person.abilities)),
                i64::try_from(surplus.saturating_sub(asked)).unwrap(),
                i64::from(person.held.of(medium)),
                person.idle_since_ms,
            ]
        };
        let mut all: Vec<_> = self
            .floor
            .free
            .iter()
            .filter(|person| !self.held.contains_key(&person.counsellor_id) && can_be_offered(head, person))
            .filter(|person| self.spares(person, medium, keeps))
            .map(|person| (person, place(person)))
            .collect();
        all.sort_by_key(|(person, place)| (*place, person.counsellor_id));
        all
    }

    fn give(&mut self, head: &Head, person: &Free) {
        self.held.insert(person.counsellor_id, held_with(head, person));
    }
}

/// What [`decide`] must yield.
pub(super) fn plainly(floor: &Floor) -> Vec<Pair> {
    let mut plain = Plain { floor, held: BTreeMap::new() };
    let mut heads: Vec<&Head> = floor.heads.iter().collect();
    heads.sort_by_key(|head| head.order());
    let (critical, lesser): (Vec<&Head>, Vec<&Head>) =
        heads.into_iter().partition(|head| head.class == Class::Critical);
    let mut pairs = Vec::new();
    let mut firsts = Vec::new();
    for head in critical {
        if let Some((pair, place)) = first(&mut plain, head) {
            pairs.push(pair);
            firsts.push((head, place));
        }
    }
    for _ in 1..floor.rules.critical_offers {
        for (pair, (head, first)) in pairs.iter_mut().zip(&firsts) {
            let equal = |place: &[i64; 9]| {
                place[0] == 0 && place[2] == first[2] && place[3] == 0 && place[5] == first[5]
            };
            let next = plain
                .candidates(head)
                .into_iter()
                .find(|(_, place)| equal(place))
                .map(|(who, _)| who.clone());
            if let Some(person) = next {
                plain.give(head, &person);
                pair.also.push(person.counsellor_id);
            }
        }
    }
    for head in lesser {
        pairs.extend(first(&mut plain, head).map(|(pair, _)| pair));
    }
    pairs
}

fn first(plain: &mut Plain<'_>, head: &Head) -> Option<(Pair, [i64; 9])> {
    let candidates = plain.candidates(head);
    let (person, place) = candidates.first().copied()?;
    // Who could be had only by lifting more does not count as the next best.
    let second = candidates.get(1).map(|(_, second)| *second).filter(|second| second[..3] == place[..3]);
    let differs = second.map(|second| (3..9).find(|&at| second[at] != place[at]).unwrap_or(8));
    let counsellor_rule = match differs {
        None => CounsellorRule::OnlyOne,
        Some(3) => CounsellorRule::CareLimit,
        Some(4) => CounsellorRule::Preferred,
        Some(5) => CounsellorRule::SpeaksLanguage,
        Some(6) => CounsellorRule::FewestOtherSkills,
        Some(7) => CounsellorRule::LowestLoad,
        Some(_) => CounsellorRule::LongestIdle,
    };
    let notes = [
        (place[1] == 1, Note::ReserveUsedByCap),
        (place[0] == 1, Note::CoolDownLifted),
        (place[2] == 2, Note::OnCall),
        (place[2] == 1, Note::WorkPutAside),
        (place[3] == 1, Note::CareLimitReached),
        (place[5] == 1, Note::ThroughInterpreter),
    ];
    let pair = Pair {
        contact_id: head.contact_id,
        counsellor_id: person.counsellor_id,
        also: Vec::new(),
        contact_rule: head.rule(),
        counsellor_rule,
        notes: notes.into_iter().filter(|(lifted, _)| *lifted).map(|(_, note)| note).collect(),
    };
    let person = person.clone();
    plain.give(head, &person);
    Some((pair, place))
}

/// The contacts and the counsellors of these pairs, to see that none is there twice.
pub(super) fn paired(pairs: &[Pair]) -> (BTreeSet<ContactId>, BTreeSet<CounsellorId>) {
    let counsellors = pairs.iter().flat_map(|pair| pair.also.iter().chain([&pair.counsellor_id]).copied());
    (pairs.iter().map(|pair| pair.contact_id).collect(), counsellors.collect())
}
