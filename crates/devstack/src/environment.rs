//! The one place of the crate that reads environment variables.

use std::ffi::OsString;

/// The value of an environment variable, when it is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "a development tool is steered by its environment; read only here"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The same as text; a value that is not UTF-8 counts as not set.
pub(crate) fn text(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}
