//! Who comes, drawn once for a seed and played to every policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use helpline_domain::channel::Medium;
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;

use crate::draws::Draws;
use crate::scenario::{ChannelOf, ClassOf, Rate, Scenario, ScenarioError};

/// What draws are for.
const ARRIVALS: u64 = 1;
const CONTACTS: u64 = 2;
const OFFERS: u64 = 3;

/// Places of an offer that has draws of its own; more are offered than this in no scenario.
const PLACES: u64 = 16;

/// How long contacts still come after the measured ones, so that the line stays as full until they are served.
const TAIL_S: f64 = 3.0 * 3600.0;

pub(crate) fn ms(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// A scenario made ready to be played.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) scenario: Scenario,
    pub(crate) rate: Rate,
    /// Everything a contact may ask for, each once.
    pub(crate) requirements: Vec<Arc<Requirement>>,
    pub(crate) people: Vec<Staff>,
    /// Who can take what when entirely free: by requirement, then by counsellor.
    pub(crate) eligible: Vec<Vec<bool>>,
    /// Contacts at the begin of the trace that wait when the play begins.
    pub(crate) standing: usize,
    /// What counsellors have in hand when the play begins, with the time it still takes.
    pub(crate) in_hand: Vec<(usize, Medium, i64)>,
    /// Who is away when the play begins, and until when.
    pub(crate) away: Vec<(usize, i64)>,
    pub(crate) channels: Vec<ChannelOf>,
    pub(crate) languages: Vec<Option<String>>,
}

/// A counsellor as planned.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    pub(crate) abilities: Arc<Abilities>,
    /// Begin and end of shifts in milliseconds of a day; empty for always.
    pub(crate) shifts: Vec<(i64, i64)>,
}

/// A contact.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    pub(crate) class: Class,
    /// The class that is found at close.
    pub(crate) found: Class,
    pub(crate) requirement: usize,
    pub(crate) target: i64,
    /// How long it waits; `None` for as long as it takes.
    pub(crate) patience: Option<i64>,
    /// Talk and wrap-up.
    pub(crate) handle: i64,
    pub(crate) parkable: bool,
}

impl Plan {
    pub(crate) fn new(scenario: &Scenario, profile: Option<&str>) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let rate = Rate::new(&scenario.arrivals, scenario.contacts_per_hour(), profile)?;
        let voice = ChannelOf {
            medium: Medium::Voice,
            share: 1.0,
            handle_factor: 1.0,
            patience_factor: 1.0,
            target_factor: 1.0,
            parkable: false,
        };
        let channels = if scenario.channels.is_empty() { vec![voice] } else { scenario.channels.clone() };
        let mut languages: Vec<Option<String>> =
            scenario.languages.iter().map(|one| Some(one.language.clone())).collect();
        if languages.is_empty() {
            languages.push(None);
        }
        let mut requirements = Vec::new();
        for channel in &channels {
            for language in &languages {
                for mask in 0..1_usize << scenario.skills.len() {
                    let asked = scenario.skills.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
                    let skills: BTreeMap<String, u8> = asked.map(|(_, one)| (one.skill.clone(), 1)).collect();
                    let (medium, language) = (channel.medium, language.clone());
                    requirements.push(Arc::new(Requirement { medium, language, skills }));
                }
            }
        }
        let people = staff(scenario);
        let eligible: Vec<Vec<bool>> = requirements
            .iter()
            .map(|asks| people.iter().map(|one| asks.lack(&one.abilities).is_none()).collect())
            .collect();
        let waits_for_ever = scenario.classes.iter().any(|class| class.patience_s.is_none());
        if let (true, Some(index)) = (waits_for_ever, eligible.iter().position(|can| !can.contains(&true))) {
            return Err(ScenarioError::Field {
                field: "counsellors.groups".to_owned(),
                problem: format!(
                    "nobody can take {}, and contacts without patience_s would wait for ever",
                    requirements[index].canonical()
                ),
            });
        }
        let scenario = scenario.clone();
        let (in_hand, away) = (Vec::new(), Vec::new());
        Ok(Self {
            scenario,
            rate,
            requirements,
            people,
            eligible,
            standing: 0,
            in_hand,
            away,
            channels,
            languages,
        })
    }

    /// The end of what is measured, in milliseconds.
    pub(crate) fn end(&self) -> i64 {
        ms(self.scenario.warm_up_s + self.scenario.days * 86_400.0)
    }

    /// Everybody who comes under a seed.
    pub(crate) fn trace(&self, seed: u64) -> Vec<Arrival> {
        let mut arrivals = Draws::new(seed, ARRIVALS, 0);
        let end = self.end() as f64 / 1000.0 + TAIL_S;
        let (mut now, mut trace) = (0.0, Vec::new());
        while let Some(next) = self.rate.next(now, end, &mut arrivals) {
            now = next;
            trace.push(self.contact(seed, trace.len() as u64, now));
        }
        trace
    }

    fn contact(&self, seed: u64, number: u64, at: f64) -> Arrival {
        let mut draws = Draws::new(seed, CONTACTS, number);
        let scenario = &self.scenario;
        let class = &scenario.classes[draws.one_of(scenario.classes.iter().map(|class| class.share))];
        let channel = draws.one_of(self.channels.iter().map(|channel| channel.share));
        let language = if scenario.languages.is_empty() {
            0
        } else {
            draws.one_of(scenario.languages.iter().map(|language| language.share))
        };
        let mut requirement = channel * self.languages.len() + language;
        requirement <<= scenario.skills.len();
        for (bit, skill) in scenario.skills.iter().enumerate() {
            requirement |= usize::from(draws.unit() < skill.share) << bit;
        }
        let found = found(class, &mut draws);
        let channel = &self.channels[channel];
        let patience = draws.exponential();
        let mean = class.handle_s * channel.handle_factor;
        let handle = if class.handle_exponential {
            mean * draws.exponential()
        } else {
            draws.log_normal(mean, class.handle_cv)
        };
        Arrival {
            at: ms(at),
            class: class.class,
            found,
            requirement,
            target: ms(class.target_s * channel.target_factor),
            patience: class.patience_s.map(|mean| ms(patience * mean * channel.patience_factor)),
            handle: ms(handle).max(1),
            parkable: channel.parkable,
        }
    }

    /// After how many milliseconds the counsellor in this place of an offer accepts; `None` if they do not notice it.
    pub(crate) fn answer(&self, seed: u64, contact: u32, attempt: u32, place: usize) -> Option<i64> {
        let number = (u64::from(contact) << 16 | u64::from(attempt)) * PLACES + place as u64 % PLACES;
        let mut draws = Draws::new(seed, OFFERS, number);
        let [from, to] = self.scenario.offers.accept_s;
        let misses = draws.unit() < self.scenario.offers.miss_share;
        (!misses).then(|| ms(from + (to - from) * draws.unit()))
    }
}

