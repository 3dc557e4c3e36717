//! Whether a plan can be relied on. What could end with nobody is refused when it is published, not found out at night.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Timelike as _;
use chrono_tz::Tz;

use super::on_call::is_always;
use super::plan::{Call, Hours, Kind, Layer, Plan, Policy, Schedule, Target};
use crate::field_class::FieldClass;
use crate::id::{AgencyId, CounsellorId};

/// Most policies, steps of a policy, targets of a step, rotations, schedules, layers, windows, members.
const MOST: usize = 50;
/// Longest time of a step, a deadline or a repeat, in seconds: 30 days.
const LONGEST_S: u32 = 30 * 86_400;
/// Shortest times, each with how it is said: to the next step, to take on what was seen, and every other.
const STEP: (u32, &str) = (5, "a time from 5 s to 30 days");
const ACCEPT: (u32, &str) = (10, "a time from 10 s to 30 days");
const OTHER: (u32, &str) = (60, "a time from a minute to 30 days");

/// What of a plan cannot be relied on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where, for example `policies[2].steps[0].targets`.
    pub field: String,
    /// What it must be.
    pub must: &'static str,
}

/// Who and what the centre knows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Counsellors who have not left.
    pub counsellors: BTreeSet<CounsellorId>,
    /// Agencies that are not disabled, with the most that each may ever be told.
    pub agencies: BTreeMap<AgencyId, BTreeSet<FieldClass>>,
}

struct Check<'a> {
    plan: &'a Plan,
    known: &'a Known,
    problems: Vec<Problem>,
}

/// Everything that is wrong with a plan; nothing if it can be relied on.
pub fn check(plan: &Plan, known: &Known) -> Vec<Problem> {
    let mut check = Check { plan, known, problems: Vec::new() };
    check.keys();
    check.rotations();
    check.schedules();
    check.policies();
    check.call("fallback", &plan.fallback);
    check.within("fallback_every_s", plan.fallback_every_s, OTHER);
    check.within("reach_alarm_every_s", plan.reach_alarm_every_s, OTHER);
    check.problems
}

