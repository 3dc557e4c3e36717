//! How a centre treats reports of abuse at schools, and how long a survey after a contact is taken.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::hours::working_days_after;
use serde::{Deserialize, Serialize};

/// How a centre treats reports of abuse at schools, and surveys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct School {
    /// From filing to assessment, in seconds.
    pub assess_s: u32,
    /// From assessment to the report to an authority, or to the approval that there is none.
    pub report_s: u32,
    /// Working days from filing to feedback.
    pub feedback_days: u32,
    /// Days of the week on which nobody works, from 1, Monday, to 7.
    pub rest_days: BTreeSet<u32>,
    /// From feedback to the end, in seconds.
    pub close_s: u32,
    /// Reports may be of one incident when no more days than this lie between.
    pub same_incident_days: u32,
    /// So many reports about one school are a pattern.
    pub pattern_reports: u32,
    /// Within so many days.
    pub pattern_days: u32,
    /// How long after the end of a contact a survey is taken, in seconds.
    pub survey_s: u32,
}

impl Default for School {
    fn default() -> Self {
        const DAY: u32 = 24 * 3600;
        Self {
            assess_s: DAY,
            report_s: DAY,
            feedback_days: 10,
            rest_days: BTreeSet::from([6, 7]),
            close_s: 30 * DAY,
            same_incident_days: 7,
            pattern_reports: 3,
            pattern_days: 30,
            survey_s: 14 * DAY,
        }
    }
}

impl School {
    /// When feedback is due for what was filed: so many days on which somebody works.
    pub fn feedback_due(&self, filed: DateTime<Utc>) -> DateTime<Utc> {
        working_days_after(filed, self.feedback_days, &self.rest_days)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn feedback_is_due_after_ten_days_on_which_somebody_works() {
        // A Wednesday; Friday and Saturday are free.
        let from: DateTime<Utc> = "2026-01-07T10:00:00Z".parse().expect("a time");
        let school = School { rest_days: BTreeSet::from([5, 6]), ..School::default() };
        assert_eq!(school.feedback_due(from), from + Duration::days(14));
    }
}
