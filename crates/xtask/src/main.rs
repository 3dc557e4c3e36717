//! The commands of the repository: `cargo xtask demo`, `cargo xtask test`, `cargo xtask bench`.
//!
//! Each installs what is missing and says so, shows its steps, and leaves no server behind.
//!
//! # Invariants
//!
//! - What a command prints for machines (the result line of `test`, the JSON of `bench`) goes to standard output;
//!   progress goes to standard error.
//! - It compiles in seconds: no gRPC, no database driver.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to the person at the terminal"
)]

mod environment;
mod programs;
mod python;
mod steps;
mod summary;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::programs::Build;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The commands of the Helpline repository",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Shows contacts arriving, waiting, being offered, answered and closed, on private servers
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on to the demo; `--help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Checks the style, builds and runs every test, on private servers
    Test(test::Options),
    /// Runs a benchmark, e.g. `cargo xtask bench contacts --format json` on private servers with fsync on, or
    /// `cargo xtask bench matching`, which needs none
    #[command(disable_help_flag = true)]
    Bench {
        /// The benchmark's name and options; `--help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Task::Demo { arguments } => programs::run("helpline-demo", Build::Debug, &arguments),
        Task::Bench { arguments } if arguments.first().is_some_and(|name| name == "matching") => {
            programs::run_alone("helpline-matching-bench", &arguments[1..])
        }
        Task::Bench { arguments } => programs::run("helpline-bench", Build::Release, &arguments),
        Task::Test(options) => test::run(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\ncargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
