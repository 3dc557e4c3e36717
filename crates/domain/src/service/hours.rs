//! When a service is open, as a schedule of the standard says it: days that repeat, from one time to another.

use chrono::{
    DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Tz;
use serde_json::Value;

use super::package::{Record, text};

/// How many days are looked ahead for the next opening.
const AHEAD: u64 = 62;

/// Opening hours that repeat.
#[derive(Clone, PartialEq, Debug)]
pub struct Hours {
    /// First and last day on which they hold.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// Each such day, and of a month the first, second, or last …; every day when empty.
    days: Vec<(Weekday, i8)>,
    /// Days of the month; every day when empty.
    month_days: Vec<u32>,
    /// Every how many weeks, counted from the week of that day.
    interval: (i64, Option<NaiveDate>),
    opens: NaiveTime,
    /// Not after `opens` means on the next day.
    closes: NaiveTime,
    /// Hours ahead of UTC, as far as the schedule says.
    offset: Option<FixedOffset>,
}

/// Whether a service is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Open {
    /// Open now.
    Now,
    /// Closed; opens next at this time, if within two months.
    Next(Option<DateTime<Utc>>),
    /// Nothing that can be computed is said.
    NotStated,
}

impl Hours {
    /// The hours of a schedule; nothing when it says them in words alone, or in a way that is not computed here.
    pub fn of(schedule: &Record) -> Option<Self> {
        let day = |name| text(schedule, name).and_then(|day| day.parse::<NaiveDate>().ok());
        let time = |name| text(schedule, name).and_then(|time| time.parse::<NaiveTime>().ok());
        let number = |name: &str| schedule.get(name).and_then(Value::as_f64);
        let list = |name| {
            text(schedule, name).unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
        };
        // What is counted may be over already.
        if ["byweekno", "byyearday", "count"].into_iter().any(|name| schedule.contains_key(name)) {
            return None;
        }
        let freq = text(schedule, "freq");
        let begins = day("dtstart");
        #[expect(clippy::cast_possible_truncation, reason = "between 1 and 1000")]
        let interval = number("interval").unwrap_or(1.0) as i64;
        let first = begins.or_else(|| day("valid_from"));
        let other_weeks = text(schedule, "wkst").is_some_and(|first| first != "MO");
        if interval > 1 && (freq == Some("MONTHLY") || first.is_none() || other_weeks) {
            return None;
        }
        let mut days: Vec<_> = list("byday").map(weekday).collect::<Option<_>>()?;
        let mut month_days: Vec<_> = list("bymonthday").map(|day| day.parse().ok()).collect::<Option<_>>()?;
        // What repeats and names no day is on that of its begin, as in iCalendar.
        match freq {
            Some("WEEKLY") if days.is_empty() => days.push((begins?.weekday(), 0)),
            Some("MONTHLY") if days.is_empty() && month_days.is_empty() => month_days.push(begins?.day()),
            // A begin of which nothing says that it repeats is one day, or that was forgotten.
            None if days.is_empty() && month_days.is_empty() && begins.is_some() => return None,
            _ => {}
        }
        #[expect(clippy::cast_possible_truncation, reason = "between -12 and 14 hours")]
        let offset = number("timezone").and_then(|hours| FixedOffset::east_opt((hours * 3600.0) as i32));
        Some(Self {
            from: begins.into_iter().chain(day("valid_from")).max(),
            to: day("until").into_iter().chain(day("valid_to")).min(),
            days,
            month_days,
            interval: (interval, first),
            opens: time("opens_at")?,
            closes: time("closes_at")?,
            offset,
        })
    }

