//! Reads requests: collects every field that cannot be used, so that a client learns of all of them at once.
//!
//! ```text
//! let mut fields = Fields::new();
//! let contact_id = fields.id("contact_id", &request.contact_id);
//! let reason = fields.choice("reason", request.reason, DeclineReason::as_str_name);
//! fields.build((|| Some(Decline { contact_id: contact_id?, reason: reason? }))())
//! ```
//!
//! A violation names the path of the field and what is expected there, never what was sent.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use helpline_domain::id::RequestId;
use uuid::Uuid;

use crate::error::{Refusal, Violation};

/// Longest key of a queue, a skill or a category, in characters.
const KEY_LENGTH: usize = 40;
/// Longest language tag, in characters.
const LANGUAGE_LENGTH: usize = 35;
/// Enums of the API count densely from 0; none is longer.
const ENUM_LENGTH: i32 = 128;

/// Collects what cannot be used in a request.
#[derive(Debug, Default)]
pub struct Fields {
    prefix: String,
    violations: Vec<Violation>,
}

impl Fields {
    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that `path` does not hold what is expected. `expected` must not repeat what was sent.
    pub fn refuse(&mut self, path: &str, expected: impl Into<String>) {
        self.violations
            .push(Violation { field: format!("{}{path}", self.prefix), expected: expected.into() });
    }

    /// `Some` value, or a violation.
    fn check<T>(&mut self, path: &str, value: Option<T>, expected: impl FnOnce() -> String) -> Option<T> {
        if value.is_none() {
            self.refuse(path, expected());
        }
        value
    }

    /// Reads the fields of the message at `path`: inside, paths continue after `path.`.
    pub fn within<T>(&mut self, path: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.prefix.len();
        self.prefix.push_str(path);
        self.prefix.push('.');
        let result = read(self);
        self.prefix.truncate(length);
        result
    }

    /// Reads every message of the list at `path`, at most `longest` of them. `None` when any cannot be used.
    pub fn list<M, T>(
        &mut self,
        path: &str,
        messages: &[M],
        longest: usize,
        mut read: impl FnMut(&mut Self, &M) -> Option<T>,
    ) -> Option<Vec<T>> {
        if messages.len() > longest {
            self.refuse(path, format!("at most {longest} entries"));
            return None;
        }
        // Every entry is read, so that every violation is found, before the first missing one decides.
        let entries: Vec<_> = messages
            .iter()
            .enumerate()
            .map(|(index, message)| self.within(&format!("{path}[{index}]"), |fields| read(fields, message)))
            .collect();
        entries.into_iter().collect()
    }

