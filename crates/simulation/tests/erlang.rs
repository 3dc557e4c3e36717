//! The play against queues whose answer is known.
#![expect(clippy::unwrap_used, reason = "helpers of tests: this is how they fail")]

use helpline_domain::risk::Class;
use helpline_simulation::compare::{ClassSummary, Wish, compare};
use helpline_simulation::erlang::{ErlangA, ErlangC};
use helpline_simulation::policy::Policy;
use helpline_simulation::scenario::built_in;

fn played(name: &str, policy: Policy, seeds: u32) -> ClassSummary {
    let mut scenario = built_in(name).unwrap().unwrap();
    // The formulas know no reserve.
    scenario.ours.reserve = 0;
    let policies = [policy];
    let wish = Wish { scenario: &scenario, profile: None, policies: &policies, seed: 1, seeds, threads: 2 };
    compare(&wish, &|_, _| {}).unwrap().of(policy).unwrap().class(Class::Medium).unwrap()
}

fn is(what: &str, found: f64, known: f64, tolerance: f64) {
    assert!((found - known).abs() <= tolerance, "{what}: {found} is not {known} ± {tolerance}");
}

#[test]
fn slow_everybody_waits_as_erlang_c_says() {
    for (name, per_hour, handle, agents) in [("erlang-c-8", 20.0, 900.0, 8), ("erlang-c-14", 60.0, 600.0, 14)]
    {
        let known = ErlangC::new(per_hour, handle, agents).unwrap();
        let found = played(name, Policy::Fifo, 60);
        is("waits", found.waited.mean, known.waits, 0.005);
        is("within 20 s", found.in_target.mean, known.answered_within(20.0), 0.005);
        is("mean wait", found.mean_wait_s.mean, known.mean_wait_s, 0.01 * known.mean_wait_s);
    }
}

#[test]
fn slow_patience_ends_as_erlang_a_says() {
    let models = [("erlang-a-10", 60.0, 600.0, 120.0, 10), ("erlang-a-18", 120.0, 480.0, 90.0, 18)];
    for (name, per_hour, handle, patience, agents) in models {
        let known = ErlangA::new(per_hour, handle, patience, agents);
        for policy in [Policy::Fifo, Policy::Ours] {
            let found = played(name, policy, 20);
            is("waits", found.waited.mean, known.waits, 0.005);
            is("leaves", found.abandoned.mean, known.abandons, 0.005);
            is("mean wait", found.mean_wait_s.mean, known.mean_wait_s, 0.01 * known.mean_wait_s);
        }
    }
}
