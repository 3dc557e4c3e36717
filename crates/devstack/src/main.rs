//! Starts a private stack, prints where it is, and keeps it until this process ends: `cargo run -p helpline-devstack`.
//!
//! The first line is the handle as JSON, which is also what `HELPLINE_TEST_STACK` takes. Ctrl-C ends it; the watchdog
//! cleans up.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to the person at the terminal"
)]

use std::process::ExitCode;

use helpline_devstack::{Error, Stack, StackOptions, ToolSettings, Tools};

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("helpline-devstack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Error> {
    Tools::ensure(&ToolSettings::from_environment(), &mut |line| eprintln!("{line}"))?;
    let stack = Stack::start(&StackOptions::default())?;
    println!("{}", stack.handle().to_json()?);
    eprintln!("PostgreSQL: {}\nRedis:      {}", stack.postgres_url("postgres"), stack.redis_url());
    eprintln!("Ctrl-C stops both and removes their data.");
    loop {
        std::thread::park();
    }
}
