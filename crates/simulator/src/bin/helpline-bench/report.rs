//! The figures, for people and for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::level::Level;
use crate::machine::Machine;
use crate::pgbench::Pgbench;

/// Everything that one run found.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// On what.
    pub(crate) machine: Machine,
    /// How long each level was measured.
    pub(crate) seconds: u64,
    /// Memory of the idle server, in MB.
    pub(crate) idle_mb: f64,
    /// The line with nobody in it but those in flight.
    pub(crate) quiet: Vec<Level>,
    /// The bare driver.
    pub(crate) floor: Vec<Level>,
    /// The cross-check, where there is pgbench.
    pub(crate) pgbench: Option<Pgbench>,
    /// The long line.
    pub(crate) long: Long,
}

/// What was found with a long line.
#[derive(Clone, Debug)]
pub(crate) struct Long {
    /// Contacts that waited.
    pub(crate) waiting: usize,
    /// Counsellors on shift and full, each with a stream.
    pub(crate) full: usize,
    /// Memory of the server with their streams, in MB.
    pub(crate) streams_mb: f64,
    /// Memory at the end, with everything, in MB.
    pub(crate) loaded_mb: f64,
    /// The levels.
    pub(crate) levels: Vec<Level>,
}

/// The level that the single figures are of.
const MAIN: usize = 16;

fn main_of(levels: &[Level]) -> Option<&Level> {
    levels.iter().find(|level| level.in_flight == MAIN)
}

/// The figure of a level; 0 when there is none.
fn of(level: Option<&Level>, pick: impl Fn(&Level) -> f64) -> f64 {
    level.map_or(0.0, pick)
}

fn ratio(over: f64, under: f64) -> f64 {
    if under > 0.0 { over / under } else { 0.0 }
}

fn rounded(number: f64) -> Value {
    json!((number * 1000.0).round() / 1000.0)
}

impl Report {
    /// The ratios that the aims are about: name, value, aim.
    pub(crate) fn ratios(&self) -> [(&'static str, f64, &'static str); 4] {
        let (quiet, floor, long) = (main_of(&self.quiet), main_of(&self.floor), main_of(&self.long.levels));
        let offer_p99 = of(quiet, |level| level.offer.quantile_ms(0.99));
        [
            (
                "contacts per second over floor",
                ratio(of(quiet, Level::per_second), of(floor, Level::per_second)),
                "at least 0.7",
            ),
            (
                "offer p99 over commit p99",
                ratio(offer_p99, of(quiet, |level| level.commit.quantile_ms(0.99))),
                "under 3",
            ),
            (
                "long line over quiet line, offer p99",
                ratio(of(long, |level| level.offer.quantile_ms(0.99)), offer_p99),
                "at most 1.5",
            ),
            (
                "quiet line over long line, contacts per second",
                ratio(of(quiet, Level::per_second), of(long, Level::per_second)),
                "at most 1.5",
            ),
        ]
    }

    /// One object.
    pub(crate) fn json(&self) -> String {
        let (quiet, floor, long) = (main_of(&self.quiet), main_of(&self.floor), main_of(&self.long.levels));
        let mut object = json!({
            "contacts_per_second": rounded(of(quiet, Level::per_second)),
            "floor_per_second": rounded(of(floor, Level::per_second)),
            "offer_p99_ms": rounded(of(quiet, |level| level.offer.quantile_ms(0.99))),
            "commit_p99_ms": rounded(of(quiet, |level| level.commit.quantile_ms(0.99))),
            "loaded_offer_p99_ms": rounded(of(long, |level| level.offer.quantile_ms(0.99))),
            "loaded_contacts_per_second": rounded(of(long, Level::per_second)),
            "idle_rss_mb": rounded(self.idle_mb),
            "rss_2000_streams_mb": rounded(self.long.streams_mb),
            "loaded_rss_mb": rounded(self.long.loaded_mb),
            "loaded_commit_p99_ms": rounded(of(long, |level| level.commit.quantile_ms(0.99))),
            "in_flight": MAIN,
            "seconds": self.seconds,
            "waiting": self.long.waiting,
            "streams": self.long.full,
            "levels": { "quiet": levels_json(&self.quiet), "floor": levels_json(&self.floor), "long": levels_json(&self.long.levels) },
        });
        if let (Some(fields), Some(cost)) = (object.as_object_mut(), quiet.and_then(|level| level.cost)) {
            fields.insert("statements_per_contact".to_owned(), rounded(cost.statements));
            fields.insert("redis_commands_per_contact".to_owned(), rounded(cost.redis_commands));
            fields.insert("wal_bytes_per_contact".to_owned(), rounded(cost.wal_bytes));
            fields.insert("server_cpu_ms_per_contact".to_owned(), rounded(cost.cpu_ms[0]));
            fields.insert("postgres_cpu_ms_per_contact".to_owned(), rounded(cost.cpu_ms[1]));
        }
        if let (Some(fields), Some(pgbench)) = (object.as_object_mut(), &self.pgbench) {
            fields.insert("pgbench_per_second".to_owned(), rounded(pgbench.per_second));
        }
        object.to_string()
    }

