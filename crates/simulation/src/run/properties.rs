//! What holds in every play.

use proptest::prelude::*;

use super::*;
use crate::scenario::{Scenario, text_of};

fn played(scenario: &Scenario, policy: Policy, seed: u64) -> Outcome {
    let plan = Plan::new(scenario, None).unwrap();
    let trace = plan.trace(seed);
    Run::play(&plan, &trace, policy, seed)
}

/// A small centre with everything in it: channels, languages, skills, shifts, things put aside.
fn scenario() -> impl Strategy<Value = Scenario> {
    let names = prop::sample::select(vec!["standard", "small-centre", "mixed-channels", "night", "parkable"]);
    (names, 1..10_u32, 5.0..120.0_f64, 0..3_u32, 1..4_u32, 0.0..0.5_f64).prop_map(
        |(name, counsellors, per_hour, reserve, offers, missed)| {
            let mut scenario = Scenario::parse(text_of(name).unwrap()).unwrap();
            scenario.days = 0.25;
            scenario.warm_up_s = 600.0;
            scenario.counsellors.count = counsellors;
            scenario.arrivals.load = None;
            scenario.arrivals.per_hour = Some(per_hour);
            (scenario.ours.reserve, scenario.ours.reserve_from) = (reserve, 0);
            scenario.ours.critical_offers = offers;
            scenario.offers.miss_share = missed;
            scenario
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Capacity and eligibility are asserted wherever something is offered.
    #[test]
    fn nobody_is_lost_and_a_play_can_be_repeated(scenario in scenario(), seed in 0..1000_u64) {
        let plan = Plan::new(&scenario, None).unwrap();
        let trace = plan.trace(seed);
        let came = trace.iter().filter(|arrival| plan.measures(arrival)).count();
        for policy in Policy::ALL {
            let outcome = Run::play(&plan, &trace, policy, seed);
            let ended: usize = outcome.classes.iter().map(|tally| (tally.answered + tally.abandoned) as usize).sum();
            prop_assert_eq!(ended, came, "{:?}", policy);
            prop_assert_eq!(&outcome, &played(&scenario, policy, seed), "{:?} cannot be repeated", policy);
        }
    }

    #[test]
    fn without_a_reserve_nobody_waits_while_somebody_is_free(mut scenario in scenario(), seed in 0..1000_u64) {
        scenario.ours.reserve = 0;
        scenario.ours.cool_down_s = 0.0;
        for policy in Policy::ALL {
            let kept = played(&scenario, policy, seed).kept_free;
            prop_assert!(kept < 1e-9, "{policy:?}: {kept}");
        }
    }
}

#[test]
fn with_a_reserve_others_wait_while_somebody_is_free() {
    let mut scenario = Scenario::parse(text_of("standard").unwrap()).unwrap();
    scenario.days = 0.5;
    scenario.ours.reserve = 1;
    assert!(played(&scenario, Policy::Ours, 1).kept_free > 0.1);
    assert!(played(&scenario, Policy::Strict, 1).kept_free < 1e-9);
}
