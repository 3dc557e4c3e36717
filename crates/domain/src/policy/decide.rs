//! The decision itself.

use std::collections::{HashMap, HashSet};

use super::reserve::Reserve;
use super::{CounsellorRule, Free, Head, Note, Pair, Rules};
use crate::requirement::Requirement;
use crate::risk::Class;

/// Decides who is offered what in one pass, most urgent contact first. The module's documentation has the policy.
///
/// Each contact and each counsellor is paired at most once, because each pair is committed by itself; a counsellor with
/// more room is paired again in the next pass. Contacts left out stay where they are in line.
///
/// Costs one eligibility check per free counsellor and distinct requirement, one sort per distinct requirement, and
/// little more than a look per contact.
pub fn decide(heads: &[Head], free: &[Free], rules: &Rules, now_ms: i64) -> Vec<Pair> {
    let mut waiting: Vec<&Head> = heads.iter().collect();
    waiting.sort_unstable_by_key(|head| head.order());
    let mut floor = Floor::new(free, rules);
    let mut lines = Vec::new();
    let mut line_of: HashMap<&Requirement, usize> = HashMap::new();
    let mut paired = HashSet::new();
    let mut pairs = Vec::new();
    for head in waiting {
        if floor.left == 0 {
            break;
        }
        if paired.contains(&head.contact_id) {
            continue;
        }
        let line = *line_of.entry(&head.requirement).or_insert_with(|| {
            lines.push(Line::new(&floor, &head.requirement));
            lines.len() - 1
        });
        let Some(choice) = lines[line].choose(&floor, head, head.may_use_reserve(rules, now_ms)) else {
            continue;
        };
        pairs.push(Pair {
            contact_id: head.contact_id,
            counsellor_id: floor.people[choice.person].counsellor_id,
            also: Vec::new(),
            contact_rule: head.rule(),
            counsellor_rule: choice.rule,
            notes: choice.notes,
        });
        floor.take(choice.person, &head.requirement);
        paired.insert(head.contact_id);
    }
    pairs
}

/// Who is free, and what the pass has done with them so far.
struct Floor<'a> {
    /// Each counsellor once, longest idle first.
    people: Vec<&'a Free>,
    /// Who was paired in this pass.
    taken: Vec<bool>,
    /// How many were not.
    left: usize,
    /// What is kept for critical contacts.
    reserve: Reserve,
}

impl<'a> Floor<'a> {
    fn new(free: &'a [Free], rules: &Rules) -> Self {
        let mut people: Vec<&Free> = free.iter().collect();
        people.sort_unstable_by_key(|person| {
            let Free { idle_since_ms, counsellor_id, held, .. } = person;
            (*idle_since_ms, *counsellor_id, held.voice, held.chat, held.message)
        });
        let mut seen = HashSet::with_capacity(people.len());
        people.retain(|person| seen.insert(person.counsellor_id));
        let reserve = Reserve::new(rules, people.iter().map(|person| (&*person.abilities, person.held)));
        Self { taken: vec![false; people.len()], left: people.len(), people, reserve }
    }

    /// Whether a counsellor may be given a contact without touching the reserve.
    fn spares(&self, person: usize, requirement: &Requirement) -> bool {
        let Free { abilities, held, .. } = self.people[person];
        self.reserve.spares(person, abilities, *held, requirement.medium)
    }

    fn take(&mut self, person: usize, requirement: &Requirement) {
        let Free { abilities, held, .. } = self.people[person];
        self.reserve.take(person, abilities, *held, requirement.medium);
        self.taken[person] = true;
        self.left -= 1;
    }
}

/// Somebody who can take what a line asks for. The order of the fields is the order of preference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Skills and languages beyond what is asked for.
    surplus: usize,
    /// Contacts held on the medium.
    load: u8,
    /// Place in [`Floor::people`]: longest idle first, then id.
    person: usize,
}

/// Everybody who can take what some contacts ask for.
struct Line {
    /// Best first. Does not change during a pass: whoever is given something is out of it.
    candidates: Vec<Candidate>,
    /// Who is left.
    open: Skips,
    /// Who is left without touching the reserve.
    spared: Skips,
}

