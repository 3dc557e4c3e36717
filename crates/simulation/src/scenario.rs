//! What is played: who calls, who answers, and by which rules. A TOML file, or one of those built in.

mod arrivals;
mod built_in;
mod check;

use std::collections::BTreeMap;

use helpline_domain::channel::Medium;
use helpline_domain::counsellor::Capacity;
use helpline_domain::risk::Class;
use helpline_domain::settings::Settings;
use serde::{Deserialize, Serialize};

pub(crate) use arrivals::Rate;
pub use built_in::{built_in, names, text_of};

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file is no scenario: syntax, an unknown field, a value of another type.
    #[error("{0}")]
    Unreadable(#[from] Box<toml::de::Error>),
    /// A field has a value that cannot be played.
    #[error("{field}: {problem}")]
    Field {
        /// The field, from the top of the file.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// A scenario. Every time is in seconds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// Days that are measured.
    pub days: f64,
    /// Time before the first measured contact, in which the line fills.
    pub warm_up_s: f64,
    /// How many contacts come.
    pub arrivals: Arrivals,
    /// The classes of contacts; their shares together are 1.
    pub classes: Vec<ClassOf>,
    /// Languages contacts need; their shares together are 1. Without any, everybody can speak with everybody.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// Skills contacts ask for, each independently.
    #[serde(default)]
    pub skills: Vec<Skill>,
    /// The channels contacts come by; their shares together are 1. Without any, all are calls.
    #[serde(default)]
    pub channels: Vec<ChannelOf>,
    /// Who answers.
    pub counsellors: Counsellors,
    /// What becomes of an offer.
    #[serde(default)]
    pub offers: Offers,
    /// The rules of our policy.
    #[serde(default)]
    pub ours: Ours,
    /// Priority with timed targets.
    #[serde(default)]
    pub timed_targets: TimedTargets,
    /// Head starts of the seconds-waited score.
    #[serde(default)]
    pub seconds_waited: SecondsWaited,
}

/// How many contacts come: exactly one of `load` and `per_hour`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arrivals {
    /// Arrivals × mean handle time ÷ counsellors.
    pub load: Option<f64>,
    /// Contacts per hour; with a profile, the mean over its week.
    pub per_hour: Option<f64>,
    /// A CSV file with the columns `weekday,minute_of_day,mean_calls_per_6_min`, from the folder of the scenario. Its
    /// shape is scaled to the rate.
    pub profile: Option<String>,
    /// Times with more contacts than usual.
    pub surges: Vec<Surge>,
}

/// A time with more contacts than usual.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// When it begins each day, in seconds after midnight.
    pub from_s: f64,
    /// How long it lasts.
    pub for_s: f64,
    /// How many times more contacts.
    pub factor: f64,
}

/// A class of contacts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassOf {
    /// The class in which they wait.
    pub class: Class,
    /// Share of all contacts.
    pub share: f64,
    /// Longest wait intended.
    pub target_s: f64,
    /// Share that should be answered within it.
    #[serde(default = "eight_in_ten")]
    pub goal: f64,
    /// Mean of the exponential patience; without it nobody leaves.
    #[serde(default)]
    pub patience_s: Option<f64>,
    /// Mean of talk and wrap-up together.
    pub handle_s: f64,
    /// Coefficient of variation of the log-normal handle time.
    #[serde(default = "one")]
    pub handle_cv: f64,
    /// The handle time is exponential instead.
    #[serde(default)]
    pub handle_exponential: bool,
    /// Share of each class that is found at close among those who waited in this one. Without it, what was assumed is
    /// what is found.
    #[serde(default)]
    pub found: BTreeMap<Class, f64>,
}

/// A language contacts need.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// As a lower-case BCP 47 tag.
    pub language: String,
    /// Share of contacts.
    pub share: f64,
}

/// A skill contacts ask for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    /// Its key.
    pub skill: String,
    /// Share of contacts that ask for it.
    pub share: f64,
}

/// A channel contacts come by.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelOf {
    /// The kind of capacity it takes.
    pub medium: Medium,
    /// Share of contacts.
    pub share: f64,
    /// Handle times are so many times those of the class.
    #[serde(default = "one")]
    pub handle_factor: f64,
    /// Patience is so many times that of the class.
    #[serde(default = "one")]
    pub patience_factor: f64,
    /// Targets are so many times those of the class.
    #[serde(default = "one")]
    pub target_factor: f64,
    /// Whether a counsellor puts it aside for a critical call and goes on afterwards.
    #[serde(default)]
    pub parkable: bool,
}

/// Who answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counsellors {
    /// How many there are.
    pub count: u32,
    /// Share of the handle time at its end that is paperwork which a counsellor puts aside for a critical contact and
    /// finishes afterwards.
    #[serde(default)]
    pub parkable_wrap_up: f64,
    /// What they can take; shares together are 1. Without any, everybody takes calls in all languages.
    #[serde(default)]
    pub groups: Vec<StaffGroup>,
}

