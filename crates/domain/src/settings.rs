//! How a centre works: versioned data, not code.

pub mod alerts;
pub mod callbacks;
pub mod care;
pub mod cases;
pub mod crossborder;
mod flood;
pub mod forms;
mod hours;
pub mod migrant;
pub mod overflow;
pub mod reintegration;
pub mod relaxation;
pub mod resumption;
pub mod school;
pub mod shelter;

use std::collections::{BTreeMap, BTreeSet};

pub use hours::{Hours, QueueHours};
use serde::{Deserialize, Serialize};

pub use flood::Flood;

use crate::channel::Channel;
use crate::policy::valve::ValveRules;
use crate::risk::{Class, RiskRule};
use crate::settings::alerts::Alerts;
use crate::settings::care::Care;
use crate::settings::cases::Cases;
use crate::settings::crossborder::CrossBorder;
use crate::settings::migrant::MigrantChildren;
use crate::settings::reintegration::Reintegration;
use crate::settings::shelter::Shelter;
use relaxation::Relaxation;
use resumption::Resumption;

/// Settings of a centre. Every time is in seconds. Published as a whole; every record names the version it was made
/// under.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Lines in which contacts wait; the first is the default.
    pub queues: Vec<Queue>,
    /// Longest wait intended, unless a queue says otherwise.
    pub target_waits: Vec<TargetWait>,
    /// How long an offer rings.
    pub offer_timeout_s: u32,
    /// How long an offer of a critical contact rings.
    pub critical_offer_timeout_s: u32,
    /// How many counsellors a critical contact is offered to at once; the first who accepts has it.
    pub critical_offers: u32,
    /// Whether a critical contact that nobody free can take interrupts work that can be put aside.
    pub interrupt_for_critical: bool,
    /// Missed offers in a row after which a counsellor is set not ready.
    pub missed_offer_limit: u32,
    /// How long a counsellor is not offered a contact again that they declined or missed.
    pub cool_down_s: u32,
    /// Waits shorter than this that end by the person leaving are counted apart.
    pub short_abandon_s: u32,
    /// Wait after which any contact whose deadline has passed may use the reserve.
    pub cap_s: u32,
    /// Wait after which a high contact may use the reserve but for its last counsellor.
    pub high_cap_s: u32,
    /// Free counsellors kept for critical contacts, for each language and medium that many on shift could serve.
    pub reserve: u32,
    /// Counsellors on shift from which a reserve is kept, and able to serve a language and medium from which it keeps all
    /// of it; from half as many it keeps one, below that nobody.
    pub reserve_from: u32,
    /// Skills counsellors can have and contacts can ask for.
    pub skills: BTreeSet<String>,
    /// Categories of the centre, beside the built-in set.
    pub categories: BTreeSet<String>,
    /// When the centre is open, and what happens when nobody can answer.
    pub hours: Hours,
    /// Words and answers that raise the risk of a contact.
    pub risk_rules: Vec<RiskRule>,
    /// How a flood from one source is limited.
    pub flood: Flood,
    /// How contacts come back.
    pub resumption: Resumption,
    /// Care of counsellors.
    pub care: Care,
    /// When supervisors are alerted.
    pub alerts: Alerts,
    /// How callbacks are made.
    pub callbacks: callbacks::Callbacks,
    /// From the asking for a second opinion to the alert that nobody gave one.
    pub second_opinion_s: u32,
    /// What is done when more come than can be answered.
    pub valve: ValveRules,
    /// Agreements with partner centres.
    pub overflow: overflow::Overflow,
    /// By which name the centre sends missing-child alerts; empty for one that sends none.
    pub alert_sender: String,
    /// How it works on cases.
    pub cases: Cases,
    /// Forms by which situations are assessed.
    pub assessment_forms: Vec<forms::Form>,
    /// How it hands children over across borders.
    pub cross_border: CrossBorder,
    /// How it treats reports of abuse at schools, and surveys.
    pub school: school::School,
    /// How it receives children who come back.
    pub reintegration: Reintegration,
    /// What residents of shelters are offered, and how they are helped to return.
    pub shelter: Shelter,
    /// Within what time things are done for migrant children.
    pub migrant_children: MigrantChildren,
}

/// A line in which contacts wait.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Key of the queue.
    pub queue: String,
    /// Name shown to people, by language tag.
    #[serde(default)]
    pub display_names: BTreeMap<String, String>,
    /// Skills that every contact of this queue asks for.
    #[serde(default)]
    pub required_skills: BTreeMap<String, u8>,
    /// Target waits before those of the centre.
    #[serde(default)]
    pub target_waits: Vec<TargetWait>,
    /// Steps in which the queue asks for less, in the order of their times.
    #[serde(default)]
    pub relaxations: Vec<Relaxation>,
}