    /// A message that must be there.
    pub fn required<'a, M>(&mut self, path: &str, message: Option<&'a M>) -> Option<&'a M> {
        self.check(path, message, || "required".to_owned())
    }

    /// A UUID other than the nil one.
    pub fn id<T: From<Uuid>>(&mut self, path: &str, value: &str) -> Option<T> {
        let id = Uuid::parse_str(value).ok().filter(|id| !id.is_nil()).map(T::from);
        self.check(path, id, || "a UUID".to_owned())
    }

    /// A UUID other than the nil one, or nothing when empty.
    pub fn optional_id<T: From<Uuid>>(&mut self, path: &str, value: &str) -> Option<Option<T>> {
        if value.is_empty() { Some(None) } else { self.id(path, value).map(Some) }
    }

    /// The id by which a repeat of a command is known.
    pub fn request_id(&mut self, value: &str) -> Option<RequestId> {
        self.id("request_id", value)
    }

    /// Text of so many characters, with line breaks and tabs but no other control characters. A carriage return
    /// before a line feed is dropped.
    pub fn text(&mut self, path: &str, value: &str, length: RangeInclusive<usize>) -> Option<String> {
        let value = value.replace("\r\n", "\n");
        let fits = length.contains(&value.chars().count());
        let clean =
            value.chars().all(|character| matches!(character, '\n' | '\t') || !character.is_control());
        self.check(path, (fits && clean).then_some(value), || {
            format!("{} without control characters other than line break and tab", characters(&length))
        })
    }

    /// Text of so many characters on one line: no control characters at all.
    pub fn line(&mut self, path: &str, value: &str, length: RangeInclusive<usize>) -> Option<String> {
        let fits = length.contains(&value.chars().count());
        let clean = !value.chars().any(char::is_control);
        self.check(path, (fits && clean).then(|| value.to_owned()), || {
            format!("{} on one line without control characters", characters(&length))
        })
    }

    /// A key of the centre's settings: from 1 to 40 lower-case letters, digits and `_`.
    pub fn key(&mut self, path: &str, value: &str) -> Option<String> {
        let fits = (1..=KEY_LENGTH).contains(&value.len());
        let clean = value.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        self.check(path, (fits && clean).then(|| value.to_owned()), || {
            format!("from 1 to {KEY_LENGTH} lower-case letters, digits and _")
        })
    }

    /// A key, or nothing when empty.
    pub fn optional_key(&mut self, path: &str, value: &str) -> Option<Option<String>> {
        if value.is_empty() { Some(None) } else { self.key(path, value).map(Some) }
    }

    /// A country, ISO 3166-1 alpha-2 in upper case.
    pub fn country(&mut self, path: &str, value: &str) -> Option<String> {
        let usable = value.len() == 2 && value.bytes().all(|letter| letter.is_ascii_uppercase());
        let country = usable.then(|| value.to_owned());
        self.check(path, country, || "two upper-case letters (ISO 3166-1 alpha-2)".to_owned())
    }

    /// A language as a BCP 47 tag of at most 35 characters, turned to lower case.
    pub fn language(&mut self, path: &str, value: &str) -> Option<String> {
        let mut parts = value.split('-');
        let primary = parts.next().is_some_and(|part| {
            matches!(part.len(), 2 | 3) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        let rest = parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let good = primary && rest && value.len() <= LANGUAGE_LENGTH;
        self.check(path, good.then(|| value.to_ascii_lowercase()), || {
            format!("a BCP 47 language tag of at most {LANGUAGE_LENGTH} characters, such as ar or kk-Cyrl")
        })
    }

    /// A language, or nothing when empty.
    pub fn optional_language(&mut self, path: &str, value: &str) -> Option<Option<String>> {
        if value.is_empty() { Some(None) } else { self.language(path, value).map(Some) }
    }

    /// A known value of an enum other than the unspecified one; `name` is the enum's `as_str_name`.
    pub fn choice<E: TryFrom<i32>>(
        &mut self,
        path: &str,
        value: i32,
        name: fn(&E) -> &'static str,
    ) -> Option<E> {
        let chosen = (value != 0).then(|| E::try_from(value).ok()).flatten();
        self.check(path, chosen, || {
            let known = (1..ENUM_LENGTH).filter_map(|number| E::try_from(number).ok());
            format!("one of {}", known.map(|value| name(&value)).collect::<Vec<_>>().join(", "))
        })
    }

    /// A known value of an enum, or nothing when unspecified.
    pub fn optional_choice<E: TryFrom<i32>>(
        &mut self,
        path: &str,
        value: i32,
        name: fn(&E) -> &'static str,
    ) -> Option<Option<E>> {
        if value == 0 { Some(None) } else { self.choice(path, value, name).map(Some) }
    }

    /// A number in a range.
    pub fn int<N: PartialOrd + Display + Copy>(
        &mut self,
        path: &str,
        value: N,
        range: RangeInclusive<N>,
    ) -> Option<N> {
        self.check(path, range.contains(&value).then_some(value), || {
            format!("from {} to {}", range.start(), range.end())
        })
    }

    /// The revision a change was made from: `Some(None)` for 0, which skips the check.
    pub fn expected_revision(&mut self, path: &str, value: i64) -> Option<Option<i64>> {
        self.int(path, value, 0..=i64::MAX).map(|revision| (revision > 0).then_some(revision))
    }

    /// A duration in a range that must be there.
    pub fn duration(
        &mut self,
        path: &str,
        value: Option<&prost_types::Duration>,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        // Taken apart by hand: the conversion of prost normalises first, which overflows for the least number.
        let duration = value
            .and_then(|value| {
                let nanoseconds =
                    u32::try_from(value.nanos).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
                Some(Duration::new(u64::try_from(value.seconds).ok()?, nanoseconds))
            })
            .filter(|duration| range.contains(duration));
        self.check(path, duration, || {
            format!("a duration from {} s to {} s", range.start().as_secs_f64(), range.end().as_secs_f64())
        })
    }

    /// A duration in a range, or nothing when missing.
    pub fn optional_duration(
        &mut self,
        path: &str,
        value: Option<&prost_types::Duration>,
        range: RangeInclusive<Duration>,
    ) -> Option<Option<Duration>> {
        if value.is_none() { Some(None) } else { self.duration(path, value, range).map(Some) }
    }

    /// A time from 1970 to 9999 that must be there, to the microsecond.
    pub fn timestamp(&mut self, path: &str, value: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
        /// 9999-12-31T23:59:59Z, the last second of a protobuf timestamp.
        const LAST: i64 = 253_402_300_799;
        let time = value.filter(|value| (0..=LAST).contains(&value.seconds)).and_then(|value| {
            let nanoseconds =
                u32::try_from(value.nanos).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
            // Postgres keeps microseconds; a time that comes back must equal the one that was sent.
            DateTime::from_timestamp(value.seconds, nanoseconds / 1000 * 1000)
        });
        self.check(path, time, || "a time from the year 1970 to 9999".to_owned())
    }

    /// A time, or nothing when missing.
    pub fn optional_timestamp(
        &mut self,
        path: &str,
        value: Option<&prost_types::Timestamp>,
    ) -> Option<Option<DateTime<Utc>>> {
        if value.is_none() { Some(None) } else { self.timestamp(path, value).map(Some) }
    }

    /// A day as YYYY-MM-DD.
    pub fn date(&mut self, path: &str, value: &str) -> Option<NaiveDate> {
        let date = NaiveDate::parse_from_str(value, "%Y-%m-%d").ok().filter(|_| value.len() == 10);
        self.check(path, date, || "a day as YYYY-MM-DD".to_owned())
    }

    /// How many entries of a list to answer with: 50 for 0, at most 500.
    pub fn page_size(&mut self, value: i32) -> Option<u32> {
        let size = u32::try_from(value).ok().map(crate::page::clamp);
        self.check("page_size", size, || "0 or more".to_owned())
    }

    /// Ends the reading: INVALID_FIELD with every violation, if there is one.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.violations.is_empty() { Ok(()) } else { Err(Refusal::invalid_fields(self.violations)) }
    }

    /// Ends the reading with what was built from it: INVALID_FIELD with every violation, if there is one.
    pub fn build<T>(self, built: Option<T>) -> Result<T, Refusal> {
        self.finish()?;
        built.ok_or_else(|| Refusal::bug("a request was not read although no field was refused"))
    }
}

fn characters(length: &RangeInclusive<usize>) -> String {
    match (length.start(), length.end()) {
        (0, end) => format!("at most {end} characters"),
        (start, end) => format!("from {start} to {end} characters"),
    }
}

#[cfg(test)]
mod tests;
