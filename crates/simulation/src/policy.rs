//! The policies that are compared. Ours is [`helpline_domain::policy`]; the others are here, as their products have them.
//!
//! What they share: the same eligibility by language, skill and medium; whoever cannot be served now is passed over; the
//! counsellor who has been idle longest is chosen; an offer rings for one time for all classes.

use helpline_domain::risk::Class;

use crate::scenario::Scenario;

/// Who is served next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Policy {
    /// First come, first served.
    Fifo,
    /// Class, then arrival: TaskRouter, Asterisk's queue positions.
    Strict,
    /// Priority that rises in steps with the time waited: TaskRouter's chained timed targets.
    TimedTargets,
    /// Seconds waited and a head start by class: FreeSWITCH's mod_callcenter.
    SecondsWaited,
    /// Earliest deadline: arrival and target of the class.
    Edf,
    /// The policy of this server.
    Ours,
}

impl Policy {
    /// Every policy, ours last.
    pub const ALL: [Self; 6] =
        [Self::Fifo, Self::Strict, Self::TimedTargets, Self::SecondsWaited, Self::Edf, Self::Ours];

    /// The stable key of the policy.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Strict => "strict",
            Self::TimedTargets => "timed_targets",
            Self::SecondsWaited => "seconds_waited",
            Self::Edf => "edf",
            Self::Ours => "ours",
        }
    }

    /// The policy with this key; `-` is as good as `_`.
    pub fn from_key(key: &str) -> Option<Self> {
        let key = key.replace('-', "_");
        Self::ALL.into_iter().find(|policy| policy.key() == key)
    }
}

/// The order of one of the other policies, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    policy: Policy,
    priority: [i64; 4],
    step_ms: i64,
    steps: i64,
    base_ms: [i64; 4],
}

impl Order {
    pub(crate) fn new(policy: Policy, scenario: &Scenario) -> Self {
        let timed = &scenario.timed_targets;
        let of = |class: &Class| i64::from(timed.priority.get(class).copied().unwrap_or_default());
        let base = &scenario.seconds_waited.base_score;
        Self {
            policy,
            priority: Class::ALL.each_ref().map(of),
            step_ms: ((timed.step_s * 1000.0) as i64).max(1),
            steps: i64::from(timed.steps),
            base_ms: Class::ALL
                .each_ref()
                .map(|class| (base.get(class).copied().unwrap_or_default() * 1000.0) as i64),
        }
    }

    /// The place in line of a contact: smaller is sooner.
    pub(crate) fn place(&self, class: Class, arrived: i64, target_ms: i64, now: i64) -> (i64, i64) {
        let index = class as usize;
        let rank = match self.policy {
            Policy::Fifo | Policy::Ours => 0,
            Policy::Strict => i64::from(class.number()),
            Policy::TimedTargets => {
                -(self.priority[index] + ((now - arrived) / self.step_ms).min(self.steps))
            }
            Policy::SecondsWaited => arrived - self.base_ms[index],
            Policy::Edf => arrived + target_ms,
        };
        (rank, arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::built_in;

    /// Who is first: a low contact that came at 0, or one of another class that came later.
    fn first(policy: Policy, class: Class, arrived_s: i64, now_s: i64) -> Class {
        let scenario = built_in("standard").unwrap().unwrap();
        let order = Order::new(policy, &scenario);
        let target = |class: Class| (scenario.class(class).unwrap().target_s * 1000.0) as i64;
        let low = order.place(Class::Low, 0, target(Class::Low), now_s * 1000);
        let other = order.place(class, arrived_s * 1000, target(class), now_s * 1000);
        if low < other { Class::Low } else { class }
    }

    #[test]
    fn each_policy_has_its_order() {
        use Class::{Critical, High, Low, Medium};
        assert_eq!(first(Policy::Fifo, Critical, 1, 100), Low);
        assert_eq!(first(Policy::Strict, Medium, 10_000, 10_000), Medium);
        // Deadlines: 300 s for low, 60 s for high.
        assert_eq!(first(Policy::Edf, High, 239, 300), High);
        assert_eq!(first(Policy::Edf, High, 241, 300), Low);
        // Head starts: 200 s for high, none for low.
        assert_eq!(first(Policy::SecondsWaited, High, 199, 300), High);
        assert_eq!(first(Policy::SecondsWaited, High, 201, 300), Low);
        // Low begins with 2 and is at 4 after two minutes, where high begins; then the older is first.
        assert_eq!(first(Policy::TimedTargets, High, 110, 119), High);
        assert_eq!(first(Policy::TimedTargets, High, 121, 121), Low);
        assert_eq!(first(Policy::TimedTargets, Critical, 4000, 4000), Critical);
    }

    #[test]
    fn a_policy_is_found_by_its_key() {
        for policy in Policy::ALL {
            assert_eq!(Policy::from_key(policy.key()), Some(policy));
        }
        assert_eq!(Policy::from_key("timed-targets"), Some(Policy::TimedTargets));
        assert_eq!(Policy::from_key("luck"), None);
    }
}
