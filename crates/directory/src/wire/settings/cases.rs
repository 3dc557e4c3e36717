//! How a centre works on cases.

use helpline_domain::settings::cases::{
    Cases, LONGEST_PLAN, MOST_PLANNED, Plan, PlanStep, Status, Unsound, unsound,
};
use helpline_domain::shelter::FOLLOW_UP_PLANS;
use helpline_proto::directory::v1::{CasePlan, CasePlanStep, CaseSettings, CaseStatus};
use helpline_service_kit::fields::Fields;

use super::{HOUR, MINUTE, duration, keys, seconds, small};

const MOST: usize = 50;
const DAY: u64 = 24 * HOUR;

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&CaseSettings>) -> Option<Cases> {
    let usual = Cases::default();
    let Some(message) = message else { return Some(usual) };
    let kinds = keys(fields, "kinds", &message.kinds, MOST);
    let close_reasons = keys(fields, "close_reasons", &message.close_reasons, MOST);
    let statuses = fields.list("statuses", &message.statuses, MOST, status);
    let plans = fields.list("plans", &message.plans, MOST, plan);
    let due_soon =
        seconds(fields, "due_soon", message.due_soon.as_ref(), MINUTE..=30 * DAY, usual.due_soon_s);
    let supervisor = seconds(
        fields,
        "supervisor_after",
        message.supervisor_after.as_ref(),
        MINUTE..=30 * DAY,
        usual.supervisor_after_s,
    );
    let coordinator = seconds(
        fields,
        "coordinator_after",
        message.coordinator_after.as_ref(),
        MINUTE..=60 * DAY,
        usual.coordinator_after_s,
    );
    let read = Cases {
        kinds: kinds.map(|kinds| if kinds.is_empty() { usual.kinds } else { kinds })?,
        statuses: statuses.map(|sent| if sent.is_empty() { usual.statuses } else { sent })?,
        close_reasons: close_reasons.map(|sent| if sent.is_empty() { usual.close_reasons } else { sent })?,
        plans: plans.map(|sent| if sent.is_empty() { usual.plans } else { sent })?,
        due_soon_s: due_soon?,
        supervisor_after_s: supervisor?,
        coordinator_after_s: coordinator?,
    };
    check(fields, &read).then_some(read)
}

fn check(fields: &mut Fields, read: &Cases) -> bool {
    if let Some(wrong) = unsound(&read.statuses) {
        let (place, expected) = match wrong {
            Unsound::Beginning => (0, "the first is one in which a case is open"),
            Unsound::Twice(place) => (place, "each status once"),
            Unsound::Nowhere(place) => (place, "leads to others of these"),
            Unsound::Unreachable(place) => (place, "can be reached from the first"),
            Unsound::Endless(place) => (place, "a closed one can be reached from it"),
            Unsound::ClosedTwice(place) => (place, "a closed one leads to open ones"),
        };
        fields.refuse(&format!("statuses[{place}]"), expected);
        return false;
    }
    if read.coordinator_after_s <= read.supervisor_after_s {
        fields.refuse("coordinator_after", "longer than supervisor_after");
        return false;
    }
    let twice = (1..read.plans.len()).find(|&place| {
        read.plans
            .iter()
            .take(place)
            .any(|one| Some(&one.plan) == read.plans.get(place).map(|plan| &plan.plan))
    });
    if let Some(place) = twice {
        fields.refuse(&format!("plans[{place}]"), "each plan once");
        return false;
    }
    true
}

fn status(fields: &mut Fields, message: &CaseStatus) -> Option<Status> {
    let status = fields.key("status", &message.status);
    let next = keys(fields, "next", &message.next, MOST);
    Some(Status { status: status?, next: next?, closes: message.closes })
}

fn plan(fields: &mut Fields, message: &CasePlan) -> Option<Plan> {
    let plan = fields.key("plan", &message.plan);
    // Who begins such a plan would be told whether what follows a stay is still to be done.
    if FOLLOW_UP_PLANS.contains(&message.plan.as_str()) {
        fields.refuse("plan", "another key: this one is of what follows a stay in a shelter");
        return None;
    }
    let steps = fields.list("steps", &message.steps, MOST, step);
    let plan = Plan { plan: plan?, steps: steps? };
    if !plan.is_sound() {
        let expected = format!(
            "from 1 to {MOST_PLANNED} tasks within {LONGEST_PLAN} days, those that come again after days"
        );
        fields.refuse("steps", expected);
        return None;
    }
    Some(plan)
}

fn step(fields: &mut Fields, message: &CasePlanStep) -> Option<PlanStep> {
    let most = i32::try_from(LONGEST_PLAN).unwrap_or(i32::MAX);
    let times = i32::try_from(MOST_PLANNED).unwrap_or(i32::MAX);
    let task = fields.key("task", &message.task);
    let domain = fields.optional_key("domain", &message.domain);
    let first_day = fields.int("first_day", message.first_day, 1..=most);
    let every_days = fields.int("every_days", message.every_days, 0..=366);
    let times = fields.int("times", message.times, 1..=times);
    Some(PlanStep {
        task: task?,
        domain: domain?,
        first_day: u32::try_from(first_day?).ok()?,
        every_days: u32::try_from(every_days?).ok()?,
        times: u32::try_from(times?).ok()?,
    })
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(cases: &Cases) -> CaseSettings {
    let status = |one: &Status| CaseStatus {
        status: one.status.clone(),
        next: one.next.iter().cloned().collect(),
        closes: one.closes,
    };
    let step = |one: &PlanStep| CasePlanStep {
        task: one.task.clone(),
        domain: one.domain.clone().unwrap_or_default(),
        first_day: small(one.first_day),
        every_days: small(one.every_days),
        times: small(one.times),
    };
    let plan = |one: &Plan| CasePlan { plan: one.plan.clone(), steps: one.steps.iter().map(step).collect() };
    CaseSettings {
        kinds: cases.kinds.iter().cloned().collect(),
        statuses: cases.statuses.iter().map(status).collect(),
        close_reasons: cases.close_reasons.iter().cloned().collect(),
        plans: cases.plans.iter().map(plan).collect(),
        due_soon: Some(duration(cases.due_soon_s)),
        supervisor_after: Some(duration(cases.supervisor_after_s)),
        coordinator_after: Some(duration(cases.coordinator_after_s)),
    }
}
