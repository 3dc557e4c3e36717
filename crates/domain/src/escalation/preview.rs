//! Who would be told at which second, if nobody took it on.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::EscalationKind;
use super::ladder::{Next, Rung, next};
use super::on_call::{StandIn, people};
use super::plan::{Plan, Policy, Target};
use crate::id::CounsellorId;
use crate::risk::Risk;

/// A step as it would be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Previewed {
    /// Seconds after the raising.
    pub after_s: i64,
    /// Who would be told, and which of the centre's people that is.
    pub targets: Vec<(Target, Vec<CounsellorId>)>,
}

/// Every step of every round of a policy, and the fallback as the last.
pub fn preview(
    plan: &Plan,
    policy: &Policy,
    about: (EscalationKind, Risk),
    raised_at: DateTime<Utc>,
    stand_ins: &[StandIn],
    known: &BTreeSet<CounsellorId>,
) -> Vec<Previewed> {
    let (rung, told_of_report) = ([Target::Call(plan.fallback.clone())], [Target::Supervisors]);
    let (mut taken, mut after_s, mut steps) = (Rung::default(), 0, Vec::new());
    loop {
        let step = next(plan, policy, about, taken);
        let told = match &step {
            Next::Step { targets, .. } => *targets,
            Next::Fallback { call: Some(_), .. } => &rung,
            Next::Fallback { call: None, .. } => &told_of_report,
        };
        let at = raised_at.checked_add_signed(TimeDelta::seconds(after_s)).unwrap_or(raised_at);
        let targets =
            told.iter().map(|target| (target.clone(), people(plan, target, stand_ins, known, at))).collect();
        steps.push(Previewed { after_s, targets });
        let Next::Step { rung: reached, wait_s, .. } = step else { return steps };
        taken = reached;
        after_s += i64::from(policy.put_off(at, wait_s));
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::tests::{call, person, plan};
    use super::super::plan::Step;
    use super::*;

    #[test]
    fn every_step_is_previewed_at_its_second_and_the_fallback_comes_last() {
        let mut plan = plan();
        plan.policies[0].repeats = 1;
        plan.policies[0].steps = vec![
            Step { targets: vec![Target::Person(person(1)), Target::Person(person(2))], wait_s: None },
            Step { targets: vec![call()], wait_s: Some(45) },
        ];
        let known = BTreeSet::from([person(1)]);
        let about = (EscalationKind::Emergency, Risk::HarmNow);
        let steps = preview(&plan, &plan.policies[0], about, DateTime::UNIX_EPOCH, &[], &known);
        let seconds: Vec<i64> = steps.iter().map(|step| step.after_s).collect();
        assert_eq!(seconds, [0, 30, 75, 105, 150]);
        let found: Vec<_> = steps[0].targets.iter().map(|(_, people)| people.clone()).collect();
        assert_eq!(found, [vec![person(1)], vec![]], "the second has left");
        assert_eq!(steps[4].targets, [(Target::Call(plan.fallback.clone()), vec![])]);
    }
}
