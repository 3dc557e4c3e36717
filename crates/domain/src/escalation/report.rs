//! Reports that the law demands: the same machine with a slow clock. Steps wait for the working times of the authority, the
//! deadline waits for nobody.

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};

use super::on_call;
use super::plan::{Hours, Policy};

/// Seconds of a day.
pub(super) const DAY_S: u32 = 86_400;
/// Seconds between two alarms that a report is overdue.
pub const OVERDUE_EVERY_S: u32 = DAY_S;
/// Minutes in which times of the week come round, with room for a change of the clocks.
const ROUND: i64 = 8 * 24 * 60;

impl Policy {
    /// Seconds until a report is reminded of, which is due at `deadline`: none when it is late for that already.
    pub fn reminder_in_s(&self, deadline: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
        let ahead = i64::from(self.remind_s.unwrap_or(DAY_S));
        u32::try_from((deadline - now).num_seconds().saturating_sub(ahead).max(0)).unwrap_or(u32::MAX)
    }

    /// Seconds until what falls due `wait_s` from now: beyond the working times of the authority, until they begin again.
    pub fn put_off(&self, now: DateTime<Utc>, wait_s: u32) -> u32 {
        let Some(hours) = &self.working_hours else { return wait_s };
        let due = now + TimeDelta::seconds(wait_s.into());
        // Rounded up: not a moment before they begin.
        let seconds = |until: TimeDelta| u32::try_from((until.num_milliseconds() + 999) / 1000).ok();
        put_off(hours, due).and_then(|begins| seconds(begins - now)).unwrap_or(wait_s)
    }
}

/// The first moment from `due` on that lies in these times, if one does.
fn put_off(hours: &Hours, due: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if on_call::holds(hours, due) {
        return Some(due);
    }
    // Windows begin with whole minutes, in every zone of today.
    let minute = due.with_second(0)?.with_nanosecond(0)?;
    (1..=ROUND).map(|later| minute + TimeDelta::minutes(later)).find(|&at| on_call::holds(hours, at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check::tests::policy;
    use super::super::plan::Window;
    use super::*;

    /// From Sunday to Thursday, as offices in Doha work.
    fn office() -> Policy {
        use chrono::Weekday::{Mon, Sun, Thu, Tue, Wed};
        let window = Window {
            days: vec![Sun, Mon, Tue, Wed, Thu],
            from: "07:00:00".parse().unwrap(),
            until: "14:00:00".parse().unwrap(),
        };
        let mut policy = policy("reports");
        policy.working_hours = Some(Hours { time_zone: "Asia/Qatar".to_owned(), windows: vec![window] });
        policy
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_falls_due_when_nobody_works_is_due_when_they_begin_again() {
        let office = office();
        let due = |now: &str, wait_s| at(now) + TimeDelta::seconds(office.put_off(at(now), wait_s).into());
        // Doha is three hours ahead of UTC.
        assert_eq!(due("2026-01-05T06:00:00Z", 3600), at("2026-01-05T07:00:00Z"), "they work");
        assert_eq!(due("2026-01-05T10:59:30Z", 3600), at("2026-01-06T04:00:00Z"), "they have gone home");
        assert_eq!(due("2026-01-08T10:00:00Z", DAY_S), at("2026-01-11T04:00:00Z"), "Friday and Saturday");
        assert_eq!(policy("usual").put_off(at("2026-01-08T10:00:00Z"), 60), 60);
    }

    #[test]
    fn a_report_is_reminded_of_before_its_deadline_and_at_once_when_it_is_late_for_that() {
        let mut policy = policy("reports");
        let deadline = at("2026-01-05T12:00:00Z");
        assert_eq!(policy.reminder_in_s(deadline, at("2026-01-03T12:00:00Z")), DAY_S);
        policy.remind_s = Some(3600);
        assert_eq!(policy.reminder_in_s(deadline, at("2026-01-05T10:00:00Z")), 3600);
        for late in ["2026-01-05T11:30:00Z", "2026-01-09T00:00:00Z"] {
            assert_eq!(policy.reminder_in_s(deadline, at(late)), 0);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_due_earlier_than_it_waits_for_nor_out_of_hours_nor_later_than_they_begin(
            now in 1_700_000_000_i64..1_800_000_000, wait_s in 0_u32..2_592_000,
        ) {
            let office = office();
            let now = DateTime::from_timestamp(now, 0).unwrap();
            let put_off = office.put_off(now, wait_s);
            prop_assert!(put_off >= wait_s);
            let hours = office.working_hours.as_ref().unwrap();
            let due = now + TimeDelta::seconds(put_off.into());
            prop_assert!(on_call::holds(hours, due));
            if put_off > wait_s {
                prop_assert!(!on_call::holds(hours, due - TimeDelta::seconds(1)));
            }
        }
    }
}
