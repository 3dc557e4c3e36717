//! The browser of the tests: Chromium and the program by which it is driven, as Debian packages them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::tools::{InstallPolicy, ToolSettings, path_entries};
use crate::{install, shared};

/// What a person can do when we may not or cannot.
const HINT: &str =
    "On Debian: `apt-get update && apt-get install -y --no-install-recommends chromium chromium-driver`.";

/// The driver of an installed browser.
fn find() -> Option<PathBuf> {
    let on_path =
        |name: &str| path_entries().into_iter().map(|entry| entry.join(name)).find(|path| path.is_file());
    on_path("chromium")?;
    on_path("chromedriver")
}

/// Finds the browser, or installs it as far as the settings allow. `progress` gets one line for each thing that is done.
///
/// # Errors
/// [`Error::Missing`] when nothing may be installed, [`Error::Install`] when that did not succeed.
pub fn ensure_browser(settings: &ToolSettings, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let missing = || Error::Missing { what: "Chromium with its driver".to_owned(), hint: HINT.to_owned() };
    if !matches!(settings.install, InstallPolicy::Auto | InstallPolicy::Apt) {
        return Err(missing());
    }
    install::browser(HINT, progress)?;
    find().ok_or_else(missing)
}

/// The program that drives a browser; `None`, and the test counts as skipped, when there is none.
pub fn web_driver() -> Option<PathBuf> {
    let found = find();
    if found.is_none() {
        shared::skip("no Chromium with chromedriver (`cargo xtask test` installs them for root)");
    }
    found
}

/// The script that finds barriers on a page, in the environment of the tests' Python; `None`, and the test counts as
/// skipped, when it is not there.
pub fn accessibility_checker(python: &Path) -> Option<PathBuf> {
    let libraries = python.parent()?.parent()?.join("lib");
    let versions = fs::read_dir(libraries).ok().into_iter().flatten().flatten();
    let scripts =
        versions.map(|version| version.path().join("site-packages/axe_playwright_python/axe.min.js"));
    let found = scripts.into_iter().find(|path| path.is_file());
    if found.is_none() {
        shared::skip("no axe-core beside HELPLINE_PYTHON (`cargo xtask test` prepares it)");
    }
    found
}