fn found(class: &ClassOf, draws: &mut Draws) -> Class {
    let point =
        draws.one_of(Class::ALL.iter().map(|found| class.found.get(found).copied().unwrap_or_default()));
    if class.found.is_empty() { class.class } else { Class::ALL[point] }
}

/// Counsellors in groups by their shares, whole people by the largest remainders.
fn staff(scenario: &Scenario) -> Vec<Staff> {
    let count = scenario.counsellors.count as usize;
    let groups = &scenario.counsellors.groups;
    if groups.is_empty() {
        let mut languages: Vec<String> = scenario.languages.iter().map(|one| one.language.clone()).collect();
        languages.sort();
        let skills = scenario.skills.iter().map(|one| (one.skill.clone(), 1)).collect();
        let mut capacity = Capacity { voice: 0, chat: 0, message: 0 };
        for channel in &scenario.channels {
            capacity =
                if capacity.of(channel.medium) == 0 { capacity.plus(channel.medium) } else { capacity };
        }
        let capacity = if capacity.is_empty() { capacity.plus(Medium::Voice) } else { capacity };
        let abilities = Arc::new(Abilities { languages, interpreted: Vec::new(), skills, capacity });
        return vec![Staff { abilities, shifts: Vec::new() }; count];
    }
    let exact: Vec<f64> = groups.iter().map(|group| group.share * count as f64).collect();
    let mut sizes: Vec<usize> = exact.iter().map(|size| (size + 0.01).floor() as usize).collect();
    while sizes.iter().sum::<usize>() < count {
        let rest = |group: usize| exact[group] - sizes[group] as f64;
        let Some(next) = (0..sizes.len()).max_by(|&one, &other| rest(one).total_cmp(&rest(other))) else {
            break;
        };
        sizes[next] += 1;
    }
    let mut people = Vec::new();
    for (group, size) in groups.iter().zip(sizes) {
        let abilities = Arc::new(Abilities {
            languages: group.languages.clone(),
            interpreted: Vec::new(),
            skills: group.skills.iter().map(|skill| (skill.clone(), 1)).collect(),
            capacity: group.capacity,
        });
        let hour = |hours: f64| ms(hours * 3600.0);
        let mut shifts = Vec::new();
        for shift in &group.shifts {
            let (from, to) = (hour(shift.from_h), hour(shift.to_h));
            if from < to {
                shifts.push((from, to));
            } else {
                shifts.extend([(0, to), (from, hour(24.0))]);
            }
        }
        people.extend(vec![Staff { abilities, shifts }; size]);
    }
    people.truncate(count);
    people
}
