//! Writes `docs/benchmarks.md`: each benchmark its part of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::escalation::Report as EscalationReport;
use crate::machine::Machine;
use crate::report::Report;

/// How a part begins that another benchmark writes.
const MARK: &str = "<!-- ";

/// What a benchmark writes.
pub(crate) struct Part {
    /// The name in the marks around it; what is in no marks is the beginning.
    name: Option<&'static str>,
    text: String,
}

impl Part {
    /// Writes it into the page, leaves the rest alone, and returns where that is.
    pub(crate) fn write(&self) -> Result<PathBuf> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = here.ancestors().nth(2).unwrap_or(here).join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        fs::write(&path, self.put_into(&page)).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    fn put_into(&self, page: &str) -> String {
        let text = self.text.trim_end();
        let Some(name) = self.name else {
            return page
                .find(MARK)
                .map_or_else(|| format!("{text}\n"), |rest| format!("{text}\n\n{}", &page[rest..]));
        };
        let (begin, end) = (format!("{MARK}{name}: begin -->"), format!("{MARK}{name}: end -->"));
        let marked = format!("{begin}\n{text}\n\n{end}\n");
        match (page.find(&begin), page.find(&end)) {
            (Some(from), Some(to)) if from < to => {
                let rest = page[to + end.len()..].trim_start_matches('\n');
                format!("{}{marked}{}{rest}", &page[..from], if rest.is_empty() { "" } else { "\n" })
            }
            _ => format!("{}\n\n{marked}", page.trim_end()),
        }
    }
}

fn versions(machine: &Machine) -> String {
    format!(
        "{}; {}, {} cores, {} GB of memory; {}; PostgreSQL {}, Redis {}, Helpline {}, release build.",
        machine.date,
        machine.processor,
        machine.cores,
        machine.memory_gb,
        machine.kernel,
        machine.postgres,
        machine.redis,
        machine.helpline
    )
}

/// The part about escalations.
pub(crate) fn escalation(report: &EscalationReport) -> Part {
    let text = format!(
        "## Escalations

Written by `cargo xtask bench escalation --write`. {versions} Servers, load, PostgreSQL and Redis share the machine.

- {open} escalations are open: a fifth R5 (a step each 30 s), three tenths R4 (60 s), half R3 (5 min); each follows one of \
twelve policies that ask one agency, then another and the supervisors, six times over. Everything is sealed. A \
seventh was seen and not taken on (2 min); of each the 30 min run in which the child must be reached. One supervisor watches \
all of them throughout.
- `deadlines run`: every deadline lies somewhere within its wait; each phase is measured for {seconds} s. A step is late from \
its deadline until its commit, both by the database's clock; `missed` were not taken three seconds after the phase. \
CPU and statements are those of the whole phase, ten seconds around it included, people's calls too, of the first server only.
- `everything overdue`: as after an outage of ten minutes; the time counts from the commit that made it so. `floor` is the \
same rows claimed in the same batches by one statement that finds what is due, skips what is locked and moves the deadline, \
from one bare connection: no plan is read, nobody is told, no timeline and no journal is written.
- `people`: four at once raise an R5, see that it was raised and take it on. A report is answered when its first step is \
taken; it is on a desk when the supervisor's stream shows it.
- `all desks`: {desks} streams of supervisors (a hundredth), counsellors (half) and responders.

{figures}",
        versions = versions(&report.machine),
        open = report.open,
        seconds = report.seconds,
        desks = report.crowded.desks,
        figures = report.text(),
    );
    Part { name: Some("escalation"), text }
}

/// The beginning of the page: whole contacts.
pub(crate) fn contacts(report: &Report) -> Part {
    Part { name: None, text: page(report) }
}

fn page(report: &Report) -> String {
    format!(
        "# Benchmarks

Written by `cargo xtask bench contacts --write`; run it to see the figures of another machine.

## Machine

{versions} Server, load, PostgreSQL and Redis share the machine.

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
        versions = versions(&report.machine),
        seconds = report.seconds,
        waiting = report.long.waiting,
        full = report.long.full,
        figures = report.text(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_replaced_and_leaves_the_others_alone() {
        let part = |name, text: &str| Part { name, text: text.to_owned() };
        let page = part(None, "# All\n").put_into("");
        assert_eq!(page, "# All\n");
        let page = part(Some("two"), "second").put_into(&part(Some("one"), "first").put_into(&page));
        let page = part(Some("one"), "again\n").put_into(&page);
        let page = part(None, "# Other\n").put_into(&page);
        let expected = "# Other\n\n<!-- one: begin -->\nagain\n\n<!-- one: end -->\n\n<!-- two: begin -->\nsecond\n\n<!-- two: end -->\n";
        assert_eq!(page, expected);
    }
}
