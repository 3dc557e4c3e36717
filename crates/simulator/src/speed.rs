//! How fast the helpline's time runs against the clock on the wall.

use std::str::FromStr;
use std::time::Duration;

/// Seconds of the helpline's time in one real second; from 0.1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Speed(f64);

impl Speed {
    /// A speed; `None` when it is not from 0.1 to 1000.
    pub fn new(factor: f64) -> Option<Self> {
        (0.1..=1000.0).contains(&factor).then_some(Self(factor))
    }

    /// Seconds of the helpline's time in one real second.
    pub fn factor(self) -> f64 {
        self.0
    }

    /// How long this many seconds of the helpline's time really last. Never negative, at most a day.
    pub fn real(self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds / self.0).clamp(0.0, 86_400.0))
    }

    /// How many seconds of the helpline's time pass in a real duration.
    pub fn of_line(self, real: Duration) -> f64 {
        real.as_secs_f64() * self.0
    }

    /// A setting of the line, given in seconds of the helpline's time, as whole real seconds; no less than the API
    /// takes.
    pub fn setting(self, seconds: f64, least: i64) -> i64 {
        let whole = self.real(seconds).as_secs_f64().round();
        // In range: `real` is at most a day.
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to 86400")]
        let whole = whole as i64;
        whole.max(least)
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| "a number from 0.1 to 1000".to_owned())
    }
}

impl std::fmt::Display for Speed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_twenty_times_a_minute_lasts_three_seconds() {
        let speed: Speed = "20".parse().unwrap();
        assert_eq!(speed.real(60.0), Duration::from_secs(3));
        assert!((speed.of_line(Duration::from_secs(3)) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn a_setting_is_whole_seconds_and_no_less_than_the_api_takes() {
        let speed: Speed = "20".parse().unwrap();
        assert_eq!(speed.setting(15.0, 1), 1);
        assert_eq!(speed.setting(180.0, 1), 9);
        assert_eq!("1".parse::<Speed>().unwrap().setting(15.0, 1), 15);
    }

    #[test]
    fn a_speed_of_nothing_or_of_nonsense_is_refused() {
        for text in ["0", "-1", "NaN", "inf", "fast", ""] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }
}