/// The outcome for one contact.
struct Choice {
    person: usize,
    rule: CounsellorRule,
    notes: Vec<Note>,
}

impl Line {
    fn new(floor: &Floor<'_>, requirement: &Requirement) -> Self {
        let mut candidates: Vec<Candidate> = floor
            .people
            .iter()
            .enumerate()
            .filter(|(person, free)| {
                !floor.taken[*person]
                    && free.abilities.capacity.allows(&free.held, requirement.medium)
                    && requirement.lack(&free.abilities).is_none()
            })
            .map(|(person, free)| Candidate {
                surplus: (free.abilities.skills.len() + free.abilities.languages.len())
                    .saturating_sub(requirement.skills.len() + usize::from(requirement.language.is_some())),
                load: free.held.of(requirement.medium),
                person,
            })
            .collect();
        candidates.sort_unstable();
        let skips = Skips::new(candidates.len());
        Self { candidates, open: skips.clone(), spared: skips }
    }

    /// The best for a contact. The reserve is touched only if nobody else is left, and a cool-down lifted only after
    /// that.
    fn choose(&mut self, floor: &Floor<'_>, head: &Head, may_use_reserve: bool) -> Option<Choice> {
        let critical = head.class == Class::Critical;
        for lifted in [false, true] {
            if lifted && !head.cooling_void {
                break;
            }
            for reserved in [false, true] {
                if (reserved && !may_use_reserve) || (!reserved && critical) {
                    continue;
                }
                if let Some((person, rule)) = self.best(floor, head, reserved, lifted) {
                    let by_cap = (reserved && !critical).then_some(Note::ReserveUsedByCap);
                    let notes = by_cap.into_iter().chain(lifted.then_some(Note::CoolDownLifted)).collect();
                    return Some(Choice { person, rule, notes });
                }
            }
        }
        None
    }

    /// The best among those a contact can have now, with or without the reserve and those who cool down.
    fn best(
        &mut self,
        floor: &Floor<'_>,
        head: &Head,
        reserved: bool,
        lifted: bool,
    ) -> Option<(usize, CounsellorRule)> {
        let candidates = &self.candidates;
        // Out for the rest of the pass: nobody comes back, and what the reserve keeps it keeps.
        let is_out = |at: usize| {
            let person = candidates[at].person;
            floor.taken[person] || (!reserved && !floor.spares(person, &head.requirement))
        };
        let skips = if reserved { &mut self.open } else { &mut self.spared };
        let mut next = |from: usize| {
            let mut at = skips.next(from, is_out)?;
            while head.refuses(floor.people[candidates[at].person].counsellor_id, lifted) {
                at = skips.next(at + 1, is_out)?;
            }
            Some(at)
        };
        let at = next(0)?;
        let best = candidates[at];
        let rule = match next(at + 1).map(|second| candidates[second]) {
            None => CounsellorRule::OnlyOne,
            Some(second) if second.surplus != best.surplus => CounsellorRule::FewestOtherSkills,
            Some(second) if second.load != best.load => CounsellorRule::LowestLoad,
            Some(_) => CounsellorRule::LongestIdle,
        };
        Some((best.person, rule))
    }
}

/// For each place of a list the nearest place from there on that may still be in. Places only ever go out, so looking
/// costs next to nothing on average however many are out.
#[derive(Clone)]
struct Skips {
    to: Vec<usize>,
}

impl Skips {
    fn new(length: usize) -> Self {
        Self { to: (0..=length).collect() }
    }

    /// The first place from `from` on that is not out.
    fn next(&mut self, from: usize, is_out: impl Fn(usize) -> bool) -> Option<usize> {
        let end = self.to.len() - 1;
        let mut at = from;
        loop {
            while self.to[at] != at {
                // Halves the way for whoever comes next.
                self.to[at] = self.to[self.to[at]];
                at = self.to[at];
            }
            if at == end {
                return None;
            }
            if !is_out(at) {
                return Some(at);
            }
            self.to[at] = at + 1;
        }
    }
}
