//! The overload valve: what is done, in which order, when more come than can be answered.
//!
//! A pure function from the load, the rules and the level it had before. It never touches critical contacts and never
//! turns anybody away: it gives those who come a truthful choice. A deadline that was given once never moves.

use serde::{Deserialize, Serialize};

use crate::risk::Class;

/// How much the line carries at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Contacts that wait and that somebody on shift could take, by class in the order of [`Class::ALL`].
    pub waiting: [u32; 4],
    /// Counsellors on shift, whatever they do.
    pub on_shift: u32,
    /// How long the most overdue contact is past its deadline, in seconds; 0 if none is.
    pub overdue_s: u32,
    /// The wait to expect for somebody who comes now, in seconds, where it is known.
    pub expected_wait_s: Option<u32>,
}

/// When the valve opens, and how far. A measure at 0 is not looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValveRules {
    /// When each level begins, in the order of [`Level::ALL`] without the first.
    pub levels: [Line; 4],
    /// A level ends when every measure is below this share of its line, in percent, so that it does not flutter.
    pub ends_below_percent: u8,
    /// What the target waits of new contacts are stretched to, in percent; at least 100 and at most 300 has effect.
    pub stretch_percent: u16,
    /// Whether medium contacts are stretched too, and not only low ones.
    pub stretch_medium: bool,
}

/// The measures at which a level begins; one is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Line {
    /// Contacts that wait for each hundred counsellors on shift.
    pub waiting_percent: u32,
    /// Seconds the most overdue contact is past its deadline.
    pub overdue_s: u32,
    /// Seconds of wait to expect.
    pub expected_wait_s: u32,
}

impl Default for ValveRules {
    fn default() -> Self {
        // By how many wait alone: one contact in a language that few speak may be overdue for long, and says nothing
        // about the wait of the others; by night three answers in an hour say little about the next.
        let line = |waiting_percent| Line { waiting_percent, ..Line::default() };
        Self {
            levels: [100, 150, 250, 400].map(line),
            ends_below_percent: 70,
            stretch_percent: 200,
            stretch_medium: false,
        }
    }
}

/// How far the valve is open. Each level does what the ones before it do as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Closed.
    #[default]
    Usual,
    /// The targets of less urgent new contacts are stretched.
    Stretched,
    /// A callback that keeps the deadline is offered.
    CallBack,
    /// A partner and those on call help out.
    Overflow,
    /// Who comes is told how long it will take.
    Honest,
}

impl Level {
    /// Every level, closed first.
    pub const ALL: [Self; 5] = [Self::Usual, Self::Stretched, Self::CallBack, Self::Overflow, Self::Honest];

    /// The stable key of the level.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Stretched => "stretched",
            Self::CallBack => "call_back",
            Self::Overflow => "overflow",
            Self::Honest => "honest",
        }
    }
}

/// What the valve does for a contact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ValveAnswer {
    /// A longer target wait, for a contact that comes now.
    StretchTarget,
    /// A callback that keeps the deadline.
    OfferCallback,
    /// A partner helpline, or counsellors on call.
    Overflow,
    /// The truth about the wait.
    TellHonestly,
}

impl ValveAnswer {
    /// Every answer, in the order in which they are given.
    pub const ALL: [Self; 4] = [Self::StretchTarget, Self::OfferCallback, Self::Overflow, Self::TellHonestly];

    /// The stable key of the answer.
    pub const fn key(self) -> &'static str {
        match self {
            Self::StretchTarget => "stretch_target",
            Self::OfferCallback => "offer_callback",
            Self::Overflow => "overflow",
            Self::TellHonestly => "tell_honestly",
        }
    }

    /// The level from which it is given.
    const fn since(self) -> Level {
        match self {
            Self::StretchTarget => Level::Stretched,
            Self::OfferCallback => Level::CallBack,
            Self::Overflow => Level::Overflow,
            Self::TellHonestly => Level::Honest,
        }
    }
}

/// The most a target wait is stretched to, in percent.
const MOST_STRETCH: u16 = 300;

/// The state of the valve; closed by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Valve {
    /// How far it is open.
    pub level: Level,
    stretch_percent: u16,
    stretch_medium: bool,
}

