//! What documents point at is there.

use std::path::Path;

use crate::tree;

/// Targets of links that lead into the repository.
fn links(markdown: &str) -> Vec<&str> {
    let targets = markdown.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#')).collect()
}

/// Paths of files and folders in backticks, such as `crates/live/src/line.rs`.
fn paths(markdown: &str) -> Vec<&str> {
    const ENDS: [&str; 10] =
        [".rs", ".sql", ".lua", ".proto", ".md", ".toml", ".yaml", ".py", ".service", "/"];
    // Blocks of code are not prose.
    let prose = markdown.split("```").step_by(2);
    let spans = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    spans
        .filter(|span| span.contains('/') && ENDS.iter().any(|end| span.ends_with(end)))
        .filter(|span| !span.contains([' ', '<', '*', '$', '{', ':']) && !span.starts_with(['/', '.']))
        .collect()
}

/// Whether a path exists from the root, among the crates, or among the protos.
fn exists(path: &str) -> bool {
    ["", "crates", "proto/helpline"].iter().any(|base| tree::root().join(base).join(path).exists())
}

#[test]
fn every_link_and_path_in_a_document_leads_somewhere() {
    let mut problems = Vec::new();
    let mut checked = 0;
    for file in tree::files(&["md"]) {
        let folder = tree::root().join(Path::new(&file.path).parent().unwrap());
        for link in links(&file.text) {
            checked += 1;
            let target = link.split('#').next().unwrap_or_default();
            if !folder.join(target).exists() {
                problems.push(format!("{}: {link}", file.path));
            }
        }
        for path in paths(&file.text) {
            checked += 1;
            if !exists(path) && !folder.join(path).exists() {
                problems.push(format!("{}: {path}", file.path));
            }
        }
    }
    assert!(checked > 10, "the documents were not read");
    tree::none(&problems);

    let sample = "[a](b.md#c) [d](https://e.f) `g/h.rs` `not a/path.rs` `i/`\n```sh\n`j/k.rs`\n```\n";
    assert_eq!(links(sample), ["b.md#c"]);
    assert_eq!(paths(sample), ["g/h.rs", "i/"]);
    assert!(exists("live/src/lib.rs") && !exists("live/src/nothing.rs"));
}
