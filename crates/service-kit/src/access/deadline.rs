//! The deadline that a client sends in the `grpc-timeout` header.

use std::time::Duration;

use http::HeaderMap;

/// How much earlier than the client's deadline the answer leaves, so that it says DEADLINE_EXCEEDED before the
/// transport gives up with a bare CANCELLED.
const HEAD_START: Duration = Duration::from_millis(20);

/// How long the client gives this call. `None` without a deadline, or with one that cannot be read.
pub(super) fn of_client(headers: &HeaderMap) -> Option<Duration> {
    let timeout = parse(headers.get("grpc-timeout")?.to_str().ok()?)?.min(super::LONGEST);
    Some(timeout.saturating_sub(HEAD_START.min(timeout / 4)))
}

/// Reads `100m`: at most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (index, unit) = text.char_indices().last()?;
    let digits = text.get(..index)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(value * 3600)),
        'M' => Some(Duration::from_secs(value * 60)),
        'S' => Some(Duration::from_secs(value)),
        'm' => Some(Duration::from_millis(value)),
        'u' => Some(Duration::from_micros(value)),
        'n' => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_header_is_understood() {
        assert_eq!(parse("2H"), Some(Duration::from_hours(2)));
        assert_eq!(parse("3M"), Some(Duration::from_mins(3)));
        assert_eq!(parse("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(parse("100m"), Some(Duration::from_millis(100)));
        assert_eq!(parse("5u"), Some(Duration::from_micros(5)));
        assert_eq!(parse("7n"), Some(Duration::from_nanos(7)));
    }

    #[test]
    fn what_is_no_deadline_is_ignored() {
        for wrong in ["", "5", "m", "-5m", "+5m", "123456789m", "5s", "5 m", "5é"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
