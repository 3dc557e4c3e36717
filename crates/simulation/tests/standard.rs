//! What the scenario `standard` must show, and what the policy costs there.
#![expect(clippy::unwrap_used, reason = "helpers of tests: this is how they fail")]

use helpline_domain::risk::Class;
use helpline_simulation::compare::{Comparison, Wish, compare};
use helpline_simulation::measure::Tally;
use helpline_simulation::policy::Policy;
use helpline_simulation::scenario::built_in;

fn played(name: &str, policies: &[Policy]) -> Comparison {
    let scenario = built_in(name).unwrap().unwrap();
    let wish = Wish { scenario: &scenario, profile: None, policies, seed: 1, seeds: 20, threads: 2 };
    compare(&wish, &|_, _| {}).unwrap()
}

#[test]
fn critical_contacts_are_answered_at_a_price_that_the_high_class_does_not_pay() {
    let comparison = played("standard", &[Policy::Strict, Policy::Ours]);
    let (strict, ours) = (comparison.of(Policy::Strict).unwrap(), comparison.of(Policy::Ours).unwrap());
    let answered = ours.difference(strict, Class::Critical, Tally::share_in_target).unwrap();
    assert!(answered.interval()[0] > 0.25, "{answered:?}");
    let high = ours.difference(strict, Class::High, Tally::share_abandoned).unwrap();
    assert!(high.interval()[1] < 0.05, "{high:?}");
    let [mine, theirs] = [ours, strict].map(|summary| summary.class(Class::Low).unwrap().max_wait_s.mean);
    assert!(mine < theirs, "{mine} {theirs}");
    // The aim for the critical class is 95 %; the last half point is what the language of four would pay far more for.
    // Who leaves while it rings cannot be helped: 5.5 s of 180 are 3 %.
    let critical = ours.class(Class::Critical).unwrap();
    assert!(critical.in_target.mean >= 0.94 && critical.abandoned.mean < 0.045, "{critical:?}");
}

#[test]
fn critical_contacts_are_answered_on_a_shift_with_a_third_too_much_to_do() {
    let comparison = played("load-1.3", &[Policy::Ours]);
    let critical = comparison.of(Policy::Ours).unwrap().class(Class::Critical).unwrap();
    assert!(critical.in_target.mean >= 0.9, "{critical:?}");
}

#[test]
fn the_same_children_come_to_every_policy() {
    let comparison = played("small-centre", &[Policy::Fifo, Policy::Ours]);
    for class in Class::ALL {
        let came = |policy| {
            let summary = comparison.of(policy).unwrap();
            summary.plays.iter().map(|play| play.class(class).count()).collect::<Vec<_>>()
        };
        assert_eq!(came(Policy::Fifo), came(Policy::Ours));
    }
}
