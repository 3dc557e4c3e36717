//! One row: every field by its shape.

use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::{Number, Value};
use uuid::Uuid;

use super::{Checked, Problem};
use crate::service::kind::{Field, Kind, Shape};
use crate::service::nest::Row;
use crate::service::package::Record;

/// The longest text of a field, in characters.
const LONGEST: usize = 20_000;

/// Reads a row; what is wrong goes to the problems. Nothing, when it cannot be used at all.
pub(super) fn read(file: &str, row: &Row, checked: &mut Checked) -> Option<(Uuid, Record)> {
    let table = row.kind.table();
    let mut record = Record::new();
    let mut usable = true;
    // The rules are the centre's own. Of them nothing is left out: a rule that is missing lets in, or tells.
    let is_rule = row.kind == Kind::ServiceRule;
    let problem = |field: &str, what: String, bearable: bool| {
        let (file, place, field) = (file.to_owned(), row.place.clone(), field.to_owned());
        Problem { file, place, field, what, bearable: bearable && !is_rule }
    };
    for name in row.fields.keys().filter(|name| table.field(name).is_none()) {
        if is_rule {
            checked.problems.push(problem(name, "is no rule that is known".to_owned(), false));
        } else {
            checked.unknown.insert((file.to_owned(), name.clone()));
        }
    }
    let before = checked.problems.len();
    for field in table.fields {
        let wrong = match row.fields.get(field.name).map(|value| value_of(field, value)) {
            None | Some(Ok(None)) if field.required => "is required".to_owned(),
            None | Some(Ok(None)) => continue,
            Some(Ok(Some(value))) => {
                record.insert(field.name.to_owned(), value);
                continue;
            }
            Some(Err(wrong)) => wrong,
        };
        usable &= !field.required;
        checked.problems.push(problem(field.name, wrong, !field.required));
    }
    if row.kind == Kind::Schedule && checked.problems.len() > before {
        // Hours without one of their bounds would be longer than they are: they are known by their words alone.
        record.retain(|name, _| !matches!(name.as_str(), "opens_at" | "closes_at"));
    }
    let id = record.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok())?;
    usable.then_some((id, record))
}

/// What a value says by the shape of its field; nothing when it is empty.
fn value_of(field: &Field, value: &Value) -> Result<Option<Value>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(_) if field.shape == Shape::List => return list(value).map(Some),
        Value::Array(_) | Value::Object(_) => return Err("is not a single value".to_owned()),
    };
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > LONGEST {
        return Err(format!("has more than {LONGEST} characters"));
    }
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err("has control characters".to_owned());
    }
    if is_formula(&text) {
        return Err("begins like a formula of a spreadsheet".to_owned());
    }
    shaped(field.shape, text).map(Some)
}

/// Whether a spreadsheet would compute it: `=…`, `@…`, and signs before what is neither a number nor words.
fn is_formula(text: &str) -> bool {
    match text.chars().next() {
        Some('=' | '@') => true,
        Some('+' | '-') => {
            let called = text.split('(').next().is_some_and(|before| {
                text.contains('(') && before.ends_with(|last: char| last.is_ascii_alphabetic())
            });
            called && !text.contains(' ') || (text.contains('|') && text.contains('!'))
        }
        _ => false,
    }
}

fn shaped(shape: Shape, text: String) -> Result<Value, String> {
    let is = |good: bool, what: &str| if good { Ok(()) } else { Err(format!("is not {what}")) };
    match shape {
        Shape::Id | Shape::Reference(_) | Shape::Link => {
            let id = Uuid::parse_str(&text).ok().filter(|id| !id.is_nil()).ok_or("is not a UUID")?;
            return Ok(Value::from(id.to_string()));
        }
        Shape::Text => {}
        Shape::Url => {
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            is(rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)), "a URL")?;
        }
        Shape::Email => {
            let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.'));
            is(parts.is_some() && !text.contains(char::is_whitespace), "an e-mail address")?;
        }
        Shape::Number(least, most) => {
            let number: f64 = text.parse().map_err(|_| "is not a number")?;
            is((least..=most).contains(&number), &format!("a number from {least} to {most}"))?;
            return Ok(whole(number).or_else(|| Number::from_f64(number)).map_or(Value::Null, Value::Number));
        }
        Shape::Date => {
            let day = text.get(..10).unwrap_or_default();
            let day =
                NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| "is not a day like 2026-01-31")?;
            return Ok(Value::from(day.to_string()));
        }
        // The end of a day is the begin of the next.
        Shape::Time if text.starts_with("24:00") => return Ok(Value::from("00:00:00")),
        Shape::Time => {
            let forms = ["%H:%M:%S", "%H:%M"].into_iter();
            let time = forms
                .filter_map(|form| NaiveTime::parse_from_str(text.trim_end_matches('Z'), form).ok())
                .next_back();
            let time = time.ok_or("is not a time like 09:30")?;
            return Ok(Value::from(time.format("%H:%M:%S").to_string()));
        }
        Shape::Moment => is(DateTime::parse_from_rfc3339(&text).is_ok(), "a time of RFC 3339")?,
        Shape::Choice(known) => is(known.contains(&text.as_str()), &format!("one of {}", known.join(", ")))?,
        Shape::Flag => {
            return match text.to_ascii_lowercase().as_str() {
                "yes" | "true" | "1" => Ok(Value::Bool(true)),
                "no" | "false" | "0" => Ok(Value::Bool(false)),
                _ => Err("is not yes or no".to_owned()),
            };
        }
        Shape::List => return list(&Value::from(text.split(';').collect::<Vec<_>>())),
    }
    Ok(Value::from(text))
}

/// A number without a fraction, as one.
fn whole(number: f64) -> Option<Number> {
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    let whole = number as i64;
    #[expect(clippy::cast_precision_loss, reason = "compared with what it was")]
    let same = (whole as f64).to_bits() == number.to_bits();
    same.then(|| whole.into())
}

fn list(value: &Value) -> Result<Value, String> {
    let entries = value.as_array().into_iter().flatten();
    let texts: Option<Vec<_>> =
        entries.map(|entry| entry.as_str().map(|text| text.trim().to_owned())).collect();
    let mut texts = texts.ok_or("is not a list of texts")?;
    texts.retain(|text| !text.is_empty());
    if texts.iter().any(|text| is_formula(text) || text.chars().any(char::is_control)) {
        return Err("has an entry that cannot be used".to_owned());
    }
    Ok(Value::from(texts))
}
