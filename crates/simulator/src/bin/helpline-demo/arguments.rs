//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use helpline_simulator::arrivals::{Profile, Rate};
use helpline_simulator::scenario::Scenario;
use helpline_simulator::speed::Speed;

/// Contacts in an hour of the helpline's time: enough to keep twelve counsellors busy.
const USUAL_RATE: f64 = 260.0;

/// Shows contacts arriving, waiting, being offered, answered and closed, emergencies until a child is reached, and a referral until
/// the child is served, on private servers.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask demo")]
pub(crate) struct Arguments {
    /// Plays the story of a child with many people in it instead of a shift, from the first contact to the last follow-up. Its
    /// clock is moved: years pass in seconds
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Option<Scenario>,
    /// How much faster than life it goes
    #[arg(long, default_value = "20", value_name = "N")]
    pub(crate) speed: Speed,
    /// Contacts in an hour of the helpline's time [default: 260, or what the file of --arrivals says]
    #[arg(long, value_name = "CALLS_PER_HOUR", value_parser = rate)]
    rate: Option<f64>,
    /// Arrivals as in a week: a CSV file with the columns weekday, minute_of_day, mean_calls_per_6_min. With --rate
    /// that is its mean over the week
    #[arg(long, value_name = "FILE")]
    arrivals: Option<PathBuf>,
    /// Where in the week of --arrivals to begin
    #[arg(long, value_name = "DAY-HOUR", default_value = "monday-10", value_parser = moment)]
    start: f64,
    /// How long it plays; without it, until Ctrl-C. An emergency that is open then is played to its end
    #[arg(long = "for", value_name = "30s", value_parser = duration)]
    pub(crate) length: Option<Duration>,
    /// Counsellors on shift
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) counsellors: u16,
    /// The same seed brings the same people
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Server processes, which share the work
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(crate) processes: u8,
    /// A line every two seconds instead of a picture
    #[arg(long)]
    pub(crate) plain: bool,
}

impl Arguments {
    /// How many contacts come.
    pub(crate) fn rate(&self) -> Result<Rate> {
        let Some(file) = &self.arrivals else { return Ok(Rate::Constant(self.rate.unwrap_or(USUAL_RATE))) };
        let profile = Profile::read(file).context("--arrivals")?;
        let profile = match self.rate {
            Some(mean) => profile.scaled_to(mean),
            None => profile,
        };
        Ok(Rate::Weekly { profile, start: self.start })
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.0..=100_000.0).contains(rate));
    rate.ok_or_else(|| "a number from 0 to 100000".to_owned())
}

fn moment(text: &str) -> Result<f64, String> {
    const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let parse = || {
        let (day, hour) = text.split_once('-')?;
        let day = DAYS.iter().position(|name| name.eq_ignore_ascii_case(day))?;
        let hour = hour.parse().ok().filter(|hour| *hour < 24)?;
        Some(Rate::moment(u32::try_from(day).ok()?, hour))
    };
    parse().ok_or_else(|| "a day and an hour, for example monday-10".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60.0),
        Some(number) if text.ends_with('h') => (number, 3600.0),
        Some(number) => (number, 1.0),
        None => (text, 1.0),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * unit);
    seconds
        .filter(|seconds| (1.0..=604_800.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a time such as 30s, 5m or 1h".to_owned())
}
