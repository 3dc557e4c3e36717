//! When contacts come: a Poisson process with a constant rate, or with one that follows a week.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::draws::Draws;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const SLOT_MINUTES: usize = 6;
const SLOTS_OF_A_DAY: usize = 24 * 60 / SLOT_MINUTES;
const SLOTS: usize = WEEKDAYS.len() * SLOTS_OF_A_DAY;
const SLOT_SECONDS: f64 = 60.0 * 6.0;
const SLOTS_OF_AN_HOUR: f64 = 10.0;
const WEEK_SECONDS: f64 = 7.0 * 86_400.0;

/// How many calls come in each six minutes of a week that begins on Sunday at midnight.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Mean calls of each slot.
    calls: Vec<f64>,
}

impl Profile {
    /// Reads the CSV file with the columns `weekday,minute_of_day,mean_calls_per_6_min`.
    ///
    /// # Errors
    /// When it cannot be read, or as [`Profile::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(file).with_context(|| path.display().to_string())
    }

    /// Reads such a table. Slots that are left out have no calls.
    ///
    /// # Errors
    /// Which line is wrong and what was expected; a table without any calls.
    pub fn parse(table: impl Read) -> Result<Self> {
        let mut reader = csv::Reader::from_reader(table);
        let columns = ["weekday", "minute_of_day", "mean_calls_per_6_min"];
        if !reader.headers()?.iter().map(str::trim).eq(columns) {
            bail!("the first line must be {}", columns.join(","));
        }
        let mut calls = vec![0.0; SLOTS];
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let slot = slot_of(record.get(0).unwrap_or_default(), record.get(1).unwrap_or_default())
                .with_context(|| {
                    format!("line {line}: a weekday in English and a minute of the day in steps of 6")
                })?;
            let mean: f64 = record
                .get(2)
                .and_then(|text| text.trim().parse().ok())
                .filter(|mean: &f64| mean.is_finite() && *mean >= 0.0)
                .with_context(|| format!("line {line}: a number of calls, 0 or more"))?;
            if let Some(place) = calls.get_mut(slot) {
                *place = mean;
            }
        }
        if calls.iter().sum::<f64>() <= 0.0 {
            bail!("the profile has no calls at all");
        }
        Ok(Self { calls })
    }

    /// Mean calls in an hour over the whole week.
    pub fn mean_per_hour(&self) -> f64 {
        self.calls.iter().sum::<f64>() / 7.0 / 24.0
    }

    /// The same shape with another mean over the week.
    #[must_use]
    pub fn scaled_to(mut self, calls_per_hour: f64) -> Self {
        let factor = calls_per_hour / self.mean_per_hour();
        self.calls.iter_mut().for_each(|calls| *calls *= factor);
        self
    }

    /// Calls per hour in the slot at this many seconds since Sunday, midnight; the week repeats.
    fn rate_at(&self, seconds: f64) -> f64 {
        let slot = (seconds.rem_euclid(WEEK_SECONDS) / SLOT_SECONDS).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1680")]
        let slot = (slot as usize).min(SLOTS - 1);
        self.calls.get(slot).copied().unwrap_or_default() * SLOTS_OF_AN_HOUR
    }
}

fn slot_of(weekday: &str, minute: &str) -> Option<usize> {
    let weekday = weekday.trim();
    let day = WEEKDAYS.iter().position(|name| weekday.eq_ignore_ascii_case(name))?;
    let minute: usize = minute.trim().parse().ok()?;
    (minute < 24 * 60 && minute.is_multiple_of(SLOT_MINUTES))
        .then(|| day * SLOTS_OF_A_DAY + minute / SLOT_MINUTES)
}

/// How many contacts come.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// Calls per hour, always the same.
    Constant(f64),
    /// As in a week, entered at a moment of it.
    Weekly {
        /// The week.
        profile: Profile,
        /// Seconds since Sunday, midnight, at which the play begins.
        start: f64,
    },
}

impl Rate {
    /// Seconds since Sunday, midnight, of an hour of a weekday; 0 is Sunday.
    pub fn moment(day: u32, hour: u32) -> f64 {
        f64::from(day * 24 + hour) * 3600.0
    }

    /// Calls per hour at this many seconds after the beginning.
    pub fn at(&self, seconds: f64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Weekly { profile, start } => profile.rate_at(start + seconds),
        }
    }

    /// The moment at which the rate may change next.
    fn steady_until(&self, seconds: f64) -> f64 {
        match self {
            Self::Constant(_) => f64::INFINITY,
            Self::Weekly { start, .. } => {
                (((start + seconds) / SLOT_SECONDS).floor() + 1.0) * SLOT_SECONDS - start
            }
        }
    }
}

/// The arrivals, one after the other.
#[derive(Debug)]
pub struct Arrivals {
    rate: Rate,
    draws: Draws,
    now: f64,
}

impl Arrivals {
    /// Arrivals at this rate.
    pub fn new(rate: Rate, draws: Draws) -> Self {
        Self { rate, draws, now: 0.0 }
    }

    /// When the next contact comes, in seconds of the helpline's time since the beginning; infinity when the rate is 0
    /// for ever.
    pub fn next_at(&mut self) -> f64 {
        // A Poisson process is one of rate 1 on a clock that runs as fast as calls come.
        let mut left = self.draws.exponential(1.0);
        let quiet_until = self.now + WEEK_SECONDS;
        loop {
            let rate = self.rate.at(self.now) / 3600.0;
            let until = self.rate.steady_until(self.now);
            let room = rate * (until - self.now);
            if rate > 0.0 && left <= room {
                self.now += left / rate;
                return self.now;
            }
            if !until.is_finite() || until > quiet_until + SLOT_SECONDS {
                return f64::INFINITY;
            }
            left -= room;
            self.now = until;
        }
    }
}

#[cfg(test)]
mod tests;
