//! Steps with names and times on standard error; the first that fails ends the command.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use helpline_devstack::{ToolSettings, Tools};

use crate::environment;

/// Announces a step, runs it, says how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let begun = Instant::now();
    let done = work().with_context(|| format!("{name}: failed"))?;
    eprintln!("    {name}: {:.1} s", begun.elapsed().as_secs_f32());
    Ok(done)
}

/// A cargo command in the root of the repository.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(environment::cargo());
    command.args(arguments).current_dir(environment::root()).stdin(Stdio::null());
    command
}

/// Runs a command whose output the person sees.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Whether a command can be run and succeeds; its output goes nowhere.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    command.get_args().fold(name, |line, argument| format!("{line} {}", argument.to_string_lossy()))
}

/// Finds PostgreSQL and Redis, or installs them.
pub(crate) fn ensure_tools() -> Result<()> {
    step("PostgreSQL and Redis", || {
        let settings = ToolSettings::from_environment();
        let tools = Tools::ensure(&settings, &mut |line| eprintln!("    {line}"))?;
        eprintln!("    {} in {}", tools.postgres_version(), tools.postgres_program_dir().display());
        eprintln!("    Redis {} at {}", tools.redis_version(), tools.redis_program().display());
        Ok(())
    })
}
