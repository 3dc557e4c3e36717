//! Within what time things are done for migrant children.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::hours::working_days_after;
use serde::{Deserialize, Serialize};

/// Within what time things are done for migrant children.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MigrantChildren {
    /// From the beginning of an enquiry, and of a care for a time, to the next step, in seconds.
    pub enquire_s: u32,
    /// From the day on which nobody has taken a case on to the conference, in seconds.
    pub assess_s: u32,
    /// From the conference to the plan, and from the plan to its review, in seconds.
    pub plan_s: u32,
    /// Working days until a conference must have been answered.
    pub answer_days: u32,
    /// Days of the week on which nobody works, from 1, Monday, to 7.
    pub rest_days: BTreeSet<u32>,
    /// Days that a stay lasts at most.
    pub stay_days: u32,
    /// Days before its end at which supervisors are told.
    pub stay_warning_days: u32,
    /// From the admission until a child must have a guardian, in seconds.
    pub guardian_s: u32,
    /// Until it is found out where else a child who is held could live, in seconds.
    pub screen_s: u32,
    /// Days from one review of a detention to the next.
    pub review_days: u32,
    /// How long a child is held until supervisors are alerted, and told again, in seconds.
    pub held_s: u32,
}

impl Default for MigrantChildren {
    fn default() -> Self {
        const HOUR: u32 = 3600;
        const DAY: u32 = 24 * HOUR;
        Self {
            enquire_s: 3 * DAY,
            assess_s: 14 * DAY,
            plan_s: 30 * DAY,
            answer_days: 2,
            rest_days: BTreeSet::from([6, 7]),
            stay_days: 90,
            stay_warning_days: 7,
            guardian_s: 72 * HOUR,
            screen_s: 24 * HOUR,
            review_days: 14,
            held_s: 72 * HOUR,
        }
    }
}

impl MigrantChildren {
    /// When a conference must have been answered: so many days on which somebody works after now.
    pub fn answer_due(&self, from: DateTime<Utc>) -> DateTime<Utc> {
        working_days_after(from, self.answer_days, &self.rest_days)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn a_conference_is_answered_on_days_of_work() {
        // A Friday: Monday and Tuesday.
        let from: DateTime<Utc> = "2026-01-09T10:00:00Z".parse().expect("a time");
        assert_eq!(MigrantChildren::default().answer_due(from), from + Duration::days(4));
    }
}
