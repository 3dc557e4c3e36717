//! The server and the simulation answer the same contacts equally soon.

use helpline_domain::risk::Class;
use helpline_simulation::rehearsal::Rehearsal;
use helpline_simulation::scenario::Scenario;

use crate::player::{Fate, play};

/// Half an hour of eight counsellors with as much to do as they can handle, a scarce language among it.
pub(crate) const SHIFT: &str = r#"
days = 0.0208
warm_up_s = 0

[arrivals]
load = 1.0

[[classes]]
class = "critical"
share = 0.1
target_s = 20
patience_s = 180
handle_s = 150

[[classes]]
class = "high"
share = 0.15
target_s = 60
patience_s = 240
handle_s = 150

[[classes]]
class = "medium"
share = 0.4
target_s = 180
patience_s = 300
handle_s = 120

[[classes]]
class = "low"
share = 0.35
target_s = 300
patience_s = 300
handle_s = 100

[[languages]]
language = "en"
share = 0.75

[[languages]]
language = "ar"
share = 0.25

[counsellors]
count = 8

[[counsellors.groups]]
share = 0.5
languages = ["en"]

[[counsellors.groups]]
share = 0.5
languages = ["en", "ar"]

[offers]
accept_s = [3, 8]
miss_share = 0.05
ring_s = 60
miss_limit = 2
away_s = 300

[ours]
reserve = 1
reserve_from = 8
cap_s = 1200
high_cap_s = 40
critical_ring_s = 60
critical_offers = 2
cool_down_s = 60
"#;

/// By how much server and simulation may differ: who accepts how soon is drawn anew, a pass takes tens of milliseconds, which
/// are seconds here, and one contact more or less is worth most of a point.
const SHARE: f64 = 0.10;
const MEAN_WAIT_S: f64 = 20.0;
const SEEDS: [u64; 1] = [3];

fn mean(waits: impl Iterator<Item = f64>) -> f64 {
    let waits: Vec<f64> = waits.collect();
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    let count = waits.len().max(1) as f64;
    waits.iter().sum::<f64>() / count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_a_shift_on_the_server_goes_as_the_simulation_says() {
    let scenario = Scenario::parse(SHIFT).unwrap();
    for seed in SEEDS {
        let expected = Rehearsal::new(&scenario, seed).unwrap().played();
        let found = play(&scenario, seed).await.fates;
        let share = |part: usize| {
            #[expect(clippy::cast_precision_loss, reason = "hundreds")]
            let share = part as f64 / found.len() as f64;
            share
        };
        let all = || expected.classes.iter();
        let answered = share(all().map(|tally| tally.answered as usize).sum());
        let found_answered = share(found.iter().filter(|fate| fate.answered).count());
        let in_target = share(all().map(|tally| tally.in_target as usize).sum());
        let target = |class: Class| scenario.class(class).unwrap().target_s;
        let hit = |fate: &&Fate| fate.answered && fate.wait_s <= target(fate.class);
        let found_in_target = share(found.iter().filter(hit).count());
        let wait = mean(all().flat_map(|tally| tally.waits.iter().copied()));
        let found_wait = mean(found.iter().map(|fate| fate.wait_s));
        let said = format!(
            "{} contacts: answered {answered:.3} / {found_answered:.3}, in target {in_target:.3} / {found_in_target:.3}, \
             mean wait {wait:.1} / {found_wait:.1} s",
            found.len()
        );
        assert_eq!(all().map(helpline_simulation::measure::Tally::count).sum::<usize>(), found.len());
        assert!((answered - found_answered).abs() <= SHARE, "{said}");
        assert!((in_target - found_in_target).abs() <= SHARE, "{said}");
        assert!((wait - found_wait).abs() <= MEAN_WAIT_S, "{said}");
    }
}
