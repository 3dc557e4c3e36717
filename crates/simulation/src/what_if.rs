//! "What if there were one counsellor more?", asked about the shift that is running.

use std::collections::BTreeMap;
use std::sync::Arc;

use helpline_domain::channel::Medium;
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::policy::Rules;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;

use crate::draws::Draws;
use crate::measure::Tally;
use crate::policy::Policy;
use crate::run::Run;
use crate::scenario::{Arrivals, Counsellors, Offers, Ours, Rate, Scenario, SecondsWaited, TimedTargets};
use crate::trace::{Arrival, Plan, Staff, ms};

/// What a shift looks like now. Rates and times are what was seen lately.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Observed {
    /// Who comes.
    pub arrivals: Vec<ObservedArrivals>,
    /// Who is on shift, whatever they do.
    pub staff: Vec<ObservedStaff>,
    /// Who waits.
    pub waiting: Vec<ObservedWaiting>,
    /// Longest wait intended for each class, in seconds, most urgent first.
    pub targets_s: [u32; 4],
    /// The rules of the centre.
    pub rules: Rules,
    /// Mean time in seconds until an offer is accepted.
    pub accept_s: f64,
    /// Share of offers that are missed.
    pub miss_share: f64,
    /// How long an offer rings, in seconds, and an offer of a critical contact.
    pub ring_s: [u32; 2],
}

/// Contacts of one kind that come.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedArrivals {
    /// Their class.
    pub class: Class,
    /// Their medium.
    pub medium: Medium,
    /// Their language; `None` for unknown.
    pub language: Option<String>,
    /// How many in an hour.
    pub per_hour: f64,
    /// Mean of talk and wrap-up in seconds.
    pub handle_s: f64,
    /// Mean time in seconds after which they leave; `None` if nobody does.
    pub patience_s: Option<f64>,
}

/// A counsellor on shift.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedStaff {
    /// Languages they speak.
    pub languages: Vec<String>,
    /// How much they take at once.
    pub capacity: Capacity,
    /// What they hold.
    pub held: Capacity,
    /// Whether they take contacts now.
    pub ready: bool,
}

/// A contact that waits.
#[derive(Clone, PartialEq, Debug)]
pub struct ObservedWaiting {
    /// Its class.
    pub class: Class,
    /// Its medium.
    pub medium: Medium,
    /// Its language; `None` for unknown.
    pub language: Option<String>,
    /// How long it has waited, in seconds.
    pub waited_s: u32,
}

/// What the next two hours will be like.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Forecast {
    /// Counsellors on shift in it.
    pub counsellors: u32,
    /// Each class, most urgent first; `None` if nobody comes in it.
    pub classes: [Option<ForecastClass>; 4],
}

/// What it will be like for one class.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ForecastClass {
    /// Share answered within the target; who leaves counts as missed.
    pub in_target: f64,
    /// Share that leaves unanswered.
    pub abandoned: f64,
    /// 95 % of waits are at most this, in seconds.
    pub p95_wait_s: f64,
}

/// What is looked at, in seconds.
const HORIZON_S: f64 = 7200.0;
/// Plays that are averaged.
const PLAYS: u64 = 40;
/// How long who is not ready now stays so.
const PAUSE_S: f64 = 600.0;
/// What draws are for, beside those of a trace.
const KINDS: u64 = 11;
const STANDING: u64 = 12;

