//! Writes its part of `docs/benchmarks.md` and leaves the rest alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

const BEGIN: &str = "<!-- matching: begin -->";
const END: &str = "<!-- matching: end -->";

/// Puts the part into the page and returns where that is.
pub(crate) fn write(part: &str) -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.ancestors().nth(2).unwrap_or(here).join("docs/benchmarks.md");
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    fs::write(&path, replaced(&page, part)).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The page with another part; at its end, if it had none.
fn replaced(page: &str, part: &str) -> String {
    let marked = format!("{BEGIN}\n{part}\n{END}\n");
    match (page.find(BEGIN), page.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{marked}{}", &page[..begin], page[end + END.len()..].trim_start_matches('\n'))
        }
        _ => format!("{}\n\n{marked}", page.trim_end()),
    }
}
