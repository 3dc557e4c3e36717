//! One shift laid open: who comes and what they bring, so that others can play the same, and what came of it here.

use std::sync::Arc;

use helpline_domain::counsellor::Abilities;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;

use crate::measure::Outcome;
use crate::policy::Policy;
use crate::run::Run;
use crate::scenario::{Scenario, ScenarioError};
use crate::trace::{Arrival, Plan};

/// A contact as it comes. Every time is in seconds.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// When, from the beginning.
    pub at_s: f64,
    /// The class in which it waits.
    pub class: Class,
    /// What it asks for.
    pub requirement: Arc<Requirement>,
    /// Longest wait intended.
    pub target_s: f64,
    /// How long it waits before it leaves; `None` for as long as it takes.
    pub patience_s: Option<f64>,
    /// Talk and wrap-up.
    pub handle_s: f64,
}

/// One shift under one seed.
#[derive(Debug)]
pub struct Rehearsal {
    plan: Plan,
    trace: Vec<Arrival>,
    seed: u64,
}

impl Rehearsal {
    /// What comes in a scenario under a seed.
    ///
    /// # Errors
    /// What of the scenario cannot be played.
    pub fn new(scenario: &Scenario, seed: u64) -> Result<Self, ScenarioError> {
        let plan = Plan::new(scenario, None)?;
        // Nobody comes behind the end: another player cannot wait for hours until the line is as it was.
        let end = plan.end();
        let trace = plan.trace(seed).into_iter().filter(|arrival| arrival.at < end).collect();
        Ok(Self { plan, trace, seed })
    }

    /// The counsellors.
    pub fn people(&self) -> impl Iterator<Item = &Abilities> {
        self.plan.people.iter().map(|person| &*person.abilities)
    }

    /// Everybody who comes, in their order.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        self.trace.iter().map(move |arrival| Part {
            at_s: seconds(arrival.at),
            class: arrival.class,
            requirement: Arc::clone(&self.plan.requirements[arrival.requirement]),
            target_s: seconds(arrival.target),
            patience_s: arrival.patience.map(seconds),
            handle_s: seconds(arrival.handle),
        })
    }

    /// After how many seconds the counsellor in this place of the contact's `attempt`th offer accepts, both from 0; `None` if
    /// they do not notice it.
    pub fn accepts_after_s(&self, contact: usize, attempt: u32, place: usize) -> Option<f64> {
        let answer = self.plan.answer(self.seed, u32::try_from(contact).ok()?, attempt, place)?;
        Some(answer as f64 / 1000.0)
    }

    /// What comes of it under our policy.
    pub fn played(&self) -> Outcome {
        Run::play(&self.plan, &self.trace, Policy::Ours, self.seed)
    }
}
