//! Times: absolute, for everybody in the same way, and relative while that is short.

use chrono::{DateTime, Utc};
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
}
