//! Values that must not be printed.

use std::fmt;

/// A value about a person. `Debug` and `Display` show only its kind, such as `[narrative]`, so that a struct
/// holding one can be logged without thought. There is no serialisation on purpose.
///
/// The memory is not wiped on drop; wrap a `zeroize::Zeroizing` where that matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive<T> {
    kind: &'static str,
    value: T,
}

impl<T> Sensitive<T> {
    /// Wraps `value`; `kind` is the word shown instead of it.
    pub const fn new(kind: &'static str, value: T) -> Self {
        Self { kind, value }
    }

    /// The value itself. Every call is a place to check in review.
    pub const fn expose(&self) -> &T {
        &self.value
    }

    /// Unwraps the value.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}]", self.kind)
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensitive_value_shows_only_its_kind() {
        let narrative = Sensitive::new("narrative", "MARKER".to_owned());
        assert_eq!(
            format!("{narrative} {narrative:?} {narrative:#?}"),
            "[narrative] [narrative] [narrative]"
        );
        assert_eq!(format!("{:?}", Some(&narrative)), "Some([narrative])");
        assert_eq!(narrative.expose(), "MARKER");
        assert_eq!(narrative.into_inner(), "MARKER");
    }
}
