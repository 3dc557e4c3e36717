//! How a centre hands children over across borders: to whom in which country, by which rules, and within what time.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::field_class::FieldClass;
use crate::id::AgencyId;
use crate::settings::hours::working_days_after;

/// How a centre hands children over across borders. Without countries it does not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossBorder {
    /// Countries to which children may be handed over, each once.
    pub countries: Vec<Country>,
    /// From preparing, checking and declining to the next step, in seconds.
    pub prepare_s: u32,
    /// How long a focal point has to begin its assessment before the next is asked.
    pub answer_s: u32,
    /// How long it has to assess.
    pub assess_s: u32,
    /// From accepting to the travel plan.
    pub plan_s: u32,
    /// After the time when the child should have arrived: then the child is missing.
    pub missing_after_s: u32,
    /// From the arrival to both signatures.
    pub sign_s: u32,
    /// Working days from the hand-over to the first visit.
    pub first_visit_days: u32,
    /// From one report to the next.
    pub report_every_s: u32,
    /// How long it is reported how the child is, in days.
    pub monitoring_days: u32,
}

/// A country to which children may be handed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Who receives there: the first is asked, and each is the fallback of the one before.
    pub focal_points: Vec<FocalPoint>,
    /// Nobody is sent there for now.
    #[serde(default)]
    pub closed: bool,
    /// Legal bases that the rules accept, keys.
    pub legal_bases: BTreeSet<String>,
    /// What must not be told there, whatever was agreed.
    #[serde(default)]
    pub forbidden: BTreeSet<FieldClass>,
    /// Whether an override that another has approved does in place of consent.
    #[serde(default)]
    pub override_allowed: bool,
    /// Whether a child may be sent there although fear or asylum is recorded.
    #[serde(default)]
    pub allowed_despite_fear: bool,
    /// Days of the week on which nobody works there, from 1, Monday, to 7.
    pub rest_days: BTreeSet<u32>,
}

/// An agency that receives children in a country.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FocalPoint {
    /// The agency.
    pub agency_id: AgencyId,
    /// When somebody is there, in the syntax of opening hours; for people to read where there is no time zone.
    #[serde(default)]
    pub hours: String,
    /// IANA name of the time zone in which they are meant.
    #[serde(default)]
    pub time_zone: String,
    /// What it signs with, as `whpk_` and base64; empty when it signs by the hash alone.
    #[serde(default)]
    pub public_key: String,
}

impl Default for CrossBorder {
    fn default() -> Self {
        const HOUR: u32 = 3600;
        const DAY: u32 = 24 * HOUR;
        Self {
            countries: Vec::new(),
            prepare_s: 7 * DAY,
            answer_s: 2 * DAY,
            assess_s: 14 * DAY,
            plan_s: 14 * DAY,
            missing_after_s: 12 * HOUR,
            sign_s: 2 * DAY,
            first_visit_days: 5,
            report_every_s: 30 * DAY,
            monitoring_days: 183,
        }
    }
}

impl CrossBorder {
    /// The rules of a country.
    pub fn country(&self, code: &str) -> Option<&Country> {
        self.countries.iter().find(|one| one.country == code)
    }

    /// When the first visit is due after a hand-over to a country: so many days on which somebody works there.
    pub fn first_visit_due(&self, country: &str, from: DateTime<Utc>) -> DateTime<Utc> {
        let rest = self.country(country).map(|rules| rules.rest_days.clone()).unwrap_or_default();
        working_days_after(from, self.first_visit_days, &rest)
    }

    /// What must not be where: classes that are not told as `QA:identity`, overrides that open nothing as `QA:override`, and children who
    /// are afraid as `QA:fear`.
    pub fn forbidden(&self) -> Vec<String> {
        let of = |one: &Country| {
            let classes = one.forbidden.iter().map(|class| class.key());
            let rest = [
                (!one.override_allowed).then_some("override"),
                (!one.allowed_despite_fear).then_some("fear"),
            ];
            let country = one.country.clone();
            let keys: Vec<String> =
                classes.chain(rest.into_iter().flatten()).map(|key| format!("{country}:{key}")).collect();
            keys
        };
        self.countries.iter().flat_map(of).collect()
    }

    /// On which legal bases something may be told where, as `QA:court_order`: nothing in a country that is closed.
    pub fn accepted_bases(&self) -> Vec<String> {
        let open = self.countries.iter().filter(|one| !one.closed);
        open.flat_map(|one| one.legal_bases.iter().map(|basis| format!("{}:{basis}", one.country))).collect()
    }
}

impl Country {
    /// Who is asked after an agency; the first after nobody.
    pub fn next_after(&self, agency: AgencyId) -> Option<AgencyId> {
        let place = self.focal_points.iter().position(|one| one.agency_id == agency)?;
        self.focal_points.get(place.saturating_add(1)).map(|one| one.agency_id)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn days_of_rest_do_not_count() {
        let country = Country {
            country: "QA".to_owned(),
            focal_points: Vec::new(),
            closed: false,
            legal_bases: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            override_allowed: false,
            allowed_despite_fear: false,
            rest_days: BTreeSet::from([5, 6]),
        };
        // A Wednesday: Thursday, Sunday, Monday, Tuesday, Wednesday.
        let from: DateTime<Utc> = "2026-01-07T10:00:00Z".parse().expect("a time");
        let rules = CrossBorder { countries: vec![country], ..CrossBorder::default() };
        assert_eq!(rules.first_visit_due("QA", from), from + Duration::days(7));
        assert_eq!(rules.first_visit_due("ZZ", from), from + Duration::days(5));
    }
}
