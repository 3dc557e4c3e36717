//! Who has the watch at a moment: rotations, schedules, and who stands in for whom.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::plan::{Hours, Plan, Rotation, Schedule, Target, Turn, Window};
use crate::id::CounsellorId;

/// Somebody stands in on a schedule for a time: whoever else it names is not asked then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandIn {
    /// Key of the schedule.
    pub schedule: String,
    /// Who stands in.
    pub counsellor_id: CounsellorId,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Whether a moment lies in these times of the week. A zone that nobody knows holds always: a wrong name must not
/// make anybody unreachable.
pub fn holds(hours: &Hours, now: DateTime<Utc>) -> bool {
    let Ok(zone) = hours.time_zone.parse::<Tz>() else { return true };
    let local = now.with_timezone(&zone).naive_local();
    hours.windows.iter().any(|window| within(window, local))
}

fn within(window: &Window, local: NaiveDateTime) -> bool {
    let begins_on = |day: chrono::NaiveDate| window.days.is_empty() || window.days.contains(&day.weekday());
    let (today, time) = (local.date(), local.time());
    if window.until > window.from {
        return begins_on(today) && (window.from..window.until).contains(&time);
    }
    let yesterday = today.checked_sub_days(Days::new(1));
    (begins_on(today) && time >= window.from) || (yesterday.is_some_and(begins_on) && time < window.until)
}

/// Whose turn it is. Nobody's before the first begins.
pub fn turn(rotation: &Rotation, now: DateTime<Utc>) -> Option<CounsellorId> {
    let zone = rotation.time_zone.parse::<Tz>().unwrap_or(Tz::UTC);
    let begins = rotation.begins_at;
    let local = now.with_timezone(&zone).naive_local();
    let passed = match rotation.turn {
        Turn::Hours(hours) => {
            // Where the clocks skip the hour it begins in, it begins when they have.
            let begun = zone
                .from_local_datetime(&begins)
                .earliest()
                .or_else(|| zone.from_local_datetime(&(begins + TimeDelta::hours(1))).earliest())?;
            (now - begun.with_timezone(&Utc)).num_seconds().div_euclid(i64::from(hours.max(1)) * 3600)
        }
        Turn::Days(days) => whole_days(begins, local).div_euclid(i64::from(days.max(1))),
        Turn::Weeks(weeks) => whole_days(begins, local).div_euclid(i64::from(weeks.max(1)) * 7),
    };
    let count = i64::try_from(rotation.members.len()).ok().filter(|&count| count > 0)?;
    let place = usize::try_from(passed).ok()?;
    rotation.members.get(place % usize::try_from(count).ok()?).copied()
}

/// Hand-overs at that time of day that have passed since.
fn whole_days(begins: NaiveDateTime, local: NaiveDateTime) -> i64 {
    let days = (local.date() - begins.date()).num_days();
    if local.time() < begins.time() { days - 1 } else { days }
}

