//! What tests need and a public clone may not have: data beside the repository, an interpreter of another language.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::environment;

/// The path of a file below the shared data (`HELPLINE_SHARED`, by default `../shared` beside the repository), for tests
/// that need it.
///
/// When it is absent this says `SKIPPED: …`, notes the test in the file named by `HELPLINE_SKIP_FILE` (so that
/// `cargo xtask test` counts it as skipped, not as passed) and returns `None`; the test then returns.
///
/// # Panics
/// When it is absent and `CI` is `true`: there a test that cannot run has failed.
pub fn shared_data(relative: impl AsRef<Path>) -> Option<PathBuf> {
    let root = environment::variable("HELPLINE_SHARED").map_or_else(default_root, PathBuf::from);
    let path = root.join(relative);
    if path.exists() {
        return Some(path);
    }
    skip(&format!("{} is absent (the directory is set by HELPLINE_SHARED)", path.display()));
    None
}

/// The Python interpreter with grpcio and grpcio-tools (`HELPLINE_PYTHON`, which `cargo xtask test` sets), for tests with
/// a client that shares no code with the server. When there is none, as [`shared_data`].
///
/// # Panics
/// When there is none and `CI` is `true`.
pub fn python_client() -> Option<PathBuf> {
    let python = environment::variable("HELPLINE_PYTHON").map(PathBuf::from).filter(|path| path.exists());
    if python.is_none() {
        skip("no Python with grpcio (HELPLINE_PYTHON; `cargo xtask test` prepares it)");
    }
    python
}

/// Says that the running test is skipped, and why.
#[expect(clippy::panic, clippy::print_stdout, reason = "a helper of tests: this is how they fail and skip")]
pub(crate) fn skip(absent: &str) {
    if matches!(environment::text("CI").as_deref(), Some("true" | "1")) {
        panic!("{absent}; with CI=true a test that cannot run has failed");
    }
    println!("SKIPPED: {absent}");
    if let Some(file) = environment::variable("HELPLINE_SKIP_FILE") {
        let line = format!("{}\t{absent}\n", test_name());
        // One write: lines of tests that run at once do not mix.
        let _ = File::options()
            .create(true)
            .append(true)
            .open(file)
            .and_then(|mut file| file.write_all(line.as_bytes()));
    }
}

fn default_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared")
}

/// The runner's name for the test; libtest names the thread of a test after it.
fn test_name() -> String {
    let binary = environment::text("NEXTEST_BINARY_ID").unwrap_or_else(|| {
        std::env::current_exe().map_or_else(|_| "?".to_owned(), |path| path.to_string_lossy().into_owned())
    });
    let name = environment::text("NEXTEST_TEST_NAME")
        .unwrap_or_else(|| std::thread::current().name().unwrap_or("?").to_owned());
    format!("{binary} {name}")
}