impl Queue {
    /// Wait in seconds after which the queue asks for less for the first time.
    pub fn relax_after_s(&self) -> Option<u32> {
        self.relaxations.first().map(|step| step.after_s)
    }
}

/// Longest wait intended for a class on a channel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetWait {
    /// The channel; `None` means every channel.
    pub channel: Option<Channel>,
    /// The class.
    pub class: Class,
    /// The wait in seconds.
    pub wait_s: u32,
}

/// The key of the queue that every centre begins with.
pub const DEFAULT_QUEUE: &str = "general";

/// The wait intended where no settings say otherwise, in seconds; `None` is every channel without a wait of its own.
///
/// What is critical or high by its content is as urgent by e-mail as on the telephone. Of the rest, who sends an SMS has put
/// the telephone away a minute later and takes it up again within the quarter of an hour; who writes an e-mail or a letter
/// looks for the answer on the same day. Shorter targets would put them before children who sit in a chat and wait.
pub const fn default_target_wait_s(channel: Option<Channel>, class: Class) -> u32 {
    match (class, channel) {
        (Class::Critical, _) => 15,
        (Class::High, _) => 60,
        (Class::Medium, Some(Channel::Sms)) => 5 * 60,
        (Class::Low, Some(Channel::Sms)) => 15 * 60,
        (Class::Medium, Some(Channel::Email | Channel::Letter)) => 4 * 3600,
        (Class::Low, Some(Channel::Email | Channel::Letter)) => 24 * 3600,
        (Class::Medium, _) => 180,
        (Class::Low, _) => 300,
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queues: vec![Queue {
                queue: DEFAULT_QUEUE.to_owned(),
                display_names: BTreeMap::from(
                    [("ar", "عام"), ("en", "General"), ("ru", "Общая")]
                        .map(|(tag, name)| (tag.to_owned(), name.to_owned())),
                ),
                required_skills: BTreeMap::new(),
                target_waits: Vec::new(),
                relaxations: Vec::new(),
            }],
            target_waits: Vec::new(),
            offer_timeout_s: 20,
            critical_offer_timeout_s: 10,
            critical_offers: 2,
            interrupt_for_critical: true,
            missed_offer_limit: 2,
            cool_down_s: 60,
            short_abandon_s: 10,
            cap_s: 1200,
            high_cap_s: 30,
            reserve: 2,
            reserve_from: 8,
            skills: BTreeSet::new(),
            categories: BTreeSet::new(),
            hours: Hours::default(),
            risk_rules: Vec::new(),
            flood: Flood::default(),
            resumption: Resumption::default(),
            care: Care::default(),
            alerts: Alerts::default(),
            callbacks: callbacks::Callbacks::default(),
            second_opinion_s: 120,
            valve: ValveRules::default(),
            overflow: overflow::Overflow::default(),
            alert_sender: String::new(),
            cases: Cases::default(),
            assessment_forms: forms::usual(),
            cross_border: CrossBorder::default(),
            school: school::School::default(),
            reintegration: Reintegration::default(),
            shelter: Shelter::default(),
            migrant_children: MigrantChildren::default(),
        }
    }
}

impl Settings {
    /// The queue with this key; the default queue for an empty key.
    pub fn queue(&self, key: &str) -> Option<&Queue> {
        if key.is_empty() { self.queues.first() } else { self.queues.iter().find(|queue| queue.queue == key) }
    }

    /// The wait intended, in seconds: the queue's before the centre's, one for the channel before one for all channels,
    /// [`default_target_wait_s`] last.
    pub fn target_wait_s(&self, queue: &Queue, channel: Channel, class: Class) -> u32 {
        let find = |waits: &[TargetWait], wanted: Option<Channel>| {
            waits.iter().find(|wait| wait.class == class && wait.channel == wanted).map(|wait| wait.wait_s)
        };
        find(&queue.target_waits, Some(channel))
            .or_else(|| find(&queue.target_waits, None))
            .or_else(|| find(&self.target_waits, Some(channel)))
            .or_else(|| find(&self.target_waits, None))
            .unwrap_or(default_target_wait_s(Some(channel), class))
    }

    /// How long an offer of a contact of this class rings, in seconds.
    pub const fn offer_timeout_for(&self, class: Class) -> u32 {
        match class {
            Class::Critical => self.critical_offer_timeout_s,
            Class::High | Class::Medium | Class::Low => self.offer_timeout_s,
        }
    }
}