/// The next two hours with so many counsellors more, or fewer if negative. Who is added is like most on shift, who goes is
/// one of them. Everything random is drawn from fixed seeds: the same question has the same answer.
///
/// Talks in hand are taken to last on average as long again as talks last, as if they were exponential; who pauses is
/// taken to be back in ten minutes. Pure, and some tens of milliseconds for a centre of fifty.
pub fn what_if(observed: &Observed, counsellors: i32) -> Forecast {
    let staff = changed(&observed.staff, counsellors);
    let plan = plan(observed, &staff);
    let mut classes: [Tally; 4] = Default::default();
    for seed in 0..PLAYS {
        let (plan, trace) = begin(observed, &staff, &plan, seed);
        let outcome = Run::play(&plan, &trace, Policy::Ours, seed);
        for (all, one) in classes.iter_mut().zip(outcome.classes) {
            all.waits.extend(one.waits);
            all.in_target += one.in_target;
            all.abandoned += one.abandoned;
        }
    }
    let classes = classes.map(|mut tally| {
        tally.waits.sort_unstable_by(f64::total_cmp);
        Some(ForecastClass {
            in_target: tally.share_in_target()?,
            abandoned: tally.share_abandoned()?,
            p95_wait_s: tally.wait(0.95)?,
        })
    });
    Forecast { counsellors: u32::try_from(staff.len()).unwrap_or(u32::MAX), classes }
}

/// The staff with some more or fewer.
fn changed(staff: &[ObservedStaff], by: i32) -> Vec<ObservedStaff> {
    let mut staff = staff.to_vec();
    let alike = |one: &ObservedStaff, other: &ObservedStaff| {
        one.languages == other.languages && one.capacity == other.capacity
    };
    for _ in 0..by.unsigned_abs() {
        let count = |one: &ObservedStaff| staff.iter().filter(|other| alike(one, other)).count();
        let Some(usual) = staff.iter().max_by_key(|one| count(one)).cloned() else { break };
        if by > 0 {
            staff.push(ObservedStaff { held: Capacity::default(), ready: true, ..usual });
        } else if let Some(place) =
            // Whoever goes home is one who has nothing in hand, if there is one.
            staff
                .iter()
                .position(|one| alike(one, &usual) && one.held.is_empty())
                .or_else(|| staff.iter().position(|one| alike(one, &usual)))
        {
            staff.remove(place);
        }
    }
    staff
}

/// What is the same in every play.
fn plan(observed: &Observed, staff: &[ObservedStaff]) -> Plan {
    let rules = &observed.rules;
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let mut asked: Vec<(Medium, Option<String>)> = Vec::new();
    let kinds = observed.arrivals.iter().map(|one| (one.medium, one.language.clone()));
    for kind in kinds.chain(observed.waiting.iter().map(|one| (one.medium, one.language.clone()))) {
        if !asked.contains(&kind) {
            asked.push(kind);
        }
    }
    let requirements: Vec<Arc<Requirement>> = asked
        .into_iter()
        .map(|(medium, language)| Arc::new(Requirement { medium, language, skills: BTreeMap::new() }))
        .collect();
    let people: Vec<Staff> = staff
        .iter()
        .map(|one| Staff {
            abilities: Arc::new(Abilities {
                languages: one.languages.clone(),
                interpreted: Vec::new(),
                skills: BTreeMap::new(),
                capacity: one.capacity,
            }),
            shifts: Vec::new(),
        })
        .collect();
    let can =
        |asks: &Arc<Requirement>| people.iter().map(|one| asks.lack(&one.abilities).is_none()).collect();
    let eligible = requirements.iter().map(can).collect();
    let scenario = Scenario {
        name: String::new(),
        description: String::new(),
        days: HORIZON_S / 86_400.0,
        warm_up_s: 0.0,
        arrivals: Arrivals::default(),
        classes: Vec::new(),
        languages: Vec::new(),
        skills: Vec::new(),
        channels: Vec::new(),
        counsellors: Counsellors {
            count: u32::try_from(staff.len()).unwrap_or(u32::MAX),
            parkable_wrap_up: 0.0,
            groups: Vec::new(),
        },
        offers: Offers {
            // People differ: from half the mean to half as much again.
            accept_s: [observed.accept_s * 0.5, observed.accept_s * 1.5],
            miss_share: observed.miss_share.clamp(0.0, 0.99),
            ring_s: f64::from(observed.ring_s[0]),
            ..Offers::default()
        },
        ours: Ours {
            reserve: rules.reserve,
            reserve_from: rules.reserve_from,
            cap_s: seconds(rules.cap_ms),
            high_cap_s: seconds(rules.high_cap_ms),
            critical_ring_s: f64::from(observed.ring_s[1]),
            critical_offers: rules.critical_offers.max(1),
            ..Ours::default()
        },
        timed_targets: TimedTargets::default(),
        seconds_waited: SecondsWaited::default(),
    };
    Plan {
        scenario,
        rate: Rate::steady(0.0),
        requirements,
        people,
        eligible,
        standing: observed.waiting.len(),
        in_hand: Vec::new(),
        away: Vec::new(),
        channels: Vec::new(),
        languages: Vec::new(),
    }
}