/// Who is on call in a schedule: who stands in, else everybody whom its layers name, each once.
pub fn on_call(
    plan: &Plan,
    schedule: &Schedule,
    stand_ins: &[StandIn],
    now: DateTime<Utc>,
) -> Vec<CounsellorId> {
    let stands_in = |who: &&StandIn| who.schedule == schedule.schedule && who.from <= now && now < who.until;
    let mut found: Vec<CounsellorId> =
        stand_ins.iter().filter(stands_in).map(|who| who.counsellor_id).collect();
    if found.is_empty() {
        let layers =
            schedule.layers.iter().filter(|layer| layer.hours.as_ref().is_none_or(|hours| holds(hours, now)));
        found = layers.filter_map(|layer| turn(plan.rotation(&layer.rotation)?, now)).collect();
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whom of the centre's people a target comes to at a moment, as far as they have not left. Nobody for what is outside the
/// centre, and for supervisors, who are whoever is there.
pub fn people(
    plan: &Plan,
    target: &Target,
    stand_ins: &[StandIn],
    known: &BTreeSet<CounsellorId>,
    now: DateTime<Utc>,
) -> Vec<CounsellorId> {
    let mut found: Vec<CounsellorId> = match target {
        Target::Person(person) => vec![*person],
        Target::Rotation(key) => {
            plan.rotation(key).and_then(|rotation| turn(rotation, now)).into_iter().collect()
        }
        Target::Schedule(key) => {
            plan.schedule(key).map_or_else(Vec::new, |schedule| on_call(plan, schedule, stand_ins, now))
        }
        Target::Supervisors | Target::Call(_) | Target::Agency(_) => Vec::new(),
    };
    found.retain(|person| known.contains(person));
    found
}

/// Keys of the schedules and rotations that policies count on and that come to nobody at a moment: because it is nobody's
/// turn, or because whoever has it has left.
pub fn unattended(
    plan: &Plan,
    stand_ins: &[StandIn],
    known: &BTreeSet<CounsellorId>,
    now: DateTime<Utc>,
) -> BTreeSet<String> {
    let steps = plan.policies.iter().flat_map(|policy| &policy.steps);
    steps
        .flat_map(|step| &step.targets)
        .filter_map(|target| match target {
            Target::Rotation(key) | Target::Schedule(key) => Some((target, key)),
            _ => None,
        })
        .filter(|(target, _)| people(plan, target, stand_ins, known, now).is_empty())
        .map(|(_, key)| key.clone())
        .collect()
}

/// Whether these times cover the whole week.
pub fn is_always(hours: &Hours) -> bool {
    let monday = chrono::NaiveDate::from_isoywd_opt(2024, 1, chrono::Weekday::Mon);
    let Some(monday) = monday else { return false };
    let minutes = (0..7 * 24 * 60).map(|minute| monday.and_time(NaiveTime::MIN) + TimeDelta::minutes(minute));
    minutes.into_iter().all(|minute| hours.windows.iter().any(|window| within(window, minute)))
}

#[cfg(test)]
mod tests {
    use super::super::check::tests::{person, plan};
    use super::super::plan::Layer;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn rotation(zone: &str, begins: &str, turn: Turn) -> Rotation {
        Rotation {
            rotation: "night".to_owned(),
            time_zone: zone.to_owned(),
            begins_at: begins.parse().unwrap(),
            turn,
            members: vec![person(1), person(2), person(3)],
        }
    }

    #[test]
    fn a_daily_turn_changes_at_the_same_local_time_also_when_the_clocks_change() {
        // Clocks in Berlin went forward on 29 March 2026 at 02:00.
        let berlin = rotation("Europe/Berlin", "2026-03-27T08:00:00", Turn::Days(1));
        assert_eq!(turn(&berlin, at("2026-03-28T06:59:59Z")), Some(person(1)));
        assert_eq!(turn(&berlin, at("2026-03-28T07:00:00Z")), Some(person(2)));
        assert_eq!(turn(&berlin, at("2026-03-29T05:59:59Z")), Some(person(2)));
        assert_eq!(turn(&berlin, at("2026-03-29T06:00:00Z")), Some(person(3)));
        assert_eq!(turn(&berlin, at("2026-03-30T06:00:00Z")), Some(person(1)));
    }

    #[test]
    fn hours_and_weeks_take_turns_too_and_before_the_first_there_is_nobody() {
        let hours = rotation("Asia/Qatar", "2026-01-01T00:00:00", Turn::Hours(8));
        assert_eq!(turn(&hours, at("2025-12-31T20:59:59Z")), None);
        assert_eq!(turn(&hours, at("2025-12-31T21:00:00Z")), Some(person(1)));
        assert_eq!(turn(&hours, at("2026-01-01T05:00:00Z")), Some(person(2)));
        let weeks = rotation("Asia/Almaty", "2026-01-05T09:00:00", Turn::Weeks(1));
        assert_eq!(turn(&weeks, at("2026-01-12T03:59:59Z")), Some(person(1)));
        assert_eq!(turn(&weeks, at("2026-01-12T04:00:00Z")), Some(person(2)));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_begins_on() {
        let night = Window {
            days: vec![chrono::Weekday::Thu],
            from: "22:00:00".parse().unwrap(),
            until: "06:00:00".parse().unwrap(),
        };
        let hours = Hours { time_zone: "Asia/Qatar".to_owned(), windows: vec![night] };
        assert!(!holds(&hours, at("2026-01-01T18:59:00Z")));
        assert!(holds(&hours, at("2026-01-01T19:00:00Z")), "Thursday at ten in the evening");
        assert!(holds(&hours, at("2026-01-02T02:59:00Z")), "Friday before six");
        assert!(!holds(&hours, at("2026-01-02T19:00:00Z")), "Friday at ten in the evening");
        assert!(!is_always(&hours));
    }

    #[test]
    fn who_stands_in_is_on_call_instead_of_whoever_has_the_turn() {
        let mut plan = plan();
        plan.rotations = vec![rotation("UTC", "2026-01-01T00:00:00", Turn::Days(1))];
        let layer = || Layer { rotation: "night".to_owned(), hours: None };
        plan.schedules = vec![Schedule { schedule: "duty".to_owned(), layers: vec![layer(), layer()] }];
        let stand_in = StandIn {
            schedule: "duty".to_owned(),
            counsellor_id: person(9),
            from: at("2026-01-02T00:00:00Z"),
            until: at("2026-01-02T12:00:00Z"),
        };
        let asked = |time| on_call(&plan, &plan.schedules[0], std::slice::from_ref(&stand_in), at(time));
        assert_eq!(asked("2026-01-01T10:00:00Z"), [person(1)], "named twice, asked once");
        assert_eq!(asked("2026-01-02T10:00:00Z"), [person(9)]);
        assert_eq!(asked("2026-01-02T12:00:00Z"), [person(2)]);
    }

    #[test]
    fn a_schedule_that_a_policy_counts_on_is_unattended_when_whoever_has_the_turn_has_left() {
        let mut plan = plan();
        plan.rotations = vec![rotation("UTC", "2026-01-01T00:00:00", Turn::Days(1))];
        let layers = || vec![Layer { rotation: "night".to_owned(), hours: None }];
        plan.schedules = vec![
            Schedule { schedule: "duty".to_owned(), layers: layers() },
            Schedule { schedule: "nobody_asks".to_owned(), layers: layers() },
        ];
        let targets = &mut plan.policies[0].steps[0].targets;
        targets.push(Target::Schedule("duty".to_owned()));
        let (first, second) = (at("2026-01-01T10:00:00Z"), at("2026-01-02T10:00:00Z"));
        let stand_in = StandIn {
            schedule: "duty".to_owned(),
            counsellor_id: person(3),
            from: first,
            until: first + TimeDelta::hours(1),
        };
        let here = BTreeSet::from([person(2), person(3)]);
        let asked = |stand_ins: &[StandIn], time| unattended(&plan, stand_ins, &here, time);
        assert_eq!(asked(&[], first), BTreeSet::from(["duty".to_owned()]), "the first has left");
        assert!(asked(&[], second).is_empty(), "it is the turn of the second");
        assert!(asked(&[stand_in], first).is_empty(), "somebody stands in");
        assert!(!asked(&[], at("2025-12-31T10:00:00Z")).is_empty(), "no turn has begun");
    }
}