    /// Tables that are Markdown too.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "| line | in flight | contacts/s | offer p50 | p95 | p99 ms | commit p50 | p99 ms | whole p50 | p99 ms |"
        );
        let _ = writeln!(text, "|---|---|---|---|---|---|---|---|---|---|");
        for (name, levels) in [("quiet", &self.quiet), ("long", &self.long.levels), ("floor", &self.floor)] {
            for level in levels {
                row(&mut text, name, level);
            }
        }
        let _ = writeln!(text, "\n| ratio, {MAIN} in flight | found | aim |\n|---|---|---|");
        for (name, value, aim) in self.ratios() {
            let _ = writeln!(text, "| {name} | {value:.2} | {aim} |");
        }
        text.push_str(&self.costs());
        let _ = writeln!(text, "\n| memory of the server | MB |\n|---|---|\n| idle | {:.1} |", self.idle_mb);
        let _ = writeln!(text, "| with {} offer streams | {:.1} |", self.long.full, self.long.streams_mb);
        let _ = writeln!(
            text,
            "| with {} waiting, after the load | {:.1} |",
            self.long.waiting, self.long.loaded_mb
        );
        match &self.pgbench {
            Some(pgbench) => {
                let _ = writeln!(
                    text,
                    "\npgbench, one durable row a transaction, 16 clients: {:.0} transactions/s, mean {:.2} ms.",
                    pgbench.per_second, pgbench.mean_ms
                );
            }
            None => text.push_str("\nThere is no pgbench in this installation of PostgreSQL.\n"),
        }
        text
    }
}

impl Report {
    /// What a contact costs, as a table.
    fn costs(&self) -> String {
        let mut text = format!(
            "\n| per contact, {MAIN} in flight | statements | Redis scripts | WAL bytes | CPU ms of server | PostgreSQL | \
             Redis | load | contacts/s when {} cores are used up |\n|---|---|---|---|---|---|---|---|---|\n",
            self.machine.cores
        );
        for (name, levels) in [("quiet", &self.quiet), ("long", &self.long.levels), ("floor", &self.floor)] {
            let Some(cost) = main_of(levels).and_then(|level| level.cost) else { continue };
            let [server, postgres, redis, load] = cost.cpu_ms;
            let _ = writeln!(
                text,
                "| {name} | {:.2} | {:.2} | {:.0} | {server:.3} | {postgres:.3} | {redis:.3} | {load:.3} | {:.0} |",
                cost.statements,
                cost.redis_commands,
                cost.wal_bytes,
                cost.bound(self.machine.cores)
            );
        }
        text
    }
}

fn row(text: &mut String, name: &str, level: &Level) {
    let quantile = |latencies: &crate::level::Latencies, share| {
        if latencies.count() == 0 { "–".to_owned() } else { format!("{:.2}", latencies.quantile_ms(share)) }
    };
    let _ = writeln!(
        text,
        "| {name} | {} | {:.0} | {} | {} | {} | {} | {} | {} | {} |",
        level.in_flight,
        level.per_second(),
        quantile(&level.offer, 0.5),
        quantile(&level.offer, 0.95),
        quantile(&level.offer, 0.99),
        quantile(&level.commit, 0.5),
        quantile(&level.commit, 0.99),
        quantile(&level.whole, 0.5),
        quantile(&level.whole, 0.99),
    );
}

fn levels_json(levels: &[Level]) -> Value {
    let level = |level: &Level| {
        json!({
            "in_flight": level.in_flight,
            "contacts_per_second": rounded(level.per_second()),
            "offer_p50_ms": rounded(level.offer.quantile_ms(0.5)),
            "offer_p95_ms": rounded(level.offer.quantile_ms(0.95)),
            "offer_p99_ms": rounded(level.offer.quantile_ms(0.99)),
            "commit_p50_ms": rounded(level.commit.quantile_ms(0.5)),
            "commit_p99_ms": rounded(level.commit.quantile_ms(0.99)),
            "whole_p50_ms": rounded(level.whole.quantile_ms(0.5)),
            "whole_p99_ms": rounded(level.whole.quantile_ms(0.99)),
        })
    };
    levels.iter().map(level).collect()
}

#[cfg(test)]
mod tests;
