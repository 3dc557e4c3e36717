//! Which step follows: pure, from the plan, the place on the ladder and the time.

use chrono::{DateTime, Utc};

use super::plan::{Call, Conditions, Plan, Policy, Target};
use super::{Danger, EscalationKind, on_call};
use crate::risk::Risk;

/// What an escalation is about, as far as choosing a policy asks.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// What is demanded.
    pub kind: EscalationKind,
    /// How much danger.
    pub risk: Risk,
    /// Which.
    pub danger: Danger,
    /// Key of the region, if it is known.
    pub region: Option<&'a str>,
}

/// The place on the ladder: how many steps were taken, over all rounds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Rung(pub u32);

/// What is to be done now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next<'a> {
    /// This step is taken: its targets are told, and the one after it is due so many seconds later.
    Step {
        /// The place on the ladder afterwards.
        rung: Rung,
        /// Number of the step within its round, from 0.
        step: usize,
        /// Whom to tell.
        targets: &'a [Target],
        /// Seconds until the next.
        wait_s: u32,
    },
    /// Every step was taken in every round: supervisors are told and the fallback is rung, again and again until somebody
    /// takes it on.
    Fallback {
        /// What is rung; nothing for a report, which is no emergency of anybody's.
        call: Option<&'a Call>,
        /// Seconds until the same again.
        wait_s: u32,
    },
}

/// The policy that an escalation follows: the first whose conditions hold, else the last.
pub fn choose<'a>(plan: &'a Plan, about: About<'_>, now: DateTime<Utc>) -> Option<&'a Policy> {
    let fitting = plan.policies.iter().find(|policy| holds(&policy.conditions, about, now));
    fitting.or_else(|| plan.policies.last())
}

fn holds(conditions: &Conditions, about: About<'_>, now: DateTime<Utc>) -> bool {
    let kind = match conditions.kinds.as_slice() {
        [] => about.kind == EscalationKind::Emergency,
        kinds => kinds.iter().any(|&kind| EscalationKind::from(kind) == about.kind),
    };
    // Danger that nobody has assessed may be the greatest: it is not kept from a policy by asking for a risk.
    let risk =
        conditions.least_risk.is_none_or(|least| about.risk >= least || about.risk == Risk::Unassessed);
    let danger = conditions.dangers.is_empty() || conditions.dangers.contains(&about.danger);
    let region = conditions.regions.is_empty()
        || about.region.is_some_and(|region| conditions.regions.contains(region));
    let hours = conditions.hours.as_ref().is_none_or(|hours| on_call::holds(hours, now));
    kind && risk && danger && region && hours
}

/// What follows when the clock of the ladder has run out at `taken`.
pub fn next<'a>(
    plan: &'a Plan,
    policy: &'a Policy,
    (kind, risk): (EscalationKind, Risk),
    taken: Rung,
) -> Next<'a> {
    let steps = u32::try_from(policy.steps.len()).unwrap_or(u32::MAX);
    let all = steps.saturating_mul(u32::from(policy.repeats) + 1);
    let last = policy.steps.last().map(|step| step.wait_s(kind, risk));
    let fallback = match (kind, last) {
        (EscalationKind::MandatoryReport, Some(wait_s)) => Next::Fallback { call: None, wait_s },
        _ => Next::Fallback { call: Some(&plan.fallback), wait_s: plan.fallback_every_s },
    };
    if taken.0 >= all {
        return fallback;
    }
    let step = usize::try_from(taken.0 % steps).unwrap_or_default();
    policy.steps.get(step).map_or(fallback, |found| Next::Step {
        rung: Rung(taken.0 + 1),
        step,
        targets: &found.targets,
        wait_s: found.wait_s(kind, risk),
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::tests::{call, plan, policy};
    use super::super::plan::Step;
    use super::*;

    fn rungs(plan: &Plan, risk: Risk) -> Vec<(usize, u32)> {
        let mut taken = Rung::default();
        let mut seen = Vec::new();
        let about = (EscalationKind::Emergency, risk);
        while let Next::Step { rung, step, wait_s, .. } = next(plan, &plan.policies[0], about, taken) {
            seen.push((step, wait_s));
            taken = rung;
        }
        seen
    }

    #[test]
    fn steps_follow_one_another_and_begin_again_as_often_as_was_laid_down() {
        let mut plan = plan();
        plan.policies[0].steps = vec![
            Step { targets: vec![Target::Supervisors], wait_s: None },
            Step { targets: vec![call()], wait_s: Some(45) },
        ];
        plan.policies[0].repeats = 1;
        assert_eq!(rungs(&plan, Risk::HarmNow), [(0, 30), (1, 45), (0, 30), (1, 45)]);
        assert_eq!(rungs(&plan, Risk::Imminent)[0], (0, 60));
    }

    #[test]
    fn after_the_last_step_the_fallback_is_rung_for_ever() {
        let plan = plan();
        for taken in [1, 2, 100, u32::MAX] {
            let about = (EscalationKind::Emergency, Risk::HarmNow);
            let found = next(&plan, &plan.policies[0], about, Rung(taken));
            assert_eq!(found, Next::Fallback { call: Some(&plan.fallback), wait_s: 300 });
        }
    }

    #[test]
    fn a_report_is_slow_however_great_the_risk_and_never_rings_for_emergency_services() {
        let mut plan = plan();
        plan.policies[0].steps = vec![Step { targets: vec![Target::Supervisors], wait_s: None }];
        let about = (EscalationKind::MandatoryReport, Risk::HarmNow);
        let first = next(&plan, &plan.policies[0], about, Rung(0));
        assert!(matches!(first, Next::Step { wait_s: 86_400, .. }), "{first:?}");
        let last = next(&plan, &plan.policies[0], about, Rung(1));
        assert_eq!(last, Next::Fallback { call: None, wait_s: 86_400 });
    }

    #[test]
    fn the_first_policy_whose_conditions_hold_is_followed() {
        let mut plan = plan();
        let mut missing = policy("missing");
        missing.conditions.dangers = [Danger::Missing].into();
        let mut grave = policy("grave");
        grave.conditions.least_risk = Some(Risk::Imminent);
        plan.policies.splice(0..0, [missing, grave]);
        let chosen = |danger, risk| {
            let about = About { kind: EscalationKind::Emergency, risk, danger, region: None };
            choose(&plan, about, DateTime::UNIX_EPOCH).map(|policy| policy.policy.as_str())
        };
        assert_eq!(chosen(Danger::Missing, Risk::Low), Some("missing"));
        assert_eq!(chosen(Danger::Violence, Risk::HarmNow), Some("grave"));
        assert_eq!(chosen(Danger::Violence, Risk::Unassessed), Some("grave"), "nobody knows how grave it is");
        assert_eq!(chosen(Danger::Violence, Risk::High), Some("general"));
    }
}
