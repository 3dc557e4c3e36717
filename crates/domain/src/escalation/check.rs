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
        self.slow_clock(field, policy);
        // A report waits by days: supervisors come back in that time.
        let waits = policy.is_for_reports_alone();
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

    /// An emergency waits for no office to open, and of a report nobody is told anything that was not decided for that child.
    fn slow_clock(&mut self, field: &str, policy: &Policy) {
        let alone = policy.is_for_reports_alone();
        if let Some(remind_s) = policy.remind_s {
            self.within(format!("{field}.remind_s"), remind_s, OTHER);
        }
        if let Some(hours) = &policy.working_hours {
            let path = format!("{field}.working_hours");
            self.must(alone, &*path, "none but in a policy of reports alone");
            self.hours(&path, hours);
        }
        let targets = policy.steps.iter().flat_map(|step| &step.targets);
        let discloses = targets.into_iter().any(|target| match target {
            Target::Agency(desk) => !desk.discloses.is_empty(),
            _ => false,
        });
        self.must(
            !alone || !discloses,
            format!("{field}.steps"),
            "without anything disclosed: of a report that is decided for each child",
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
pub(super) mod tests;