/// How far the valve opens under this load, when it was at `before`. It opens as far as the load says at once; it closes
/// a level only when every measure is well below that level's line.
pub fn valve(load: &Load, rules: &ValveRules, before: Level) -> Valve {
    let share = u64::from(rules.ends_below_percent.min(100));
    let mut level = Level::Usual;
    for (next, line) in Level::ALL[1..].iter().zip(&rules.levels) {
        if is_at(load, line, 100) || (before >= *next && is_at(load, line, share)) {
            level = *next;
        }
    }
    Valve {
        level,
        stretch_percent: rules.stretch_percent.clamp(100, MOST_STRETCH),
        stretch_medium: rules.stretch_medium,
    }
}

/// The wait to expect behind `ahead` others, in seconds, when so many were answered in `period_s` lately. `None` when
/// nobody was: then there is nothing truthful to say.
pub fn expected_wait_s(ahead: u32, answered: u32, period_s: u32) -> Option<u32> {
    let wait_s = (u64::from(ahead) * u64::from(period_s)).checked_div(answered.into())?;
    Some(u32::try_from(wait_s).unwrap_or(u32::MAX))
}

/// Whether a measure is at this share of its line, in percent.
fn is_at(load: &Load, line: &Line, share: u64) -> bool {
    let at = |measure: u64, line: u64| line > 0 && measure * 100 >= line * share && measure > 0;
    let waiting: u64 = load.waiting.iter().map(|&count| u64::from(count)).sum();
    // Somebody waits and nobody is there: no number of counsellors would make the share smaller.
    let waiting_percent = waiting * 100 / u64::from(load.on_shift.max(1));
    at(waiting_percent, line.waiting_percent.into())
        || at(load.overdue_s.into(), line.overdue_s.into())
        || at(load.expected_wait_s.unwrap_or(0).into(), line.expected_wait_s.into())
}

impl Valve {
    /// What is done for a contact of this class, in order. Nothing is for a critical one: it waits for nobody.
    pub fn answers(&self, class: Class) -> Vec<ValveAnswer> {
        ValveAnswer::ALL
            .into_iter()
            .filter(|answer| answer.since() <= self.level && self.is_for(*answer, class))
            .collect()
    }

    /// The target wait for a contact of this class that comes now, in seconds. A deadline that was given once never
    /// moves later: whoever waits already keeps theirs.
    pub fn target_wait_s(&self, class: Class, usual_s: u32) -> u32 {
        if !self.answers(class).contains(&ValveAnswer::StretchTarget) {
            return usual_s;
        }
        u32::try_from(u64::from(usual_s) * u64::from(self.stretch_percent) / 100).unwrap_or(u32::MAX)
    }

