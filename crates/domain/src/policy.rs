//! Who is served next, and by whom: the only place where the policy of the line lives.
//!
//! [`decide`] is a pure function from the waiting heads, the free counsellors, the rules and the time to pairs with
//! their reasons. The live matcher, the degraded mode and the simulator all call it; whatever fetches heads or commits
//! pairs compares and moves, and never chooses. A [`Board`] decides the same without looking at everybody each time.
//!
//! **Order of contacts**: critical or not, resumed after a cut first, deadline, sequence. The classes below critical
//! need no order of their own: their targets have made their deadlines.
//!
//! **Order of counsellors**: for a critical or high contact, who has not had as many severe ones in a row as is right;
//! who knows the contact; who speaks the language before who needs an interpreter; fewest skills and languages beyond
//! what is asked for (the rare ones stay free); lowest load on the medium; longest idle; id.
//!
//! **Work that can be put aside** (paperwork, conversations that nobody sits and waits in): whoever holds nothing else is
//! interrupted for a critical contact, and for no other, when nobody free on shift can take it. They count in the reserve like
//! somebody free. Whoever has put work aside is offered nothing but critical contacts until they have taken it up again.
//!
//! **On call**: offered critical contacts when nobody on shift is free for them, and high ones that nobody on shift could
//! ever take. They are no part of the reserve.
//!
//! **Offer groups**: with [`Rules::critical_offers`], a critical contact is offered to several at once and the first to accept
//! has it. Every critical contact has its first counsellor before any has a second, and all come before the others.
//!
//! **Reserve**: for each group in which critical contacts come, a contact that is not critical may not take one of the
//! last free counsellors, until it has waited for the cap and its deadline has passed; a high contact may take all but the last much sooner. See
//! [`Rules`].
//!
//! Each contact is given the best counsellor left, most urgent contact first, and nothing is looked at again. Where all
//! can serve all, that pairs off everybody. With mixed skills a cleverer assignment could sometimes serve one contact
//! more by giving the most urgent one somebody less fitting; that trade is not made, because nobody could explain it to
//! the child who waited. For the same reason a contact does not wait for a better counsellor to become free.
//!
//! The result does not depend on the order of the input, and a contact or a counsellor given twice is taken once.

mod board;
mod decide;
#[cfg(test)]
mod exceptions;
mod explain;
#[cfg(test)]
mod guarantees;
#[cfg(test)]
mod incremental;
#[cfg(test)]
mod plainly;
#[cfg(test)]
mod properties;
mod reason;
mod reserve;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod sentences;
pub mod valve;
pub mod wording;

use std::sync::Arc;

pub use board::Board;
pub use decide::decide;
pub use explain::{Explanation, OnShift, WaitingCause, cool_down_is_void, explain, only_on_call, outlook};
pub use reason::{ContactRule, CounsellorRule, Note};

use crate::channel::Medium;
use crate::counsellor::{Abilities, Capacity};
use crate::id::{ContactId, CounsellorId};
use crate::requirement::Requirement;
use crate::risk::Class;

/// A contact at the head of its line, or near it. Times are milliseconds of the database's clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The contact.
    pub contact_id: ContactId,
    /// Its place in line.
    pub class: Class,
    /// Whether it was with a counsellor already and was cut off.
    pub resumed: bool,
    /// When it should be answered.
    pub deadline_ms: i64,
    /// When it was taken in.
    pub received_ms: i64,
    /// Its number in order of arrival; breaks ties.
    pub sequence: i64,
    /// What it asks for. Heads of one line should share it, but need not.
    pub requirement: Arc<Requirement>,
    /// Counsellors who declined or missed it a moment ago and are not offered it again yet.
    pub cooling: Vec<CounsellorId>,
    /// Whether the cool-down is void because nobody else could take it. [`decide`] sees only who is free, so whoever
    /// knows the shift says so: [`cool_down_is_void`].
    pub cooling_void: bool,
    /// Counsellors who must never be offered it: a conflict, or the child's wish. Nothing lifts this.
    pub barred: Vec<CounsellorId>,
    /// The counsellor who knows it, for a while.
    pub preferred: Option<Preference>,
    /// Whether nobody on shift but those on call could ever take it; like `cooling_void` said by whoever knows the
    /// shift: [`only_on_call`].
    pub only_on_call: bool,
}

/// The counsellor of the child's open case, of the last contact, or of the contact that was cut. Nobody waits for
/// them: they are chosen before others if they are free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preference {
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// Until when they come first, in milliseconds of the database's clock.
    pub until_ms: i64,
}

/// A counsellor who is ready and may have room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Free {
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// What they can take.
    pub abilities: Arc<Abilities>,
    /// What they hold: live contacts, wrap-up and open offers.
    pub held: Capacity,
    /// Since when they have been idle, in milliseconds of the database's clock.
    pub idle_since_ms: i64,
    /// Whether they are not on shift but on call.
    pub on_call: bool,
    /// Critical and high contacts they have had in a row.
    pub severe_in_a_row: u32,
    /// What of their work can be, or was, put aside for a critical contact.
    pub aside: Aside,
}

/// What of a counsellor's work can be, or was, put aside for a critical contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Aside {
    /// Whether everything they hold can be, and they hold something.
    pub can_be: bool,
    /// Whether something was, and has not been taken up again.
    pub was: bool,
}

