//! How a centre works on cases: kinds, statuses and what follows what, reasons to close, plans, and when a task alarms whom.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// How a centre works on cases.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cases {
    /// Kinds of cases: a child has one open case of each.
    pub kinds: BTreeSet<String>,
    /// Where a case can stand; the first is where it begins.
    pub statuses: Vec<Status>,
    /// Why a case is closed.
    pub close_reasons: BTreeSet<String>,
    /// Plans that can be begun.
    pub plans: Vec<Plan>,
    /// How long before a task is due its owner is reminded, in seconds.
    pub due_soon_s: u32,
    /// How long a task is overdue before supervisors are told, in seconds.
    pub supervisor_after_s: u32,
    /// The same before it is grave, and the coordinator is told.
    pub coordinator_after_s: u32,
}

/// Where a case can stand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Its key.
    pub status: String,
    /// Where a case may go from there.
    pub next: BTreeSet<String>,
    /// Whether the case is closed there.
    #[serde(default)]
    pub closes: bool,
}

/// What is to be done for a child over months, as tasks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its key.
    pub plan: String,
    /// What is to be done.
    pub steps: Vec<PlanStep>,
}

/// Something to be done once or again and again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    /// What is to be done, a key.
    pub task: String,
    /// Which side of the child's life it is about, a key.
    #[serde(default)]
    pub domain: Option<String>,
    /// Days from the beginning to the first time.
    pub first_day: u32,
    /// Days from one time to the next.
    #[serde(default)]
    pub every_days: u32,
    /// How many times.
    pub times: u32,
}

/// A task that a plan asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// What is to be done.
    pub task: String,
    /// Which side of the child's life it is about.
    pub domain: Option<String>,
    /// Days from the beginning until it is due.
    pub day: u32,
}

/// Tasks of a plan at most.
pub const MOST_PLANNED: u32 = 200;
/// Days that a plan lasts at most: ten years.
pub const LONGEST_PLAN: u32 = 3660;

impl Plan {
    /// The tasks that it asks for, in the order in which they are written.
    pub fn tasks(&self) -> Vec<Planned> {
        let of = |step: &PlanStep| {
            let (task, domain) = (step.task.clone(), step.domain.clone());
            let (first, every) = (step.first_day, step.every_days);
            (0..step.times).map(move |time| Planned {
                task: task.clone(),
                domain: domain.clone(),
                day: first.saturating_add(every.saturating_mul(time)),
            })
        };
        self.steps.iter().flat_map(of).collect()
    }

    /// Whether it asks for something, within bounds.
    pub fn is_sound(&self) -> bool {
        let count = self.steps.iter().map(|step| step.times).fold(0, u32::saturating_add);
        let again = self.steps.iter().all(|step| step.times == 1 || step.every_days > 0);
        (1..=MOST_PLANNED).contains(&count)
            && again
            && self.tasks().iter().all(|task| (1..=LONGEST_PLAN).contains(&task.day))
    }
}

/// What is wrong with a graph of statuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unsound {
    /// There is none, or it begins with a closed one.
    Beginning,
    /// Two have this key.
    Twice(usize),
    /// It leads to one that is not there, or to itself.
    Nowhere(usize),
    /// No way leads there from the beginning.
    Unreachable(usize),
    /// No way leads from there to a closed one.
    Endless(usize),
    /// It is closed and leads to another that is.
    ClosedTwice(usize),
}

/// What is wrong with a graph; the number is the place of the status.
pub fn unsound(statuses: &[Status]) -> Option<Unsound> {
    let by_key: BTreeMap<&str, &Status> = statuses.iter().map(|one| (one.status.as_str(), one)).collect();
    let first = match statuses.first() {
        Some(first) if !first.closes => first,
        _ => return Some(Unsound::Beginning),
    };
    let reached_from = |from: &Status| {
        let (mut seen, mut ahead) = (BTreeSet::from([from.status.clone()]), vec![from]);
        while let Some(one) = ahead.pop() {
            let fresh = one.next.iter().filter(|key| seen.insert((*key).clone()));
            ahead.extend(fresh.filter_map(|key| by_key.get(key.as_str())).copied());
        }
        seen
    };
    let from_first = reached_from(first);
    let mut known = BTreeSet::new();
    for (place, one) in statuses.iter().enumerate() {
        if !known.insert(&one.status) {
            return Some(Unsound::Twice(place));
        }
        if one.next.iter().any(|key| *key == one.status || !by_key.contains_key(key.as_str())) {
            return Some(Unsound::Nowhere(place));
        }
        if one.closes && one.next.iter().any(|key| by_key.get(key.as_str()).is_some_and(|next| next.closes)) {
            return Some(Unsound::ClosedTwice(place));
        }
        if !from_first.contains(&one.status) {
            return Some(Unsound::Unreachable(place));
        }
        let ends = |key: &String| by_key.get(key.as_str()).is_some_and(|status| status.closes);
        if !reached_from(one).iter().any(ends) {
            return Some(Unsound::Endless(place));
        }
    }
    None
}

impl Cases {
    /// The status with this key.
    pub fn status(&self, key: &str) -> Option<&Status> {
        self.statuses.iter().find(|one| one.status == key)
    }

