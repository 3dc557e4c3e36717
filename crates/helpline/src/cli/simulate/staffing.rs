//! What a supervisor asks: how many counsellors, and what one more would change.

use helpline_domain::risk::Class;
use helpline_simulation::compare::{ClassSummary, Summary};
use helpline_simulation::measure::Tally;
use helpline_simulation::policy::Policy;
use helpline_simulation::scenario::Scenario;
use helpline_simulation::staffing::{Point, staffing};
use helpline_simulation::statistics::Estimate;
use serde_json::{Map, Value, json};

use super::{Format, Loaded, Play, played, said, wish};

/// How many counsellors the shift needs.
pub(super) fn needed(play: &Play, loaded: &Loaded) -> anyhow::Result<()> {
    let scenario = &loaded.scenario;
    let wish = wish(play, loaded, scenario, &[]);
    let answer = staffing(&wish, &|counsellors| said(&format!("{counsellors} counsellors")))?;
    if play.format == Format::Json {
        let points: Vec<Value> = answer.points.iter().map(point).collect();
        println!("{}", json!({ "needed": answer.needed, "points": points }));
        return Ok(());
    }
    println!("{}: {}\n", scenario.name, scenario.description);
    println!("counsellors   share answered within target (and share that left), in %");
    print!("           ");
    for class in &scenario.classes {
        print!("   {:<16}", format!("{} ≥ {:.0}", class.class.key(), class.goal * 100.0));
    }
    println!();
    for point in &answer.points {
        print!("{:>11}", point.counsellors);
        for class in &scenario.classes {
            let figures = point.classes[class.class as usize].as_ref();
            print!("   {:<16}", figures.map_or_else(String::new, shares));
        }
        println!("{}", if point.meets { "   every goal is met" } else { "" });
    }
    let now = scenario.counsellors.count;
    match answer.needed {
        Some(needed) => println!("\nThis shift needs {needed} counsellors; the scenario has {now}."),
        None => println!(
            "\nNo number of counsellors that was tried meets every goal: time to accept and missed offers alone cost more."
        ),
    }
    Ok(())
}

fn shares(figures: &ClassSummary) -> String {
    format!("{:5.1} ({:4.1})", figures.in_target.mean * 100.0, figures.abandoned.mean * 100.0)
}

fn point(point: &Point) -> Value {
    let mut classes = Map::new();
    for class in Class::ALL {
        if let Some(figures) = &point.classes[class as usize] {
            let of_class = json!({
                "in_target": figures.in_target.mean,
                "abandoned": figures.abandoned.mean,
                "p95_wait_s": figures.p95_wait_s.mean,
            });
            classes.insert(class.key().to_owned(), of_class);
        }
    }
    json!({ "counsellors": point.counsellors, "meets_goals": point.meets, "classes": classes })
}

/// What would be different with so many counsellors more.
pub(super) fn changed(play: &Play, loaded: &Loaded, by: i32) -> anyhow::Result<()> {
    let scenario = &loaded.scenario;
    let count = scenario.counsellors.count.saturating_add_signed(by);
    anyhow::ensure!(
        count > 0,
        "--what-if counsellors={by:+}: nobody would be left of {}",
        scenario.counsellors.count
    );
    let policies = [play.policy.unwrap_or(Policy::Ours)];
    let other = scenario.with_counsellors(count);
    let (now, then) = (played(play, loaded, scenario, &policies)?, played(play, loaded, &other, &policies)?);
    let (Some(now), Some(then)) = (now.policies.first(), then.policies.first()) else { return Ok(()) };
    if play.format == Format::Json {
        let classes: Map<String, Value> = scenario
            .classes
            .iter()
            .map(|class| (class.class.key().to_owned(), difference(now, then, class.class)))
            .collect();
        println!("{}", json!({ "counsellors": [scenario.counsellors.count, count], "classes": classes }));
        return Ok(());
    }
    told(scenario, count, now, then);
    Ok(())
}

/// A figure now, then, and how much it changes.
fn figures(now: &Summary, then: &Summary, class: Class, figure: fn(&Tally) -> Option<f64>) -> [Estimate; 3] {
    let mean = |summary: &Summary| {
        let values: Vec<f64> = summary.plays.iter().filter_map(|play| figure(play.class(class))).collect();
        Estimate::of(&values).unwrap_or_default()
    };
    [mean(now), mean(then), then.difference(now, class, figure).unwrap_or_default()]
}

fn difference(now: &Summary, then: &Summary, class: Class) -> Value {
    let of = |figure| {
        let [now, then, change] = figures(now, then, class, figure);
        json!({ "now": now.mean, "then": then.mean, "change": change.mean, "change_ci95": change.interval() })
    };
    json!({
        "in_target": of(Tally::share_in_target),
        "abandoned": of(Tally::share_abandoned),
        "p95_wait_s": of(|tally| tally.wait(0.95)),
    })
}

fn told(scenario: &Scenario, count: u32, now: &Summary, then: &Summary) {
    println!("{} with {count} counsellors instead of {}:\n", scenario.name, scenario.counsellors.count);
    for class in &scenario.classes {
        let of = |figure| figures(now, then, class.class, figure);
        let [before, after, change] = of(Tally::share_in_target);
        let [left_before, left_after, _] = of(Tally::share_abandoned);
        let [wait_before, wait_after, _] = of(|tally| tally.wait(0.95));
        println!(
            "{:<9} in target {:5.1} → {:5.1} % ({:+.1} ± {:.1} points), left {:4.1} → {:4.1} %, 95 % wait at most {:.0} → {:.0} s",
            class.class.key(),
            before.mean * 100.0,
            after.mean * 100.0,
            change.mean * 100.0,
            change.half_width * 100.0,
            left_before.mean * 100.0,
            left_after.mean * 100.0,
            wait_before.mean,
            wait_after.mean,
        );
    }
}