/// Counsellors who can take the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffGroup {
    /// Share of all counsellors.
    pub share: f64,
    /// Languages they speak.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Skills they have.
    #[serde(default)]
    pub skills: Vec<String>,
    /// How much they take at once.
    #[serde(default = "one_call")]
    pub capacity: Capacity,
    /// When they are there each day; without any, always.
    #[serde(default)]
    pub shifts: Vec<Shift>,
}

/// A time of each day.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Begin, in hours after midnight.
    pub from_h: f64,
    /// End, in hours after midnight; an end before the begin is on the next day.
    pub to_h: f64,
}

/// What becomes of an offer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Offers {
    /// Shortest and longest time until a counsellor accepts, evenly between.
    pub accept_s: [f64; 2],
    /// Share of offers that a counsellor does not notice.
    pub miss_share: f64,
    /// How long an offer rings.
    pub ring_s: f64,
    /// Missed offers in a row after which a counsellor is set not ready.
    pub miss_limit: u32,
    /// How long they are away then.
    pub away_s: f64,
}

/// The rules of our policy; the defaults are those of a new centre (`docs/simulation.md` says why).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ours {
    /// Free counsellors kept for each group that many could serve.
    pub reserve: u32,
    /// Counsellors on shift from which a reserve is kept, and able to serve a group from which it keeps all of it; from
    /// half as many it keeps one.
    pub reserve_from: u32,
    /// Wait after which any contact may use the reserve.
    pub cap_s: f64,
    /// Wait after which a high contact may use the reserve but for its last counsellor.
    pub high_cap_s: f64,
    /// How long an offer of a critical contact rings.
    pub critical_ring_s: f64,
    /// Counsellors to whom a critical contact is offered at once.
    pub critical_offers: u32,
    /// How long a contact is not offered again to who missed it.
    pub cool_down_s: f64,
}

/// Priority with timed targets: a contact starts with the priority of its class, and rises by one with each step it
/// waited, a number of times.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimedTargets {
    /// Priority at the beginning.
    pub priority: BTreeMap<Class, u32>,
    /// Seconds of a step.
    pub step_s: f64,
    /// Steps a contact can rise.
    pub steps: u32,
}

/// Head starts in seconds, by class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondsWaited {
    /// Seconds added to the time waited.
    pub base_score: BTreeMap<Class, f64>,
}

const fn one() -> f64 {
    1.0
}

const fn eight_in_ten() -> f64 {
    0.8
}

const fn one_call() -> Capacity {
    Capacity { voice: 1, chat: 0, message: 0 }
}

impl Default for Offers {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            accept_s: [3.0, 8.0],
            miss_share: 0.05,
            ring_s: f64::from(settings.offer_timeout_s),
            miss_limit: settings.missed_offer_limit,
            away_s: 300.0,
        }
    }
}

impl Default for Ours {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            reserve: settings.reserve,
            reserve_from: settings.reserve_from,
            cap_s: f64::from(settings.cap_s),
            high_cap_s: f64::from(settings.high_cap_s),
            critical_ring_s: f64::from(settings.critical_offer_timeout_s),
            critical_offers: settings.critical_offers,
            cool_down_s: f64::from(settings.cool_down_s),
        }
    }
}

impl Default for TimedTargets {
    fn default() -> Self {
        let priority = [(Class::Critical, 10), (Class::High, 4), (Class::Medium, 3), (Class::Low, 2)];
        Self { priority: priority.into(), step_s: 60.0, steps: 4 }
    }
}

impl Default for SecondsWaited {
    fn default() -> Self {
        let base =
            [(Class::Critical, 300.0), (Class::High, 200.0), (Class::Medium, 100.0), (Class::Low, 0.0)];
        Self { base_score: base.into() }
    }
}

impl Scenario {
    /// Reads a scenario from the text of a file and checks it.
    ///
    /// # Errors
    /// Which field is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(Box::new)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The class in which contacts wait, if any come in it.
    pub fn class(&self, class: Class) -> Option<&ClassOf> {
        self.classes.iter().find(|one| one.class == class)
    }

    /// Mean handle time over all contacts, in seconds.
    pub fn mean_handle_s(&self) -> f64 {
        let by_class: f64 = self.classes.iter().map(|class| class.share * class.handle_s).sum();
        let by_channel: f64 = self.channels.iter().map(|channel| channel.share * channel.handle_factor).sum();
        if self.channels.is_empty() { by_class } else { by_class * by_channel }
    }

    /// Contacts per hour, without surges; with a profile, the mean over its week.
    pub fn contacts_per_hour(&self) -> f64 {
        match (self.arrivals.per_hour, self.arrivals.load) {
            (Some(per_hour), _) => per_hour,
            (None, load) => {
                load.unwrap_or_default() * f64::from(self.counsellors.count) * 3600.0 / self.mean_handle_s()
            }
        }
    }

    /// The same contacts with another number of counsellors.
    #[must_use]
    pub fn with_counsellors(&self, count: u32) -> Self {
        let mut other = self.clone();
        other.arrivals = Arrivals { load: None, per_hour: Some(self.contacts_per_hour()), ..other.arrivals };
        other.counsellors.count = count;
        other
    }
}

#[cfg(test)]
mod tests;
