//! Times: absolute, for everybody in the same way, and relative while that is short.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use prost_types::Timestamp;

use crate::words::Words;

/// Longest time that is told in minutes.
const MINUTES: i64 = 120;

/// A time of the API.
pub(super) fn read(time: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    let time = time?;
    DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}

/// A time, seen at `now`. The date is left out when it is today's.
pub(super) fn show(words: &Words, time: Option<&Timestamp>, now: Option<DateTime<Utc>>) -> Markup {
    let Some(time) = read(time) else { return html! { "—" } };
    let today = now.is_some_and(|now| now.date_naive() == time.date_naive());
    let shown = time.format(if today { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" }).to_string();
    let minutes = now.map(|now| (now - time).num_minutes()).filter(|minutes| (0..=MINUTES).contains(minutes));
    html! {
        time datetime=(time.format("%Y-%m-%dT%H:%M:%SZ")) { bdi dir="ltr" { (shown) } }
        @if let Some(minutes) = minutes {
            " (" (words.minutes_ago.replace("{}", &minutes.to_string())) ")"
        }
    }
}

/// A time as the clocks of a zone show it, with the zone; in UTC when that has no name that is known.
pub(super) fn local(time: Option<&Timestamp>, name: &str) -> Markup {
    let Some(time) = read(time) else { return html! { "—" } };
    let there = time.with_timezone(&known(name));
    let shown = format!("{} ({})", there.format("%Y-%m-%d %H:%M"), zone(name, Some(time)));
    html! { time datetime=(time.format("%Y-%m-%dT%H:%M:%SZ")) { bdi dir="ltr" { (shown) } } }
}

/// A zone by its name, with how far it is from UTC at a time.
pub(super) fn zone(name: &str, at: Option<DateTime<Utc>>) -> String {
    let zone = known(name);
    match at {
        Some(at) if zone != Tz::UTC => format!("{zone}, UTC{}", at.with_timezone(&zone).format("%:z")),
        _ => zone.to_string(),
    }
}

/// When the clocks of a zone show this; the first time when they do so twice. `None` when they never do, or when it is no time.
pub(crate) fn from_local(date: &str, time: &str, name: &str) -> Option<Timestamp> {
    let day = NaiveDate::parse_from_str(date.trim(), "%Y-%m-%d").ok()?;
    let time = time.trim();
    let clock =
        NaiveTime::parse_from_str(time, "%H:%M").or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S"));
    let there = day.and_time(clock.ok()?).and_local_timezone(known(name)).earliest()?;
    Some(Timestamp { seconds: there.timestamp(), nanos: 0 })
}

fn known(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn a_time_of_today_is_told_without_the_date_and_with_how_long_ago_it_was() {
        let words = Language::English.words();
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let now = read(at(90_000).as_ref());
        let shown = |seconds| show(words, at(seconds).as_ref(), now).into_string();
        assert!(shown(90_000 - 720).contains("00:48 UTC</bdi></time> (12 min ago)"));
        assert!(shown(90_000 + 720).ends_with("01:12 UTC</bdi></time>"));
        assert!(shown(3600).ends_with("1970-01-01 01:00 UTC</bdi></time>"));
        assert_eq!(show(words, None, now).into_string(), "—");
    }

    #[test]
    fn a_time_of_the_centre_is_read_and_shown_in_its_zone() {
        let read = |date, time| from_local(date, time, "Africa/Cairo").map(|time| time.seconds);
        assert_eq!(read("2026-11-25", "14:30"), Some(1_795_609_800));
        assert_eq!(read("2026-07-25", "14:30:00"), Some(1_784_979_000), "in summer an hour earlier");
        // Clocks go from midnight to one on 2026-04-24, and from midnight back to eleven on 2026-10-29.
        assert_eq!(read("2026-04-24", "00:30"), None, "there is no such time");
        assert_eq!(read("2026-10-29", "23:30"), Some(1_793_305_800), "the first of the two");
        for (date, time) in [
            ("", "14:30"),
            ("2026-11-25", ""),
            ("2026-02-30", "10:00"),
            ("25.11.2026", "10:00"),
            ("2026-11-25", "25:00"),
        ] {
            assert_eq!(read(date, time), None, "{date} {time}");
        }
        let shown = |name| local(Some(&Timestamp { seconds: 1_795_609_800, nanos: 0 }), name).into_string();
        assert!(
            shown("Africa/Cairo").contains("2026-11-25 14:30 (Africa/Cairo, UTC+02:00)"),
            "{}",
            shown("Africa/Cairo")
        );
        assert!(shown("Nowhere/Else").contains("12:30 (UTC)"), "{}", shown("Nowhere/Else"));
    }
}
