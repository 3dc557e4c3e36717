//! Fields that cannot be used, as many as a client can read.

/// Bytes that the fields of an error take at most: it travels in headers, which clients read up to 16 KiB.
const LONGEST: usize = 14_800;

/// A field of a request that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Path of the field, for example `closing.categories[2]`.
    pub field: String,
    /// What is expected there. Never what was sent.
    pub expected: String,
}

/// The first of these, as many as an error can tell.
pub(super) fn readable(mut violations: Vec<Violation>) -> Vec<Violation> {
    let mut left = LONGEST;
    violations.retain(|one| {
        // The path stands in the message, and the message beside it and once more in the details, which are told in base 64.
        let told = one.field.len().saturating_mul(2).saturating_add(one.expected.len()).saturating_add(10);
        let length = (told.saturating_mul(4) / 3).saturating_add(one.field.len()).saturating_add(6);
        left = left.saturating_sub(length);
        left > 0
    });
    violations
}
