//! When queues are open: opening hours evaluated in the time zone of their centre.
//!
//! Hours are meant by the clock on the wall. A time that a change to summer time leaves out counts as the moment after
//! the gap; a closing time that comes twice in autumn is the first of the two. What an expression calls unknown counts
//! as open: a child is not turned away for a doubt.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use helpline_domain::arrangement::Opening;
use helpline_domain::id::CentreId;
use helpline_domain::settings::Hours;
use helpline_store::settings::VersionedSettings;
use opening_hours::localization::{Country, TzLocation};
use opening_hours::{Context, OpeningHours};

/// What does not change for so long counts as never changing.
const FOREVER: TimeDelta = TimeDelta::days(400);
/// Changes looked at before giving up: closed dates and comments make several of what is one to callers.
const MOST_CHANGES: usize = 1000;

/// The opening hours of one queue, ready to be asked.
#[derive(Clone)]
pub struct Schedule {
    hours: Option<OpeningHours<TzLocation<Tz>>>,
    closed: BTreeSet<NaiveDate>,
    zone: Tz,
}

impl Schedule {
    /// Whether an expression can be read.
    pub fn reads(expression: &str) -> bool {
        OpeningHours::from_str(expression).is_ok()
    }

    /// Whether a time zone has this IANA name.
    pub fn knows_zone(name: &str) -> bool {
        Tz::from_str(name).is_ok()
    }

    /// Whether the public holidays of the country with this code are known.
    pub fn knows_country(code: &str) -> bool {
        Country::from_str(code).is_ok()
    }

    /// The schedule of a queue. Settings were checked when they were published; what cannot be read all the same does
    /// not close a queue.
    pub fn of(hours: &Hours, queue: &str) -> Self {
        let zone = Tz::from_str(&hours.time_zone).unwrap_or(Tz::UTC);
        let holidays = Country::from_str(&hours.holidays).map(Country::holidays).unwrap_or_default();
        let context = Context::default()
            .with_holidays(holidays)
            .with_locale(TzLocation::new(zone))
            .approx_bound_interval_size(FOREVER);
        let expression = hours.expression(queue);
        let read = (!expression.is_empty()).then(|| OpeningHours::from_str(expression));
        let hours_of = read.and_then(Result::ok).map(|read| read.with_context(context));
        Self { hours: hours_of, closed: hours.closed_dates(queue), zone }
    }

    /// Whether the queue is open at `now`, and when that changes.
    pub fn at(&self, now: DateTime<Utc>) -> Opening {
        let open = self.is_open(now);
        let mut at = now;
        for _ in 0..MOST_CHANGES {
            let Some(next) = self.next_change(at).filter(|next| *next > at) else { break };
            if next - now > FOREVER {
                break;
            }
            if self.is_open(next) != open {
                return if open {
                    Opening::Open { until: Some(next) }
                } else {
                    Opening::Closed { opens_at: Some(next) }
                };
            }
            at = next;
        }
        if open { Opening::Open { until: None } } else { Opening::Closed { opens_at: None } }
    }

    fn is_open(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&self.zone);
        !self.closed.contains(&local.date_naive())
            && self.hours.as_ref().is_none_or(|hours| !hours.is_closed(local))
    }

    /// The next moment at which something may change: by the expression, or by a closed date that begins or ends.
    fn next_change(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&self.zone);
        let today = local.date_naive();
        let by_date = self
            .closed
            .range(today..)
            .flat_map(|date| [Some(*date), date.checked_add_days(Days::new(1))])
            .flatten()
            .filter(|date| *date > today)
            .find_map(|date| self.moment(date.and_time(NaiveTime::MIN), at));
        let by_hours = self
            .hours
            .as_ref()
            .and_then(|hours| hours.next_change(local))
            .and_then(|change| self.moment(change.naive_local(), at));
        by_date.into_iter().chain(by_hours).min()
    }

    /// When the clock on the wall shows this for the first time after `after`.
    fn moment(&self, mut wall: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // No gap is longer than a day.
        for _ in 0..=24 * 4 {
            let found = match self.zone.from_local_datetime(&wall) {
                LocalResult::Single(one) => Some(one),
                LocalResult::Ambiguous(first, second) => Some(if first > after { first } else { second }),
                LocalResult::None => None,
            };
            if let Some(found) = found {
                return Some(found.with_timezone(&Utc)).filter(|found| *found > after);
            }
            wall += TimeDelta::minutes(15);
        }
        None
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").field("zone", &self.zone).finish_non_exhaustive()
    }
}

/// Which queues are open, remembered until that changes. A clone is the same memory.
#[derive(Clone, Debug, Default)]
pub struct OpeningCache(Arc<Mutex<HashMap<(CentreId, String), Known>>>);

#[derive(Clone, Copy, Debug)]
struct Known {
    version: i64,
    from: DateTime<Utc>,
    opening: Opening,
}

impl OpeningCache {
    /// Whether a queue is open at `now`, the database's time.
    pub fn at(
        &self,
        centre: CentreId,
        settings: &VersionedSettings,
        queue: &str,
        now: DateTime<Utc>,
    ) -> Opening {
        let hours = &settings.settings.hours;
        if !hours.may_close(queue) {
            return Opening::Open { until: None };
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (centre, queue.to_owned());
        if let Some(known) = known.get(&key)
            && known.version == settings.version
            && known.from <= now
            && known.opening.changes_at().is_none_or(|change| now < change)
        {
            return known.opening;
        }
        let opening = Schedule::of(hours, queue).at(now);
        known.insert(key, Known { version: settings.version, from: now, opening });
        opening
    }
}

#[cfg(test)]
mod tests;
