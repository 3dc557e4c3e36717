//! `cargo xtask bench matching`: what one matching decision costs, and how little that depends on how many wait and how
//! many serve.
//!
//! Needs no server and nothing but the crate of the policy, so that it builds in seconds even for release. Progress goes
//! to standard error, figures to standard output, with `--format json` one object on the last line.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to the person at the terminal"
)]

mod chance;
mod document;
mod measure;
mod report;
mod scene;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::measure::Point;

/// Measures what one matching decision costs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench matching")]
struct Options {
    /// With `json`, one object on the last line of the output
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Events measured at each point
    #[arg(long, default_value_t = 40_000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    events: u32,
    /// A first impression: fewer events, nothing above 10,000 waiting and 1,000 counsellors
    #[arg(long)]
    quick: bool,
    /// Writes its part of docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

/// How the figures are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table and a curve for people.
    Text,
    /// The same, then one JSON object on the last line.
    Json,
}

/// What is measured: waiting contacts, counsellors, and whether each counsellor has abilities of their own.
const POINTS: [(usize, usize, bool); 9] = [
    (100, 100, false),
    (1_000, 100, false),
    (10_000, 100, false),
    (100_000, 100, false),
    (10_000, 10, false),
    (10_000, 1_000, false),
    (10_000, 10_000, false),
    (100_000, 10_000, false),
    (10_000, 1_000, true),
];

fn main() -> ExitCode {
    let options = Options::parse();
    let events = if options.quick { options.events.min(4_000) } else { options.events };
    let mut measured = Vec::new();
    for (waiting, counsellors, each_different) in POINTS {
        if options.quick && (waiting > 10_000 || counsellors > 1_000) {
            continue;
        }
        eprintln!("==> {waiting} waiting, {counsellors} counsellors");
        measured.push(measure::measure(Point { waiting, counsellors, each_different }, events));
    }
    println!("{}", report::text(&measured));
    if options.write {
        match document::write(&report::page(&measured, events)) {
            Ok(path) => eprintln!("==> wrote {}", path.display()),
            Err(error) => {
                eprintln!("\nhelpline-matching-bench: {error:#}");
                return ExitCode::FAILURE;
            }
        }
    }
    if options.format == Format::Json {
        println!("{}", report::json(&measured));
    }
    ExitCode::SUCCESS
}
