//! What a scenario must hold to be played, said with the field that does not.

use std::collections::BTreeSet;

use super::{Scenario, ScenarioError};

/// Longest play: what is counted in milliseconds and kept in memory must stay small.
const MOST_DAYS: f64 = 366.0;
const MOST_COUNSELLORS: u32 = 2000;
const MOST_CONTACTS: f64 = 20_000_000.0;

fn wrong(field: impl Into<String>, problem: impl Into<String>) -> ScenarioError {
    ScenarioError::Field { field: field.into(), problem: problem.into() }
}

fn within(field: impl Into<String>, value: f64, from: f64, to: f64) -> Result<(), ScenarioError> {
    if value.is_finite() && (from..=to).contains(&value) {
        return Ok(());
    }
    Err(wrong(field, format!("must be from {from} to {to}, is {value}")))
}

fn positive(field: impl Into<String>, value: f64) -> Result<(), ScenarioError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(wrong(field, format!("must be above 0, is {value}")))
    }
}

/// Shares are from 0 to 1 and together 1.
fn shares<'a>(field: &str, shares: impl Iterator<Item = (String, &'a f64)>) -> Result<(), ScenarioError> {
    let mut sum = 0.0;
    for (name, share) in shares {
        within(format!("{field}{name}"), *share, 0.0, 1.0)?;
        sum += share;
    }
    if (sum - 1.0).abs() < 1e-3 {
        return Ok(());
    }
    Err(wrong(field.trim_end_matches('.'), format!("the shares must be 1 together, are {sum:.3}")))
}

impl Scenario {
    /// Whether it can be played.
    ///
    /// # Errors
    /// The first field that is wrong, and how.
    pub fn check(&self) -> Result<(), ScenarioError> {
        within("days", self.days, 0.001, MOST_DAYS)?;
        within("warm_up_s", self.warm_up_s, 0.0, 30.0 * 86_400.0)?;
        self.check_classes()?;
        self.check_wishes()?;
        self.check_counsellors()?;
        self.check_offers()?;
        self.check_arrivals()
    }

    fn check_arrivals(&self) -> Result<(), ScenarioError> {
        match (self.arrivals.load, self.arrivals.per_hour) {
            (Some(load), None) => within("arrivals.load", load, 0.001, 100.0)?,
            (None, Some(per_hour)) => within("arrivals.per_hour", per_hour, 0.001, 1e6)?,
            _ => return Err(wrong("arrivals", "must have either load or per_hour")),
        }
        for (index, surge) in self.arrivals.surges.iter().enumerate() {
            let field = |name: &str| format!("arrivals.surges[{index}].{name}");
            within(field("from_s"), surge.from_s, 0.0, 86_399.0)?;
            within(field("for_s"), surge.for_s, 1.0, 86_400.0 - surge.from_s)?;
            within(field("factor"), surge.factor, 0.0, 1000.0)?;
        }
        let contacts = self.contacts_per_hour() * (self.days * 24.0 + self.warm_up_s / 3600.0);
        if contacts > MOST_CONTACTS {
            return Err(wrong("days", format!("{contacts:.0} contacts for each seed are too many to play")));
        }
        Ok(())
    }

    fn check_classes(&self) -> Result<(), ScenarioError> {
        if self.classes.is_empty() {
            return Err(wrong("classes", "there must be at least one"));
        }
        let mut seen = BTreeSet::new();
        for class in &self.classes {
            let field = |name: &str| format!("classes.{}.{name}", class.class.key());
            if !seen.insert(class.class) {
                return Err(wrong(field("class"), "is there twice"));
            }
            within(field("target_s"), class.target_s, 0.001, 86_400.0)?;
            within(field("goal"), class.goal, 0.0, 1.0)?;
            within(field("handle_s"), class.handle_s, 1.0, 86_400.0)?;
            within(field("handle_cv"), class.handle_cv, 0.0, 10.0)?;
            if let Some(patience) = class.patience_s {
                within(field("patience_s"), patience, 1.0, 1e7)?;
            }
            if !class.found.is_empty() {
                shares(
                    &field("found."),
                    class.found.iter().map(|(found, share)| (found.key().to_owned(), share)),
                )?;
            }
        }
        shares(
            "classes.",
            self.classes.iter().map(|class| (format!("{}.share", class.class.key()), &class.share)),
        )
    }