    const fn is_for(self, answer: ValveAnswer, class: Class) -> bool {
        match (class, answer) {
            (Class::Critical, _) | (Class::High, ValveAnswer::StretchTarget | ValveAnswer::OfferCallback) => {
                false
            }
            (Class::Medium, ValveAnswer::StretchTarget) => self.stretch_medium,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn any_load() -> impl Strategy<Value = Load> {
        (any::<[u8; 4]>(), 0_u32..30, 0_u32..1500, proptest::option::of(0_u32..2000)).prop_map(
            |(waiting, on_shift, overdue_s, expected_wait_s)| Load {
                waiting: waiting.map(|count| u32::from(count) / 8),
                on_shift,
                overdue_s,
                expected_wait_s,
            },
        )
    }

    fn any_valve_rules() -> impl Strategy<Value = ValveRules> {
        let line = (0_u32..500, 0_u32..1000, 0_u32..1000).prop_map(
            |(waiting_percent, overdue_s, expected_wait_s)| Line {
                waiting_percent,
                overdue_s,
                expected_wait_s,
            },
        );
        ([line.clone(), line.clone(), line.clone(), line], any::<u8>(), any::<u16>(), any::<bool>()).prop_map(
            |(levels, ends_below_percent, stretch_percent, stretch_medium)| ValveRules {
                levels,
                ends_below_percent,
                stretch_percent,
                stretch_medium,
            },
        )
    }

    fn any_level() -> impl Strategy<Value = Level> {
        select(Level::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn critical_contacts_are_never_touched(load in any_load(), rules in any_valve_rules(), before in any_level(), usual in 0_u32..10_000) {
            let valve = valve(&load, &rules, before);
            prop_assert!(valve.answers(Class::Critical).is_empty());
            prop_assert_eq!(valve.target_wait_s(Class::Critical, usual), usual);
            prop_assert_eq!(valve.target_wait_s(Class::High, usual), usual);
        }

        #[test]
        fn a_stretch_is_bounded_and_never_shortens(load in any_load(), rules in any_valve_rules(), before in any_level(), usual in any::<u32>()) {
            let valve = valve(&load, &rules, before);
            for class in Class::ALL {
                let target = valve.target_wait_s(class, usual);
                prop_assert!(usual <= target && u64::from(target) <= 3 * u64::from(usual));
            }
        }

        #[test]
        fn under_the_same_load_it_stays_where_it_is(load in any_load(), rules in any_valve_rules(), before in any_level()) {
            let once = valve(&load, &rules, before);
            prop_assert_eq!(valve(&load, &rules, once.level), once);
        }

        #[test]
        fn more_load_never_closes_it(load in any_load(), more in any_load(), rules in any_valve_rules(), before in any_level()) {
            let mut heavier = load.clone();
            for (count, more) in heavier.waiting.iter_mut().zip(more.waiting) {
                *count += more;
            }
            heavier.overdue_s += more.overdue_s;
            heavier.expected_wait_s = load.expected_wait_s.max(more.expected_wait_s);
            prop_assert!(valve(&heavier, &rules, before).level >= valve(&load, &rules, before).level);
        }

        #[test]
        fn who_was_further_open_stays_at_least_as_far_open(load in any_load(), rules in any_valve_rules(), one in any_level(), other in any_level()) {
            let (less, more) = (one.min(other), one.max(other));
            prop_assert!(valve(&load, &rules, more).level >= valve(&load, &rules, less).level);
            prop_assert!(valve(&load, &rules, more).level <= valve(&load, &rules, less).level.max(more));
        }

        #[test]
        fn with_nobody_waiting_it_closes(on_shift in 0_u32..30, rules in any_valve_rules(), before in any_level()) {
            let calm = Load { on_shift, ..Load::default() };
            prop_assert_eq!(valve(&calm, &rules, before).level, Level::Usual);
        }
    }

    #[test]
    fn it_opens_at_the_line_and_closes_well_below_it() {
        let rules = ValveRules::default();
        let load = |waiting| Load { waiting: [0, 0, waiting, 0], on_shift: 20, ..Load::default() };
        let level = |waiting, before| valve(&load(waiting), &rules, before).level;
        assert_eq!(level(19, Level::Usual), Level::Usual);
        assert_eq!(level(20, Level::Usual), Level::Stretched);
        assert_eq!(level(14, Level::Stretched), Level::Stretched);
        assert_eq!(level(13, Level::Stretched), Level::Usual);
        assert_eq!(level(90, Level::Usual), Level::Honest);
    }

    #[test]
    fn the_wait_to_expect_is_that_of_those_ahead_at_the_pace_of_lately() {
        assert_eq!(expected_wait_s(10, 5, 900), Some(1800));
        assert_eq!(expected_wait_s(0, 5, 900), Some(0));
        assert_eq!(expected_wait_s(10, 0, 900), None);
        assert_eq!(expected_wait_s(u32::MAX, 1, 900), Some(u32::MAX));
    }

    #[test]
    fn its_answers_come_in_order_and_the_urgent_are_spared() {
        let load = Load { waiting: [0, 0, 0, 1000], on_shift: 1, ..Load::default() };
        let open = valve(&load, &ValveRules::default(), Level::Usual);
        assert_eq!(open.answers(Class::Low), ValveAnswer::ALL);
        assert_eq!(open.answers(Class::Medium), ValveAnswer::ALL[1..]);
        assert_eq!(open.answers(Class::High), ValveAnswer::ALL[2..]);
        assert_eq!(open.target_wait_s(Class::Low, 300), 600);
        assert_eq!(open.target_wait_s(Class::Medium, 180), 180);
    }
}
