//! How many counsellors a shift needs.

use helpline_domain::risk::Class;

use crate::compare::{ClassSummary, Wish, compare};
use crate::policy::Policy;
use crate::scenario::ScenarioError;

/// What a number of counsellors achieves.
#[derive(Clone, Debug)]
pub struct Point {
    /// How many.
    pub counsellors: u32,
    /// What each class gets, most urgent first; `None` where nobody comes.
    pub classes: [Option<ClassSummary>; 4],
    /// Whether every class meets its goal.
    pub meets: bool,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Staffing {
    /// The smallest number with which every class meets its goal; `None` if not even the largest tried does.
    pub needed: Option<u32>,
    /// What was tried, fewest first.
    pub points: Vec<Point>,
}

/// How far beside the answer the curve goes.
const BESIDE: u32 = 3;

/// Finds the smallest number of counsellors with which every class meets its goal, the contacts being the same. The groups
/// of the scenario keep their shares. `progress` is told each number that is tried.
///
/// # Errors
/// A scenario that cannot be played.
pub fn staffing(wish: &Wish<'_>, progress: &dyn Fn(u32)) -> Result<Staffing, ScenarioError> {
    let mut points: Vec<Point> = Vec::new();
    let mut meets = |counsellors: u32| -> Result<bool, ScenarioError> {
        if let Some(known) = points.iter().find(|point| point.counsellors == counsellors) {
            return Ok(known.meets);
        }
        progress(counsellors);
        let point = point(wish, counsellors)?;
        let meets = point.meets;
        points.push(point);
        Ok(meets)
    };
    let now = wish.scenario.counsellors.count;
    let most = now.saturating_mul(3).saturating_add(10).min(2000);
    // The smallest that is enough lies above `under` and not above `enough`.
    let (mut under, mut enough) = (0, now);
    let mut step = 1;
    while !meets(enough)? {
        under = enough;
        if enough >= most {
            points.sort_by_key(|point| point.counsellors);
            return Ok(Staffing { needed: None, points });
        }
        enough = (enough + step).min(most);
        step *= 2;
    }
    while enough - under > 1 {
        let middle = under.midpoint(enough).max(enough.saturating_sub(8)).max(under + 1);
        if meets(middle)? { enough = middle } else { under = middle }
    }
    for counsellors in enough.saturating_sub(BESIDE).max(1)..=enough + BESIDE {
        meets(counsellors)?;
    }
    points.sort_by_key(|point| point.counsellors);
    Ok(Staffing { needed: Some(enough), points })
}

/// What numbers of counsellors around one achieve: a third fewer to two thirds more.
///
/// # Errors
/// A scenario that cannot be played.
pub fn around(
    wish: &Wish<'_>,
    counsellors: u32,
    progress: &dyn Fn(u32),
) -> Result<Vec<Point>, ScenarioError> {
    let (from, to) = ((counsellors * 2).div_ceil(3).max(1), counsellors + (counsellors * 2).div_ceil(3));
    let step = ((to - from) / 12).max(1);
    let numbers = (from..=to).step_by(step as usize);
    numbers
        .map(|number| {
            progress(number);
            point(wish, number)
        })
        .collect()
}

/// What a number of counsellors achieves under our policy.
fn point(wish: &Wish<'_>, counsellors: u32) -> Result<Point, ScenarioError> {
    let scenario = wish.scenario.with_counsellors(counsellors);
    let comparison = compare(&Wish { scenario: &scenario, policies: &[Policy::Ours], ..*wish }, &|_, _| {})?;
    let classes = Class::ALL.map(|class| comparison.of(Policy::Ours).and_then(|ours| ours.class(class)));
    let meets = scenario.classes.iter().all(|class| {
        classes[class.class as usize].is_none_or(|figures| figures.in_target.mean >= class.goal)
    });
    Ok(Point { counsellors, classes, meets })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::built_in;

    #[test]
    fn the_number_needed_is_the_smallest_that_meets_every_goal() {
        let mut scenario = built_in("small-centre").unwrap().unwrap();
        scenario.days = 1.0;
        scenario.classes[0].goal = 0.85;
        let wish = Wish { scenario: &scenario, profile: None, policies: &[], seed: 1, seeds: 3, threads: 2 };
        let staffing = staffing(&wish, &|_| {}).unwrap();
        let needed = staffing.needed.unwrap();
        assert!(needed > 4, "{needed}");
        let of = |counsellors| staffing.points.iter().find(|point| point.counsellors == counsellors).unwrap();
        assert!(of(needed).meets && !of(needed - 1).meets);
        assert!(staffing.points.is_sorted_by_key(|point| point.counsellors));
    }
}