/// How a play begins under a seed, and who comes.
fn begin(observed: &Observed, staff: &[ObservedStaff], plan: &Plan, seed: u64) -> (Plan, Vec<Arrival>) {
    let asks = |medium: Medium, language: &Option<String>| {
        plan.requirements.iter().position(|asks| asks.medium == medium && asks.language == *language)
    };
    let mean = |figure: fn(&ObservedArrivals) -> Option<f64>, class: Option<Class>| {
        let of = observed.arrivals.iter().filter(|one| class.is_none_or(|class| one.class == class));
        let (mut sum, mut weight) = (0.0, 0.0);
        for one in of {
            if let Some(value) = figure(one) {
                sum += value * one.per_hour.max(1e-9);
                weight += one.per_hour.max(1e-9);
            }
        }
        (weight > 0.0).then(|| sum / weight)
    };
    let usual_handle = mean(|one| Some(one.handle_s), None).unwrap_or(600.0);
    let target = |class: Class| i64::from(observed.targets_s[class as usize]) * 1000;
    let mut draws = Draws::new(seed, STANDING, 0);
    let mut trace = Vec::new();
    for one in &observed.waiting {
        let handle = mean(|one| Some(one.handle_s), Some(one.class)).unwrap_or(usual_handle);
        let patience = mean(|one| one.patience_s, Some(one.class));
        let waited = i64::from(one.waited_s) * 1000;
        let (stays, takes) = (draws.exponential(), draws.log_normal(handle, 1.0));
        trace.push(Arrival {
            at: -waited,
            class: one.class,
            found: one.class,
            requirement: asks(one.medium, &one.language).unwrap_or_default(),
            target: target(one.class),
            patience: patience.map(|mean| waited + ms(stays * mean)),
            handle: ms(takes).max(1),
            parkable: false,
        });
    }
    let mut coming = Vec::new();
    for (kind, one) in observed.arrivals.iter().enumerate() {
        let mut draws = Draws::new(seed, KINDS, kind as u64);
        let rate = Rate::steady(one.per_hour / 3600.0);
        let mut now = 0.0;
        while let Some(next) = rate.next(now, HORIZON_S * 1.5, &mut draws) {
            now = next;
            let (stays, takes) = (draws.exponential(), draws.log_normal(one.handle_s.max(1.0), 1.0));
            coming.push(Arrival {
                at: ms(now),
                class: one.class,
                found: one.class,
                requirement: asks(one.medium, &one.language).unwrap_or_default(),
                target: target(one.class),
                patience: one.patience_s.map(|mean| ms(stays * mean)),
                handle: ms(takes).max(1),
                parkable: false,
            });
        }
    }
    coming.sort_by_key(|arrival| arrival.at);
    trace.extend(coming);
    let mut plan = plan.clone();
    for (person, one) in staff.iter().enumerate() {
        if !one.ready {
            plan.away.push((person, ms(PAUSE_S)));
        }
        for medium in Medium::ALL {
            for _ in 0..one.held.of(medium) {
                plan.in_hand.push((person, medium, ms(draws.exponential() * usual_handle).max(1)));
            }
        }
    }
    (plan, trace)
}

#[cfg(test)]
mod tests;