impl Check<'_> {
    fn must(&mut self, holds: bool, field: impl Into<String>, must: &'static str) {
        if !holds {
            self.problems.push(Problem { field: field.into(), must });
        }
    }

    fn within(&mut self, field: impl Into<String>, seconds: u32, (least, must): (u32, &'static str)) {
        self.must((least..=LONGEST_S).contains(&seconds), field, must);
    }

    fn keys(&mut self) {
        let plan = self.plan;
        self.must((1..=MOST).contains(&plan.policies.len()), "policies", "from 1 to 50 policies");
        self.must(plan.rotations.len() <= MOST, "rotations", "at most 50 rotations");
        self.must(plan.schedules.len() <= MOST, "schedules", "at most 50 schedules");
        let named: [(&str, Vec<&str>); 3] = [
            ("policies", plan.policies.iter().map(|policy| policy.policy.as_str()).collect()),
            ("rotations", plan.rotations.iter().map(|rotation| rotation.rotation.as_str()).collect()),
            ("schedules", plan.schedules.iter().map(|schedule| schedule.schedule.as_str()).collect()),
        ];
        for (list, keys) in named {
            let mut seen = BTreeMap::new();
            for (index, key) in keys.into_iter().enumerate() {
                let sound = (1..=63).contains(&key.len())
                    && key
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                self.must(
                    sound,
                    format!("{list}[{index}]"),
                    "a key of lower-case letters, digits and underscores",
                );
                self.must(seen.insert(key, index).is_none(), format!("{list}[{index}]"), "a key used once");
            }
        }
    }

    fn rotations(&mut self) {
        for (index, rotation) in self.plan.rotations.iter().enumerate() {
            let field = |name: &str| format!("rotations[{index}].{name}");
            self.zone(field("time_zone"), &rotation.time_zone);
            self.must((1..=MOST).contains(&rotation.members.len()), field("members"), "from 1 to 50 members");
            let known = rotation.members.iter().all(|member| self.known.counsellors.contains(member));
            self.must(known, field("members"), "counsellors of the centre who have not left");
            let (super::plan::Turn::Hours(length)
            | super::plan::Turn::Days(length)
            | super::plan::Turn::Weeks(length)) = rotation.turn;
            self.must((1..=500).contains(&length), field("turn"), "from 1 to 500");
        }
    }

    fn schedules(&mut self) {
        for (index, schedule) in self.plan.schedules.iter().enumerate() {
            let field = format!("schedules[{index}].layers");
            self.must((1..=MOST).contains(&schedule.layers.len()), &*field, "from 1 to 50 layers");
            for (place, layer) in schedule.layers.iter().enumerate() {
                let known = self.plan.rotation(&layer.rotation).is_some();
                self.must(known, format!("{field}[{place}].rotation"), "the key of a rotation of this plan");
                if let Some(hours) = &layer.hours {
                    self.hours(&format!("{field}[{place}].hours"), hours);
                }
            }
        }
    }

    fn policies(&mut self) {
        let last = self.plan.policies.len().saturating_sub(1);
        for (index, policy) in self.plan.policies.iter().enumerate() {
            self.policy(&format!("policies[{index}]"), policy, index == last);
        }
    }

    fn policy(&mut self, field: &str, policy: &Policy, last: bool) {
        let conditions = &policy.conditions;
        let open = conditions.least_risk.is_none()
            && conditions.dangers.is_empty()
            && conditions.regions.is_empty()
            && conditions.hours.is_none()
            && (conditions.kinds.is_empty() || conditions.kinds.contains(&Kind::Emergency));
        self.must(
            !last || open,
            format!("{field}.conditions"),
            "none in the last policy, so that one always fits",
        );
        if let Some(hours) = &conditions.hours {
            self.hours(&format!("{field}.conditions.hours"), hours);
        }
        self.must(policy.repeats <= 5, format!("{field}.repeats"), "at most 5");
        self.within(format!("{field}.accept_s"), policy.accept_s, ACCEPT);
        self.within(format!("{field}.reach_s"), policy.reach_s, OTHER);
        self.must((1..=MOST).contains(&policy.steps.len()), format!("{field}.steps"), "from 1 to 50 steps");
        for (place, step) in policy.steps.iter().enumerate() {
            let field = format!("{field}.steps[{place}]");
            if let Some(wait_s) = step.wait_s {
                self.within(format!("{field}.wait_s"), wait_s, STEP);
            }
            self.must(
                (1..=MOST).contains(&step.targets.len()),
                format!("{field}.targets"),
                "from 1 to 50 targets",
            );
            for (number, target) in step.targets.iter().enumerate() {
                self.target(&format!("{field}.targets[{number}]"), target);
            }
        }
        // A report waits by days: supervisors come back in that time.
        let waits = conditions.kinds.iter().all(|&kind| kind == Kind::MandatoryReport)
            && !conditions.kinds.is_empty();
        let sure = policy
            .steps
            .iter()
            .flat_map(|step| &step.targets)
            .any(|target| self.is_sure(target) || (waits && *target == Target::Supervisors));
        self.must(
            sure,
            format!("{field}.steps"),
            "with one target at least that is there at every hour of the week: an agency, a number to ring, a rotation, or a \
             schedule without a gap",
        );
    }

    fn target(&mut self, field: &str, target: &Target) {
        match target {
            Target::Person(person) => {
                let known = self.known.counsellors.contains(person);
                self.must(known, field, "a counsellor of the centre who has not left");
            }
            Target::Supervisors => {}
            Target::Rotation(key) => {
                self.must(self.plan.rotation(key).is_some(), field, "the key of a rotation of this plan");
            }
            Target::Schedule(key) => {
                self.must(self.plan.schedule(key).is_some(), field, "the key of a schedule of this plan");
            }
            Target::Call(call) => self.call(field, call),
            Target::Agency(desk) => {
                let most = self.known.agencies.get(&desk.agency_id);
                self.must(most.is_some(), field, "an agency of the centre that is not disabled");
                let within = most.is_none_or(|most| desk.discloses.is_subset(most));
                self.must(within, format!("{field}.discloses"), "within what the agency may ever be told");
            }
        }
    }

    /// Whether somebody stands behind a target at every hour. Supervisors may all have gone home, and one person may sleep.
    fn is_sure(&self, target: &Target) -> bool {
        match target {
            Target::Call(_) | Target::Agency(_) => true,
            Target::Rotation(key) => {
                self.plan.rotation(key).is_some_and(|rotation| !rotation.members.is_empty())
            }
            Target::Schedule(key) => self.plan.schedule(key).is_some_and(has_no_gap),
            Target::Person(_) | Target::Supervisors => false,
        }
    }

    fn call(&mut self, field: &str, call: &Call) {
        let digits = call.number.bytes().filter(u8::is_ascii_digit).count();
        let sound = (2..=20).contains(&digits)
            && call.number.bytes().all(|byte| byte.is_ascii_digit() || b"+ -()*#".contains(&byte));
        self.must(sound, format!("{field}.number"), "a telephone number as it is dialled");
        let label = call.label.trim().chars().count();
        self.must((1..=200).contains(&label), format!("{field}.label"), "from 1 to 200 characters");
        self.must(call.script.chars().count() <= 2000, format!("{field}.script"), "at most 2000 characters");
        if let Some(agency) = call.agency_id {
            let known = self.known.agencies.contains_key(&agency);
            self.must(known, format!("{field}.agency_id"), "an agency of the centre that is not disabled");
        }
    }

    fn hours(&mut self, field: &str, hours: &Hours) {
        self.zone(format!("{field}.time_zone"), &hours.time_zone);
        self.must(
            (1..=MOST).contains(&hours.windows.len()),
            format!("{field}.windows"),
            "from 1 to 50 windows",
        );
        let whole =
            hours.windows.iter().all(|window| window.from.second() == 0 && window.until.second() == 0);
        self.must(whole, format!("{field}.windows"), "in whole minutes");
    }

    fn zone(&mut self, field: String, zone: &str) {
        self.must(zone.parse::<Tz>().is_ok(), field, "a time zone as IANA writes it, for example Asia/Qatar");
    }
}

