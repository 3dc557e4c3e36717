//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// One file.
pub(crate) struct File {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// One file of the repository.
pub(crate) fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    assert!(text.is_ok(), "{path} cannot be read: {text:?}");
    text.unwrap_or_default()
}

/// Every file with one of these extensions, sorted by path. What is built, hidden or kept for speed is left out.
pub(crate) fn files(extensions: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    walk(&root(), "", extensions, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "no file with one of the extensions {extensions:?}");
    found
}

fn walk(directory: &Path, prefix: &str, extensions: &[&str], found: &mut Vec<File>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let path = entry.path();
        if name.starts_with('.') || ["target", "__pycache__"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, &format!("{prefix}{name}/"), extensions, found);
        } else if path.extension().is_some_and(|own| extensions.iter().any(|one| own == *one)) {
            // A file may go while others work on it.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            found.push(File { path: format!("{prefix}{name}"), text });
        }
    }
}

/// Whether a source file is part of a test.
pub(crate) fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The crate a source file belongs to; `None` outside `crates/`.
pub(crate) fn room(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

/// Fails with every problem on a line of its own.
pub(crate) fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n  {}\n", problems.join("\n  "));
}
