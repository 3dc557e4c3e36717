//! The best counsellor for a contact, and why.

use super::Board;
use super::people::{Cell, Place, Rank};
use crate::id::CounsellorId;
use crate::policy::{CounsellorRule, Head, Note, Reach};
use crate::risk::Class;

/// Whom a try looks for, in the order of the tries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    /// Who is on shift and has room.
    Free,
    /// Who is on shift and would put aside what they hold.
    Interruptible,
    /// Who is on call and has room.
    OnCall,
}

/// Who may be chosen in one try. The tries of a contact go from the narrowest to the widest.
#[derive(Clone, Copy)]
pub(super) struct Try {
    /// How far into the reserve.
    pub(super) reach: Reach,
    /// Who declined or missed it a moment ago.
    pub(super) lifted: bool,
    /// Who is looked for.
    pub(super) among: Among,
    /// Nobody but equals of this choice: for the further members of an offer group.
    pub(super) like: Option<Like>,
}

/// What the members of an offer group have in common with the first.
#[derive(Clone, Copy)]
pub(super) struct Like {
    pub(super) among: Among,
    pub(super) interpreted: bool,
}

/// Who is chosen, and why.
pub(super) struct Choice {
    pub(super) counsellor_id: CounsellorId,
    pub(super) place: Place,
    pub(super) rule: CounsellorRule,
    pub(super) notes: Vec<Note>,
    pub(super) like: Like,
}

/// The order of counsellors for one contact, in the order of the fields: smaller is sooner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Has had as many severe contacts in a row as is right, and this is another.
    spent: bool,
    /// Is not the one who knows the contact.
    stranger: bool,
    rank: Rank,
    load: u8,
    idle_since_ms: i64,
    counsellor_id: CounsellorId,
}

/// The two best so far. They are found in their order but for load and time within a rank.
#[derive(Default)]
struct Two {
    best: Option<(Key, Place)>,
    second: Option<Key>,
}

impl Two {
    fn see(&mut self, key: Key, place: Place) {
        match self.best {
            Some((best, _)) if best < key => {
                if self.second.is_none_or(|second| key < second) {
                    self.second = Some(key);
                }
            }
            _ => self.second = self.best.replace((key, place)).map(|(best, _)| best),
        }
    }
}

impl Board {
    /// The best for a contact. The reserve is touched only if nobody else is left, and a cool-down lifted only after
    /// that; who would put work aside comes after who is free, and who is on call after who is on shift.
    pub(super) fn choose(
        &self,
        head: &Head,
        signature: usize,
        furthest: Reach,
        now_ms: i64,
    ) -> Option<Choice> {
        let critical = head.class == Class::Critical;
        for lifted in [false, true] {
            for reach in [Reach::None, furthest] {
                for among in [Among::Free, Among::Interruptible, Among::OnCall] {
                    if (lifted && !head.cooling_void)
                        || (reach == Reach::None && critical)
                        || (among == Among::Interruptible && !critical)
                        || (among == Among::OnCall && !head.takes_on_call())
                    {
                        continue;
                    }
                    let this = Try { reach, lifted, among, like: None };
                    if let Some(choice) = self.best(head, signature, this, now_ms) {
                        return Some(choice);
                    }
                }
            }
        }
        None
    }