/// Whether somebody is on call at every hour of the week.
fn has_no_gap(schedule: &Schedule) -> bool {
    let always = |layer: &Layer| layer.hours.is_none();
    if schedule.layers.iter().any(always) {
        return true;
    }
    // Layers in one zone are laid together; several zones would shift against each other with the clocks.
    let mut together: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for hours in schedule.layers.iter().filter_map(|layer| layer.hours.as_ref()) {
        together.entry(&hours.time_zone).or_default().extend(hours.windows.iter().cloned());
    }
    together.into_iter().any(|(zone, windows)| is_always(&Hours { time_zone: zone.to_owned(), windows }))
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::super::plan::{Conditions, Desk, Rotation, Step, Turn, Window};
    use super::*;

    pub(in super::super) fn person(number: u128) -> CounsellorId {
        Uuid::from_u128(number).into()
    }

    pub(in super::super) fn call() -> Target {
        Target::Call(fallback())
    }

    fn fallback() -> Call {
        Call {
            label: "Duty".to_owned(),
            number: "116 111".to_owned(),
            script: String::new(),
            agency_id: None,
        }
    }

    pub(in super::super) fn policy(key: &str) -> Policy {
        Policy {
            policy: key.to_owned(),
            conditions: Conditions::default(),
            steps: vec![Step { targets: vec![call()], wait_s: None }],
            repeats: 0,
            accept_s: 120,
            reach_s: 1800,
        }
    }

    pub(in super::super) fn plan() -> Plan {
        Plan {
            policies: vec![policy("general")],
            rotations: Vec::new(),
            schedules: Vec::new(),
            fallback: fallback(),
            fallback_every_s: 300,
            reach_alarm_every_s: 600,
        }
    }

    fn fields(plan: &Plan) -> Vec<String> {
        let known = Known { counsellors: [person(1)].into(), agencies: BTreeMap::new() };
        check(plan, &known).into_iter().map(|problem| problem.field).collect()
    }

    fn nights_and_days() -> Plan {
        let window = |from: &str, until: &str| Window {
            days: Vec::new(),
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
        };
        let layer = |window| Layer {
            rotation: "duty".to_owned(),
            hours: Some(Hours { time_zone: "Asia/Qatar".to_owned(), windows: vec![window] }),
        };
        let mut plan = plan();
        plan.rotations = vec![Rotation {
            rotation: "duty".to_owned(),
            time_zone: "Asia/Qatar".to_owned(),
            begins_at: "2026-01-01T08:00:00".parse().unwrap(),
            turn: Turn::Days(1),
            members: vec![person(1)],
        }];
        plan.schedules = vec![Schedule {
            schedule: "watch".to_owned(),
            layers: vec![layer(window("08:00:00", "20:00:00")), layer(window("20:00:00", "08:00:00"))],
        }];
        plan.policies[0].steps[0].targets = vec![Target::Schedule("watch".to_owned())];
        plan
    }

    #[test]
    fn a_plan_that_can_be_relied_on_has_no_problems() {
        assert_eq!(fields(&plan()), [""; 0]);
        assert_eq!(fields(&nights_and_days()), [""; 0]);
    }

    #[test]
    fn what_a_centre_begins_with_can_be_relied_on() {
        assert_eq!(fields(&Plan::to_begin_with("112")), [""; 0]);
        assert_eq!(
            fields(&Plan::to_begin_with("")),
            ["policies[1].steps[1].targets[1].number", "fallback.number"]
        );
    }

    #[test]
    fn a_policy_that_can_end_with_nobody_is_refused() {
        for nobody in [Target::Supervisors, Target::Person(person(1))] {
            let mut plan = plan();
            plan.policies[0].steps[0].targets = vec![nobody];
            assert_eq!(fields(&plan), ["policies[0].steps"]);
        }
        let mut gap = nights_and_days();
        gap.schedules[0].layers.pop();
        assert_eq!(fields(&gap), ["policies[0].steps"], "nobody is on call at night");
        let mut empty = plan();
        empty.policies[0].steps.clear();
        assert_eq!(fields(&empty), ["policies[0].steps", "policies[0].steps"]);
    }

    #[test]
    fn a_time_that_is_too_short_is_refused_with_the_shortest_there_may_be() {
        let mut short = plan();
        short.policies[0].steps[0].wait_s = Some(4);
        (short.policies[0].accept_s, short.policies[0].reach_s) = (9, 59);
        let problems = check(&short, &Known::default());
        let must: Vec<_> = problems.iter().map(|problem| problem.must).collect();
        assert_eq!(must, [ACCEPT.1, OTHER.1, STEP.1]);
    }

    #[test]
    fn what_names_nobody_whom_the_centre_knows_is_refused() {
        let mut plan = nights_and_days();
        plan.rotations[0].members = vec![person(2)];
        plan.policies[0].steps[0]
            .targets
            .push(Target::Agency(Desk { agency_id: Uuid::from_u128(7).into(), discloses: BTreeSet::new() }));
        plan.policies[0].steps[0].targets.push(Target::Rotation("nights".to_owned()));
        let expected =
            ["rotations[0].members", "policies[0].steps[0].targets[1]", "policies[0].steps[0].targets[2]"];
        assert_eq!(fields(&plan), expected);
    }

    #[test]
    fn the_last_policy_fits_always_and_the_fallback_can_be_dialled() {
        let mut plan = plan();
        plan.policies[0].conditions.regions = ["north".to_owned()].into();
        plan.fallback.number = "ask Amal".to_owned();
        assert_eq!(fields(&plan), ["policies[0].conditions", "fallback.number"]);
    }
}
