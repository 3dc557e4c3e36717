//! Compiles `/proto` in pure Rust and generates, beside messages, clients and servers, what the custom options say:
//! the method table and the redacted `Debug`. A proto that breaks a house rule does not build.

mod methods;
mod redaction;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use protox::Compiler;

fn main() -> Result<()> {
    // Asked when it runs: one target folder may serve another checkout.
    let root = told("CARGO_MANIFEST_DIR")?.join("../../proto");
    println(&format!("cargo::rerun-if-changed={}", root.display()));
    let out = told("OUT_DIR")?;

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut compiler = Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    // The pool and the encoded set keep custom options; the set of prost types drops them.
    let pool = compiler.descriptor_pool();
    fs::write(out.join("descriptor_set.bin"), compiler.encode_file_descriptor_set())?;

    fs::write(out.join("methods.rs"), methods::generate(&pool)?)?;
    let redaction = redaction::generate(&pool)?;
    fs::write(out.join("redaction.rs"), redaction.code)?;

    tonic_prost_build::configure()
        // Sorted maps, so that equal messages have equal bytes: the hash of a command relies on it.
        .btree_map(".")
        .skip_debug(redaction.messages.iter().map(|message| format!(".{message}")))
        .compile_fds(compiler.file_descriptor_set())
        .context("generating code from /proto")
}

/// Every `.proto` below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its folders this way only")]
fn told(name: &str) -> Result<PathBuf> {
    Ok(PathBuf::from(std::env::var(name)?))
}

#[expect(clippy::print_stdout, reason = "a build script speaks to Cargo this way only")]
fn println(line: &str) {
    println!("{line}");
}