    /// The best of one try.
    pub(super) fn best(&self, head: &Head, signature: usize, this: Try, now_ms: i64) -> Option<Choice> {
        let severe = matches!(head.class, Class::Critical | Class::High);
        let two = if this.like.is_some() {
            self.two_best(head, signature, this, &[Some(false)], now_ms)
        } else if severe && self.rules.severe_limit > 0 {
            self.two_best(head, signature, this, &[Some(false), Some(true)], now_ms)
        } else {
            self.two_best(head, signature, this, &[None], now_ms)
        };
        let (best, place) = two.best?;
        let rule = match two.second {
            None => CounsellorRule::OnlyOne,
            Some(second) if second.spent != best.spent => CounsellorRule::CareLimit,
            Some(second) if second.stranger != best.stranger => CounsellorRule::Preferred,
            Some(second) if second.rank.interpreted != best.rank.interpreted => {
                CounsellorRule::SpeaksLanguage
            }
            Some(second) if second.rank.surplus != best.rank.surplus => CounsellorRule::FewestOtherSkills,
            Some(second) if second.load != best.load => CounsellorRule::LowestLoad,
            Some(_) => CounsellorRule::LongestIdle,
        };
        let notes = [
            (this.reach != Reach::None && head.class != Class::Critical, Note::ReserveUsedByCap),
            (this.lifted, Note::CoolDownLifted),
            (this.among == Among::OnCall, Note::OnCall),
            (this.among == Among::Interruptible, Note::WorkPutAside),
            (best.spent, Note::CareLimitReached),
            (best.rank.interpreted, Note::ThroughInterpreter),
        ];
        Some(Choice {
            counsellor_id: best.counsellor_id,
            place,
            rule,
            notes: notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note).collect(),
            like: Like { among: this.among, interpreted: best.rank.interpreted },
        })
    }

    /// The two best of one try, from these cells: who is at the care limit, who is not, or all alike.
    fn two_best(
        &self,
        head: &Head,
        signature: usize,
        this: Try,
        limits: &[Option<bool>],
        now_ms: i64,
    ) -> Two {
        let asked = &self.signatures[signature];
        let medium = asked.requirement.medium;
        let (on_call, interrupts) = (this.among == Among::OnCall, this.among == Among::Interruptible);
        let critical = head.class == Class::Critical;
        let ready = self.people.ready(medium, interrupts);
        let known = self.known_to(head, now_ms);
        let mut two = Two::default();
        for &limit in limits {
            let fits = |cell: &Cell| {
                cell.on_call == on_call
                    && limit.is_none_or(|limit| cell.at_limit == limit)
                    && cell.takes(medium, interrupts)
                    && (critical || !cell.aside.was)
                    && self.reserve.spares(&cell.stake, medium, this.reach)
            };
            let spent = limit == Some(true);
            let key = |stranger, rank, cell: &Cell, (idle_since_ms, counsellor_id): (i64, CounsellorId)| {
                Key { spent, stranger, rank, load: cell.held.of(medium), idle_since_ms, counsellor_id }
            };
            let allowed = |rank: &Rank| this.like.is_none_or(|like| like.interpreted == rank.interpreted);
            if let Some((place, who)) = known
                && let Some(rank) = asked.rank_of(place.0).filter(allowed)
                && fits(self.people.cell(place))
                && !head.refuses(who.1, this.lifted)
            {
                two.see(key(false, rank, self.people.cell(place), who), place);
            }
            for (rank, profiles) in asked.ranks.iter().filter(|(rank, _)| allowed(rank)) {
                if two.second.is_some() {
                    // Whoever comes now ranks behind both.
                    return two;
                }
                for profile in profiles.both(ready) {
                    for (at, cell) in self.people.profiles[profile].cells.iter().enumerate() {
                        if cell.people.is_empty() || !fits(cell) {
                            continue;
                        }
                        let open = cell.people.iter().filter(|who| {
                            known.is_none_or(|(_, (_, known))| who.1 != known)
                                && !head.refuses(who.1, this.lifted)
                        });
                        for who in open.take(2) {
                            two.see(key(true, *rank, cell, *who), (profile, at));
                        }
                    }
                }
            }
        }
        two
    }

    /// Where the counsellor who knows the contact sits, if they are free and still come first.
    fn known_to(&self, head: &Head, now_ms: i64) -> Option<(Place, (i64, CounsellorId))> {
        let preference = head.preferred.filter(|preference| now_ms < preference.until_ms)?;
        let (free, place) = self.people.seat_of(preference.counsellor_id)?;
        Some((place, (free.idle_since_ms, free.counsellor_id)))
    }
}