    /// Where a case may go from here. From a status that the settings no longer have, anywhere.
    pub fn may_become(&self, from: &str, next: &str) -> bool {
        self.status(next).is_some() && self.status(from).is_none_or(|one| one.next.contains(next))
    }
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

/// Visits after the first week: weekly for a month, monthly to half a year, quarterly to two years.
fn follow_ups() -> Vec<PlanStep> {
    [(7, 7, 4), (60, 30, 5), (270, 90, 6)]
        .map(|(first_day, every_days, times)| PlanStep {
            task: "follow_up".to_owned(),
            domain: None,
            first_day,
            every_days,
            times,
        })
        .into()
}

/// What a child needs who has come without anybody.
fn unaccompanied() -> Vec<PlanStep> {
    [
        ("appoint_guardian", "guardianship", 3),
        ("health_check", "health", 5),
        ("register_birth", "documents", 30),
        ("enrol_in_school", "education", 30),
    ]
    .map(|(task, domain, first_day)| PlanStep {
        task: task.to_owned(),
        domain: Some(domain.to_owned()),
        first_day,
        every_days: 0,
        times: 1,
    })
    .into()
}

impl Default for Cases {
    fn default() -> Self {
        let status = |status: &str, next: &[&str], closes| Status {
            status: status.to_owned(),
            next: keys(next),
            closes,
        };
        let of = |domain: &str| PlanStep {
            task: "first_step".to_owned(),
            domain: Some(domain.to_owned()),
            first_day: 14,
            every_days: 0,
            times: 1,
        };
        let domains =
            ["education", "psychosocial", "health", "documents", "guardianship", "housing", "community"];
        Self {
            kinds: keys(&["protection", "migration", "welfare"]),
            statuses: vec![
                status("open", &["assessment", "plan", "in_action", "closed"], false),
                status("assessment", &["plan", "in_action", "closed"], false),
                status("plan", &["assessment", "in_action", "closed"], false),
                status("in_action", &["assessment", "plan", "monitoring", "closed"], false),
                status("monitoring", &["assessment", "plan", "in_action", "closed"], false),
                status("closed", &["reopened"], true),
                status("reopened", &["assessment", "plan", "in_action", "monitoring", "closed"], false),
            ],
            close_reasons: keys(&[
                "goals_reached",
                "transferred",
                "child_declined",
                "not_reached",
                "came_of_age",
                "moved_away",
                "died",
                "duplicate",
                "redirected",
                "other",
            ]),
            plans: vec![
                Plan { plan: "follow_up".to_owned(), steps: follow_ups() },
                Plan {
                    plan: "new_start".to_owned(),
                    steps: domains.into_iter().map(of).chain(follow_ups()).collect(),
                },
                Plan { plan: "unaccompanied_child".to_owned(), steps: unaccompanied() },
            ],
            due_soon_s: 24 * 3600,
            supervisor_after_s: 24 * 3600,
            coordinator_after_s: 3 * 24 * 3600,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str], bool)]) -> Vec<Status> {
        let status = |(key, next, closes): &(&str, &[&str], bool)| Status {
            status: (*key).to_owned(),
            next: keys(next),
            closes: *closes,
        };
        edges.iter().map(status).collect()
    }

    #[test]
    fn the_usual_graph_and_plans_are_sound() {
        let usual = Cases::default();
        assert_eq!(unsound(&usual.statuses), None);
        assert!(usual.plans.iter().all(Plan::is_sound));
        assert!(usual.supervisor_after_s < usual.coordinator_after_s);
    }

    #[test]
    fn follow_ups_are_weekly_then_monthly_then_quarterly_for_two_years() {
        let days: Vec<u32> = Cases::default().plans[0].tasks().iter().map(|task| task.day).collect();
        assert_eq!(days, [7, 14, 21, 28, 60, 90, 120, 150, 180, 270, 360, 450, 540, 630, 720]);
        assert_eq!(Cases::default().plans[1].tasks().len(), 22);
    }

    #[test]
    fn a_graph_in_which_a_case_is_lost_is_refused() {
        for (edges, wrong) in [
            (vec![], Unsound::Beginning),
            (vec![("closed", [].as_slice(), true)], Unsound::Beginning),
            (
                vec![("open", &["closed"], false), ("closed", &[], true), ("open", &[], true)],
                Unsound::Twice(2),
            ),
            (vec![("open", &["gone"], false)], Unsound::Nowhere(0)),
            (vec![("open", &["open"], false)], Unsound::Nowhere(0)),
            (
                vec![("open", &["closed"], false), ("closed", &[], true), ("island", &["closed"], false)],
                Unsound::Unreachable(2),
            ),
            (
                vec![("open", &["trap", "closed"], false), ("trap", &[], false), ("closed", &[], true)],
                Unsound::Endless(1),
            ),
            (
                vec![("open", &["closed"], false), ("closed", &["done"], true), ("done", &[], true)],
                Unsound::ClosedTwice(1),
            ),
        ] {
            assert_eq!(unsound(&graph(&edges)), Some(wrong), "{edges:?}");
        }
    }

    #[test]
    fn a_case_goes_where_the_graph_leads_and_is_not_stuck_where_it_no_longer_does() {
        let usual = Cases::default();
        assert!(usual.may_become("open", "assessment") && !usual.may_become("closed", "plan"));
        assert!(usual.may_become("a_status_of_last_year", "assessment"));
        assert!(!usual.may_become("open", "a_status_of_last_year"));
    }

    #[test]
    fn a_plan_asks_for_something_and_not_for_ever() {
        let step = |first_day, every_days, times| Plan {
            plan: "p".to_owned(),
            steps: vec![PlanStep { task: "t".to_owned(), domain: None, first_day, every_days, times }],
        };
        assert!(step(1, 0, 1).is_sound() && step(1, 1, MOST_PLANNED).is_sound());
        assert!(
            !step(0, 0, 1).is_sound()
                && !step(1, 0, 2).is_sound()
                && !step(1, 1, MOST_PLANNED + 1).is_sound()
        );
        assert!(!step(u32::MAX, u32::MAX, 3).is_sound() && !step(1, 1, 0).is_sound());
    }
}
