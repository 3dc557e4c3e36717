//! What is done about a contact that nobody on shift can take, or that comes when its queue is closed.
//!
//! A contact is always taken in and waits at its place; this is what happens beside the waiting, in an order that never
//! changes: another queue, people on call, a partner centre, and in the end the honest word that nobody will answer now
//! and that a callback is to be promised. Opening hours never turn a critical contact away.

use chrono::{DateTime, Utc};

use crate::risk::Class;

/// Whether a queue is open at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    /// Open.
    Open {
        /// When it closes; `None` for never.
        until: Option<DateTime<Utc>>,
    },
    /// Closed.
    Closed {
        /// When it opens; `None` for never.
        opens_at: Option<DateTime<Utc>>,
    },
}

impl Opening {
    /// Whether it is closed.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// When that changes; `None` for never.
    pub const fn changes_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open { until } => until,
            Self::Closed { opens_at } => opens_at,
        }
    }
}

/// How likely it is that somebody answers a waiting contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outlook {
    /// Somebody on shift can take it.
    Served,
    /// Its queue is closed.
    Closed,
    /// Nobody on shift could ever take it.
    NobodyOnShift,
}

impl Outlook {
    /// Every outlook.
    pub const ALL: [Self; 3] = [Self::Served, Self::Closed, Self::NobodyOnShift];

    /// The stable key under which the outlook is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Closed => "closed",
            Self::NobodyOnShift => "nobody_on_shift",
        }
    }

    /// The outlook with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outlook| outlook.key() == key)
    }

    /// The outlook of a contact that waits. Who came while the queue was open keeps the place while anybody on shift can
    /// serve it, closing time or not; so does a critical contact whenever it comes.
    pub const fn of(class: Class, closed_at_arrival: bool, closed_now: bool, could_serve: bool) -> Self {
        let let_in = matches!(class, Class::Critical) || !closed_at_arrival;
        if could_serve && (let_in || !closed_now) {
            Self::Served
        } else if closed_now {
            Self::Closed
        } else {
            Self::NobodyOnShift
        }
    }
}

/// Something done about a contact beside its waiting. The order of the variants is the order in which they are tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// It was placed in another queue, whose people can take it.
    FallbackQueue,
    /// People on call were summoned.
    OnCall,
    /// A partner centre was asked.
    Overflow,
    /// The channel was told to promise a callback. The last step.
    Callback,
}

impl Step {
    /// Every step, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::FallbackQueue, Self::OnCall, Self::Overflow, Self::Callback];

    /// The stable key under which the step is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::FallbackQueue => "fallback_queue",
            Self::OnCall => "on_call",
            Self::Overflow => "overflow",
            Self::Callback => "callback",
        }
    }

    /// The step with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.key() == key)
    }
}

/// What could be done about a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Means {
    /// Its place in line.
    pub class: Class,
    /// Whether somebody on shift could take it where it waits.
    pub could_serve: bool,
    /// Whether the fallback queue is open and somebody on shift could take it there.
    pub fallback: bool,
    /// Whether somebody on call could take it.
    pub on_call: bool,
    /// Whether a partner centre can be asked.
    pub overflow: bool,
}

/// The next step for a contact with this outlook about which `done` was done already; `None` when nothing is to be done
/// or everything was. People on call are summoned for critical and high contacts that nobody on shift could take.
pub fn next_step(outlook: Outlook, means: &Means, done: &[Step]) -> Option<Step> {
    if outlook == Outlook::Served || done.contains(&Step::Callback) {
        return None;
    }
    let possible = |step| match step {
        Step::FallbackQueue => means.fallback,
        Step::OnCall => {
            means.on_call && !means.could_serve && matches!(means.class, Class::Critical | Class::High)
        }
        Step::Overflow => means.overflow,
        Step::Callback => true,
    };
    Step::ALL.into_iter().find(|step| !done.contains(step) && possible(*step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outlook_of_every_contact_at_every_hour() {
        use Class::{Critical, High, Low};
        use Outlook::{Closed, NobodyOnShift, Served};
        for (class, closed_at_arrival, closed_now, could_serve, expected) in [
            (High, false, false, true, Served),
            (High, false, false, false, NobodyOnShift),
            (High, true, true, true, Closed),
            (High, true, true, false, Closed),
            // Opened again meanwhile.
            (Low, true, false, true, Served),
            (Low, true, false, false, NobodyOnShift),
            // Closed while it waited: whoever is still there serves it.
            (Low, false, true, true, Served),
            (Low, false, true, false, Closed),
            (Critical, true, true, true, Served),
            (Critical, true, true, false, Closed),
            (Critical, false, false, false, NobodyOnShift),
        ] {
            let outlook = Outlook::of(class, closed_at_arrival, closed_now, could_serve);
            assert_eq!(outlook, expected, "{class:?} {closed_at_arrival} {closed_now} {could_serve}");
        }
    }

    #[test]
    fn steps_are_tried_in_one_order_each_once_and_a_callback_ends_them() {
        use Outlook::{Closed, NobodyOnShift, Served};
        use Step::{Callback, FallbackQueue, OnCall, Overflow};
        let all =
            Means { class: Class::High, could_serve: false, fallback: true, on_call: true, overflow: true };
        let none = Means { fallback: false, on_call: false, overflow: false, ..all };
        let calm = Means { class: Class::Medium, ..all };
        let staffed = Means { could_serve: true, ..all };
        for (outlook, means, done, expected) in [
            (Served, all, &[][..], None),
            (NobodyOnShift, all, &[], Some(FallbackQueue)),
            (NobodyOnShift, all, &[FallbackQueue], Some(OnCall)),
            (Closed, all, &[FallbackQueue, OnCall], Some(Overflow)),
            (Closed, all, &[FallbackQueue, OnCall, Overflow], Some(Callback)),
            (Closed, all, &[FallbackQueue, OnCall, Overflow, Callback], None),
            (NobodyOnShift, none, &[], Some(Callback)),
            (NobodyOnShift, none, &[Callback], None),
            // People on call sleep unless it is serious, and unless there is nobody else.
            (NobodyOnShift, calm, &[FallbackQueue], Some(Overflow)),
            (Closed, staffed, &[FallbackQueue], Some(Overflow)),
            // A step that was not possible before may be now, until a callback was promised.
            (NobodyOnShift, all, &[OnCall], Some(FallbackQueue)),
            (NobodyOnShift, all, &[Callback], None),
        ] {
            assert_eq!(next_step(outlook, &means, done), expected, "{outlook:?} {means:?} {done:?}");
        }
    }
}
