//! Why a contact waits, and whether anybody could ever take it.

use super::reserve::Reserve;
use super::{Aside, Head, Rules};
use crate::counsellor::{Abilities, Capacity};
use crate::id::CounsellorId;
use crate::requirement::{Lack, Requirement};
use crate::risk::Class;

/// A counsellor on shift, whatever they do.
#[derive(Clone, Debug)]
pub struct OnShift<'a> {
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// What they can take.
    pub abilities: &'a Abilities,
    /// What they hold: live contacts, wrap-up and open offers.
    pub held: Capacity,
    /// Whether they are ready to be offered contacts.
    pub ready: bool,
    /// Whether they are not on shift but on call.
    pub on_call: bool,
    /// What of their work can be, or was, put aside for a critical contact.
    pub aside: Aside,
}

/// Why a contact waits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WaitingCause {
    /// It does not wait. Never found by [`explain`], which is asked about waiting contacts only.
    NotWaiting,
    /// Nobody on shift could ever take it.
    NobodyOnShift,
    /// Everybody who could take it is full or not ready.
    AllBusy,
    /// Who is free is kept for critical contacts until the cap.
    Reserved,
    /// Who is free has declined or missed it a moment ago.
    CoolDown,
    /// Its turn has come.
    BeingOffered,
    /// Others come first.
    OthersFirst,
}

impl WaitingCause {
    /// Every cause.
    pub const ALL: [Self; 7] = [
        Self::NotWaiting,
        Self::NobodyOnShift,
        Self::AllBusy,
        Self::Reserved,
        Self::CoolDown,
        Self::BeingOffered,
        Self::OthersFirst,
    ];

    /// The stable key of the cause.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotWaiting => "not_waiting",
            Self::NobodyOnShift => "nobody_on_shift",
            Self::AllBusy => "all_busy",
            Self::Reserved => "reserved",
            Self::CoolDown => "cool_down",
            Self::BeingOffered => "being_offered",
            Self::OthersFirst => "others_first",
        }
    }
}

/// The answer to "why is this child still waiting?".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The cause.
    pub cause: WaitingCause,
    /// Waiting contacts that come first.
    pub ahead: u32,
    /// Counsellors on shift who could take it if they were free.
    pub eligible_on_shift: u32,
    /// Of those, how many are ready and have room.
    pub eligible_free: u32,
    /// Of those on shift, how many lack the language.
    pub lacking_language: u32,
    /// Of those on shift who have the language, how many lack a skill.
    pub lacking_skill: u32,
    /// Of those on shift who have language and skills, how many do not serve the medium.
    pub lacking_channel: u32,
    /// How long it has waited, in milliseconds.
    pub waited_ms: i64,
    /// When it may use the reserve, in milliseconds of the database's clock.
    pub cap_at_ms: i64,
    /// How long it is until then, in milliseconds; 0 once it may.
    pub cap_in_ms: i64,
}

