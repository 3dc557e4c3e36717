//! Plans that can be relied on, and faults of plans, one by one.

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
    Call { label: "Duty".to_owned(), number: "116 111".to_owned(), script: String::new(), agency_id: None }
}

pub(in super::super) fn policy(key: &str) -> Policy {
    Policy {
        policy: key.to_owned(),
        conditions: Conditions::default(),
        steps: vec![Step { targets: vec![call()], wait_s: None }],
        repeats: 0,
        accept_s: 120,
        reach_s: 1800,
        remind_s: None,
        working_hours: None,
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

#[test]
fn an_emergency_waits_for_no_office_and_of_a_report_nothing_is_disclosed_beforehand() {
    let office = || {
        let window = Window {
            days: Vec::new(),
            from: "08:00:00".parse().unwrap(),
            until: "16:00:00".parse().unwrap(),
        };
        Some(Hours { time_zone: "Asia/Qatar".to_owned(), windows: vec![window] })
    };
    let mut plan = plan();
    plan.policies[0].working_hours = office();
    assert_eq!(fields(&plan), ["policies[0].working_hours"]);

    plan.policies[0].working_hours = None;
    let mut reports = policy("reports");
    reports.conditions.kinds = vec![Kind::MandatoryReport];
    reports.working_hours = office();
    reports.remind_s = Some(3600);
    plan.policies.insert(0, reports);
    assert_eq!(fields(&plan), [""; 0]);
    plan.policies[0].remind_s = Some(5);
    let desk = Desk { agency_id: Uuid::from_u128(7).into(), discloses: [FieldClass::Identity].into() };
    plan.policies[0].steps[0].targets.push(Target::Agency(desk));
    let most = BTreeMap::from([(Uuid::from_u128(7).into(), BTreeSet::from([FieldClass::Identity]))]);
    let known = Known { counsellors: BTreeSet::new(), agencies: most };
    let problems: Vec<_> = check(&plan, &known).into_iter().map(|problem| problem.field).collect();
    assert_eq!(problems, ["policies[0].remind_s", "policies[0].steps"]);
}
