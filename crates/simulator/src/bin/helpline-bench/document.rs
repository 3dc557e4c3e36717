//! Writes `docs/benchmarks.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::report::Report;

/// Writes the page and returns where it is.
pub(crate) fn write(report: &Report) -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = here.ancestors().nth(2).unwrap_or(here).join("docs");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let path = directory.join("benchmarks.md");
    let matching = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, format!("{}{}", page(report), matching_part(&matching)))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The part that `cargo xtask bench matching` wrote, with its markers; it stays.
fn matching_part(page: &str) -> String {
    page.find("<!-- matching: begin -->").map_or_else(String::new, |begin| format!("\n{}", &page[begin..]))
}

fn page(report: &Report) -> String {
    let machine = &report.machine;
    format!(
        "# Benchmarks

Written by `cargo xtask bench contacts --write`; run it to see the figures of another machine.

## Machine

{date}; {processor}, {cores} cores, {memory} GB of memory; {kernel}; PostgreSQL {postgres}, Redis {redis}, \
Helpline {helpline}, release build. Server, load, PostgreSQL and Redis share the machine.

## Method

- A private PostgreSQL with `fsync`, `full_page_writes` and `synchronous_commit` on, a private Redis, one `helpline \
serve` process, everything over loopback. Each figure is measured for {seconds} s after 1 s of warming up.
- A whole contact is four calls by two clients: a channel adapter sends `ReceiveContact` (with external id, sender and \
name, which are sealed and indexed), the offer arrives on a counsellor's open stream, the counsellor sends \
`AcceptOffer` and `CompleteContact` (with a sealed summary). 128 counsellors are on shift. `in flight` is how many \
contacts are under way at once; each is followed by the next as soon as it is signed off.
- `offer` is the time from sending `ReceiveContact` to seeing the offer on the stream; `whole` that from sending it to \
the sign-off; `commit` that of inserting one row durably on a connection of its own, every 10 ms under the same load.
- `floor` is the same SQL statements and Redis scripts from a bare driver on the same databases, without a server: no \
gRPC, no access check, no matching. pgbench is a cross-check of what the disk and PostgreSQL can do.
- `long` is a line in which {waiting} contacts of four kinds and all classes wait for {full} counsellors who are on \
shift, keep a stream open, and are full with a call each. The contacts that are measured are for others.
- Statements are transactions that PostgreSQL counted (each statement is one), Redis scripts are calls that reached \
Redis, WAL bytes are what the log grew by; \
background work of that time is included, the timed commits are not. CPU is what the kernel counted for the processes; \
it hardly depends on what else the machine does, so its last column says what a quiet machine could carry.

## Figures

{figures}",
        date = machine.date,
        processor = machine.processor,
        cores = machine.cores,
        memory = machine.memory_gb,
        kernel = machine.kernel,
        postgres = machine.postgres,
        redis = machine.redis,
        helpline = machine.helpline,
        seconds = report.seconds,
        waiting = report.long.waiting,
        full = report.long.full,
        figures = report.text(),
    )
}
