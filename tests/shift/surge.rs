//! For ten minutes ten times as many come: nobody is lost, children in danger are answered as ever, and it ends.

use helpline_domain::risk::Class;
use helpline_simulation::rehearsal::Rehearsal;
use helpline_simulation::scenario::{Scenario, Surge};

use crate::agrees::SHIFT;
use crate::player::{Fate, Played, play};

const FROM_S: f64 = 60.0;
const FOR_S: f64 = 600.0;
const SEED: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_ten_times_as_many_for_ten_minutes_lose_nobody_and_leave_nothing_behind() {
    let mut scenario = Scenario::parse(SHIFT).unwrap();
    // A quiet half hour, with the rules of a new centre.
    scenario.days = 2040.0 / 86_400.0;
    scenario.arrivals.load = Some(0.7);
    scenario.ours.reserve = 2;
    scenario.arrivals.surges = vec![Surge { from_s: FROM_S, for_s: FOR_S, factor: 10.0 }];
    // As often as in life, so that the eight could answer them all if nobody else came.
    for class in &mut scenario.classes {
        match class.class {
            Class::Critical => class.share = 0.03,
            Class::Low => class.share = 0.42,
            _ => {}
        }
    }
    let expected = Rehearsal::new(&scenario, SEED).unwrap().played();
    let Played { world, fates } = play(&scenario, SEED).await;
    let during = |fate: &&Fate| (FROM_S..FROM_S + FOR_S).contains(&fate.at_s);
    let critical: Vec<&Fate> = fates.iter().filter(|fate| fate.class == Class::Critical).collect();
    let target = scenario.class(Class::Critical).unwrap().target_s;
    let late = critical.iter().filter(|fate| !fate.answered || fate.wait_s > target).count();
    let played = expected.class(Class::Critical);
    let late_in_play = played.count() - played.in_target as usize;
    let low = fates.iter().filter(during).filter(|fate| fate.class == Class::Low);
    let (answered, others) = low.fold((0, 0), |(yes, all), fate| (yes + u32::from(fate.answered), all + 1));
    let said = format!(
        "{} critical, {late} late, {late_in_play} in the simulation; {answered} of {others} low answered",
        critical.len()
    );
    assert!(critical.len() >= 8 && others > 100 && answered * 4 < others, "it was a surge: {said}");
    // Who comes while everybody who could is with another child in danger is late in any case.
    assert!(late <= late_in_play + 2, "{said}");
    // Nothing is held for anybody, nobody waits, and who comes now is answered as if nothing had been.
    let held = world
        .database
        .query("SELECT count(*) FROM helpline.presences WHERE held_voice + held_chat + held_message > 0");
    assert_eq!(held.unwrap()[0][0].as_deref(), Some("0"));
    scenario.arrivals.surges.clear();
    scenario.days = 1.0;
    let quiet = Rehearsal::new(&scenario, SEED).unwrap().played();
    let [answered, came] = [
        quiet.classes.iter().map(|tally| f64::from(tally.answered)).sum::<f64>(),
        quiet.classes.iter().map(|tally| f64::from(tally.answered + tally.abandoned)).sum::<f64>(),
    ];
    let after = fates.iter().filter(|fate| fate.at_s > FROM_S + FOR_S + 900.0);
    let (served, others) =
        after.fold((0_u32, 0_u32), |(yes, all), fate| (yes + u32::from(fate.answered), all + 1));
    let said = format!("{served} of {others} afterwards, {answered} of {came} on a quiet day");
    assert!(others > 10 && f64::from(served) / f64::from(others) >= answered / came - 0.25, "{said}");
}