/// Says why a contact waits, by the same rules as [`super::decide`]. `ahead` is the number of waiting contacts that come
/// first. Whoever is barred from it, and who is on call for others only, counts neither as eligible nor as lacking
/// anything.
///
/// The first of these that holds is the cause: nobody on shift could ever take it; nobody who could is free; all who are
/// free are cooling down; all the others who are free are kept in reserve; others come first; its turn has come.
pub fn explain(head: &Head, ahead: u32, on_shift: &[OnShift<'_>], rules: &Rules, now_ms: i64) -> Explanation {
    let medium = head.requirement.medium;
    let mut explanation = Explanation {
        cause: WaitingCause::NobodyOnShift,
        ahead,
        eligible_on_shift: 0,
        eligible_free: 0,
        lacking_language: 0,
        lacking_skill: 0,
        lacking_channel: 0,
        waited_ms: now_ms.saturating_sub(head.received_ms).max(0),
        cap_at_ms: head.cap_at_ms(rules),
        cap_in_ms: head.cap_at_ms(rules).saturating_sub(now_ms).max(0),
    };
    let ready: Vec<&OnShift<'_>> = on_shift.iter().filter(|person| person.ready).collect();
    let mut reserve = Reserve::new(rules);
    let stake = |reserve: &Reserve, person: &OnShift<'_>| {
        reserve.stake(person.abilities, person.held, person.on_call, person.aside)
    };
    for person in &ready {
        reserve.add(&stake(&reserve, person));
    }
    let never = |person: &OnShift<'_>| person.on_call && !head.takes_on_call();
    for person in on_shift {
        match head.requirement.lack(person.abilities) {
            Some(Lack::Language) => explanation.lacking_language += 1,
            Some(Lack::Skill) => explanation.lacking_skill += 1,
            Some(Lack::Medium) => explanation.lacking_channel += 1,
            None if head.barred.contains(&person.counsellor_id) || never(person) => {}
            None => explanation.eligible_on_shift += 1,
        }
    }
    let (mut offerable, mut spared) = (0_u32, 0_u32);
    for person in &ready {
        let capacity = &person.abilities.capacity;
        let critical = head.class == Class::Critical;
        let room = capacity.allows(&person.held, medium) && (critical || !person.aside.was);
        let takes = (room || critical && person.aside.must_be(*capacity, person.held, medium))
            && head.requirement.lack(person.abilities).is_none()
            && !head.barred.contains(&person.counsellor_id)
            && !never(person);
        if !takes {
            continue;
        }
        explanation.eligible_free += 1;
        if !head.refuses(person.counsellor_id, head.cooling_void) {
            offerable += 1;
            if reserve.spares(&stake(&reserve, person), medium, head.reach(rules, now_ms)) {
                spared += 1;
            }
        }
    }
    explanation.cause = if explanation.eligible_on_shift == 0 {
        WaitingCause::NobodyOnShift
    } else if explanation.eligible_free == 0 {
        WaitingCause::AllBusy
    } else if offerable == 0 {
        WaitingCause::CoolDown
    } else if spared == 0 {
        WaitingCause::Reserved
    } else if ahead > 0 {
        WaitingCause::OthersFirst
    } else {
        WaitingCause::BeingOffered
    };
    explanation
}

/// Whether anybody with one of these abilities could take such a contact if they were free. `false` means that it would
/// wait for ever, and that somebody must be told at once.
pub fn outlook<'a>(requirement: &Requirement, on_shift: impl IntoIterator<Item = &'a Abilities>) -> bool {
    on_shift.into_iter().any(|abilities| requirement.lack(abilities).is_none())
}

/// Whether the cool-down of a contact is void: nobody else who is ready, busy or not, could take it. Who is on a pause
/// does not count, because the child would wait for the cool-down and not for them; nor does who is on call, whom it may
/// not be offered to, or who comes before a cool-down is lifted.
pub fn cool_down_is_void<'a>(
    requirement: &Requirement,
    cooling: &[CounsellorId],
    barred: &[CounsellorId],
    on_shift: impl IntoIterator<Item = &'a OnShift<'a>>,
) -> bool {
    !on_shift.into_iter().any(|person| {
        person.ready
            && !person.on_call
            && !cooling.contains(&person.counsellor_id)
            && !barred.contains(&person.counsellor_id)
            && requirement.lack(person.abilities).is_none()
    })
}

/// Whether nobody on shift but those on call could ever take such a contact.
pub fn only_on_call<'a>(
    requirement: &Requirement,
    barred: &[CounsellorId],
    on_shift: impl IntoIterator<Item = &'a OnShift<'a>>,
) -> bool {
    let mut on_call = false;
    for person in on_shift {
        if !barred.contains(&person.counsellor_id) && requirement.lack(person.abilities).is_none() {
            if !person.on_call {
                return false;
            }
            on_call = true;
        }
    }
    on_call
}