impl Aside {
    /// What counts of what somebody holds when a critical contact comes.
    const fn left_of(self, held: Capacity) -> Capacity {
        if self.can_be { Capacity { voice: 0, chat: 0, message: 0 } } else { held }
    }

    /// Whether somebody with this capacity who holds `held` could take one more of `medium` only by putting that aside.
    const fn must_be(self, capacity: Capacity, held: Capacity, medium: Medium) -> bool {
        self.can_be && !capacity.allows(&held, medium) && capacity.of(medium) > 0
    }
}

/// The rules of a centre at one moment.
///
/// The reserve of a group is the number of counsellors who must stay able to take a contact of that group at once; a
/// group that few on shift could serve keeps one, or nobody. A contact that is not critical may not take a counsellor out
/// of a group in which that would leave fewer. What does not take the counsellor out of a group (a chat for somebody with
/// room for another) costs that group nothing. Critical contacts use the reserve freely, and so does a contact that has
/// waited for the cap if nobody else is left for it; critical contacts come before it all the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// Free counsellors kept for each group that many could serve.
    pub reserve: u32,
    /// Wait in milliseconds after which any contact whose deadline has passed may use the reserve.
    pub cap_ms: i64,
    /// Wait in milliseconds after which a high contact may use the reserve, but not the last counsellor of a group; 0 is
    /// never.
    pub high_cap_ms: i64,
    /// Counsellors on shift, whatever they do.
    pub on_shift: u32,
    /// Counsellors on shift from which a reserve is kept at all, and able to serve a group from which it keeps the
    /// whole of it; from half as many it keeps one.
    pub reserve_from: u32,
    /// The groups in which critical contacts come.
    pub groups: Vec<Group>,
    /// How many counsellors a critical contact is offered to at once; 0 is one.
    pub critical_offers: u32,
    /// Critical and high contacts in a row after which others come first for the next; 0 is no limit.
    pub severe_limit: u32,
}

/// How far a contact may reach into the reserve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Reach {
    /// Not at all.
    None,
    /// To the last counsellor of each group, who stays.
    AllButLast,
    /// As far as there is anybody.
    All,
}

/// A group in which critical contacts come.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Group {
    /// The kind of capacity they take.
    pub medium: Medium,
    /// Their language as a lower-case BCP 47 tag; `None` for those whose language is unknown.
    pub language: Option<String>,
    /// Counsellors on shift, whatever they do, who could take such a contact with nothing in hand.
    pub on_shift: u32,
}

/// A contact to be offered to a counsellor, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// The contact.
    pub contact_id: ContactId,
    /// The counsellor.
    pub counsellor_id: CounsellorId,
    /// Others it is offered to at the same time, best first; who accepts first has it.
    pub also: Vec<CounsellorId>,
    /// Why this contact was next.
    pub contact_rule: ContactRule,
    /// Why this counsellor.
    pub counsellor_rule: CounsellorRule,
    /// Rules that were lifted for it.
    pub notes: Vec<Note>,
}

impl Head {
    /// The order of the line: smaller is sooner. The id makes it total, should a sequence ever repeat.
    pub fn order(&self) -> (bool, bool, i64, i64, ContactId) {
        (self.class != Class::Critical, !self.resumed, self.deadline_ms, self.sequence, self.contact_id)
    }

    /// When any contact may use the reserve, in milliseconds of the database's clock: when it has waited for the cap, but not
    /// before its own deadline, so that a letter that may wait for hours takes nobody who is kept for a child in danger.
    pub fn cap_at_ms(&self, rules: &Rules) -> i64 {
        self.received_ms.saturating_add(rules.cap_ms).max(self.deadline_ms)
    }

    /// When it may use all of the reserve but the last counsellor, if it ever may before the cap.
    fn high_cap_at_ms(&self, rules: &Rules) -> Option<i64> {
        (self.class == Class::High && rules.high_cap_ms > 0)
            .then(|| self.received_ms.saturating_add(rules.high_cap_ms))
    }

    /// Whether the reserve is not kept from it: it is critical, or the cap is reached.
    pub fn may_use_reserve(&self, rules: &Rules, now_ms: i64) -> bool {
        self.reach(rules, now_ms) == Reach::All
    }

    /// How far it may reach into the reserve.
    fn reach(&self, rules: &Rules, now_ms: i64) -> Reach {
        if self.class == Class::Critical || now_ms >= self.cap_at_ms(rules) {
            Reach::All
        } else if self.high_cap_at_ms(rules).is_some_and(|at| now_ms >= at) {
            Reach::AllButLast
        } else {
            Reach::None
        }
    }

    /// Whether it may be offered to who is on call.
    pub const fn takes_on_call(&self) -> bool {
        match self.class {
            Class::Critical => true,
            Class::High => self.only_on_call,
            Class::Medium | Class::Low => false,
        }
    }

    /// Whether it may not be offered to a counsellor, with the cool-down `lifted` or not.
    fn refuses(&self, counsellor_id: CounsellorId, lifted: bool) -> bool {
        self.barred.contains(&counsellor_id) || (!lifted && self.cooling.contains(&counsellor_id))
    }

    /// Why it was next.
    const fn rule(&self) -> ContactRule {
        match (self.class, self.resumed) {
            (Class::Critical, _) => ContactRule::CriticalFirst,
            (_, true) => ContactRule::ResumedFirst,
            _ => ContactRule::EarliestDeadline,
        }
    }
}
