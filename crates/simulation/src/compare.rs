//! Plays policies side by side over many seeds, and sums up.

mod json;
mod sentences;
mod table;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use helpline_domain::risk::Class;

pub use json::json;
pub use sentences::sentences;
pub use table::table;

use crate::measure::{CURVE_S, Outcome, Tally};
use crate::policy::Policy;
use crate::run::Run;
use crate::scenario::{Scenario, ScenarioError};
use crate::statistics::Estimate;
use crate::trace::Plan;

/// What is played.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The text of the profile that it names.
    pub profile: Option<&'a str>,
    /// The policies.
    pub policies: &'a [Policy],
    /// The first seed.
    pub seed: u64,
    /// How many seeds.
    pub seeds: u32,
    /// How many seeds are played at once.
    pub threads: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The scenario.
    pub scenario: Scenario,
    /// Each policy, in the order in which they were wished.
    pub policies: Vec<Summary>,
}

/// What came of one policy.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The policy.
    pub policy: Policy,
    /// One play for each seed; the same index is the same seed for all policies.
    pub plays: Vec<Outcome>,
}

/// What came of one class, as means over seeds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClassSummary {
    /// Contacts in all seeds together.
    pub contacts: usize,
    /// Share answered within the target; who left counts as missed.
    pub in_target: Estimate,
    /// Share that left unanswered.
    pub abandoned: Estimate,
    /// Of all, who left within seconds.
    pub short_abandoned: Estimate,
    /// Half of all waits are at most this, in seconds.
    pub p50_wait_s: Estimate,
    /// The same for 95 %.
    pub p95_wait_s: Estimate,
    /// The same for 99 %.
    pub p99_wait_s: Estimate,
    /// The longest wait.
    pub max_wait_s: Estimate,
    /// The mean wait.
    pub mean_wait_s: Estimate,
    /// Share that waited at all.
    pub waited: Estimate,
}

/// Plays the scenario. `progress` is told how many seeds of how many are done, from any thread.
///
/// # Errors
/// A scenario that cannot be played.
pub fn compare(wish: &Wish<'_>, progress: &(dyn Fn(u32, u32) + Sync)) -> Result<Comparison, ScenarioError> {
    let plan = Plan::new(wish.scenario, wish.profile)?;
    let plays = Mutex::new(vec![Vec::new(); wish.seeds as usize]);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= wish.seeds as usize {
                break;
            }
            let seed = wish.seed.wrapping_add(index as u64);
            let trace = plan.trace(seed);
            let outcomes: Vec<Outcome> =
                wish.policies.iter().map(|policy| Run::play(&plan, &trace, *policy, seed)).collect();
            if let Ok(mut plays) = plays.lock() {
                plays[index] = outcomes;
            }
            progress(done.fetch_add(1, Ordering::Relaxed) as u32 + 1, wish.seeds);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..wish.threads.min(wish.seeds as usize) {
            scope.spawn(work);
        }
        work();
    });
    let plays = plays.into_inner().unwrap_or_default();
    let mut policies: Vec<Summary> =
        wish.policies.iter().map(|policy| Summary { policy: *policy, plays: Vec::new() }).collect();
    for outcomes in plays {
        for (summary, outcome) in policies.iter_mut().zip(outcomes) {
            summary.plays.push(outcome);
        }
    }
    Ok(Comparison { scenario: plan.scenario, policies })
}

impl Comparison {
    /// What came of a policy, if it was played.
    pub fn of(&self, policy: Policy) -> Option<&Summary> {
        self.policies.iter().find(|summary| summary.policy == policy)
    }
}

/// A figure of a class over those seeds that have it.
fn estimate(plays: &[Outcome], figure: impl Fn(&Outcome) -> Option<f64>) -> Estimate {
    let values: Vec<f64> = plays.iter().filter_map(figure).collect();
    Estimate::of(&values).unwrap_or_default()
}

impl Summary {
    /// What came of those who waited in a class; `None` if nobody did.
    pub fn class(&self, class: Class) -> Option<ClassSummary> {
        self.tallies(|play| &play.classes[class as usize])
    }

    /// What came of those of whom this class was found at close.
    pub fn found(&self, class: Class) -> Option<ClassSummary> {
        self.tallies(|play| &play.found[class as usize])
    }

    fn tallies(&self, of: impl Fn(&Outcome) -> &Tally) -> Option<ClassSummary> {
        let contacts: usize = self.plays.iter().map(|play| of(play).count()).sum();
        let figure = |figure: fn(&Tally) -> Option<f64>| estimate(&self.plays, |play| figure(of(play)));
        (contacts > 0).then(|| ClassSummary {
            contacts,
            in_target: figure(Tally::share_in_target),
            abandoned: figure(Tally::share_abandoned),
            short_abandoned: figure(Tally::share_short_abandoned),
            p50_wait_s: figure(|tally| tally.wait(0.5)),
            p95_wait_s: figure(|tally| tally.wait(0.95)),
            p99_wait_s: figure(|tally| tally.wait(0.99)),
            max_wait_s: figure(|tally| tally.wait(1.0)),
            mean_wait_s: figure(Tally::mean_wait),
            waited: figure(Tally::share_waited),
        })
    }

    /// Share of counsellors' time on shift with something in hand or ringing.
    pub fn occupancy(&self) -> Estimate {
        estimate(&self.plays, |play| Some(play.occupancy))
    }

    /// Share of the time in which somebody waited while a counsellor who could take them was free.
    pub fn kept_free(&self) -> Estimate {
        estimate(&self.plays, |play| Some(play.kept_free))
    }

    /// Share of offers to counsellors that were not noticed.
    pub fn missed(&self) -> Estimate {
        estimate(&self.plays, |play| {
            (play.offers > 0).then(|| f64::from(play.missed) / f64::from(play.offers))
        })
    }

    /// Share of a class answered within each whole second, over all seeds together.
    pub fn answered_within(&self, class: Class) -> Vec<f64> {
        let contacts: usize = self.plays.iter().map(|play| play.class(class).count()).sum();
        let mut sum = 0.0;
        (0..CURVE_S)
            .map(|second| {
                let at = |play: &Outcome| play.class(class).answered_by_second.get(second).copied();
                sum += self.plays.iter().filter_map(at).map(f64::from).sum::<f64>();
                if contacts == 0 { 0.0 } else { sum / contacts as f64 }
            })
            .collect()
    }

    /// How much a figure of a class differs from another policy's, seed by seed: the same children came to both.
    pub fn difference(
        &self,
        other: &Self,
        class: Class,
        figure: impl Fn(&Tally) -> Option<f64>,
    ) -> Option<Estimate> {
        let pairs = self.plays.iter().zip(&other.plays);
        let differences: Vec<f64> = pairs
            .filter_map(|(one, two)| Some(figure(one.class(class))? - figure(two.class(class))?))
            .collect();
        Estimate::of(&differences)
    }
}