    fn check_wishes(&self) -> Result<(), ScenarioError> {
        if !self.languages.is_empty() {
            let named = self.languages.iter().map(|one| (format!("{}.share", one.language), &one.share));
            shares("languages.", named)?;
        }
        for skill in &self.skills {
            within(format!("skills.{}.share", skill.skill), skill.share, 0.0, 1.0)?;
        }
        if self.channels.is_empty() {
            return Ok(());
        }
        for channel in &self.channels {
            let field = |name: &str| format!("channels.{}.{name}", channel.medium.key());
            positive(field("handle_factor"), channel.handle_factor)?;
            positive(field("patience_factor"), channel.patience_factor)?;
            positive(field("target_factor"), channel.target_factor)?;
        }
        let named = self.channels.iter().map(|one| (format!("{}.share", one.medium.key()), &one.share));
        shares("channels.", named)
    }

    fn check_counsellors(&self) -> Result<(), ScenarioError> {
        let counsellors = &self.counsellors;
        if !(1..=MOST_COUNSELLORS).contains(&counsellors.count) {
            let problem = format!("must be from 1 to {MOST_COUNSELLORS}, is {}", counsellors.count);
            return Err(wrong("counsellors.count", problem));
        }
        within("counsellors.parkable_wrap_up", counsellors.parkable_wrap_up, 0.0, 0.9)?;
        if counsellors.groups.is_empty() {
            return Ok(());
        }
        for (index, group) in counsellors.groups.iter().enumerate() {
            let field = |name: &str| format!("counsellors.groups[{index}].{name}");
            if group.capacity.is_empty() {
                return Err(wrong(field("capacity"), "who can take nothing is no counsellor"));
            }
            if group.capacity.voice > 1 {
                return Err(wrong(field("capacity.voice"), "nobody speaks with two callers at once"));
            }
            for (place, shift) in group.shifts.iter().enumerate() {
                within(field(&format!("shifts[{place}].from_h")), shift.from_h, 0.0, 24.0)?;
                within(field(&format!("shifts[{place}].to_h")), shift.to_h, 0.0, 24.0)?;
            }
        }
        let groups = counsellors.groups.iter().enumerate();
        shares("counsellors.groups.", groups.map(|(index, group)| (format!("[{index}].share"), &group.share)))
    }

    fn check_offers(&self) -> Result<(), ScenarioError> {
        let [from, to] = self.offers.accept_s;
        within("offers.accept_s", from, 0.0, 3600.0)?;
        within("offers.accept_s", to, from, 3600.0)?;
        within("offers.miss_share", self.offers.miss_share, 0.0, 0.99)?;
        within("offers.ring_s", self.offers.ring_s, 1.0, 3600.0)?;
        within("offers.miss_limit", f64::from(self.offers.miss_limit), 1.0, 100.0)?;
        within("offers.away_s", self.offers.away_s, 0.0, 86_400.0)?;
        within("ours.cap_s", self.ours.cap_s, 0.0, 1e7)?;
        within("ours.high_cap_s", self.ours.high_cap_s, 0.0, 1e7)?;
        within("ours.critical_ring_s", self.ours.critical_ring_s, 1.0, 3600.0)?;
        within("ours.critical_offers", f64::from(self.ours.critical_offers), 1.0, 10.0)?;
        within("ours.cool_down_s", self.ours.cool_down_s, 0.0, 86_400.0)?;
        positive("timed_targets.step_s", self.timed_targets.step_s)
    }
}
