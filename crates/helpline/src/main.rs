//! `helpline`: see `helpline help`.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    helpline::cli::run(helpline::cli::Arguments::parse())
}
