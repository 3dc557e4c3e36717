//! The figures, for people and for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::deadlines::{Lateness, Storm};
use super::desks::Waits;
use crate::level::{Cost, Latencies};
use crate::machine::Machine;

/// Everything that one run found.
pub(crate) struct Report {
    /// On what.
    pub(crate) machine: Machine,
    /// How long each phase was measured.
    pub(crate) seconds: u64,
    /// How many were open.
    pub(crate) open: usize,
    /// People, while nothing was due.
    pub(crate) alone: Waits,
    /// With one server.
    pub(crate) one: Replicas,
    /// With two.
    pub(crate) two: Replicas,
    /// With one, and all desks open.
    pub(crate) crowded: Crowded,
    /// Rows per second of the bare claim.
    pub(crate) floor: f64,
}

/// The deadlines ran.
pub(crate) struct Phase {
    /// How late steps were taken.
    pub(crate) lateness: Lateness,
    /// What people waited for.
    pub(crate) waits: Waits,
    /// What the whole phase cost.
    pub(crate) cost: Cost,
}

/// What was found with so many servers.
pub(crate) struct Replicas {
    /// As on any day.
    pub(crate) running: Phase,
    /// As after an outage.
    pub(crate) storm: Storm,
    /// What people waited for meanwhile.
    pub(crate) in_storm: Waits,
}

/// What was found with all desks open.
pub(crate) struct Crowded {
    /// How many.
    pub(crate) desks: usize,
    /// How long it took until each had been sent what was open, in seconds.
    pub(crate) opened_s: f64,
    /// As on any day.
    pub(crate) running: Phase,
    /// Escalations shown meanwhile, at all desks together.
    pub(crate) messages: u64,
    /// Memory of the server, in MB.
    pub(crate) resident_mb: f64,
}

fn rounded(number: f64) -> Value {
    json!((number * 1000.0).round() / 1000.0)
}

fn p99(latencies: &Latencies) -> Value {
    rounded(latencies.quantile_ms(0.99))
}

impl Report {
    fn phases(&self) -> [(&'static str, &Phase); 3] {
        [
            ("one server", &self.one.running),
            ("two servers", &self.two.running),
            ("one server, all desks open", &self.crowded.running),
        ]
    }

    fn storms(&self) -> [(&'static str, &Storm); 2] {
        [("one server", &self.one.storm), ("two servers", &self.two.storm)]
    }

    fn waits(&self) -> [(&'static str, &Waits); 6] {
        [
            ("nothing is due", &self.alone),
            ("one server", &self.one.running.waits),
            ("one server, everything overdue", &self.one.in_storm),
            ("two servers", &self.two.running.waits),
            ("two servers, everything overdue", &self.two.in_storm),
            ("one server, all desks open", &self.crowded.running.waits),
        ]
    }

    /// One object.
    pub(crate) fn json(&self) -> String {
        let phase = |phase: &Phase| {
            let [p50, p95, p99_ms, longest] = phase.lateness.ms.map(rounded);
            let [server, postgres, ..] = phase.cost.cpu_ms.map(|ms| rounded(ms / 1000.0));
            json!({
                "steps": phase.lateness.steps, "steps_per_second": rounded(phase.lateness.per_second),
                "lateness_p50_ms": p50, "lateness_p95_ms": p95, "lateness_p99_ms": p99_ms, "lateness_max_ms": longest,
                "missed": phase.lateness.missed, "raise_p99_ms": p99(&phase.waits.raise),
                "acknowledge_p99_ms": p99(&phase.waits.acknowledge), "shown_p99_ms": p99(&phase.waits.shown),
                "unseen": phase.waits.unseen, "server_cpu_s": server, "postgres_cpu_s": postgres,
                "statements": rounded(phase.cost.statements),
            })
        };
        let storm = |storm: &Storm, waits: &Waits| {
            let [gravest, grave, rest] = storm.by_risk.map(rounded);
            json!({
                "steps": storm.steps, "seconds": rounded(storm.seconds), "steps_per_second": rounded(storm.per_second()),
                "r5_s": gravest, "r4_s": grave, "r3_s": rest, "raise_p99_ms": p99(&waits.raise),
                "acknowledge_p99_ms": p99(&waits.acknowledge),
            })
        };
        json!({
            "lateness_p99_ms": rounded(self.one.running.lateness.ms[2]),
            "steps_per_second": rounded(self.one.storm.per_second()),
            "floor_steps_per_second": rounded(self.floor),
            "open": self.open,
            "seconds": self.seconds,
            "raise_alone_p99_ms": p99(&self.alone.raise),
            "one": { "running": phase(&self.one.running), "overdue": storm(&self.one.storm, &self.one.in_storm) },
            "two": { "running": phase(&self.two.running), "overdue": storm(&self.two.storm, &self.two.in_storm) },
            "desks": {
                "open": self.crowded.desks, "sent_after_s": rounded(self.crowded.opened_s),
                "running": phase(&self.crowded.running), "shown": self.crowded.messages,
                "server_rss_mb": rounded(self.crowded.resident_mb),
            },
        })
        .to_string()
    }

    /// Tables that are Markdown too.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(
            "| deadlines run | steps/s | late p50 | p95 | p99 | longest ms | missed | CPU s of server | PostgreSQL | statements |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
        );
        for (name, phase) in self.phases() {
            let Phase { lateness, cost, .. } = phase;
            let [p50, p95, p99, longest] = lateness.ms;
            let [server, postgres, ..] = cost.cpu_ms.map(|ms| ms / 1000.0);
            let _ = writeln!(
                text,
                "| {name} | {:.0} | {p50:.0} | {p95:.0} | {p99:.0} | {longest:.0} | {:.0} | {server:.1} | {postgres:.1} | {:.0} |",
                lateness.per_second, lateness.missed, cost.statements
            );
        }
        text.push_str("\n| everything overdue | steps | steps/s | R5 done after s | R4 | R3 |\n|---|---|---|---|---|---|\n");
        for (name, storm) in self.storms() {
            let [gravest, grave, rest] = storm.by_risk;
            let _ = writeln!(
                text,
                "| {name} | {:.0} | {:.0} | {gravest:.2} | {grave:.2} | {rest:.2} |",
                storm.steps,
                storm.per_second()
            );
        }
        let _ = writeln!(text, "| floor | {} | {:.0} | – | – | – |", self.open, self.floor);
        text.push_str(
            "\n| people | reports | report answered p50 | p99 ms | acknowledged p50 | p99 ms | on a desk p50 | p99 ms | unseen |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for (name, waits) in self.waits() {
            let Waits { raise, acknowledge, shown, unseen } = waits;
            let _ = write!(text, "| {name} | {} |", raise.count());
            for latencies in [raise, acknowledge, shown] {
                let _ =
                    write!(text, " {:.1} | {:.1} |", latencies.quantile_ms(0.5), latencies.quantile_ms(0.99));
            }
            let _ = writeln!(text, " {unseen} |");
        }
        let Crowded { desks, opened_s, messages, resident_mb, .. } = &self.crowded;
        let _ = writeln!(
            text,
            "\n{desks} desks had been sent what was open {opened_s:.1} s after the first of them opened, and were shown {messages} \
             escalations while they were measured; the server occupied {resident_mb:.0} MB then."
        );
        text
    }
}

#[cfg(test)]
mod tests;
