//! When contacts come: a Poisson process whose rate follows the hours of a week.

use super::{Arrivals, ScenarioError};
use crate::draws::Draws;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const DAY_S: f64 = 86_400.0;
const SLOT_S: f64 = 360.0;
const SLOTS_OF_A_DAY: usize = 240;

/// Contacts per second at any time of a week, which begins on Sunday at midnight.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rate {
    mean: f64,
    /// How many times the mean in each slot of the week; empty for always the same.
    shape: Vec<f64>,
    /// Begin and end within a day, and factor.
    surges: Vec<(f64, f64, f64)>,
}

impl Rate {
    /// The rate of a scenario; `profile` is the text of the file that it names.
    pub(crate) fn new(
        arrivals: &Arrivals,
        per_hour: f64,
        profile: Option<&str>,
    ) -> Result<Self, ScenarioError> {
        let surges =
            arrivals.surges.iter().map(|surge| (surge.from_s, surge.from_s + surge.for_s, surge.factor));
        let shape = profile.map(shape).transpose().map_err(|problem| ScenarioError::Field {
            field: format!("arrivals.profile ({})", arrivals.profile.as_deref().unwrap_or_default()),
            problem,
        })?;
        Ok(Self { mean: per_hour / 3600.0, shape: shape.unwrap_or_default(), surges: surges.collect() })
    }

    /// Always the same rate, per second.
    pub(crate) const fn steady(mean: f64) -> Self {
        Self { mean, shape: Vec::new(), surges: Vec::new() }
    }

    fn at(&self, seconds: f64) -> f64 {
        let slot = (seconds / SLOT_S + 1e-9).floor().max(0.0) as usize;
        let shape = if self.shape.is_empty() { 1.0 } else { self.shape[slot % self.shape.len()] };
        let of_day = (seconds + 1e-6) % DAY_S;
        let during = |surge: &&(f64, f64, f64)| (surge.0..surge.1).contains(&of_day);
        self.mean * shape * self.surges.iter().filter(during).map(|surge| surge.2).product::<f64>()
    }

    /// The moment after `seconds` at which the rate may change next.
    fn steady_until(&self, seconds: f64) -> f64 {
        let mut until = f64::INFINITY;
        if !self.shape.is_empty() {
            until = ((seconds / SLOT_S + 1e-9).floor() + 1.0) * SLOT_S;
        }
        let midnight = ((seconds + 1e-6) / DAY_S).floor() * DAY_S;
        for (from, to, _) in &self.surges {
            for edge in [midnight + from, midnight + to, midnight + DAY_S + from] {
                if edge > seconds + 1e-6 {
                    until = until.min(edge);
                }
            }
        }
        until
    }

    /// The first arrival after `now`, if there is one before `end`.
    pub(crate) fn next(&self, mut now: f64, end: f64, draws: &mut Draws) -> Option<f64> {
        // A Poisson process is one of rate 1 on a clock that runs as fast as contacts come.
        let mut left = draws.exponential();
        while now < end {
            let rate = self.at(now);
            let until = self.steady_until(now);
            if rate > 0.0 && left <= rate * (until - now) {
                now += left / rate;
                return (now < end).then_some(now);
            }
            if !until.is_finite() {
                return None;
            }
            left -= rate * (until - now);
            now = until;
        }
        None
    }
}

/// The shape of a week from the table of a profile, its mean being 1. Slots that are left out have no calls.
fn shape(table: &str) -> Result<Vec<f64>, String> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = ["weekday", "minute_of_day", "mean_calls_per_6_min"];
    let headers = reader.headers().map_err(|error| error.to_string())?;
    if !headers.iter().map(str::trim).eq(columns) {
        return Err(format!("the first line must be {}", columns.join(",")));
    }
    let mut calls = vec![0.0; WEEKDAYS.len() * SLOTS_OF_A_DAY];
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |place: usize| record.get(place).unwrap_or_default().trim();
        let day = WEEKDAYS.iter().position(|name| field(0).eq_ignore_ascii_case(name));
        let minute =
            field(1).parse().ok().filter(|minute: &usize| *minute < 1440 && minute.is_multiple_of(6));
        let slot = day.zip(minute).map(|(day, minute)| day * SLOTS_OF_A_DAY + minute / 6);
        let mean = field(2).parse().ok().filter(|mean: &f64| mean.is_finite() && *mean >= 0.0);
        let (Some(slot), Some(mean)) = (slot, mean) else {
            return Err(format!(
                "line {line}: a weekday in English, a minute of the day in steps of 6, a number of calls"
            ));
        };
        calls[slot] = mean;
    }
    let mean = calls.iter().sum::<f64>() / calls.len() as f64;
    if mean <= 0.0 {
        return Err("there are no calls at all".to_owned());
    }
    for slot in &mut calls {
        *slot /= mean;
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Surge;

    fn count(rate: &Rate, from: f64, to: f64) -> f64 {
        let mut draws = Draws::new(1, 1, 1);
        let (mut now, mut count) = (0.0, 0.0);
        while let Some(next) = rate.next(now, to, &mut draws) {
            now = next;
            count += f64::from(u8::from(now >= from));
        }
        count
    }

    #[test]
    fn a_surge_brings_so_many_more_each_day() {
        let surges = vec![Surge { from_s: 3600.0, for_s: 600.0, factor: 10.0 }];
        let arrivals = Arrivals { surges, ..Arrivals::default() };
        let rate = Rate::new(&arrivals, 3600.0, None).unwrap();
        let normal = count(&rate, 0.0, 3600.0);
        let surge = count(&rate, 3600.0, 4200.0);
        let whole = count(&rate, 0.0, 3.0 * DAY_S);
        assert!((normal - 3600.0).abs() < 200.0, "{normal}");
        assert!((surge - 6000.0).abs() < 250.0, "{surge}");
        assert!((whole - 3.0 * (86_400.0 + 5400.0)).abs() < 2000.0, "{whole}");
    }

    #[test]
    fn a_profile_gives_the_shape_and_the_rate_gives_the_height() {
        let table = "weekday,minute_of_day,mean_calls_per_6_min\nsunday,0,2\nsunday,6,6\n";
        let arrivals = Arrivals { profile: Some("week.csv".to_owned()), ..Arrivals::default() };
        let rate = Rate::new(&arrivals, 100.0, Some(table)).unwrap();
        let week = 7.0 * DAY_S;
        let (first, second) = (count(&rate, 0.0, 360.0), count(&rate, 360.0, 720.0));
        assert!((first - 4200.0).abs() < 250.0 && (second - 12_600.0).abs() < 400.0, "{first} {second}");
        assert_eq!(count(&rate, 720.0, week).to_bits(), 0.0_f64.to_bits());
        let problem = Rate::new(&arrivals, 1.0, Some("a,b\n")).unwrap_err().to_string();
        assert!(problem.contains("week.csv") && problem.contains("minute_of_day"), "{problem}");
    }
}
