//! `helpline-bench`: how many contacts a server carries, and how far that is from what the databases could do.
//!
//! Everything runs on a private stack with `fsync` on: real server process, real gRPC, real commits. Progress goes to
//! standard error, figures to standard output, with `--format json` one object on the last line.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to the person at the terminal"
)]

mod contacts;
mod crowd;
mod directory;
mod document;
mod escalation;
mod field;
mod floor;
mod level;
mod load;
mod machine;
mod meters;
mod pgbench;
mod processor;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Measures Helpline on private servers with fsync on.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Whole contacts per second, from arrival to sign-off, and how soon the counsellor sees the offer
    Contacts(Options),
    /// How late the steps of 10,000 open escalations are taken, and how fast when all are overdue at once
    Escalation(EscalationOptions),
    /// How long a search in a directory of 10,000 services takes
    Directory(directory::Options),
}

/// How it is measured.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// With `json`, one object on the last line of the output
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// How long each figure is measured, in seconds
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// A first impression: 2 s each, 5,000 waiting contacts, 200 counsellors
    #[arg(long)]
    quick: bool,
    /// Writes docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

/// The same of escalations.
#[derive(Clone, Debug, Parser)]
struct EscalationOptions {
    /// With `json`, one object on the last line of the output
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// How long each of the three phases is measured, in seconds
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// A first impression: 5 s each, 1,000 open escalations
    #[arg(long)]
    quick: bool,
    /// Writes its part of docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

/// How the figures are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people.
    Text,
    /// The same, then one JSON object on the last line.
    Json,
}

fn main() -> ExitCode {
    let measured = match Arguments::parse().benchmark {
        Benchmark::Contacts(options) => contacts::measure(&options).and_then(|report| {
            let page = options.write.then(|| document::contacts(&report));
            show(&report.text(), page, (options.format == Format::Json).then(|| report.json()))
        }),
        Benchmark::Escalation(options) => escalation::measure(&options).and_then(|report| {
            let page = options.write.then(|| document::escalation(&report));
            show(&report.text(), page, (options.format == Format::Json).then(|| report.json()))
        }),
        Benchmark::Directory(options) => directory::measure(&options).and_then(|report| {
            show(&report.text(), None, (options.format == Format::Json).then(|| report.json()))
        }),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nhelpline-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn show(text: &str, page: Option<document::Part>, json: Option<String>) -> anyhow::Result<()> {
    println!("{text}");
    if let Some(page) = page {
        progress(&format!("wrote {}", page.write()?.display()));
    }
    if let Some(json) = json {
        println!("{json}");
    }
    Ok(())
}

/// Says what goes on.
pub(crate) fn progress(line: &str) {
    eprintln!("==> {line}");
}