    /// Whether the days on which they hold include this one.
    fn holds_on(&self, date: NaiveDate) -> bool {
        let within = self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to);
        let (interval, first) = self.interval;
        let weeks = first.map_or(0, |first| {
            let monday = |day: NaiveDate| day - TimeDelta::days(day.weekday().num_days_from_monday().into());
            (monday(date) - monday(first)).num_weeks()
        });
        let of_the_week = self.days.is_empty()
            || self.days.iter().any(|(weekday, nth)| *weekday == date.weekday() && is_nth(*nth, date));
        let of_the_month = self.month_days.is_empty() || self.month_days.contains(&date.day());
        within && weeks.rem_euclid(interval) == 0 && of_the_week && of_the_month
    }

    /// From when to when they are open on a day.
    fn on(&self, date: NaiveDate, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let closes_on = if self.closes > self.opens { date } else { date.checked_add_days(Days::new(1))? };
        let moment = |date: NaiveDate, time| {
            let wall = date.and_time(time);
            match self.offset {
                Some(offset) => offset.from_local_datetime(&wall).earliest().map(|at| at.to_utc()),
                // A time that a change to summer time leaves out is the moment after the gap.
                None => zone
                    .from_local_datetime(&wall)
                    .earliest()
                    .or_else(|| zone.from_local_datetime(&(wall + TimeDelta::hours(1))).earliest())
                    .map(|at| at.to_utc()),
            }
        };
        self.holds_on(date).then_some(())?;
        Some((moment(date, self.opens)?, moment(closes_on, self.closes)?))
    }

    /// Whether they are open, by the clock of `zone` if they name none.
    pub fn at(&self, now: DateTime<Utc>, zone: Tz) -> Open {
        let today = self.offset.map_or_else(
            || now.with_timezone(&zone).date_naive(),
            |offset| now.with_timezone(&offset).date_naive(),
        );
        // What opened yesterday may be open past midnight.
        let mut day = today.pred_opt().unwrap_or(today);
        for _ in 0..=AHEAD {
            if let Some((opens, closes)) = self.on(day, zone) {
                if opens <= now && now < closes {
                    return Open::Now;
                }
                if opens > now {
                    return Open::Next(Some(opens));
                }
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        Open::Next(None)
    }
}

/// Whether any of them is open; the earliest next opening else.
pub fn any_at(hours: &[Hours], now: DateTime<Utc>, zone: Tz) -> Open {
    let mut next = None;
    for one in hours {
        match one.at(now, zone) {
            Open::Now => return Open::Now,
            Open::Next(Some(at)) => next = Some(next.map_or(at, |before: DateTime<Utc>| before.min(at))),
            Open::Next(None) | Open::NotStated => {}
        }
    }
    if hours.is_empty() { Open::NotStated } else { Open::Next(next) }
}

fn weekday(text: &str) -> Option<(Weekday, i8)> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = if nth.is_empty() { 0 } else { nth.parse().ok().filter(|nth| (-5..=5).contains(nth))? };
    let day = match day {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    Some((day, nth))
}

/// Whether a day is the nth of its weekday in its month, counted from the end for negative ones; 0 means any.
fn is_nth(nth: i8, date: NaiveDate) -> bool {
    let from_begin = i64::from((date.day() - 1) / 7 + 1);
    let left = i64::from(date.num_days_in_month()) - i64::from(date.day());
    match i64::from(nth) {
        0 => true,
        nth if nth > 0 => from_begin == nth,
        nth => -(left / 7 + 1) == nth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hours(value: &Value) -> Option<Hours> {
        Hours::of(value.as_object().unwrap())
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_of_office_hours_is_open_in_them_and_says_when_it_opens_next() {
        let office = hours(
            &json!({"freq": "WEEKLY", "byday": "SU,MO,TU,WE,TH", "opens_at": "08:00:00", "closes_at": "15:00:00", "timezone": 3}),
        );
        let office = office.unwrap();
        // 2026-02-05 is a Thursday.
        assert_eq!(office.at(at("2026-02-05T11:59:00Z"), Tz::UTC), Open::Now);
        assert_eq!(
            office.at(at("2026-02-05T12:00:00Z"), Tz::UTC),
            Open::Next(Some(at("2026-02-08T05:00:00Z")))
        );
    }

    #[test]
    fn a_night_shelter_is_open_past_midnight() {
        let night = hours(&json!({"opens_at": "20:00:00", "closes_at": "08:00:00"})).unwrap();
        let zone = Tz::Asia__Qatar;
        assert_eq!(night.at(at("2026-02-05T23:00:00Z"), zone), Open::Now);
        assert_eq!(night.at(at("2026-02-05T06:00:00Z"), zone), Open::Next(Some(at("2026-02-05T17:00:00Z"))));
    }

    #[test]
    fn the_last_friday_of_a_month_is_one_day() {
        let clinic =
            json!({"freq": "MONTHLY", "byday": "-1FR", "opens_at": "10:00:00", "closes_at": "11:00:00"});
        let clinic = hours(&clinic).unwrap();
        let next = Open::Next(Some(at("2026-02-27T10:00:00Z")));
        assert_eq!(clinic.at(at("2026-02-06T10:30:00Z"), Tz::UTC), next);
        assert_eq!(clinic.at(at("2026-02-27T10:30:00Z"), Tz::UTC), Open::Now);
    }

    #[test]
    fn every_second_week_counts_from_its_begin() {
        let value = json!({"freq": "WEEKLY", "interval": 2, "byday": "MO", "dtstart": "2026-02-02", "opens_at": "10:00:00", "closes_at": "11:00:00"});
        let second = hours(&value).unwrap();
        let next = Open::Next(Some(at("2026-02-16T10:00:00Z")));
        assert_eq!(second.at(at("2026-02-09T10:30:00Z"), Tz::UTC), next);
    }

    #[test]
    fn what_repeats_and_names_no_day_is_on_the_day_of_its_begin() {
        let with = |more: Value| {
            let mut value = json!({"dtstart": "2026-02-05", "opens_at": "10:00:00", "closes_at": "11:00:00"});
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            value.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            hours(&value)
        };
        // 2026-02-05 is a Thursday.
        let weekly = with(json!({"freq": "WEEKLY"})).unwrap();
        assert_eq!(weekly.at(at("2026-02-19T10:30:00Z"), Tz::UTC), Open::Now);
        let next = Open::Next(Some(at("2026-02-26T10:00:00Z")));
        assert_eq!(weekly.at(at("2026-02-20T10:30:00Z"), Tz::UTC), next);
        let monthly = with(json!({"freq": "MONTHLY"})).unwrap();
        assert_eq!(monthly.at(at("2026-03-05T10:30:00Z"), Tz::UTC), Open::Now);
        let next = Open::Next(Some(at("2026-04-05T10:00:00Z")));
        assert_eq!(monthly.at(at("2026-03-12T10:30:00Z"), Tz::UTC), next);
        assert_eq!(with(json!({})), None, "one day, or was its repetition forgotten?");
        for freq in ["WEEKLY", "MONTHLY"] {
            assert_eq!(with(json!({"freq": freq, "dtstart": null})), None, "{freq}");
            assert_eq!(with(json!({"freq": freq, "byday": "TH", "count": 3})), None, "who counts them?");
        }
        let sundays = json!({"freq": "WEEKLY", "interval": 2, "wkst": "SU"});
        assert_eq!(with(sundays), None, "weeks that begin on another day");
    }

    #[test]
    fn every_second_week_counts_from_the_first_and_not_from_when_it_holds() {
        let value = json!({"freq": "WEEKLY", "interval": 2, "byday": "MO", "dtstart": "2026-02-02", "valid_from": "2026-02-09",
            "opens_at": "10:00:00", "closes_at": "11:00:00"});
        let second = hours(&value).unwrap();
        let next = Open::Next(Some(at("2026-02-16T10:00:00Z")));
        assert_eq!(second.at(at("2026-02-09T10:30:00Z"), Tz::UTC), next);
    }

    #[test]
    fn what_is_over_or_not_computed_never_counts_as_open() {
        let over = json!({"opens_at": "00:00:00", "closes_at": "00:00:00", "until": "2005-01-01"});
        assert_eq!(hours(&over).unwrap().at(at("2026-02-06T10:30:00Z"), Tz::UTC), Open::Next(None));
        assert_eq!(hours(&json!({"description": "weekdays"})), None);
        assert_eq!(hours(&json!({"byweekno": "41", "opens_at": "10:00:00", "closes_at": "11:00:00"})), None);
    }
}
